namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<AgentTask>> GetTasksAsync(TaskQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (self, view, query) =>
            {
                ArgumentNullException.ThrowIfNull(query);
                var tags = Door.TextsOrNull(query.Tags, "tags");
                var name = CleanText.NormalizeOrNull(query.Name);
                var tasks = new List<AgentTask>();
                if (tags is { Length: 0 }) return (IReadOnlyList<AgentTask>)tasks;
                foreach (var row in view.State.TasksByAgent.Ascend(TimedKey.First(self.Agent)))
                {
                    if (row.AgentId != self.Agent) break;
                    var task = view.Record<AgentTask>(row);
                    if (query.RoomId is { } room && task.RoomId != room) continue;
                    if (query.EntityId is { } entity && task.EntityId != entity) continue;
                    if (name is not null && task.Name != name) continue;
                    if (tags is not null && !tags.All(task.Tags.Contains)) continue;
                    tasks.Add(task);
                }
                return tasks;
            },
            cancellationToken);

    public Task<IReadOnlyList<AgentTask>> GetTasksByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        Read(
            ids,
            static (self, view, ids) => (IReadOnlyList<AgentTask>)ByIds<AgentTask>(view, ids, (state, id) => self.OwnTask(state, id))
                .OrderBy(task => task.CreatedAt).ThenBy(task => task.Id).ToList(),
            cancellationToken);

    public Task<IReadOnlyList<CreateResult>> CreateTasksAsync(IReadOnlyList<AgentTask> tasks, CancellationToken cancellationToken = default) =>
        Store(
            () => Complete.Tasks(tasks, AgentId, Now),
            static (draft, task) => draft.State.Tasks.Find(task.Id),
            Rows.Encode,
            static (draft, task, body) =>
            {
                draft.Require(Table.Agents, task.AgentId!.Value, "tasks.agentId");
                draft.Put(Rows.Of(task), body);
            },
            change: null,
            cancellationToken);

    public Task<int> UpdateTasksAsync(IReadOnlyList<AgentTaskUpdate> updates, CancellationToken cancellationToken = default) =>
        Update(
            () => Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            (draft, update) => OwnTask(draft.State, update.Id),
            (draft, update, row) =>
            {
                var task = Complete.Task(draft.View.Record<AgentTask>(row), update, Now);
                draft.Put(Rows.Of(task), Rows.Encode(task));
            },
            cancellationToken);

    public async Task<int> DeleteTasksAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, OwnTask, cancellationToken).ConfigureAwait(false);

    private TaskRow? OwnTask(DatabaseState state, Id id) => state.Tasks.Find(id) is { } row && row.AgentId == Agent ? row : null;
}
