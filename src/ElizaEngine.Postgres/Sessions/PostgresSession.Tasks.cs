namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<AgentTask> TaskTable = new(
        "tasks",
        new("id", tasks => DbValue.Uuids([.. tasks.Select(task => task.Id)])),
        new("name", tasks => DbValue.Texts([.. tasks.Select(task => task.Name)])),
        new("description", tasks => DbValue.Texts([.. tasks.Select(task => task.Description)])),
        new("room_id", tasks => DbValue.Uuids([.. tasks.Select(task => task.RoomId)])),
        new("world_id", tasks => DbValue.Uuids([.. tasks.Select(task => task.WorldId)])),
        new("entity_id", tasks => DbValue.Uuids([.. tasks.Select(task => task.EntityId)])),
        new("agent_id", tasks => DbValue.Uuids([.. tasks.Select(task => task.AgentId!.Value)])),
        Column<AgentTask>.Texts("tags", task => task.Tags),
        new("metadata", tasks => DbValue.Jsons(tasks.Select(task => task.Metadata!.Json))),
        new("created_at", tasks => DbValue.Instants(tasks.Select(task => task.CreatedAt))),
        new("updated_at", tasks => DbValue.Instants(tasks.Select(task => task.UpdatedAt))));

    private static readonly Sql TaskSelect = Sql.Raw($"SELECT {Rows.TaskColumns} FROM public.tasks ");

    private Sql OwnTasks => Sql.Of($"agent_id = {DbValue.Uuid(AgentId)}");

    public async Task<IReadOnlyList<AgentTask>> GetTasksAsync(TaskQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        var filters = new List<Sql> { OwnTasks };
        if (query.RoomId is { } room) filters.Add(Sql.Of($"room_id = {DbValue.Uuid(room)}"));
        if (query.EntityId is { } entity) filters.Add(Sql.Of($"entity_id = {DbValue.Uuid(entity)}"));
        if (query.Name is not null) filters.Add(Sql.Of($"name = {DbValue.Text(CleanText.Normalize(query.Name))}"));
        var tags = Door.TextsOrNull(query.Tags, "tags");
        if (tags is { Length: 0 }) return [];
        if (tags is not null) filters.Add(Sql.Of($"tags @> {DbValue.Texts(tags)}"));
        return await RowsAsync(
            Statement.Of($"{TaskSelect}WHERE {Sql.All(filters)} ORDER BY created_at NULLS FIRST, id"), Rows.Task, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<AgentTask>> GetTasksByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        if (wanted.Length == 0) return [];
        return await RowsAsync(
            Statement.Of($"{TaskSelect}WHERE id = ANY({DbValue.Uuids(wanted)}) AND {OwnTasks} ORDER BY created_at NULLS FIRST, id"), Rows.Task, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> CreateTasksAsync(IReadOnlyList<AgentTask> tasks, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Complete.Tasks(tasks, AgentId, Now);
        return await CreateAsync(TaskTable, items, static task => task.Id, task => [new("agents", AgentId, "tasks.agentId", task.Id)], cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> UpdateTasksAsync(IReadOnlyList<AgentTaskUpdate> updates, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var now = Now;
        return await UpdateAsync(
            Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static update => update.Id,
            update => UpdateById(
                "tasks",
                update.Id,
                [
                    .. Set("name", update.Name is { } name ? DbValue.Text(CleanText.Normalize(name)) : null),
                    .. Set("description", update.Description is { } description ? DbValue.Text(CleanText.Normalize(description)) : null),
                    .. Set("room_id", update.RoomId is { } room ? DbValue.Uuid(room) : null),
                    .. Set("world_id", update.WorldId is { } world ? DbValue.Uuid(world) : null),
                    .. Set("tags", update.Tags is { } tags ? DbValue.Texts([.. tags]) : null),
                    .. Set("metadata", update.Metadata is { } metadata ? DbValue.Json(metadata.Json) : null),
                    .. Set("updated_at", DbValue.Instant(now)),
                ],
                OwnTasks),
            static _ => [],
            cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteTasksAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        DeleteAsync("tasks", ids, OwnTasks, cancellationToken);
}
