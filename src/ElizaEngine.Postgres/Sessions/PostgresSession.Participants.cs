namespace ElizaEngine.Postgres;

/// <summary>
/// elizaOS stores a membership twice when it is added twice. Reads take the oldest row for the membership; writes reach all.
/// </summary>
internal abstract partial class PostgresSession
{
    public async Task<IReadOnlyList<CreateResult>> AddParticipantsAsync(
        IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Door.List(entityIds, nameof(entityIds));
        if (items.Length == 0) return [];
        var now = Now;
        var rows = items.Distinct().Order().Select(entityId => (Id: Guid.CreateVersion7(now), EntityId: entityId)).ToArray();
        var entities = DbValue.Uuids([.. rows.Select(row => row.EntityId)]);
        var scope = Sql.Of($"room_id = {DbValue.Uuid(roomId)} AND agent_id = {DbValue.Uuid(AgentId)}");

        var isThere = Sql.Of($"EXISTS (SELECT FROM public.participants p WHERE p.entity_id = wanted.entity_id AND {scope})");
        // A plain call that finds a membership missing guards all of them, since what it found of the others holds for one statement
        // only. One that finds them all writes nothing, and has no number of a transaction.
        var guard = Guards.Take(
            [.. rows.Select(row => $"participant {row.EntityId} {roomId} {AgentId}")],
            IsTransaction
                ? Sql.Of($"EXISTS (SELECT FROM (SELECT ({entities})[item.place]) AS wanted(entity_id) WHERE NOT {isThere})")
                : Sql.Of($"EXISTS (SELECT FROM unnest({entities}) AS wanted(entity_id) WHERE NOT {isThere})"));
        var isGuarded = Sql.Raw(IsTransaction ? "true" : "pg_current_xact_id_if_assigned() IS NOT NULL");
        // Under the guards nobody adds; the locks keep what is there until the commit. A snapshot keeps it anyway.
        var stored = Statement.Of($"""
            WITH held AS MATERIALIZED (
                    SELECT id, created_at, entity_id FROM public.participants
                    WHERE {isGuarded} AND entity_id = ANY({entities}) AND {scope} ORDER BY id{Sql.Raw(IsTransaction ? "" : " FOR KEY SHARE")}),
                made AS (
                    INSERT INTO public.participants (id, created_at, entity_id, room_id, agent_id)
                    SELECT item.id, {DbValue.Instant(now)}, item.entity_id, {DbValue.Uuid(roomId)}, {DbValue.Uuid(AgentId)}
                    FROM unnest({DbValue.Uuids([.. rows.Select(row => row.Id)])}, {entities}) AS item(id, entity_id)
                    WHERE {isGuarded} AND NOT EXISTS (SELECT FROM held WHERE held.entity_id = item.entity_id)
                    RETURNING id, created_at, entity_id),
                seen AS (
                    SELECT id, created_at, entity_id FROM public.participants WHERE NOT ({isGuarded}) AND entity_id = ANY({entities}) AND {scope})
            SELECT DISTINCT ON (entity_id) entity_id, id
            FROM (SELECT * FROM held UNION ALL SELECT * FROM made UNION ALL SELECT * FROM seen) AS memberships ORDER BY entity_id, created_at, id
            """);
        var call = new Call<Dictionary<Guid, Guid>>(CallKind.Repeatable, [guard, stored], async answer =>
            (await answer.RowsAsync(static row => (EntityId: row.GetGuid(0), Id: row.GetGuid(1))).ConfigureAwait(false)).ToDictionary(row => row.EntityId, row => row.Id));
        Dictionary<Guid, Guid> ids = [];
        for (var race = 0; ids.Count < rows.Length; race++)
        {
            // Without guards one may be removed between the two statements; then nothing was written either.
            if (race > MaxRaces) throw new TransactionConflictException("A membership is being removed all the time.");
            ids = await WriteAsync(
                () => SendAsync(call, cancellationToken),
                () => items.SelectMany(IEnumerable<Reference> (entityId) =>
                [
                    new("entities", entityId, "participants.entityId"),
                    new("rooms", roomId, "participants.roomId"),
                    new("agents", AgentId, "participants.agentId"),
                ]),
                cancellationToken).ConfigureAwait(false);
        }

        var made = rows.Select(row => row.Id).ToHashSet();
        return Array.ConvertAll(items, entityId =>
            new CreateResult(ids[entityId], made.Remove(ids[entityId]) ? CreateOutcome.Created : CreateOutcome.Existed));
    }

