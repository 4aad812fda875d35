namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<Component> ComponentTable = new(
        "components",
        new("id", components => DbValue.Uuids([.. components.Select(component => component.Id)])),
        new("entity_id", components => DbValue.Uuids([.. components.Select(component => component.EntityId)])),
        new("agent_id", components => DbValue.Uuids([.. components.Select(component => component.AgentId!.Value)])),
        new("room_id", components => DbValue.Uuids([.. components.Select(component => component.RoomId)])),
        new("world_id", components => DbValue.Uuids([.. components.Select(component => component.WorldId)])),
        new("source_entity_id", components => DbValue.Uuids([.. components.Select(component => component.SourceEntityId)])),
        new("type", components => DbValue.Texts([.. components.Select(component => component.Type)])),
        new("data", components => DbValue.Jsons(components.Select(component => component.Data))),
        new("created_at", components => DbValue.Timestamps(components.Select(component => component.CreatedAt))));

    private static readonly Sql ComponentSelect = Sql.Raw($"SELECT {Rows.ComponentColumns} FROM public.components ");

    public async Task<IReadOnlyList<Component>> GetComponentsAsync(ComponentQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        var filters = new List<Sql> { Sql.Of($"entity_id = {DbValue.Uuid(query.EntityId)}") };
        if (query.Type is not null) filters.Add(Sql.Of($"type = {DbValue.Text(CleanText.Normalize(query.Type))}"));
        if (query.WorldId is { } world) filters.Add(Sql.Of($"world_id = {DbValue.Uuid(world)}"));
        if (query.SourceEntityId is { } source) filters.Add(Sql.Of($"source_entity_id = {DbValue.Uuid(source)}"));
        return await RowsAsync(Statement.Of($"{ComponentSelect}WHERE {Sql.All(filters)} ORDER BY created_at, id"), Rows.Component, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> CreateComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await CreateAsync(
            ComponentTable, Complete.Components(components, AgentId, Now), static component => component.Id, ReferencesOf, cancellationToken)
            .ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> UpsertComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Complete.Components(components, AgentId, Now);
        if (items.Length == 0) return [];
        var statements = new List<Statement>();
        // Two plain upserts of one key at once make one component; the contract allows transactions to make two.
        if (!IsTransaction) statements.Add(Guards.Take([.. items.Select(NaturalKey)]));
        var silent = statements.Count;
        statements.AddRange(items.Select(Upsert));
        var answer = await WriteAsync(() => SendAsync(CreateResults(statements, silent), cancellationToken), () => items.SelectMany(WhenUpserted), cancellationToken)
            .ConfigureAwait(false);
        return await ResultsAsync(ComponentTable, items, answer, cancellationToken).ConfigureAwait(false);

        // The room is set of a component that is there, too.
        static IEnumerable<Reference> WhenUpserted(Component component) =>
            ReferencesOf(component).Select(reference => reference.Table == "rooms" ? reference with { Row = null } : reference);

        static string NaturalKey(Component component) =>
            $"component {component.EntityId} {component.Type} {component.WorldId} {component.SourceEntityId} {component.AgentId}";

        static Statement Upsert(Component component) => Statement.Of($"""
            WITH by_key AS (
                    SELECT id FROM public.components
                    WHERE entity_id = {DbValue.Uuid(component.EntityId)} AND type = {DbValue.Text(component.Type)} AND agent_id = {DbValue.Uuid(component.AgentId!.Value)}
                        AND {IsOrIsNull("world_id", component.WorldId)} AND {IsOrIsNull("source_entity_id", component.SourceEntityId)}
                    ORDER BY created_at, id LIMIT 1),
                changed AS (
                    UPDATE public.components SET room_id = {DbValue.Uuid(component.RoomId)}, data = {DbValue.Json(component.Data!)}
                    WHERE id = coalesce((SELECT id FROM by_key), {DbValue.Uuid(component.Id)}) RETURNING id),
                created AS (
                    {ComponentTable.Insert([component], Sql.Raw("NOT EXISTS (SELECT FROM changed)"))} RETURNING id)
            SELECT id, false FROM changed UNION ALL SELECT id, true FROM created
            """);
    }

    public async Task<int> UpdateComponentsAsync(IReadOnlyList<ComponentUpdate> updates, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpdateAsync(
            Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static update => update.Id,
            static update => UpdateById("components", update.Id,
            [
                .. Set("entity_id", update.EntityId is { } entity ? DbValue.Uuid(entity) : null),
                .. Set("room_id", update.RoomId is { } room ? DbValue.Uuid(room) : null),
                .. Set("world_id", update.WorldId is { } world ? DbValue.Uuid(world) : null),
                .. Set("source_entity_id", update.SourceEntityId is { } source ? DbValue.Uuid(source) : null),
                .. Set("type", update.Type is { } type ? DbValue.Text(CleanText.Normalize(type)) : null),
                .. Set("data", update.Data is { } data ? DbValue.Json(data) : null),
            ]),
            static update =>
            [
                .. Reference.Of("entities", update.EntityId, "components.entityId", update.Id, isUpdate: true),
                .. Reference.Of("rooms", update.RoomId, "components.roomId", update.Id, isUpdate: true),
                .. Reference.Of("worlds", update.WorldId, "components.worldId", update.Id, isUpdate: true),
                .. Reference.Of("entities", update.SourceEntityId, "components.sourceEntityId", update.Id, isUpdate: true),
            ],
            cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteComponentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        DeleteAsync("components", ids, null, cancellationToken);

    private static IEnumerable<Reference> ReferencesOf(Component component) =>
    [
        new("entities", component.EntityId, "components.entityId", component.Id),
        new("agents", component.AgentId!.Value, "components.agentId", component.Id),
        new("rooms", component.RoomId, "components.roomId", component.Id),
        .. Reference.Of("worlds", component.WorldId, "components.worldId", component.Id),
        .. Reference.Of("entities", component.SourceEntityId, "components.sourceEntityId", component.Id),
    ];

    private static Sql IsOrIsNull(string column, Guid? id) =>
        id is { } given ? Sql.Of($"{Sql.Raw(column)} = {DbValue.Uuid(given)}") : Sql.Raw($"{column} IS NULL");
}
