namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<Relationship> RelationshipTable = new(
        "relationships",
        new("id", relationships => DbValue.Uuids([.. relationships.Select(relationship => relationship.Id)])),
        new("created_at", relationships => DbValue.Instants(relationships.Select(relationship => relationship.CreatedAt))),
        new("source_entity_id", relationships => DbValue.Uuids([.. relationships.Select(relationship => relationship.SourceEntityId)])),
        new("target_entity_id", relationships => DbValue.Uuids([.. relationships.Select(relationship => relationship.TargetEntityId)])),
        new("agent_id", relationships => DbValue.Uuids([.. relationships.Select(relationship => relationship.AgentId!.Value)])),
        Column<Relationship>.Texts("tags", relationship => relationship.Tags),
        new("metadata", relationships => DbValue.Jsons(relationships.Select(relationship => relationship.Metadata))));

    public async Task<IReadOnlyList<Relationship>> GetRelationshipsAsync(RelationshipQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        var filters = new List<Sql>();
        if (query.EntityId is { } entity) filters.Add(Sql.Of($"(source_entity_id = {DbValue.Uuid(entity)} OR target_entity_id = {DbValue.Uuid(entity)})"));
        if (query.SourceEntityId is { } source) filters.Add(Sql.Of($"source_entity_id = {DbValue.Uuid(source)}"));
        if (query.TargetEntityId is { } target) filters.Add(Sql.Of($"target_entity_id = {DbValue.Uuid(target)}"));
        var tags = Door.TextsOrNull(query.Tags, "tags");
        if (tags is { Length: 0 }) return [];
        if (tags is not null) filters.Add(Sql.Of($"tags && {DbValue.Texts(tags)}"));
        return await RowsAsync(
            Statement.Of($"SELECT {Sql.Raw(Rows.RelationshipColumns)} FROM public.relationships WHERE {Sql.All(filters)} ORDER BY created_at, id"),
            Rows.Relationship,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> CreateRelationshipsAsync(
        IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Complete.Relationships(relationships, AgentId, Now);
        if (items.Length == 0) return [];
        // One by one, since either the pair or the id may be there already, by an earlier item too; then the stored id is the answer.
        var guards = BatchGuards(items);
        Statement[] statements = [.. guards, .. items.Select(Create)];
        var answer = await WriteAsync(() => SendAsync(CreateResults(statements, guards.Length), cancellationToken), () => items.SelectMany(ReferencesOf), cancellationToken)
            .ConfigureAwait(false);
        return await ResultsAsync(RelationshipTable, items, answer, cancellationToken).ConfigureAwait(false);

        Statement Create(Relationship item) => Statement.Of($"""
            WITH created AS (
                    {RelationshipTable.Insert([item], Sql.Of($"NOT EXISTS (SELECT FROM public.relationships WHERE ({IsPair(item)}) OR id = {DbValue.Uuid(item.Id)})"))}{Sql.Raw(IsTransaction ? "ON CONFLICT DO NOTHING " : "")}RETURNING id)
            SELECT id, true FROM created
            UNION ALL (
                SELECT id, false FROM public.relationships WHERE (({IsPair(item)}) OR id = {DbValue.Uuid(item.Id)}) AND NOT EXISTS (SELECT FROM created)
                ORDER BY ({IsPair(item)}) DESC LIMIT 1)
            """);
    }

    public async Task<IReadOnlyList<CreateResult>> UpsertRelationshipsAsync(
        IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Complete.Relationships(relationships, AgentId, Now);
        if (items.Length == 0) return [];
        var guards = BatchGuards(items);
        Statement[] statements = [.. guards, .. items.Select(item => Statement.Of($"""
            WITH found AS (
                    SELECT id FROM public.relationships WHERE {IsPair(item)} OR id = {DbValue.Uuid(item.Id)} ORDER BY ({IsPair(item)}) DESC LIMIT 1),
                changed AS (
                    UPDATE public.relationships SET tags = {DbValue.Texts([.. item.Tags])}, metadata = {DbValue.Json(item.Metadata!)}
                    WHERE id = (SELECT id FROM found) RETURNING id),
                created AS (
                    {RelationshipTable.Insert([item], Sql.Raw("NOT EXISTS (SELECT FROM changed)"))} RETURNING id)
            SELECT id, false FROM changed UNION ALL SELECT id, true FROM created
            """))];
        var answer = await WriteAsync(() => SendAsync(CreateResults(statements, guards.Length), cancellationToken), () => items.SelectMany(ReferencesOf), cancellationToken)
            .ConfigureAwait(false);
        return await ResultsAsync(RelationshipTable, items, answer, cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> UpdateRelationshipsAsync(IReadOnlyList<RelationshipUpdate> updates, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpdateAsync(
            Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static update => update.Id,
            static update => UpdateById("relationships", update.Id,
                [.. Set("tags", DbValue.Texts([.. update.Tags])), .. Set("metadata", DbValue.Json(update.Metadata!))]),
            static _ => [],
            cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteRelationshipsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        DeleteAsync("relationships", ids, null, cancellationToken);

    // An item may meet a row by its pair and by its id, so no order of the items keeps two batches from a deadlock: the guards do. One
    // item has nothing to hold while it waits.
    private Statement[] BatchGuards(Relationship[] items) => items.Length == 1 || IsTransaction
        ? []
        : [Guards.Take([.. items.SelectMany(item => new[] { $"relationship {item.SourceEntityId} {item.TargetEntityId} {item.AgentId}", $"relationship {item.Id}" })])];

    private static Sql IsPair(Relationship item) => Sql.Of(
        $"source_entity_id = {DbValue.Uuid(item.SourceEntityId)} AND target_entity_id = {DbValue.Uuid(item.TargetEntityId)} AND agent_id = {DbValue.Uuid(item.AgentId!.Value)}");

    private static IEnumerable<Reference> ReferencesOf(Relationship relationship) =>
    [
        new("entities", relationship.SourceEntityId, "relationships.sourceEntityId", relationship.Id),
        new("entities", relationship.TargetEntityId, "relationships.targetEntityId", relationship.Id),
        new("agents", relationship.AgentId!.Value, "relationships.agentId", relationship.Id),
    ];
}
