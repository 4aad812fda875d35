using Xunit;

namespace ElizaEngine.Abstractions.Tests;

/// <summary>The defaults of the contract, one by one.</summary>
public sealed class CompleteTests
{
    private static readonly Guid AgentId = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");
    private static readonly Guid OtherId = Guid.Parse("bbbbbbbb-0000-4000-8000-000000000002");
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private static readonly DateTimeOffset Later = Now.AddHours(1);

    [Fact]
    public void An_agent_gets_empty_texts_lists_and_objects_and_the_time()
    {
        var agent = Complete.Agent(new Agent { Id = AgentId, Name = "Ada\0" }, Now.AddTicks(1234));

        Assert.Equal(
            new Agent
            {
                Id = AgentId,
                Name = "Ada\uFFFD",
                Enabled = true,
                Username = "",
                System = "",
                Bio = Json.EmptyArray,
                MessageExamples = Json.EmptyArray,
                PostExamples = Json.EmptyArray,
                Topics = Json.EmptyArray,
                Adjectives = Json.EmptyArray,
                Knowledge = Json.EmptyArray,
                Plugins = Json.EmptyArray,
                Settings = Json.EmptyObject,
                Style = Json.EmptyObject,
                CreatedAt = Now,
                UpdatedAt = Now,
            },
            agent);
    }

    [Fact]
    public void An_agent_without_a_name_or_with_settings_that_are_no_object_is_refused()
    {
        Assert.Equal("name", Assert.Throws<InvalidInputException>(() => Complete.Agent(new Agent { Name = null! }, Now)).Parameter);
        Assert.Equal("settings", Assert.Throws<InvalidInputException>(() => Complete.Agent(new Agent { Name = "a", Settings = Json.EmptyArray }, Now)).Parameter);
        Assert.Equal("style", Assert.Throws<InvalidInputException>(() => Complete.Agent(new Agent { Name = "a", Style = Json.Null }, Now)).Parameter);
    }

    [Fact]
    public void A_change_of_an_agent_leaves_what_it_does_not_name_and_merges_settings()
    {
        var stored = Complete.Agent(new Agent { Id = AgentId, Name = "Ada", System = "s", Enabled = false, Bio = Json.From("b"), Settings = Json.Parse("""{"a":1,"b":{"c":2}}""") }, Now);
        var changed = Complete.Agent(stored, new AgentUpdate(AgentId) { Username = "ada", Settings = Json.Parse("""{"b":{"c":null},"d":3}""") }, Later);

        Assert.Equal(stored with { Username = "ada", Settings = Json.Parse("""{"a":1,"d":3}"""), UpdatedAt = Later }, changed);
        Assert.Equal(Now, Complete.Agent(stored, new AgentUpdate(AgentId) { UpdatedAt = Now }, Later).UpdatedAt);
    }

    [Fact]
    public void An_entity_gets_its_agent_metadata_and_time_and_loses_its_components()
    {
        var entity = Complete.Entity(new Entity { Id = OtherId, Names = ["a\0"], Components = [] }, AgentId, Now);

        Assert.Equal((AgentId, Json.EmptyObject, Now), (entity.AgentId, entity.Metadata, entity.CreatedAt));
        Assert.Equal(["a\uFFFD"], entity.Names);
        Assert.Null(entity.Components);
        Assert.Equal(OtherId, Complete.Entity(new Entity { AgentId = OtherId }, AgentId, Now).AgentId);
    }

    [Fact]
    public void A_component_gets_its_agent_data_and_time_and_keeps_them_through_a_change()
    {
        var component = Complete.Component(new Component { EntityId = AgentId, RoomId = OtherId, Type = "t" }, AgentId, Now);
        var changed = Complete.Component(component, new ComponentUpdate(component.Id) { Data = Json.Parse("""{"a":1}"""), WorldId = OtherId });

        Assert.Equal((AgentId, Json.EmptyObject, Now), (component.AgentId, component.Data, component.CreatedAt));
        Assert.Equal(component with { Data = Json.Parse("""{"a":1}"""), WorldId = OtherId }, changed);
        Assert.Equal("type", Assert.Throws<InvalidInputException>(() => Complete.Component(component with { Type = null! }, AgentId, Now)).Parameter);
        Assert.Equal("data", Assert.Throws<InvalidInputException>(() => Complete.Component(component with { Data = Json.EmptyArray }, AgentId, Now)).Parameter);
    }

