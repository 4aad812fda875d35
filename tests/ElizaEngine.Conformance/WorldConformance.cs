using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Worlds: what a change changes, and what a removed world takes with it.</summary>
public abstract class WorldConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    private static World Full(int id) => new()
    {
        Id = Id(id),
        AgentId = AgentId,
        Name = "A server",
        MessageServerId = Id(77),
        Metadata = new WorldMetadata(Json.Parse("""{"own":[1]}""")) with { OwnerId = Id(88), Roles = new Dictionary<Guid, string> { [Id(88)] = "OWNER" } },
        CreatedAt = Past,
    };

    [Fact]
    public async Task A_world_is_read_back_as_it_was_given()
    {
        Assert.Equal(Id(1), await Adapter.CreateWorldAsync(Full(1)));
        await Adapter.CreateWorldAsync(Full(2) with { AgentId = OtherAgentId });

        Assert.Equal(Full(1), await Adapter.GetWorldAsync(Id(1)));
        Assert.Equal(Full(1), await Other.GetWorldAsync(Id(1)));
        Assert.Equal(Full(2) with { AgentId = OtherAgentId }, await Adapter.GetWorldAsync(Id(2)));
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default_and_null_stays_null()
    {
        await Adapter.CreateWorldAsync(new World { Id = Id(1) });

        var expected = new World { Id = Id(1), AgentId = AgentId, Name = "", CreatedAt = Time.GetUtcNow() };
        Assert.Equal(expected, await Adapter.GetWorldAsync(Id(1)));
    }

    [Fact]
    public async Task A_world_that_exists_stays_as_it_is()
    {
        var results = await Adapter.CreateWorldsAsync([Full(2), Full(1), Full(2) with { Name = "again" }]);

        Assert.Equal([new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Created), new(Id(2), CreateOutcome.Existed)], results);
        Assert.Equal(Id(1), await Other.CreateWorldAsync(new World { Id = Id(1), Name = "other" }));
        Assert.Equal([Full(1), Full(2)], await Adapter.GetWorldsByIdsAsync([Id(1), Id(2)]));
        Assert.Empty(await Adapter.CreateWorldsAsync([]));
    }

    [Fact]
    public async Task A_world_of_an_unknown_agent_is_refused_with_the_whole_batch()
    {
        foreach (var create in new Func<IReadOnlyList<World>, Task>[] { list => Adapter.CreateWorldsAsync(list), list => Adapter.UpsertWorldsAsync(list) })
        {
            var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => create([Full(1), Full(2) with { AgentId = Id(99) }]));
            Assert.Equal(("agents", Id(99)), (error.Table, error.Id));
        }
        Assert.Empty(await Adapter.GetWorldsByIdsAsync([Id(1), Id(2)]));
    }

    [Fact]
    public async Task Worlds_come_in_order_of_id_each_once_and_unknown_ones_are_skipped()
    {
        Guid[] ordered = [Id(1), Id(0x01000000), Id(0x7F000000), Id(unchecked((int)0x80000000)), Id(-1)];
        await Adapter.CreateWorldsAsync([.. ordered.Reverse().Select(id => new World { Id = id })]);

        var found = await Other.GetWorldsByIdsAsync([ordered[3], Id(99), ordered[0], ordered[4], ordered[0], ordered[2], ordered[1]]);

        Assert.Equal(ordered, found.Select(world => world.Id));
        Assert.Empty(await Adapter.GetWorldsByIdsAsync([]));
        Assert.Null(await Adapter.GetWorldAsync(Id(99)));
    }

    [Fact]
    public async Task All_worlds_are_those_of_this_agent_oldest_first_then_by_id()
    {
        await Adapter.CreateWorldsAsync([Full(3), Full(1) with { CreatedAt = Past.AddMilliseconds(1) }, Full(2), Full(5) with { AgentId = OtherAgentId }]);
        await Other.CreateWorldsAsync([Full(4), Full(6) with { AgentId = null }]);

        Assert.Equal([Id(2), Id(3), Id(4), Id(1)], (await Adapter.GetAllWorldsAsync()).Select(world => world.Id));
        Assert.Equal([Id(5), Id(6)], (await Other.GetAllWorldsAsync()).Select(world => world.Id));
    }

    [Fact]
    public async Task An_update_changes_only_what_it_names_and_replaces_metadata_whole()
    {
        await Adapter.CreateWorldAsync(Full(1));

        Assert.True(await Other.UpdateWorldAsync(new WorldUpdate(Id(1)) { Name = "" }));
        Assert.Equal(Full(1) with { Name = "" }, await Adapter.GetWorldAsync(Id(1)));

        var metadata = new WorldMetadata { ["new"] = Json.From(true) };
        Assert.True(await Adapter.UpdateWorldAsync(new WorldUpdate(Id(1)) { MessageServerId = Id(78), Metadata = metadata }));
        Assert.Equal(Full(1) with { Name = "", MessageServerId = Id(78), Metadata = metadata }, await Adapter.GetWorldAsync(Id(1)));
    }

    [Fact]
    public async Task An_update_of_a_missing_world_says_so_and_creates_none()
    {
        await Adapter.CreateWorldAsync(Full(1));

        Assert.False(await Adapter.UpdateWorldAsync(new WorldUpdate(Id(2)) { Name = "x" }));
        Assert.Equal(1, await Adapter.UpdateWorldsAsync([new(Id(2)) { Name = "x" }, new(Id(1)) { Name = "y" }]));
        Assert.Equal(0, await Adapter.UpdateWorldsAsync([]));
        Assert.Null(await Adapter.GetWorldAsync(Id(2)));
    }

    [Fact]
    public async Task An_upsert_creates_or_gives_new_name_server_and_metadata()
    {
        await Adapter.CreateWorldAsync(Full(1));

        var results = await Other.UpsertWorldsAsync(
            [new World { Id = Id(2), Name = "new" }, new World { Id = Id(1), Name = "changed", AgentId = OtherAgentId, CreatedAt = Past.AddYears(1) }]);

        Assert.Equal([new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Existed)], results);
        Assert.Equal(Full(1) with { Name = "changed", MessageServerId = null, Metadata = null }, await Adapter.GetWorldAsync(Id(1)));
        Assert.Equal(new World { Id = Id(2), AgentId = OtherAgentId, Name = "new", CreatedAt = Time.GetUtcNow() }, await Adapter.GetWorldAsync(Id(2)));
    }

    [Fact]
    public async Task Removing_a_world_removes_its_components_and_leaves_rooms_memories_and_tasks()
    {
        await Adapter.CreateWorldsAsync([Full(1), Full(2)]);
        var entity = await NewEntityAsync();
        var room = await NewRoomAsync(worldId: Id(1));
        await Adapter.AddParticipantAsync(entity, room);
        await Adapter.CreateComponentsAsync(
        [
            new() { Id = Id(11), EntityId = entity, RoomId = room, WorldId = Id(1), Type = "t" },
            new() { Id = Id(12), EntityId = entity, RoomId = room, WorldId = Id(2), Type = "t" },
            new() { Id = Id(13), EntityId = entity, RoomId = room, Type = "t" },
        ]);
        var memory = await Adapter.CreateMemoryAsync(new Memory { RoomId = room, WorldId = Id(1) }, "messages");
        var task = await Adapter.CreateTaskAsync(new AgentTask { Name = "t", WorldId = Id(1), RoomId = room });

        Assert.True(await Other.RemoveWorldAsync(Id(1)));

        Assert.Null(await Adapter.GetWorldAsync(Id(1)));
        Assert.Equal([Id(2)], (await Adapter.GetAllWorldsAsync()).Select(world => world.Id));
        Assert.Equal([Id(12), Id(13)], (await Adapter.GetComponentsAsync(new ComponentQuery(entity))).Select(component => component.Id));
        Assert.Equal(Id(1), (await Adapter.GetRoomAsync(room))!.WorldId);
        Assert.Equal([room], (await Adapter.GetRoomsByWorldAsync(Id(1))).Select(found => found.Id));
        Assert.Equal(Id(1), (await Adapter.GetMemoryByIdAsync(memory))!.WorldId);
        Assert.Equal(Id(1), (await Adapter.GetTaskAsync(task))!.WorldId);
        Assert.Equal([entity], await Adapter.GetParticipantsForRoomAsync(room));
    }

    [Fact]
    public async Task Removing_tells_how_many_worlds_there_were()
    {
        await Adapter.CreateWorldsAsync([Full(1), Full(2)]);

        Assert.Equal(2, await Adapter.DeleteWorldsAsync([Id(1), Id(99), Id(2), Id(1)]));
        Assert.False(await Adapter.RemoveWorldAsync(Id(1)));
        Assert.Equal(0, await Adapter.DeleteWorldsAsync([]));
    }

    [Fact]
    public async Task A_batch_with_one_bad_item_stores_nothing()
    {
        await Adapter.CreateWorldAsync(Full(1));

        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateWorldsAsync([Full(2), null!]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpsertWorldsAsync([Full(1) with { Name = "x" }, null!]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateWorldsAsync([new(Id(1)) { Name = "x" }, null!]));

        Assert.Equal([Full(1)], await Adapter.GetWorldsByIdsAsync([Id(1), Id(2)]));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await Adapter.CreateWorldAsync(Full(1));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateWorldAsync(Full(2), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpsertWorldAsync(Full(1) with { Name = "x" }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateWorldAsync(new WorldUpdate(Id(1)) { Name = "x" }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.RemoveWorldAsync(Id(1), cancelled));

        Assert.Equal([Full(1)], await Adapter.GetWorldsByIdsAsync([Id(1), Id(2)]));
    }

    [Fact]
    public async Task Worlds_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        await Adapter.CreateWorldsAsync([Full(1), Full(2), new World { Id = Id(3) }]);
        await Adapter.RemoveWorldAsync(Id(2));

        await ReopenAsync();

        Assert.Equal([Full(1), new World { Id = Id(3), AgentId = AgentId, Name = "", CreatedAt = Time.GetUtcNow() }], await Adapter.GetAllWorldsAsync());
    }
}
