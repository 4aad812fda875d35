namespace ElizaEngine;

/// <summary>Who is in which room. A membership is one for each entity, room and agent.</summary>
public interface IParticipantStore
{
    /// <summary>Adds entities to a room for this agent; one that is in it already stays. One result per item, in order, with the membership's id. Atomic.</summary>
    /// <exception cref="ReferenceNotFoundException">Entity, room or agent does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> AddParticipantsAsync(IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default);

    /// <summary>Takes entities out of a room, whichever agent noted them. Returns how many memberships went. Scope: all agents. Atomic.</summary>
    Task<int> RemoveParticipantsAsync(IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default);

    /// <summary>The entities in a room, each once, in order of id. Scope: all agents.</summary>
    Task<IReadOnlyList<Guid>> GetParticipantsForRoomAsync(Guid roomId, CancellationToken cancellationToken = default);

    /// <summary>The memberships of an entity, in order of room id, then agent id. Scope: all agents.</summary>
    Task<IReadOnlyList<Participant>> GetParticipantsForEntityAsync(Guid entityId, CancellationToken cancellationToken = default);

    /// <summary>Whether an entity is in a room. Scope: all agents.</summary>
    Task<bool> IsRoomParticipantAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default);

    /// <summary>The rooms of this agent that any of these entities is in, each once, in order of id. Empty list: nothing. Scope: this agent.</summary>
    Task<IReadOnlyList<Guid>> GetRoomsForParticipantsAsync(IReadOnlyList<Guid> entityIds, CancellationToken cancellationToken = default);

    /// <summary>How a participant stands to a room; null when nothing is set or it is not in the room. Scope: this agent.</summary>
    Task<ParticipantUserState?> GetParticipantUserStateAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default);

    /// <summary>Sets how a participant stands to a room; null clears it. Returns how many memberships changed: 0 when it is not in the room. Scope: this agent.</summary>
    Task<int> SetParticipantUserStateAsync(Guid roomId, Guid entityId, ParticipantUserState? state, CancellationToken cancellationToken = default);
}