    [Fact]
    public void A_memory_gets_agent_table_metadata_and_time_and_its_embedding_goes_apart()
    {
        var memory = Complete.Memory(new Memory { Id = OtherId, Embedding = new float[] { 1 }, Similarity = 1, TableName = "ignored" }, "messages", AgentId, Now);

        Assert.Equal(new Memory { Id = OtherId, AgentId = AgentId, TableName = "messages", Metadata = new MemoryMetadata(), CreatedAt = Now }, memory);
        Assert.Null(memory.Unique);
        Assert.Equal("content", Assert.Throws<InvalidInputException>(() => Complete.Memory(memory with { Content = null! }, "messages", AgentId, Now)).Parameter);
    }

    [Theory]
    [InlineData("""{"type":"fragment"}""", false)]
    [InlineData("""{"type":"fragment","position":0}""", false)]
    [InlineData("""{"type":"fragment","documentId":"aaaaaaaa-0000-4000-8000-000000000001"}""", false)]
    [InlineData("""{"type":"fragment","documentId":"aaaaaaaa-0000-4000-8000-000000000001","position":0}""", true)]
    [InlineData("""{"type":"document"}""", false)]
    [InlineData("""{"type":"document","timestamp":0}""", true)]
    [InlineData("""{"type":"Fragment"}""", true)]
    [InlineData("""{"type":"own"}""", true)]
    [InlineData("""{"type":1}""", true)]
    [InlineData("{}", true)]
    public void Fragments_and_documents_must_say_what_they_are(string metadata, bool isAccepted)
    {
        var memory = new Memory { Metadata = new MemoryMetadata(Json.Parse(metadata)) };
        var stored = Complete.Memory(new Memory(), "t", AgentId, Now);
        var update = new MemoryUpdate(stored.Id) { Metadata = memory.Metadata };

        if (isAccepted)
        {
            Assert.Equal(memory.Metadata, Complete.Memory(memory, "t", AgentId, Now).Metadata);
            Assert.Equal(memory.Metadata, Complete.Memory(stored, update).Metadata);
        }
        else
        {
            Assert.Equal("metadata", Assert.Throws<InvalidInputException>(() => Complete.Memory(memory, "t", AgentId, Now)).Parameter);
            Assert.Equal("metadata", Assert.Throws<InvalidInputException>(() => Complete.Memory(stored, update)).Parameter);
        }
    }

    [Fact]
    public void A_relationship_is_always_the_adapters_agents()
    {
        var relationship = Complete.Relationship(
            new Relationship { SourceEntityId = AgentId, TargetEntityId = OtherId, AgentId = OtherId, Tags = ["\0"] }, AgentId, Now);

        Assert.Equal((AgentId, Json.EmptyObject, Now), (relationship.AgentId, relationship.Metadata, relationship.CreatedAt));
        Assert.Equal(["\uFFFD"], relationship.Tags);
    }

    [Fact]
    public void A_world_gets_an_empty_name_and_keeps_null_metadata()
    {
        var world = Complete.World(new World(), AgentId, Now);

        Assert.Equal((AgentId, "", Now), (world.AgentId, world.Name, world.CreatedAt));
        Assert.Null(world.Metadata);
        Assert.Equal(world with { Name = "w" }, Complete.World(world, new WorldUpdate(world.Id) { Name = "w" }));
    }

    [Fact]
    public void A_room_is_always_the_adapters_agents_and_keeps_its_nulls()
    {
        var room = Complete.Room(new Room { Source = "s", Type = "t", AgentId = OtherId }, AgentId, Now);

        Assert.Equal((AgentId, Now), (room.AgentId, room.CreatedAt));
        Assert.True(room is { Name: null, ChannelId: null, MessageServerId: null, WorldId: null, Metadata: null });
        Assert.Equal(room with { AgentId = OtherId, Name = "n" }, Complete.Room(room, new RoomUpdate(room.Id) { Name = "n" }, OtherId));
        Assert.Equal("source", Assert.Throws<InvalidInputException>(() => Complete.Room(room with { Source = null! }, AgentId, Now)).Parameter);
        Assert.Equal("type", Assert.Throws<InvalidInputException>(() => Complete.Room(room with { Type = null! }, AgentId, Now)).Parameter);
    }

