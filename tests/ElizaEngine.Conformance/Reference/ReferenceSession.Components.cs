namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<Component>> GetComponentsAsync(ComponentQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Component>>(cancellationToken, state =>
        {
            ArgumentNullException.ThrowIfNull(query);
            var type = CleanText.NormalizeOrNull(query.Type);
            return
            [
                .. state.Components
                    .Where(row => row.EntityId == query.EntityId)
                    .Where(row => type is null || row.Type == type)
                    .Where(row => query.WorldId is null || row.WorldId == query.WorldId)
                    .Where(row => query.SourceEntityId is null || row.SourceEntityId == query.SourceEntityId)
                    .OldestFirst(row => row.CreatedAt, row => row.Id),
            ];
        });

    public Task<IReadOnlyList<CreateResult>> CreateComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var component in CompleteComponents(components)) results.Add(CreateComponent(state, component));
            return results;
        });

    public Task<IReadOnlyList<CreateResult>> UpsertComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var component in CompleteComponents(components))
            {
                // An id that is taken, under whatever key, is the same component: an upsert that finds a row changes it.
                var stored = SameNaturalKey(state, component) ?? state.Components.Find(component.Id);
                if (stored is not null) state.Store(state.Components, stored with { RoomId = component.RoomId, Data = component.Data });
                results.Add(stored is null ? CreateComponent(state, component) : Result(stored.Id, existed: true));
            }
            return results;
        });

    public Task<int> UpdateComponentsAsync(IReadOnlyList<ComponentUpdate> updates, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => Update(
            state, state.Components, Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check), update => update.Id, (stored, update) =>
            {
                if (Faults.Has(Fault.ComponentDataMerged) && update.Data is not null)
                    update = update with { Data = SettingsMerge.Merge(stored.Data!, update.Data) };
                return Complete.Component(stored, update);
            }));

    public Task<int> DeleteComponentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => state.Components.Remove(Door.List(ids, nameof(ids))));

    private List<Component> CompleteComponents(IReadOnlyList<Component> components) =>
        [.. Door.List(components, nameof(components)).Select(component => Complete.Component(component, AgentId, Now))];

    private static CreateResult CreateComponent(ReferenceState state, Component component)
    {
        var existed = state.Components.Has(component.Id);
        if (!existed) state.Store(state.Components, component);
        return Result(component.Id, existed);
    }

    /// <summary>The oldest component of the same entity, type, world, source and agent; a world or source that is null equals null.</summary>
    private Component? SameNaturalKey(ReferenceState state, Component component)
    {
        var same = state.Components
            .Where(row => row.EntityId == component.EntityId && row.Type == component.Type && row.AgentId == component.AgentId)
            .Where(row => row.WorldId == component.WorldId || Faults.Has(Fault.ComponentUpsertIgnoresWorld))
            .Where(row => row.SourceEntityId == component.SourceEntityId)
            .OldestFirst(row => row.CreatedAt, row => row.Id);
        return Faults.Has(Fault.ComponentUpsertTakesNewest) ? same.LastOrDefault() : same.FirstOrDefault();
    }
}
