using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Rooms: whose they are, and what a removed room takes with it.</summary>
public abstract class RoomConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    private static Room Full(int id) => new()
    {
        Id = Id(id),
        AgentId = AgentId,
        Name = "general",
        Source = "discord",
        Type = ChannelTypes.Group,
        ChannelId = "123456789012345678",
        MessageServerId = Id(77),
        WorldId = Id(88),
        Metadata = Json.Parse("""{"topic":null,"tags":["a"]}"""),
        CreatedAt = Past,
    };

    private static Room Bare(int id) => new() { Id = Id(id), Source = "s", Type = "t" };

    private async Task<IEnumerable<Guid>> WorldRoomsAsync(int world) => (await Adapter.GetRoomsByWorldAsync(Id(world))).Select(room => room.Id);

    [Fact]
    public async Task A_room_is_read_back_as_it_was_given()
    {
        Assert.Equal(Id(1), await Adapter.CreateRoomAsync(Full(1)));

        Assert.Equal(Full(1), await Adapter.GetRoomAsync(Id(1)));
        Assert.Equal([Full(1)], await Other.GetRoomsByWorldAsync(Id(88)));
    }

    [Fact]
    public async Task What_is_not_given_stays_null()
    {
        await Adapter.CreateRoomAsync(Bare(1) with { Source = "", Type = "" });

        var expected = new Room { Id = Id(1), AgentId = AgentId, Source = "", Type = "", CreatedAt = Time.GetUtcNow() };
        Assert.Equal(expected, await Adapter.GetRoomAsync(Id(1)));
    }

    [Fact]
    public async Task A_room_is_always_the_adapters_agents_and_seen_by_id_only_by_it()
    {
        await Adapter.CreateRoomAsync(Full(1) with { AgentId = OtherAgentId });
        await Other.CreateRoomAsync(Full(2));

        Assert.Equal(AgentId, (await Adapter.GetRoomAsync(Id(1)))!.AgentId);
        Assert.Null(await Adapter.GetRoomAsync(Id(2)));
        Assert.Null(await Other.GetRoomAsync(Id(1)));
        Assert.Equal([Id(2)], (await Other.GetRoomsByIdsAsync([Id(1), Id(2)])).Select(room => room.Id));
        Assert.Equal([Id(1), Id(2)], await WorldRoomsAsync(88));
    }

    [Fact]
    public async Task A_room_that_exists_stays_as_it_is_whosever_it_is()
    {
        var results = await Adapter.CreateRoomsAsync([Full(2), Full(1), Full(2) with { Name = "again" }, Full(2)]);

        Assert.Equal(
            [
                new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Created),
                new(Id(2), CreateOutcome.Existed), new(Id(2), CreateOutcome.Existed),
            ],
            results);
        Assert.Equal(new CreateResult(Id(1), CreateOutcome.Existed), Assert.Single(await Other.CreateRoomsAsync([Bare(1)])));
        Assert.Equal([Full(1), Full(2)], await Adapter.GetRoomsByIdsAsync([Id(2), Id(1)]));
        Assert.Empty(await Adapter.CreateRoomsAsync([]));
    }

    [Fact]
    public async Task A_room_of_an_unknown_agent_is_refused()
    {
        var stranger = Database.ForAgent(Id(99));

        var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => stranger.CreateRoomAsync(Bare(1)));
        Assert.Equal(("agents", Id(99)), (error.Table, error.Id));
        await Assert.ThrowsAsync<ReferenceNotFoundException>(() => stranger.UpsertRoomAsync(Bare(1)));

        Assert.Equal(CreateOutcome.Created, Assert.Single(await Adapter.CreateRoomsAsync([Bare(1)])).Outcome);
    }

    [Fact]
    public async Task Rooms_come_in_order_of_id_each_once_and_unknown_ones_are_skipped()
    {
        Guid[] ordered = [Id(1), Id(0x01000000), Id(0x7F000000), Id(unchecked((int)0x80000000)), Id(-1)];
        await Adapter.CreateRoomsAsync([.. ordered.Reverse().Select(id => Bare(0) with { Id = id })]);

        var found = await Adapter.GetRoomsByIdsAsync([ordered[3], Id(99), ordered[0], ordered[4], ordered[0], ordered[2], ordered[1]]);

        Assert.Equal(ordered, found.Select(room => room.Id));
        Assert.Empty(await Adapter.GetRoomsByIdsAsync([]));
    }

    [Fact]
    public async Task Rooms_of_a_world_are_those_of_all_agents_oldest_first_then_by_id()
    {
        await Adapter.CreateRoomsAsync([Full(3), Full(1) with { CreatedAt = Past.AddMilliseconds(1) }, Full(5) with { WorldId = Id(89) }, Full(6) with { WorldId = null }]);
        await Other.CreateRoomsAsync([Full(2), Full(4) with { CreatedAt = Past.AddMilliseconds(-1) }]);

        Assert.Equal([Id(4), Id(2), Id(3), Id(1)], await WorldRoomsAsync(88));
        Assert.Equal([Id(5)], await WorldRoomsAsync(89));
        Assert.Empty(await WorldRoomsAsync(99));
    }

    [Fact]
    public async Task An_update_changes_only_what_it_names_and_the_room_becomes_this_agents()
    {
        await Adapter.CreateRoomAsync(Full(1));

        Assert.True(await Adapter.UpdateRoomAsync(new RoomUpdate(Id(1))));
        Assert.Equal(Full(1), await Adapter.GetRoomAsync(Id(1)));

        Assert.True(await Other.UpdateRoomAsync(new RoomUpdate(Id(1)) { Name = "", Metadata = Json.Parse("""{"new":1}""") }));
        Assert.Null(await Adapter.GetRoomAsync(Id(1)));
        Assert.Equal(Full(1) with { AgentId = OtherAgentId, Name = "", Metadata = Json.Parse("""{"new":1}""") }, await Other.GetRoomAsync(Id(1)));
    }

    [Fact]
    public async Task An_update_can_change_every_part()
    {
        await Adapter.CreateRoomAsync(Bare(1) with { CreatedAt = Past });
        var full = Full(1);

        await Adapter.UpdateRoomAsync(new RoomUpdate(Id(1))
        {
            Name = full.Name,
            Source = full.Source,
            Type = full.Type,
            ChannelId = full.ChannelId,
            MessageServerId = full.MessageServerId,
            WorldId = full.WorldId,
            Metadata = full.Metadata,
        });

        Assert.Equal(full, await Adapter.GetRoomAsync(Id(1)));
        Assert.Equal([Id(1)], await WorldRoomsAsync(88));
    }

    [Fact]
    public async Task An_update_of_a_missing_room_says_so_and_creates_none()
    {
        await Adapter.CreateRoomAsync(Full(1));

        Assert.False(await Adapter.UpdateRoomAsync(new RoomUpdate(Id(2)) { Name = "x" }));
        Assert.Equal(1, await Adapter.UpdateRoomsAsync([new(Id(2)) { Name = "x" }, new(Id(1)) { Name = "y" }]));
        Assert.Equal(0, await Adapter.UpdateRoomsAsync([]));
        Assert.Null(await Adapter.GetRoomAsync(Id(2)));
    }

    [Fact]
    public async Task An_upsert_creates_or_replaces_but_for_createdAt_and_the_room_becomes_this_agents()
    {
        await Adapter.CreateRoomAsync(Full(1));

        var results = await Other.UpsertRoomsAsync([Bare(2), Bare(1) with { CreatedAt = Past.AddYears(1) }, Bare(2) with { Name = "again" }]);

        Assert.Equal([new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Existed), new(Id(2), CreateOutcome.Existed)], results);
        Assert.Equal(
            [
                Bare(1) with { AgentId = OtherAgentId, CreatedAt = Past },
                Bare(2) with { AgentId = OtherAgentId, CreatedAt = Time.GetUtcNow(), Name = "again" },
            ],
            await Other.GetRoomsByIdsAsync([Id(1), Id(2)]));
        Assert.Empty(await WorldRoomsAsync(88));
    }

    [Fact]
    public async Task Deleting_a_room_removes_what_is_in_it_and_leaves_the_rest()
    {
        var world = await Adapter.CreateWorldAsync(new World { Id = Id(88) });
        await Adapter.CreateRoomsAsync([Full(1), Full(2)]);
        var entity = await NewEntityAsync();
        foreach (var room in new[] { 1, 2 })
        {
            await FillAsync(Adapter, room, entity);
            await Other.CreateMemoryAsync(new Memory { Id = Id((room * 100) + 2), RoomId = Id(room) }, "facts");
        }

        Assert.True(await Other.DeleteRoomAsync(Id(1)));

        Assert.Null(await Adapter.GetRoomAsync(Id(1)));
        Assert.Equal([Id(2)], await WorldRoomsAsync(88));
        Assert.Equal([Id(201), Id(202)], (await Adapter.GetMemoriesByIdsAsync([Id(101), Id(102), Id(201), Id(202)])).Select(memory => memory.Id).Order());
        var search = new MemorySearch("messages", new float[] { 1, 0 }) { Mode = SearchMode.Exact };
        Assert.Equal([Id(201)], (await Adapter.SearchMemoriesAsync(search)).Select(memory => memory.Id));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(Id(1)));
        Assert.Equal([Id(2)], await Adapter.GetRoomsForParticipantAsync(entity));
        Assert.Equal([Id(203)], (await Adapter.GetLogsAsync(new LogQuery())).Select(log => log.Id));
        Assert.Equal([Id(204)], (await Adapter.GetComponentsAsync(new ComponentQuery(entity))).Select(component => component.Id));
        Assert.Equal(2, (await Adapter.GetTasksAsync(new TaskQuery())).Count);
        Assert.NotNull(await Adapter.GetEntityByIdAsync(entity));
        Assert.NotNull(await Adapter.GetWorldAsync(world));
    }

    [Fact]
    public async Task Nothing_of_a_deleted_room_comes_back_with_its_id()
    {
        await Adapter.CreateRoomAsync(Full(1));
        var entity = await NewEntityAsync();
        await FillAsync(Adapter, 1, entity);
        await Adapter.DeleteRoomAsync(Id(1));

        await Adapter.CreateRoomAsync(Full(1));
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(101), RoomId = Id(1) }, "messages");

        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(101)))!.Embedding);
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch("messages", new float[] { 1, 0 })));
        Assert.Equal(1, await Adapter.CountMemoriesAsync(Id(1), "messages", uniqueOnly: false));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(Id(1)));
        Assert.Empty(await Adapter.GetLogsAsync(new LogQuery { RoomId = Id(1) }));
    }

    [Fact]
    public async Task Deleting_tells_how_many_rooms_there_were()
    {
        await Adapter.CreateRoomsAsync([Full(1), Full(2)]);

        Assert.Equal(2, await Adapter.DeleteRoomsAsync([Id(1), Id(99), Id(2), Id(1)]));
        Assert.False(await Adapter.DeleteRoomAsync(Id(1)));
        Assert.Equal(0, await Adapter.DeleteRoomsAsync([]));
    }

    [Fact]
    public async Task Deleting_the_rooms_of_a_world_takes_those_of_this_agent_only()
    {
        await Adapter.CreateRoomsAsync([Full(1), Full(2), Full(3) with { WorldId = Id(89) }, Full(4) with { WorldId = null }]);
        await Other.CreateRoomAsync(Full(5));
        var entity = await NewEntityAsync();
        foreach (var room in new[] { 1, 3, 5 }) await FillAsync(Adapter, room, entity);

        Assert.Equal(2, await Adapter.DeleteRoomsByWorldIdAsync(Id(88)));
        Assert.Equal(0, await Adapter.DeleteRoomsByWorldIdAsync(Id(88)));

        Assert.Equal([Id(3), Id(4)], (await Adapter.GetRoomsByIdsAsync([Id(1), Id(2), Id(3), Id(4)])).Select(room => room.Id));
        Assert.Equal([Id(5)], await WorldRoomsAsync(88));
        Assert.Equal([Id(301), Id(501)], (await Adapter.GetMemoriesByIdsAsync([Id(101), Id(301), Id(501)])).Select(memory => memory.Id).Order());
        Assert.Equal([Id(303), Id(503)], (await Adapter.GetLogsAsync(new LogQuery())).Select(log => log.Id).Order());
        Assert.Equal([Id(304), Id(504)], (await Adapter.GetComponentsAsync(new ComponentQuery(entity))).Select(component => component.Id));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(Id(1)));
        Assert.Equal(3, (await Adapter.GetTasksAsync(new TaskQuery())).Count);
    }

    [Fact]
    public async Task A_batch_with_one_bad_room_stores_nothing()
    {
        await Adapter.CreateRoomAsync(Full(1));

        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateRoomsAsync([Full(2), Full(3) with { Source = null! }]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateRoomsAsync([Full(2), Full(3) with { Metadata = Json.EmptyArray }]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpsertRoomsAsync([Full(1) with { Name = "x" }, Full(3) with { Type = null! }]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateRoomsAsync([new(Id(1)) { Name = "x" }, new(Id(1)) { Metadata = Json.Null }]));

        Assert.Equal([Full(1)], await Adapter.GetRoomsByIdsAsync([Id(1), Id(2), Id(3)]));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await Adapter.CreateRoomAsync(Full(1));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateRoomAsync(Full(2), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpsertRoomAsync(Bare(1), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateRoomAsync(new RoomUpdate(Id(1)) { Name = "x" }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteRoomAsync(Id(1), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteRoomsByWorldIdAsync(Id(88), cancelled));

        Assert.Equal([Full(1)], await Adapter.GetRoomsByIdsAsync([Id(1), Id(2)]));
    }

    [Fact]
    public async Task Rooms_are_there_after_reopening_and_removed_ones_are_not()
    {
        if (!Backend.Persists) return;
        var entity = await NewEntityAsync();
        await Adapter.CreateRoomsAsync([Full(1), Full(2)]);
        await FillAsync(Adapter, 1, entity);
        await FillAsync(Adapter, 2, entity);
        await Adapter.DeleteRoomAsync(Id(1));

        await ReopenAsync();

        Assert.Equal([Full(2)], await Adapter.GetRoomsByIdsAsync([Id(1), Id(2)]));
        Assert.Equal([Id(201)], (await Adapter.GetMemoriesByIdsAsync([Id(101), Id(201)])).Select(memory => memory.Id));
        Assert.Equal([Id(203)], (await Adapter.GetLogsAsync(new LogQuery())).Select(log => log.Id));
        Assert.Equal([Id(204)], (await Adapter.GetComponentsAsync(new ComponentQuery(entity))).Select(component => component.Id));
        Assert.Equal([Id(2)], await Adapter.GetRoomsForParticipantAsync(entity));
    }

    // One of everything that stands in a room: ids 101, 103, 104 in room 1, and so on.
    private static async Task FillAsync(IDatabaseAdapter adapter, int room, Guid entity)
    {
        await adapter.CreateMemoryAsync(new Memory { Id = Id((room * 100) + 1), RoomId = Id(room), EntityId = entity, Embedding = new float[] { 1, 0 } }, "messages");
        await adapter.AddParticipantAsync(entity, Id(room));
        await adapter.LogAsync(new LogEntry { Id = Id((room * 100) + 3), EntityId = entity, RoomId = Id(room), Type = "t" });
        await adapter.CreateComponentAsync(new Component { Id = Id((room * 100) + 4), EntityId = entity, RoomId = Id(room), Type = "t" });
        await adapter.CreateTaskAsync(new AgentTask { Name = "t", WorldId = Id(88), RoomId = Id(room), EntityId = entity });
    }
}