    [Fact]
    public void A_task_needs_a_world_and_a_change_moves_its_updatedAt_only()
    {
        var task = Complete.Task(new AgentTask { Name = "n", WorldId = OtherId, AgentId = OtherId }, AgentId, Now);
        var changed = Complete.Task(task, new AgentTaskUpdate(task.Id) { Tags = ["a"] }, Later);

        Assert.Equal("worldId", Assert.Throws<InvalidInputException>(() => Complete.Task(new AgentTask { Name = "n" }, AgentId, Now)).Parameter);
        Assert.Equal((AgentId, "", Now, Now), (task.AgentId, task.Description, task.CreatedAt, task.UpdatedAt));
        Assert.Equal(new TaskMetadata(), task.Metadata);
        Assert.Equal((Now, Later), (changed.CreatedAt, changed.UpdatedAt));
        Assert.Equal(["a"], changed.Tags);
    }

    [Fact]
    public void A_log_entry_needs_type_and_body()
    {
        var entry = new LogEntry { EntityId = AgentId, RoomId = OtherId, Type = "t" };

        Assert.Equal(Now, Complete.Log(entry, Now).CreatedAt);
        Assert.Equal("type", Assert.Throws<InvalidInputException>(() => Complete.Log(entry with { Type = null! }, Now)).Parameter);
        Assert.Equal("body", Assert.Throws<InvalidInputException>(() => Complete.Log(entry with { Body = null! }, Now)).Parameter);
    }

    [Fact]
    public void A_cache_entry_needs_a_key_a_value_and_a_positive_life()
    {
        Assert.Equal("a\uFFFD", Complete.Cache(new CacheEntry("a\0", Json.From(false))).Key);
        Assert.Equal("value", Assert.Throws<InvalidInputException>(() => Complete.Cache(new CacheEntry("a", Json.Null))).Parameter);
        Assert.Equal("value", Assert.Throws<InvalidInputException>(() => Complete.Cache(new CacheEntry("a", null!))).Parameter);
        Assert.Equal("key", Assert.Throws<InvalidInputException>(() => Complete.Cache(new CacheEntry("", Json.From(1)))).Parameter);
        foreach (var life in new[] { TimeSpan.Zero, TimeSpan.FromTicks(-1) })
            Assert.Equal("timeToLive", Assert.Throws<InvalidInputException>(() => Complete.Cache(new CacheEntry("a", Json.From(1)) { TimeToLive = life })).Parameter);
    }

    [Fact]
    public void Completing_twice_changes_nothing()
    {
        var agent = Complete.Agent(new Agent { Name = "a" }, Now);
        var room = Complete.Room(new Room { Source = "s", Type = "t" }, AgentId, Now);
        var memory = Complete.Memory(new Memory(), "t", AgentId, Now);

        Assert.Equal(agent, Complete.Agent(agent, Later));
        Assert.Equal(room, Complete.Room(room, AgentId, Later));
        Assert.Equal(memory, Complete.Memory(memory, "t", OtherId, Later));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [Trait("Speed", "Slow")]
    public void The_bytes_of_text_and_JSON_together_decide_the_size_of_a_row(int beyond, bool isAccepted)
    {
        // {} is two bytes, the type the rest.
        var component = new Component { EntityId = AgentId, RoomId = AgentId, Type = new string('x', Limits.MaxRowBytes - 2 + beyond) };

        if (isAccepted) Assert.Equal(component.Type.Length, Complete.Component(component, AgentId, Now).Type.Length);
        else Assert.Equal(Limits.MaxRowBytes + 1L, Assert.Throws<RowTooLargeException>(() => Complete.Component(component, AgentId, Now)).Bytes);
    }
}
