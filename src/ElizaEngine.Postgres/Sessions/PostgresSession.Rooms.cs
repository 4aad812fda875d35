namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<Room> RoomTable = new(
        "rooms",
        new("id", rooms => DbValue.Uuids([.. rooms.Select(room => room.Id)])),
        new("agent_id", rooms => DbValue.Uuids([.. rooms.Select(room => room.AgentId!.Value)])),
        new("source", rooms => DbValue.Texts([.. rooms.Select(room => room.Source)])),
        new("type", rooms => DbValue.Texts([.. rooms.Select(room => room.Type)])),
        new("message_server_id", rooms => DbValue.Uuids([.. rooms.Select(room => room.MessageServerId)])),
        new("world_id", rooms => DbValue.Uuids([.. rooms.Select(room => room.WorldId)])),
        new("name", rooms => DbValue.Texts([.. rooms.Select(room => room.Name)])),
        new("metadata", rooms => DbValue.Jsons(rooms.Select(room => room.Metadata))),
        new("channel_id", rooms => DbValue.Texts([.. rooms.Select(room => room.ChannelId)])),
        new("created_at", rooms => DbValue.Timestamps(rooms.Select(room => room.CreatedAt))));

    private const string RoomChange = """
        agent_id = excluded.agent_id, source = excluded.source, type = excluded.type, message_server_id = excluded.message_server_id,
        world_id = excluded.world_id, name = excluded.name, metadata = excluded.metadata, channel_id = excluded.channel_id
        """;

    private static readonly Sql RoomSelect = Sql.Raw($"SELECT {Rows.RoomColumns} FROM public.rooms ");

    public async Task<IReadOnlyList<Room>> GetRoomsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        if (wanted.Length == 0) return [];
        return await RowsAsync(
            Statement.Of($"{RoomSelect}WHERE id = ANY({DbValue.Uuids(wanted)}) AND agent_id = {DbValue.Uuid(AgentId)} ORDER BY id"), Rows.Room, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Room>> GetRoomsByWorldAsync(Guid worldId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await RowsAsync(
            Statement.Of($"{RoomSelect}WHERE world_id = {DbValue.Uuid(worldId)} ORDER BY created_at, id"), Rows.Room, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> CreateRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await CreateAsync(RoomTable, Complete.Rooms(rooms, AgentId, Now), static room => room.Id, ReferencesOf, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> UpsertRoomsAsync(IReadOnlyList<Room> rooms, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpsertAsync(
            RoomTable, Complete.Rooms(rooms, AgentId, Now), static room => room.Id, RoomChange, _ => [new("agents", AgentId, "rooms.agentId")], cancellationToken)
            .ConfigureAwait(false);
    }

    public async Task<int> UpdateRoomsAsync(IReadOnlyList<RoomUpdate> updates, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpdateAsync(
            Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static update => update.Id,
            update => UpdateById("rooms", update.Id,
            [
                .. Set("agent_id", DbValue.Uuid(AgentId)),
                .. Set("name", update.Name is { } name ? DbValue.Text(CleanText.Normalize(name)) : null),
                .. Set("source", update.Source is { } source ? DbValue.Text(CleanText.Normalize(source)) : null),
                .. Set("type", update.Type is { } type ? DbValue.Text(CleanText.Normalize(type)) : null),
                .. Set("channel_id", update.ChannelId is { } channel ? DbValue.Text(CleanText.Normalize(channel)) : null),
                .. Set("message_server_id", update.MessageServerId is { } server ? DbValue.Uuid(server) : null),
                .. Set("world_id", update.WorldId is { } world ? DbValue.Uuid(world) : null),
                .. Set("metadata", update.Metadata is { } metadata ? DbValue.Json(metadata) : null),
            ]),
            _ => [new("agents", AgentId, "rooms.agentId")],
            cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteRoomsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        DeleteAsync("rooms", ids, null, cancellationToken);

    public async Task<int> DeleteRoomsByWorldIdAsync(Guid worldId, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await CountRemovedAsync(
            Sql.Of($"DELETE FROM public.rooms WHERE world_id = {DbValue.Uuid(worldId)} AND agent_id = {DbValue.Uuid(AgentId)}"), cancellationToken).ConfigureAwait(false);
    }

    private static IEnumerable<Reference> ReferencesOf(Room room) => [new("agents", room.AgentId!.Value, "rooms.agentId", room.Id)];
}
