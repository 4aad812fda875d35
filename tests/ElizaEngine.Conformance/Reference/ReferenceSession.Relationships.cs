namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<Relationship>> GetRelationshipsAsync(RelationshipQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Relationship>>(cancellationToken, state =>
        {
            ArgumentNullException.ThrowIfNull(query);
            var tags = Door.TextsOrNull(query.Tags, "tags");
            if (Faults.Has(Fault.RelationshipEmptyTagsMeanAll) && tags is []) tags = null;
            return
            [
                .. state.Relationships
                    .Where(row => query.EntityId is null || row.SourceEntityId == query.EntityId || row.TargetEntityId == query.EntityId)
                    .Where(row => query.SourceEntityId is null || row.SourceEntityId == query.SourceEntityId)
                    .Where(row => query.TargetEntityId is null || row.TargetEntityId == query.TargetEntityId || Faults.Has(Fault.RelationshipTargetIgnored))
                    .Where(row => tags is null || (Faults.Has(Fault.RelationshipTagsAll) ? tags.All(row.Tags.Contains) : tags.Any(row.Tags.Contains)))
                    .OldestFirst(row => row.CreatedAt, row => row.Id),
            ];
        });

    public Task<IReadOnlyList<CreateResult>> CreateRelationshipsAsync(
        IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default) =>
        PutRelationshipsAsync(relationships, change: false, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> UpsertRelationshipsAsync(
        IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default) =>
        PutRelationshipsAsync(relationships, change: true, cancellationToken);

    private Task<IReadOnlyList<CreateResult>> PutRelationshipsAsync(
        IReadOnlyList<Relationship> relationships, bool change, CancellationToken cancellationToken) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            var given = Door.List(relationships, nameof(relationships)).Select(row => Complete.Relationship(row, AgentId, Now)).ToList();
            foreach (var relationship in given)
            {
                var samePair = Faults.Has(Fault.RelationshipTwiceStored)
                    ? null
                    : state.FindRelationship(relationship.SourceEntityId, relationship.TargetEntityId, AgentId);
                // Where only the id is taken, by another pair, that is the row that is there.
                var stored = samePair ?? state.Relationships.Find(relationship.Id);
                if (stored is null) state.Store(state.Relationships, relationship);
                else if (change) state.Relationships.Put(stored with { Tags = relationship.Tags, Metadata = relationship.Metadata });
                results.Add(Result(stored?.Id ?? relationship.Id, stored is not null));
            }
            return results;
        });

    public Task<int> UpdateRelationshipsAsync(IReadOnlyList<RelationshipUpdate> updates, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => Update(
            state, state.Relationships, Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check), update => update.Id, (stored, update) => Complete.Relationship(
                stored with { Tags = update.Tags, Metadata = update.Metadata }, stored.AgentId!.Value, Now)));

    public Task<int> DeleteRelationshipsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => state.Relationships.Remove(Door.List(ids, nameof(ids))));
}
