namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<Room>> GetRoomsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Room>>(cancellationToken, state =>
        [
            .. Find(state.Rooms, ids, nameof(ids)).Where(room => room.AgentId == AgentId || Faults.Has(Fault.RoomsSeeOtherAgents))
                .OrderBy(room => room.Id),
        ]);

    public Task<IReadOnlyList<Room>> GetRoomsByWorldAsync(Guid worldId, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Room>>(cancellationToken, state =>
            [.. state.Rooms.Where(room => room.WorldId == worldId).OldestFirst(room => room.CreatedAt, room => room.Id)]);

    public Task<IReadOnlyList<CreateResult>> CreateRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default) =>
        PutRoomsAsync(rooms, replace: false, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> UpsertRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default) =>
        PutRoomsAsync(rooms, replace: true, cancellationToken);

    private Task<IReadOnlyList<CreateResult>> PutRoomsAsync(IReadOnlyList<Room> rooms, bool replace, CancellationToken cancellationToken) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var room in Door.List(rooms, nameof(rooms)).Select(room => Complete.Room(room, AgentId, Now)).ToList())
            {
                var stored = state.Rooms.Find(room.Id);
                if (stored is null) state.Store(state.Rooms, room);
                else if (replace) state.Store(state.Rooms, Replacement(stored, room));
                results.Add(Result(room.Id, stored is not null));
            }
            return results;
        });

    private Room Replacement(Room stored, Room room) => room with
    {
        CreatedAt = stored.CreatedAt,
        AgentId = Faults.Has(Fault.RoomUpsertKeepsAgent) ? stored.AgentId : room.AgentId,
    };

    public Task<int> UpdateRoomsAsync(IReadOnlyList<RoomUpdate> updates, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => Update(
            state, state.Rooms, Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check), update => update.Id, (stored, update) => Complete.Room(stored, update, AgentId)));

    public Task<int> DeleteRoomsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => DeleteRooms(state, Door.List(ids, nameof(ids))));

    public Task<int> DeleteRoomsByWorldIdAsync(Guid worldId, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
            DeleteRooms(state, state.Rooms.Where(room => room.WorldId == worldId && (room.AgentId == AgentId || Faults.Has(Fault.RoomsOfAWorldDeletedForAllAgents))).Select(room => room.Id).ToList()));

    private int DeleteRooms(ReferenceState state, IEnumerable<Guid> ids)
    {
        var count = state.Rooms.Remove(ids);
        state.RemoveDangling(reference => Faults.Has(Fault.RoomDeleteLeavesRows) && reference.Table == "rooms");
        return count;
    }
}
