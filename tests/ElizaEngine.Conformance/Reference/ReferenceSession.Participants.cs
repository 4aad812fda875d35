namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<CreateResult>> AddParticipantsAsync(IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var entityId in Door.List(entityIds, nameof(entityIds)))
            {
                var stored = state.Participants.Find((entityId, roomId, AgentId));
                var added = stored ?? new Membership(new Participant(Guid.CreateVersion7(Now), entityId, roomId, AgentId), null);
                if (stored is null) state.Store(state.Participants, added);
                var existed = stored is not null && !Faults.Has(Fault.ParticipantTwiceStored);
                results.Add(Result(added.Participant.Id, existed));
            }
            return results;
        });

    public Task<int> RemoveParticipantsAsync(IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var gone = Door.List(entityIds, nameof(entityIds)).ToHashSet();
            return state.Participants.RemoveWhere(row => row.Participant.RoomId == roomId && gone.Contains(row.Participant.EntityId));
        });

    public Task<IReadOnlyList<Guid>> GetParticipantsForRoomAsync(Guid roomId, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Guid>>(cancellationToken, state =>
            [.. state.Participants.Where(row => row.Participant.RoomId == roomId).Select(row => row.Participant.EntityId).Distinct().Order()]);

    public Task<IReadOnlyList<Participant>> GetParticipantsForEntityAsync(Guid entityId, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Participant>>(cancellationToken, state =>
        [
            .. state.Participants.Select(row => row.Participant).Where(participant => participant.EntityId == entityId)
                .OrderBy(participant => participant.RoomId).ThenBy(participant => participant.AgentId),
        ]);

    public Task<bool> IsRoomParticipantAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state => state.Participants.Any(row => row.Participant.RoomId == roomId && row.Participant.EntityId == entityId));

    public Task<IReadOnlyList<Guid>> GetRoomsForParticipantsAsync(IReadOnlyList<Guid> entityIds, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Guid>>(cancellationToken, state =>
        {
            var wanted = Door.List(entityIds, nameof(entityIds)).ToHashSet();
            return
            [
                .. state.Participants.Where(row => wanted.Contains(row.Participant.EntityId)).Select(row => row.Participant.RoomId).Distinct()
                    .Where(roomId => state.Rooms.Find(roomId)?.AgentId == AgentId || Faults.Has(Fault.RoomsSeeOtherAgents))
                    .Order(),
            ];
        });

    public Task<ParticipantUserState?> GetParticipantUserStateAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state => Faults.Has(Fault.ParticipantStateSeesOtherAgents)
            ? state.Participants.FirstOrDefault(row => row.Participant.RoomId == roomId && row.Participant.EntityId == entityId && row.State is not null)?.State
            : state.Participants.Find((entityId, roomId, AgentId))?.State);

    public Task<int> SetParticipantUserStateAsync(
        Guid roomId, Guid entityId, ParticipantUserState? state, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, tables =>
        {
            if (state is { } given && !Enum.IsDefined(given)) throw new InvalidInputException(nameof(state), given, "Followed, Muted or null");
            var stored = tables.Participants.Find((entityId, roomId, AgentId));
            if (stored is null) return 0;
            tables.Participants.Put(stored with { State = state });
            return 1;
        });
}
