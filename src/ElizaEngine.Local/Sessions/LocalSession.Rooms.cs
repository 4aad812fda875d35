namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<Room>> GetRoomsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        Read(
            ids,
            static (self, view, ids) =>
                (IReadOnlyList<Room>)ByIds<Room>(view, ids, (state, id) => state.Rooms.Find(id) is { } row && row.AgentId == self.Agent ? row : null),
            cancellationToken);

    public Task<IReadOnlyList<Room>> GetRoomsByWorldAsync(Guid worldId, CancellationToken cancellationToken = default) =>
        Read(
            (Id)worldId,
            static (_, view, world) => (IReadOnlyList<Room>)RoomsOfWorld(view.State, world).Select(row => view.Record<Room>(row)).ToList(),
            cancellationToken);

    private static IEnumerable<RoomRow> RoomsOfWorld(DatabaseState state, Id world) =>
        state.RoomsByWorld.AscendWhile(TimedKey.First(world), row => row.WorldId == world);

    public async Task<IReadOnlyList<CreateResult>> CreateRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default) =>
        await Store(
            () => Complete.Rooms(rooms, AgentId, Now),
            static (draft, room) => draft.State.Rooms.Find(room.Id),
            Rows.Encode,
            PutRoom,
            change: null,
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<CreateResult>> UpsertRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default) =>
        await Store(
            () => Complete.Rooms(rooms, AgentId, Now),
            static (draft, room) => draft.State.Rooms.Find(room.Id),
            Rows.Encode,
            PutRoom,
            static (draft, room, row) => PutRoom(draft, room with { CreatedAt = draft.View.Record<Room>(row).CreatedAt }),
            cancellationToken).ConfigureAwait(false);

    public async Task<int> UpdateRoomsAsync(IReadOnlyList<RoomUpdate> updates, CancellationToken cancellationToken = default) =>
        await Update(
            () => Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static (draft, update) => draft.State.Rooms.Find(update.Id),
            (draft, update, row) => PutRoom(draft, Complete.Room(draft.View.Record<Room>(row), update, AgentId)),
            cancellationToken).ConfigureAwait(false);

    public async Task<int> DeleteRoomsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, static (state, id) => state.Rooms.Find(id), cancellationToken).ConfigureAwait(false);

    public async Task<int> DeleteRoomsByWorldIdAsync(Guid worldId, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        return await Change(
            draft => Cascade.Delete(draft, [.. RoomsOfWorld(draft.State, worldId).Where(row => row.AgentId == Agent)]),
            cancellationToken).ConfigureAwait(false);
    }

    private static void PutRoom(Draft draft, Room room) => PutRoom(draft, room, Rows.Encode(room));

    private static void PutRoom(Draft draft, Room room, byte[] body)
    {
        draft.Require(Table.Agents, room.AgentId!.Value, "rooms.agentId");
        draft.Put(Rows.Of(room), body);
    }
}
