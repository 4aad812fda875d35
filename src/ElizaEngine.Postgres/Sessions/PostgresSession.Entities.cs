namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<Entity> EntityTable = new(
        "entities",
        new("id", entities => DbValue.Uuids([.. entities.Select(entity => entity.Id)])),
        new("agent_id", entities => DbValue.Uuids([.. entities.Select(entity => entity.AgentId!.Value)])),
        new("created_at", entities => DbValue.Timestamps(entities.Select(entity => entity.CreatedAt))),
        Column<Entity>.Texts("names", entity => entity.Names),
        new("metadata", entities => DbValue.Jsons(entities.Select(entity => entity.Metadata))));

    private static readonly Sql EntitySelect = Sql.Raw($"SELECT {Rows.EntityColumns} FROM public.entities ");

    public async Task<IReadOnlyList<Entity>> GetEntitiesByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        if (wanted.Length == 0) return [];
        return await EntitiesAsync(Sql.Of($"e.id = ANY({DbValue.Uuids(wanted)})"), withComponents: true, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Entity>> GetEntitiesForRoomAsync(Guid roomId, bool includeComponents = false, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await EntitiesAsync(
            Sql.Of($"e.agent_id = {DbValue.Uuid(AgentId)} AND e.id IN (SELECT entity_id FROM public.participants WHERE room_id = {DbValue.Uuid(roomId)})"),
            includeComponents,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Entity>> GetEntitiesByNamesAsync(IReadOnlyList<string> names, Guid? agentId = null, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = Door.Texts(names, nameof(names));
        if (wanted.Length == 0) return [];
        return await RowsAsync(
            Statement.Of($"{EntitySelect}WHERE agent_id = {DbValue.Uuid(agentId ?? AgentId)} AND names && {DbValue.Texts(wanted)} ORDER BY id"),
            Rows.Entity,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Entity>> SearchEntitiesByNameAsync(
        string text, Guid? agentId = null, int? count = null, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(text);
        var wanted = CleanText.Normalize(text);
        var limit = Door.Count(count, Limits.DefaultNameSearchCount);
        if (limit == 0) return [];
        var agent = agentId ?? AgentId;
        if (string.IsNullOrWhiteSpace(wanted))
        {
            return await RowsAsync(
                Statement.Of($"{EntitySelect}WHERE agent_id = {DbValue.Uuid(agent)} ORDER BY id LIMIT {DbValue.Int(limit)}"), Rows.Entity, cancellationToken).ConfigureAwait(false);
        }
        // The server's idea of upper case depends on its locale; the contract's is ordinal. So names are compared here.
        var page = await RowsAsync(Page(null, StreamPageRows), Rows.Entity, cancellationToken).ConfigureAwait(false);
        var found = page.Where(IsFound).Take(limit).ToList();
        // One page, in one trip, is enough most of the time. Several are read anew, for they are to be of one point in time.
        if (page.Count < StreamPageRows || found.Count == limit) return found;
        return await ExchangeAsync<IReadOnlyList<Entity>>(
            CallKind.Read,
            async exchange =>
            {
                var all = new List<Entity>();
                var pages = PagesAsync<Entity>(
                    async (last, rows) => await exchange.SendAsync(new Call<List<Entity>>(
                        CallKind.Read, [Page(last, rows)], static answer => answer.RowsAsync(Rows.Entity))).ConfigureAwait(false),
                    int.MaxValue);
                await foreach (var entity in pages.ConfigureAwait(false))
                {
                    if (IsFound(entity)) all.Add(entity);
                    if (all.Count == limit) break;
                }
                return all;
            },
            cancellationToken).ConfigureAwait(false);

        bool IsFound(Entity entity) => entity.Names.Any(name => name.Contains(wanted, StringComparison.OrdinalIgnoreCase));

        Statement Page(Entity? last, int rows)
        {
            var behind = last is null ? Sql.Raw("true") : Sql.Of($"id > {DbValue.Uuid(last.Id)}");
            return Statement.Of($"{EntitySelect}WHERE agent_id = {DbValue.Uuid(agent)} AND {behind} ORDER BY id LIMIT {DbValue.Int(rows)}");
        }
    }

    public async Task<IReadOnlyList<CreateResult>> CreateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await CreateAsync(
            EntityTable, Complete.Entities(entities, AgentId, Now), static entity => entity.Id, ReferencesOf, cancellationToken)
            .ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> UpsertEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpsertAsync(
            EntityTable,
            Complete.Entities(entities, AgentId, Now),
            static entity => entity.Id,
            "names = excluded.names, metadata = excluded.metadata",
            ReferencesOf,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> UpdateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpdateAsync(
            Complete.Entities(entities, AgentId, Now),
            static entity => entity.Id,
            static entity => UpdateById("entities", entity.Id,
                [.. Set("names", DbValue.Texts([.. entity.Names])), .. Set("metadata", DbValue.Json(entity.Metadata!))]),
            static _ => [],
            cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteEntitiesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        DeleteAsync("entities", ids, null, cancellationToken);

    // One statement, so that entities and components are of one point in time.
    private async Task<IReadOnlyList<Entity>> EntitiesAsync(Sql condition, bool withComponents, CancellationToken cancellationToken)
    {
        const int componentsBegin = 5;
        if (!withComponents)
        {
            return await RowsAsync(
                Statement.Of($"SELECT {Sql.Raw(Prefixed("e", Rows.EntityColumns))} FROM public.entities e WHERE {condition} ORDER BY e.id"),
                Rows.Entity,
                cancellationToken).ConfigureAwait(false);
        }
        var rows = await RowsAsync(
            Statement.Of($"""
                SELECT {Sql.Raw(Prefixed("e", Rows.EntityColumns))}, {Sql.Raw(Prefixed("c", Rows.ComponentColumns))}
                FROM public.entities e LEFT JOIN public.components c ON c.entity_id = e.id
                WHERE {condition} ORDER BY e.id, c.created_at, c.id
                """),
            static row => (Entity: Rows.Entity(row), Component: row.IsDBNull(componentsBegin) ? null : Rows.Component(row, componentsBegin)),
            cancellationToken).ConfigureAwait(false);
        return [.. rows.GroupBy(row => row.Entity.Id).Select(group =>
            group.First().Entity with { Components = group.Select(row => row.Component).OfType<Component>().ToList() })];
    }

    private static string Prefixed(string alias, string columns) => string.Join(", ", columns.Split(", ").Select(column => $"{alias}.{column}"));

    private static IEnumerable<Reference> ReferencesOf(Entity entity) => [new("agents", entity.AgentId!.Value, "entities.agentId", entity.Id)];
}
