namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<World> WorldTable = new(
        "worlds",
        new("id", worlds => DbValue.Uuids([.. worlds.Select(world => world.Id)])),
        new("agent_id", worlds => DbValue.Uuids([.. worlds.Select(world => world.AgentId!.Value)])),
        new("name", worlds => DbValue.Texts([.. worlds.Select(world => world.Name)])),
        new("metadata", worlds => DbValue.Jsons(worlds.Select(world => world.Metadata?.Json))),
        new("message_server_id", worlds => DbValue.Uuids([.. worlds.Select(world => world.MessageServerId)])),
        new("created_at", worlds => DbValue.Timestamps(worlds.Select(world => world.CreatedAt))));

    private static readonly Sql WorldSelect = Sql.Raw($"SELECT {Rows.WorldColumns} FROM public.worlds ");

    public async Task<IReadOnlyList<World>> GetWorldsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        if (wanted.Length == 0) return [];
        return await RowsAsync(Statement.Of($"{WorldSelect}WHERE id = ANY({DbValue.Uuids(wanted)}) ORDER BY id"), Rows.World, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<World>> GetAllWorldsAsync(CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await RowsAsync(
            Statement.Of($"{WorldSelect}WHERE agent_id = {DbValue.Uuid(AgentId)} ORDER BY created_at, id"), Rows.World, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> CreateWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await CreateAsync(WorldTable, Complete.Worlds(worlds, AgentId, Now), static world => world.Id, ReferencesOf, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> UpsertWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpsertAsync(
            WorldTable,
            Complete.Worlds(worlds, AgentId, Now),
            static world => world.Id,
            "name = excluded.name, message_server_id = excluded.message_server_id, metadata = excluded.metadata",
            ReferencesOf,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> UpdateWorldsAsync(IReadOnlyList<WorldUpdate> updates, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpdateAsync(
            Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static update => update.Id,
            static update => UpdateById("worlds", update.Id,
            [
                .. Set("name", update.Name is { } name ? DbValue.Text(CleanText.Normalize(name)) : null),
                .. Set("message_server_id", update.MessageServerId is { } server ? DbValue.Uuid(server) : null),
                .. Set("metadata", update.Metadata is { } metadata ? DbValue.Json(metadata.Json) : null),
            ]),
            static _ => [],
            cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteWorldsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        DeleteAsync("worlds", ids, null, cancellationToken);

    private static IEnumerable<Reference> ReferencesOf(World world) => [new("agents", world.AgentId!.Value, "worlds.agentId", world.Id)];
}
