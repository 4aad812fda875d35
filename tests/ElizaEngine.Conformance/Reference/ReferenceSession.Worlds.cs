namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<World>> GetWorldsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<World>>(cancellationToken, state => [.. Find(state.Worlds, ids, nameof(ids)).OrderBy(world => world.Id)]);

    public Task<IReadOnlyList<World>> GetAllWorldsAsync(CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<World>>(cancellationToken, state =>
        [
            .. state.Worlds.Where(world => world.AgentId == AgentId || Faults.Has(Fault.WorldsSeeOtherAgents))
                .OldestFirst(world => world.CreatedAt, world => world.Id),
        ]);

    public Task<IReadOnlyList<CreateResult>> CreateWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default) =>
        PutWorldsAsync(worlds, change: false, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> UpsertWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default) =>
        PutWorldsAsync(worlds, change: true, cancellationToken);

    private Task<IReadOnlyList<CreateResult>> PutWorldsAsync(IReadOnlyList<World> worlds, bool change, CancellationToken cancellationToken) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var world in Door.List(worlds, nameof(worlds)).Select(world => Complete.World(world, AgentId, Now)).ToList())
            {
                var stored = state.Worlds.Find(world.Id);
                if (stored is null) state.Store(state.Worlds, world);
                else if (change) state.Worlds.Put(stored with { Name = world.Name, MessageServerId = world.MessageServerId, Metadata = world.Metadata });
                results.Add(Result(world.Id, stored is not null));
            }
            return results;
        });

    public Task<int> UpdateWorldsAsync(IReadOnlyList<WorldUpdate> updates, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => Update(state, state.Worlds, Door.List(updates, nameof(updates)), update => update.Id, Complete.World));

    public Task<int> DeleteWorldsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var worldIds = Door.List(ids, nameof(ids));
            var count = state.Worlds.Remove(worldIds);
            if (Faults.Has(Fault.WorldDeleteRemovesRooms)) state.Rooms.RemoveWhere(room => room.WorldId is { } id && worldIds.Contains(id));
            state.RemoveDangling(reference => Faults.Has(Fault.WorldDeleteLeavesComponents) && reference.Table == "worlds");
            return count;
        });
}
