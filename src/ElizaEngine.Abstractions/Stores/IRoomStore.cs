namespace ElizaEngine;

/// <summary>Rooms.</summary>
public interface IRoomStore
{
    /// <summary>The rooms with these ids, in order of id; unknown ids are skipped, repeated ids count once. Scope: this agent.</summary>
    Task<IReadOnlyList<Room>> GetRoomsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>The rooms of a world, oldest first, then by id ascending. Scope: all agents.</summary>
    Task<IReadOnlyList<Room>> GetRoomsByWorldAsync(Guid worldId, CancellationToken cancellationToken = default);

    /// <summary>Stores rooms for this agent; one that exists stays as it is. One result per item, in order. Atomic.</summary>
    /// <exception cref="ReferenceNotFoundException">The agent does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> CreateRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default);

    /// <summary>Stores rooms for this agent; one that exists is replaced, but for its createdAt, and becomes this agent's. One result per item, in order. Atomic.</summary>
    Task<IReadOnlyList<CreateResult>> UpsertRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default);

    /// <summary>Changes rooms, which become this agent's. Returns how many were there. Scope: all agents. Atomic.</summary>
    Task<int> UpdateRoomsAsync(IReadOnlyList<RoomUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>Removes rooms with their memories, participants, logs and components; tasks stay. Returns how many rooms were there. Scope: all agents. Atomic.</summary>
    Task<int> DeleteRoomsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="DeleteRoomsAsync"/> for the rooms of a world. Scope: this agent. Atomic.</summary>
    Task<int> DeleteRoomsByWorldIdAsync(Guid worldId, CancellationToken cancellationToken = default);
}
