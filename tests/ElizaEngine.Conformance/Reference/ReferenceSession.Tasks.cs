namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<AgentTask>> GetTasksAsync(TaskQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<AgentTask>>(cancellationToken, state =>
        {
            ArgumentNullException.ThrowIfNull(query);
            var name = CleanText.NormalizeOrNull(query.Name);
            var tags = Door.TextsOrNull(query.Tags, "tags");
            if (tags is [])
            {
                if (!Faults.Has(Fault.TaskEmptyTagsMeanAll)) return [];
                tags = null;
            }
            return
            [
                .. state.Tasks.Where(IsMine)
                    .Where(task => query.RoomId is null || task.RoomId == query.RoomId)
                    .Where(task => query.EntityId is null || task.EntityId == query.EntityId)
                    .Where(task => name is null || task.Name == name)
                    .Where(task => tags is null || (Faults.Has(Fault.TaskTagsAny) ? tags.Any(task.Tags.Contains) : tags.All(task.Tags.Contains)))
                    .OldestFirst(task => task.CreatedAt, task => task.Id),
            ];
        });

    public Task<IReadOnlyList<AgentTask>> GetTasksByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<AgentTask>>(cancellationToken, state =>
            [.. Find(state.Tasks, ids, nameof(ids)).Where(IsMine).OldestFirst(task => task.CreatedAt, task => task.Id)]);

    public Task<IReadOnlyList<CreateResult>> CreateTasksAsync(IReadOnlyList<AgentTask> tasks, CancellationToken cancellationToken = default) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var task in Door.List(tasks, nameof(tasks)).Select(task => Complete.Task(task, AgentId, Now)).ToList())
            {
                var existed = state.Tasks.Has(task.Id);
                if (!existed) state.Store(state.Tasks, task);
                results.Add(Result(task.Id, existed));
            }
            return results;
        });

    public Task<int> UpdateTasksAsync(IReadOnlyList<AgentTaskUpdate> updates, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => Update(
            state, state.Tasks, Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check), update => update.Id, (stored, update) =>
            {
                var changed = Complete.Task(stored, update, Now);
                return Faults.Has(Fault.TaskUpdateKeepsUpdatedAt) ? changed with { UpdatedAt = stored.UpdatedAt } : changed;
            },
            IsMine));

    public Task<int> DeleteTasksAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
            state.Tasks.Remove(Find(state.Tasks, ids, nameof(ids)).Where(IsMine).Select(task => task.Id).ToList()));

    private bool IsMine(AgentTask task) => task.AgentId == AgentId || Faults.Has(Fault.TasksSeeOtherAgents);
}
