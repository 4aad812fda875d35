namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<Relationship>> GetRelationshipsAsync(RelationshipQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (_, view, query) =>
            {
                ArgumentNullException.ThrowIfNull(query);
                var tags = Door.TextsOrNull(query.Tags, "tags")?.ToHashSet(StringComparer.Ordinal);
                return (IReadOnlyList<Relationship>)RelationshipRows(view.State, query)
                    .Where(row => (query.EntityId is not { } entity || row.SourceId == (Id)entity || row.TargetId == (Id)entity)
                        && (query.SourceEntityId is not { } source || row.SourceId == (Id)source)
                        && (query.TargetEntityId is not { } target || row.TargetId == (Id)target))
                    .OrderBy(row => row.CreatedMs).ThenBy(row => row.Id)
                    .Select(row => view.Record<Relationship>(row))
                    .Where(relationship => tags is null || relationship.Tags.Any(tags.Contains))
                    .ToList();
            },
            cancellationToken);

    // From the narrowest index the query allows; each row once.
    private static List<RelationshipRow> RelationshipRows(DatabaseState state, RelationshipQuery query)
    {
        var rows = new List<RelationshipRow>();
        if ((query.SourceEntityId ?? query.EntityId) is { } sourceId)
        {
            Id source = sourceId;
            rows.AddRange(state.RelationshipsBySource.AscendWhile(new PairKey(source, Id.Min, Id.Min), row => row.SourceId == source));
            if (query.SourceEntityId is not null) return rows;
        }
        if ((query.TargetEntityId ?? query.EntityId) is { } targetId)
        {
            Id target = targetId;
            rows.AddRange(state.RelationshipsByTarget.AscendWhile(new PairKey(target, Id.Min, Id.Min), row => row.TargetId == target)
                .Where(row => query.EntityId is not { } entity || row.SourceId != (Id)entity));
            return rows;
        }
        return [.. state.Relationships.All()];
    }

    public async Task<IReadOnlyList<CreateResult>> CreateRelationshipsAsync(
        IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default) =>
        await Store(
            () => Complete.Relationships(relationships, AgentId, Now),
            static (draft, relationship) => ByPair(draft.State, relationship) ?? draft.State.Relationships.Find(relationship.Id),
            Rows.Encode,
            PutRelationship,
            change: null,
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<CreateResult>> UpsertRelationshipsAsync(
        IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default) =>
        await Store(
            () => Complete.Relationships(relationships, AgentId, Now),
            static (draft, relationship) => ByPair(draft.State, relationship) ?? draft.State.Relationships.Find(relationship.Id),
            Rows.Encode,
            PutRelationship,
            static (draft, relationship, row) => PutRelationship(
                draft,
                draft.View.Record<Relationship>(row) with { Tags = relationship.Tags, Metadata = relationship.Metadata }),
            cancellationToken).ConfigureAwait(false);

    public async Task<int> UpdateRelationshipsAsync(IReadOnlyList<RelationshipUpdate> updates, CancellationToken cancellationToken = default) =>
        await Update(
            () => Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static (draft, update) => draft.State.Relationships.Find(update.Id),
            static (draft, update, row) =>
            {
                var stored = draft.View.Record<Relationship>(row);
                var changed = stored with { Tags = update.Tags, Metadata = update.Metadata };
                PutRelationship(draft, Complete.Relationship(changed, stored.AgentId!.Value, stored.CreatedAt!.Value));
            },
            cancellationToken).ConfigureAwait(false);

    public async Task<int> DeleteRelationshipsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, static (state, id) => state.Relationships.Find(id), cancellationToken).ConfigureAwait(false);

    private static RelationshipRow? ByPair(DatabaseState state, Relationship relationship) =>
        state.RelationshipsBySource.Find(new PairKey(relationship.SourceEntityId, relationship.TargetEntityId, relationship.AgentId!.Value));

    private static void PutRelationship(Draft draft, Relationship relationship) => PutRelationship(draft, relationship, Rows.Encode(relationship));

    private static void PutRelationship(Draft draft, Relationship relationship, byte[] body)
    {
        draft.Require(Table.Entities, relationship.SourceEntityId, "relationships.sourceEntityId");
        draft.Require(Table.Entities, relationship.TargetEntityId, "relationships.targetEntityId");
        draft.Require(Table.Agents, relationship.AgentId!.Value, "relationships.agentId");
        draft.Put(Rows.Of(relationship), body);
    }
}
