namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<Entity>> GetEntitiesByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Entity>>(cancellationToken, state =>
        [
            .. Find(state.Entities, ids, nameof(ids)).OrderBy(entity => entity.Id).Select(entity => WithComponents(state, entity)),
        ]);

    public Task<IReadOnlyList<Entity>> GetEntitiesForRoomAsync(Guid roomId, bool includeComponents = false, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Entity>>(cancellationToken, state =>
        [
            .. state.Participants.Where(row => row.Participant.RoomId == roomId).Select(row => row.Participant.EntityId).Distinct()
                .Select(state.Entities.Find).OfType<Entity>()
                .Where(entity => entity.AgentId == AgentId)
                .OrderBy(entity => entity.Id)
                .Select(entity => includeComponents ? WithComponents(state, entity) : entity),
        ]);

    public Task<IReadOnlyList<Entity>> GetEntitiesByNamesAsync(
        IReadOnlyList<string> names, Guid? agentId = null, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Entity>>(cancellationToken, state =>
        {
            var wanted = Door.Texts(names, nameof(names));
            return [.. EntitiesOf(state, agentId).Where(entity => entity.Names.Any(wanted.Contains)).OrderBy(entity => entity.Id)];
        });

    public Task<IReadOnlyList<Entity>> SearchEntitiesByNameAsync(
        string text, Guid? agentId = null, int? count = null, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Entity>>(cancellationToken, state =>
        {
            ArgumentNullException.ThrowIfNull(text);
            text = CleanText.Normalize(text);
            if (Faults.Has(Fault.NameSearchTakesWildcards)) text = text.Replace("%", "", StringComparison.Ordinal);
            var comparison = Faults.Has(Fault.NameSearchCaseSensitive) ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
            return
            [
                .. EntitiesOf(state, agentId)
                    .Where(entity => string.IsNullOrWhiteSpace(text) || entity.Names.Any(name => name.Contains(text, comparison)))
                    .OrderBy(entity => entity.Id)
                    .Take(Door.Count(count, Limits.DefaultNameSearchCount)),
            ];
        });

    public Task<IReadOnlyList<CreateResult>> CreateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default) =>
        PutEntitiesAsync(entities, change: false, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> UpsertEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default) =>
        PutEntitiesAsync(entities, change: true, cancellationToken);

    private Task<IReadOnlyList<CreateResult>> PutEntitiesAsync(IReadOnlyList<Entity> entities, bool change, CancellationToken cancellationToken) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var entity in Door.List(entities, nameof(entities)).Select(entity => Complete.Entity(entity, AgentId, Now)).ToList())
            {
                var stored = state.Entities.Find(entity.Id);
                if (stored is null || Faults.Has(Fault.DuplicateIdOverwrites)) state.Store(state.Entities, entity);
                else if (change) state.Entities.Put(state.Changed(stored, entity.Names, entity.Metadata));
                results.Add(Result(entity.Id, stored is not null));
            }
            return results;
        });

    public Task<int> UpdateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var changes = Door.List(entities, nameof(entities)).Select(entity => Complete.Entity(entity, AgentId, Now)).ToList();
            return Update(state, state.Entities, changes, entity => entity.Id, (stored, entity) => state.Changed(
                stored, entity.Names, Faults.Has(Fault.EntityUpdateKeepsMetadata) ? stored.Metadata : entity.Metadata));
        });

    public Task<int> DeleteEntitiesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var count = state.Entities.Remove(Door.List(ids, nameof(ids)));
            state.RemoveDangling(reference => Faults.Has(Fault.EntityDeleteLeavesRows) && reference.Table == "entities");
            return count;
        });

    private IEnumerable<Entity> EntitiesOf(ReferenceState state, Guid? agentId) =>
        state.Entities.Where(entity => entity.AgentId == (agentId ?? AgentId));

    private static Entity WithComponents(ReferenceState state, Entity entity) => entity with
    {
        Components = [.. state.Components.Where(row => row.EntityId == entity.Id).OldestFirst(row => row.CreatedAt, row => row.Id)],
    };
}