    public async Task<int> RemoveParticipantsAsync(IReadOnlyList<Guid> entityIds, Guid roomId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(entityIds, nameof(entityIds));
        if (wanted.Length == 0) return 0;
        Statement remove = Sql.Of($"""
            WITH held AS MATERIALIZED (
                    SELECT id FROM public.participants WHERE room_id = {DbValue.Uuid(roomId)} AND entity_id = ANY({DbValue.Uuids(wanted)}) ORDER BY id FOR UPDATE),
                gone AS (DELETE FROM public.participants WHERE id IN (SELECT id FROM held) RETURNING entity_id, agent_id)
            SELECT count(DISTINCT (entity_id, agent_id)) FROM gone
            """);
        return (int)await SendAsync(new Call<long>(CallKind.Counted, [remove], answer => answer.ScalarAsync<long>()), cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Guid>> GetParticipantsForRoomAsync(Guid roomId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await RowsAsync(
            Statement.Of($"SELECT DISTINCT entity_id FROM public.participants WHERE room_id = {DbValue.Uuid(roomId)} AND entity_id IS NOT NULL ORDER BY entity_id"),
            static row => row.GetGuid(0),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Participant>> GetParticipantsForEntityAsync(Guid entityId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await RowsAsync(
            Statement.Of($"""
                SELECT DISTINCT ON (room_id, agent_id) id, entity_id, room_id, agent_id FROM public.participants
                WHERE entity_id = {DbValue.Uuid(entityId)} AND room_id IS NOT NULL AND agent_id IS NOT NULL
                ORDER BY room_id, agent_id, created_at, id
                """),
            static row => new Participant(row.GetGuid(0), row.GetGuid(1), row.GetGuid(2), row.GetGuid(3)),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> IsRoomParticipantAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await ScalarAsync<bool>(
            Statement.Of($"SELECT EXISTS (SELECT FROM public.participants WHERE room_id = {DbValue.Uuid(roomId)} AND entity_id = {DbValue.Uuid(entityId)})"),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Guid>> GetRoomsForParticipantsAsync(IReadOnlyList<Guid> entityIds, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(entityIds, nameof(entityIds));
        if (wanted.Length == 0) return [];
        return await RowsAsync(
            Statement.Of($"""
                SELECT DISTINCT r.id FROM public.participants p JOIN public.rooms r ON r.id = p.room_id
                WHERE p.entity_id = ANY({DbValue.Uuids(wanted)}) AND r.agent_id = {DbValue.Uuid(AgentId)} ORDER BY r.id
                """),
            static row => row.GetGuid(0),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<ParticipantUserState?> GetParticipantUserStateAsync(Guid roomId, Guid entityId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var state = await ScalarAsync<string>(
            Statement.Of($"SELECT room_state FROM public.participants WHERE {Membership(roomId, entityId)} ORDER BY created_at, id LIMIT 1"), cancellationToken).ConfigureAwait(false);
        return state switch
        {
            "FOLLOWED" => ParticipantUserState.Followed,
            "MUTED" => ParticipantUserState.Muted,
            _ => null,
        };
    }

    public async Task<int> SetParticipantUserStateAsync(
        Guid roomId, Guid entityId, ParticipantUserState? state, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        if (state is { } given && !Enum.IsDefined(given)) throw new InvalidInputException(nameof(state), state, "Followed, Muted or null");
        var text = Sql.Raw(state switch
        {
            ParticipantUserState.Followed => "'FOLLOWED'",
            ParticipantUserState.Muted => "'MUTED'",
            _ => "NULL",
        });
        Statement set = Sql.Of($"""
            WITH changed AS (UPDATE public.participants SET room_state = {text} WHERE {Membership(roomId, entityId)} RETURNING 1)
            SELECT count(*) FROM (SELECT FROM changed LIMIT 1) AS membership
            """);
        return (int)await SendAsync(new Call<long>(CallKind.Repeatable, [set], answer => answer.ScalarAsync<long>()), cancellationToken).ConfigureAwait(false);
    }

    private Sql Membership(Guid roomId, Guid entityId) =>
        Sql.Of($"room_id = {DbValue.Uuid(roomId)} AND entity_id = {DbValue.Uuid(entityId)} AND agent_id = {DbValue.Uuid(AgentId)}");
}
