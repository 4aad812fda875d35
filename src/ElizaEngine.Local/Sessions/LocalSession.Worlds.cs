namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<World>> GetWorldsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        Read(ids, static (_, view, ids) => (IReadOnlyList<World>)ByIds<World>(view, ids, static (state, id) => state.Worlds.Find(id)), cancellationToken);

    public Task<IReadOnlyList<World>> GetAllWorldsAsync(CancellationToken cancellationToken = default) =>
        Read(
            0,
            static (self, view, _) => (IReadOnlyList<World>)view.State.WorldsByAgent
                .AscendWhile(TimedKey.First(self.Agent), row => row.AgentId == self.Agent)
                .Select(row => view.Record<World>(row)).ToList(),
            cancellationToken);

    public async Task<IReadOnlyList<CreateResult>> CreateWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default) =>
        await Store(
            () => Complete.Worlds(worlds, AgentId, Now),
            static (draft, world) => draft.State.Worlds.Find(world.Id),
            Rows.Encode,
            PutWorld,
            change: null,
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<CreateResult>> UpsertWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default) =>
        await Store(
            () => Complete.Worlds(worlds, AgentId, Now),
            static (draft, world) => draft.State.Worlds.Find(world.Id),
            Rows.Encode,
            PutWorld,
            static (draft, world, row) => PutWorld(
                draft,
                draft.View.Record<World>(row) with { Name = world.Name, MessageServerId = world.MessageServerId, Metadata = world.Metadata }),
            cancellationToken).ConfigureAwait(false);

    public async Task<int> UpdateWorldsAsync(IReadOnlyList<WorldUpdate> updates, CancellationToken cancellationToken = default) =>
        await Update(
            () => Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static (draft, update) => draft.State.Worlds.Find(update.Id),
            static (draft, update, row) => PutWorld(draft, Complete.World(draft.View.Record<World>(row), update)),
            cancellationToken).ConfigureAwait(false);

    public async Task<int> DeleteWorldsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, static (state, id) => state.Worlds.Find(id), cancellationToken).ConfigureAwait(false);

    private static void PutWorld(Draft draft, World world) => PutWorld(draft, world, Rows.Encode(world));

    private static void PutWorld(Draft draft, World world, byte[] body)
    {
        draft.Require(Table.Agents, world.AgentId!.Value, "worlds.agentId");
        draft.Put(Rows.Of(world), body);
    }
}
