namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public async Task<IReadOnlyList<CreateResult>> AddParticipantsAsync(
        IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default) =>
        await Store(
            () => Array.ConvertAll(Door.List(entityIds, nameof(entityIds)), entityId => new ParticipantRow
            {
                Id = TimeOrderedId.Next(),
                EntityId = entityId,
                RoomId = roomId,
                AgentId = Agent,
                State = null,
            }),
            static (draft, participant) => draft.State.Participants.Find(ParticipantsByRoom.KeyOf(participant)),
            Rows.Encode,
            static (draft, participant, body) =>
            {
                draft.Require(Table.Entities, participant.EntityId, "participants.entityId");
                draft.Require(Table.Rooms, participant.RoomId, "participants.roomId");
                draft.Require(Table.Agents, participant.AgentId, "participants.agentId");
                draft.Put(participant, body);
            },
            change: null,
            cancellationToken).ConfigureAwait(false);

    public async Task<int> RemoveParticipantsAsync(IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        var wanted = Door.List(entityIds, nameof(entityIds)).Distinct().ToArray();
        if (wanted.Length == 0) return 0;
        return await Change(
            draft => draft.Delete(Table.Participants, wanted.SelectMany(entityId => Memberships(draft.State, roomId, entityId)).ToList()),
            cancellationToken).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<Guid>> GetParticipantsForRoomAsync(Guid roomId, CancellationToken cancellationToken = default) =>
        Read(
            (Id)roomId,
            static (_, view, room) =>
            {
                var entities = new List<Guid>();
                var last = default(Id?);
                foreach (var row in view.State.Participants.Ascend(new PairKey(room, Id.Min, Id.Min)))
                {
                    if (row.RoomId != room) break;
                    if (row.EntityId == last) continue;
                    last = row.EntityId;
                    entities.Add(row.EntityId);
                }
                return (IReadOnlyList<Guid>)entities;
            },
            cancellationToken);

    public Task<IReadOnlyList<Participant>> GetParticipantsForEntityAsync(Guid entityId, CancellationToken cancellationToken = default) =>
        Read(
            (Id)entityId,
            static (_, view, entity) => (IReadOnlyList<Participant>)view.State.ParticipantsByEntity
                .AscendWhile(new PairKey(entity, Id.Min, Id.Min), row => row.EntityId == entity)
                .Select(row => new Participant(row.Id, row.EntityId, row.RoomId, row.AgentId)).ToList(),
            cancellationToken);

    public Task<bool> IsRoomParticipantAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default) =>
        Read((roomId, entityId), static (_, view, query) => Memberships(view.State, query.roomId, query.entityId).Any(), cancellationToken);

    public Task<IReadOnlyList<Guid>> GetRoomsForParticipantsAsync(IReadOnlyList<Guid> entityIds, CancellationToken cancellationToken = default) =>
        Read(
            entityIds,
            static (self, view, entityIds) =>
            {
                var rooms = new SortedSet<Guid>();
                foreach (Id entity in Door.List(entityIds, "entityIds"))
                {
                    foreach (var row in view.State.ParticipantsByEntity.Ascend(new PairKey(entity, Id.Min, Id.Min)))
                    {
                        if (row.EntityId != entity) break;
                        if (view.State.Rooms.Find(row.RoomId) is { } room && room.AgentId == self.Agent) rooms.Add(row.RoomId);
                    }
                }
                return (IReadOnlyList<Guid>)rooms.ToList();
            },
            cancellationToken);

    public Task<ParticipantUserState?> GetParticipantUserStateAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default) =>
        Read(
            (roomId, entityId),
            static (self, view, query) => view.State.Participants.Find(new PairKey(query.roomId, query.entityId, self.Agent))?.State,
            cancellationToken);

    public async Task<int> SetParticipantUserStateAsync(
        Guid roomId, Guid entityId, ParticipantUserState? state, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        if (state is { } given && !Enum.IsDefined(given)) throw new InvalidInputException(nameof(state), state, "Followed, Muted or null");
        return await Change(
            draft =>
            {
                if (draft.State.Participants.Find(new PairKey(roomId, entityId, Agent)) is not { } row) return 0;
                var changed = new ParticipantRow { Id = row.Id, EntityId = row.EntityId, RoomId = row.RoomId, AgentId = row.AgentId, State = state };
                draft.Put(changed, Rows.Encode(changed));
                return 1;
            },
            cancellationToken).ConfigureAwait(false);
    }

    // One for each agent that noted it.
    private static IEnumerable<ParticipantRow> Memberships(DatabaseState state, Id room, Id entity) =>
        state.Participants.AscendWhile(new PairKey(room, entity, Id.Min), row => row.RoomId == room && row.EntityId == entity);
}
