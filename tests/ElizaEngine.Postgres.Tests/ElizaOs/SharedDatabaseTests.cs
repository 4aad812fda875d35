using System.Text.Json.Nodes;
using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>
/// elizaOS and this backend on one database at the same time, whichever of them made it: what one writes, changes and removes,
/// the other reads.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class SharedDatabaseTests : SharedDatabaseTest
{
    private IDatabaseAdapter? _adapter;
    private ElizaOs? _eliza;

    public enum Maker
    {
        ElizaOs,
        ElizaEngine,
    }

    public static TheoryData<Maker> Makers { get; } = [Maker.ElizaOs, Maker.ElizaEngine];

    private IDatabaseAdapter Ours => _adapter!;

    private ElizaOs Theirs => _eliza!;

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Agents(Maker maker)
    {
        await MadeByAsync(maker);
        Assert.Equal("Ada", (await Ours.GetAgentAsync(AgentId))!.Name);
        Assert.Equal("Ada", (string)(await Theirs.CallAsync("getAgent", AgentId))!["name"]!);

        await Ours.CreateAgentAsync(new Agent { Id = OtherAgentId, Name = "Bob", Username = "bob", System = "You are Bob.", Topics = Json.From(["t"]) });
        var bob = (await Theirs.CallAsync("getAgent", OtherAgentId))!;
        Assert.Equal(("Bob", "bob", "You are Bob."), ((string)bob["name"]!, (string)bob["username"]!, (string)bob["system"]!));
        Assert.Equal(Json.From(["t"]), AsJson(bob["topics"]));
        Assert.True((bool)bob["enabled"]!);

        // Settings are merged by both in the same way.
        await Ours.UpdateAgentAsync(new AgentUpdate(AgentId) { Settings = Json.Parse("""{"voice":null,"x":{"y":1,"z":2}}""") });
        await Theirs.DoAsync("updateAgent", AgentId, new { settings = new { x = new { y = (int?)null }, k = new[] { 1 } } });
        var settings = Json.Parse("""{"secrets":{"key":"k"},"x":{"z":2},"k":[1]}""");
        Assert.Equal(settings, (await Ours.GetAgentAsync(AgentId))!.Settings);
        Assert.Equal(settings, AsJson((await Theirs.CallAsync("getAgent", AgentId))!["settings"]));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Worlds_and_rooms(Maker maker)
    {
        await MadeByAsync(maker);
        var server = Id(7);
        await Ours.CreateWorldAsync(new World { Id = Id(1), Name = "ours", MessageServerId = server, Metadata = new WorldMetadata { OwnerId = Ann } });
        await Ours.CreateRoomAsync(new Room { Id = Id(2), Source = "discord", Type = "DM", Name = "ours", WorldId = Id(1), ChannelId = "c", MessageServerId = server, Metadata = Json.Parse("""{"a":1}""") });
        await Theirs.CallAsync("createWorld", new { id = Id(3), agentId = AgentId, name = "theirs", messageServerId = server });
        await Theirs.CallAsync("createRooms", Many(new { id = Id(4), source = "discord", type = "DM", worldId = Id(3) }));

        var world = (await Theirs.CallAsync("getWorld", Id(1)))!;
        Assert.Equal(("ours", server), ((string)world["name"]!, IdOf(world, "messageServerId")));
        Assert.Equal(Ann, IdOf(world["metadata"]!["ownership"], "ownerId"));
        var room = Assert.Single(await Theirs.ListAsync("getRoomsByIds", Many(Id(2))))!;
        Assert.Equal(("discord", "DM", "ours", "c"), ((string)room["source"]!, (string)room["type"]!, (string)room["name"]!, (string)room["channelId"]!));
        Assert.Equal((AgentId, Id(1), server), (IdOf(room, "agentId"), IdOf(room, "worldId"), IdOf(room, "messageServerId")));
        Assert.Equal(Json.Parse("""{"a":1}"""), AsJson(room["metadata"]));
        Assert.Equal(("theirs", server), ((await Ours.GetWorldAsync(Id(3)))!.Name, (await Ours.GetWorldAsync(Id(3)))!.MessageServerId));
        Assert.Equal(Id(3), (await Ours.GetRoomAsync(Id(4)))!.WorldId);

        await Ours.UpdateRoomAsync(new RoomUpdate(Id(4)) { Name = "named here" });
        await Theirs.CallAsync("updateWorld", new { id = Id(1), agentId = AgentId, name = "named there" });
        Assert.Equal("named here", (string)Assert.Single(await Theirs.ListAsync("getRoomsByIds", Many(Id(4))))!["name"]!);
        Assert.Equal("named there", (await Ours.GetWorldAsync(Id(1)))!.Name);

        await Ours.DeleteRoomAsync(Id(4));
        await Theirs.CallAsync("deleteRoom", Id(2));
        Assert.Empty(await Theirs.ListAsync("getRoomsByIds", Many(Id(2), Id(4))));
        Assert.Empty(await Ours.GetRoomsByIdsAsync([Id(2), Id(4)]));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Entities_and_components(Maker maker)
    {
        await MadeByAsync(maker);
        await Ours.CreateEntityAsync(new Entity { Id = Id(1), Names = ["O", "our \"own\""], Metadata = Json.Parse("""{"a":[1]}""") });
        await Theirs.DoAsync("createEntities", Many(new { id = Id(2), agentId = AgentId, names = new[] { "T", "their, own" }, metadata = new { } }));
        await Ours.CreateComponentAsync(new Component { Id = Id(3), EntityId = Id(1), RoomId = RoomId, Type = "mood", Data = Json.Parse("""{"level":1}""") });
        await Theirs.DoAsync("createComponent", new { id = Id(4), entityId = Id(1), agentId = AgentId, roomId = RoomId, worldId = WorldId, sourceEntityId = Id(2), type = "mood", data = new { level = 2 } });

        var entity = Assert.Single(await Theirs.ListAsync("getEntitiesByIds", Many(Id(1))))!;
        Assert.Equal(Json.From(["O", "our \"own\""]), AsJson(entity["names"]));
        Assert.Equal(Json.Parse("""{"a":[1]}"""), AsJson(entity["metadata"]));
        Assert.Equal([Id(3), Id(4)], IdsOf(entity["components"]!.AsArray()).Order());
        Assert.Equal(["T", "their, own"], (await Ours.GetEntityByIdAsync(Id(2)))!.Names);
        var components = await Ours.GetComponentsAsync(new ComponentQuery(Id(1)));
        Assert.Equal([(Id(3), null, null), (Id(4), (Guid?)WorldId, (Guid?)Id(2))], components.Select(component => (component.Id, component.WorldId, component.SourceEntityId)));

        await Ours.UpdateComponentAsync(new ComponentUpdate(Id(4)) { Data = Json.Parse("""{"level":20}""") });
        await Theirs.CallAsync("updateComponent", new { id = Id(3), entityId = Id(1), agentId = AgentId, roomId = RoomId, type = "mood", data = new { level = 10 } });
        Assert.Equal(20, (int)(await Theirs.CallAsync("getComponent", Id(1), "mood", WorldId, Id(2)))!["data"]!["level"]!);
        Assert.Equal(10, (await Ours.GetComponentsAsync(new ComponentQuery(Id(1))))[0].Data!.GetNumber("level"));

        await Ours.UpdateEntitiesAsync([new Entity { Id = Id(2), Names = ["renamed"], Metadata = Json.Parse("""{"b":2}""") }]);
        Assert.Equal(Json.From(["renamed"]), AsJson(Assert.Single(await Theirs.ListAsync("getEntitiesByIds", Many(Id(2))))!["names"]));
        await Ours.DeleteComponentAsync(Id(4));
        await Theirs.CallAsync("deleteComponent", Id(3));
        Assert.Empty(await Ours.GetComponentsAsync(new ComponentQuery(Id(1))));
        Assert.Empty(await Theirs.ListAsync("getComponents", Id(1)));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Participants(Maker maker)
    {
        await MadeByAsync(maker);
        await Ours.CreateEntityAsync(new Entity { Id = Id(1), Names = ["c"] });
        await Ours.AddParticipantAsync(Id(1), RoomId);
        await Ours.AddParticipantAsync(Ann, RoomId);
        Assert.Equal([Ann, Ben, Id(1)], IdsOf(await Theirs.ListAsync("getParticipantsForRoom", RoomId)).OrderBy(id => id == Id(1)).ThenBy(id => id));
        Assert.Equal([RoomId], IdsOf(await Theirs.ListAsync("getRoomsForParticipant", Id(1))));
        Assert.Contains(Id(1), IdsOf(await Theirs.ListAsync("getEntitiesForRoom", RoomId)));

        await Ours.SetParticipantUserStateAsync(RoomId, Ann, ParticipantUserState.Followed);
        await Theirs.CallAsync("setParticipantUserState", RoomId, Ben, "MUTED");
        Assert.Equal("FOLLOWED", (string)(await Theirs.CallAsync("getParticipantUserState", RoomId, Ann))!);
        Assert.Equal(ParticipantUserState.Muted, await Ours.GetParticipantUserStateAsync(RoomId, Ben));
        await Ours.SetParticipantUserStateAsync(RoomId, Ben, null);
        Assert.Null(await Theirs.CallAsync("getParticipantUserState", RoomId, Ben));

        await Ours.RemoveParticipantAsync(Ann, RoomId);
        await Theirs.DoAsync("removeParticipant", Ben, RoomId);
        Assert.Equal([Id(1)], IdsOf(await Theirs.ListAsync("getParticipantsForRoom", RoomId)));
        Assert.Equal([Id(1)], await Ours.GetParticipantsForRoomAsync(RoomId));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Relationships(Maker maker)
    {
        await MadeByAsync(maker);
        await Ours.CreateRelationshipAsync(new Relationship { Id = Id(1), SourceEntityId = Ann, TargetEntityId = Ben, Tags = ["a", "b"], Metadata = Json.Parse("""{"n":1}""") });
        await Theirs.DoAsync("createRelationship", new { sourceEntityId = Ben, targetEntityId = Ann, tags = new[] { "c" }, metadata = new { n = 2 } });

        var there = (await Theirs.CallAsync("getRelationship", new { sourceEntityId = Ann, targetEntityId = Ben }))!;
        Assert.Equal(Id(1), IdOf(there));
        Assert.Equal((Json.From(["a", "b"]), Json.Parse("""{"n":1}""")), (AsJson(there["tags"]), AsJson(there["metadata"])));
        var here = (await Ours.GetRelationshipAsync(Ben, Ann))!;
        Assert.Equal(["c"], here.Tags);
        Assert.Equal(Json.Parse("""{"n":2}"""), here.Metadata);
        Assert.False((bool)(await Theirs.CallAsync("createRelationship", new { sourceEntityId = Ann, targetEntityId = Ben }))!);
        Assert.False(await Ours.CreateRelationshipAsync(new Relationship { SourceEntityId = Ben, TargetEntityId = Ann }));

        there["tags"] = new JsonArray("changed there");
        await Theirs.CallAsync("updateRelationship", there);
        await Ours.UpdateRelationshipAsync(new RelationshipUpdate(here.Id) { Tags = ["changed here"] });
        Assert.Equal(["changed there"], (await Ours.GetRelationshipAsync(Ann, Ben))!.Tags);
        Assert.Equal(2, (await Theirs.ListAsync("getRelationships", new { entityId = Ann })).Count);
        Assert.Equal(here.Id, IdOf(Assert.Single(await Theirs.ListAsync("getRelationships", new { entityId = Ann, tags = new[] { "changed here" } }))));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Cache_and_tasks(Maker maker)
    {
        await MadeByAsync(maker);
        await Ours.SetCacheAsync("ours", Json.Parse("""{"a":[1,null]}"""), TimeSpan.FromHours(1));
        await Theirs.DoAsync("setCache", "theirs", "text");
        Assert.Equal(Json.Parse("""{"a":[1,null]}"""), AsJson(await Theirs.CallAsync("getCache", "ours")));
        Assert.Equal(Json.From("text"), await Ours.GetCacheAsync("theirs"));
        await Theirs.DoAsync("setCache", "ours", 1);
        await Ours.SetCacheAsync("theirs", Json.From(2));
        Assert.Equal(Json.From(1), await Ours.GetCacheAsync("ours"));
        Assert.Equal(2, (int)(await Theirs.CallAsync("getCache", "theirs"))!);
        await Ours.DeleteCacheAsync("theirs");
        await Theirs.DoAsync("deleteCache", "ours");
        Assert.Null(await Theirs.CallAsync("getCache", "theirs"));
        Assert.Null(await Ours.GetCacheAsync("ours"));

        var ours = await Ours.CreateTaskAsync(new AgentTask { Name = "ours", Description = "d", RoomId = RoomId, WorldId = WorldId, Tags = ["queue", "x"], Metadata = new TaskMetadata { UpdateIntervalMs = 5 } });
        var theirs = Guid.Parse((string)(await Theirs.CallAsync("createTask", new { name = "theirs", description = "d", worldId = WorldId, tags = new[] { "queue" }, metadata = new { updateInterval = 6 } }))!);
        var task = (await Theirs.CallAsync("getTask", ours))!;
        Assert.Equal(("ours", "d", RoomId, WorldId), ((string)task["name"]!, (string)task["description"]!, IdOf(task, "roomId"), IdOf(task, "worldId")));
        Assert.Equal((Json.From(["queue", "x"]), Json.Parse("""{"updateInterval":5}""")), (AsJson(task["tags"]), AsJson(task["metadata"])));
        Assert.Equal(6, (await Ours.GetTaskAsync(theirs))!.Metadata!.UpdateIntervalMs);
        await Ours.UpdateTaskAsync(new AgentTaskUpdate(theirs) { Name = "renamed" });
        Assert.Equal(theirs, IdOf(Assert.Single(await Theirs.ListAsync("getTasksByName", "renamed"))));
        await Theirs.CallAsync("updateTask", ours, new { tags = new[] { "done" } });
        Assert.Equal(["done"], (await Ours.GetTaskAsync(ours))!.Tags);
        await Ours.DeleteTaskAsync(theirs);
        await Theirs.CallAsync("deleteTask", ours);
        Assert.Empty(await Theirs.ListAsync("getTasks", new { }));
        Assert.Empty(await Ours.GetTasksAsync(new TaskQuery()));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Logs(Maker maker)
    {
        await MadeByAsync(maker);
        await Ours.LogAsync(new LogEntry { Id = Id(1), EntityId = Ann, RoomId = RoomId, Type = "run_event", Body = new LogBody { RunId = "r", Status = "started" } });
        await Theirs.CallAsync("log", new { entityId = Ann, roomId = RoomId, type = "run_event", body = new { runId = "r", status = "completed" } });

        Assert.Equal(2, (await Theirs.ListAsync("getLogs", new { type = "run_event" })).Count);
        Assert.Equal(["completed", "started"], (await Ours.GetLogsAsync(new LogQuery { Type = "run_event" })).Select(entry => entry.Body.Status).Order());
        Assert.Equal(RunStatus.Completed, Assert.Single((await Ours.GetAgentRunSummariesAsync(new AgentRunQuery())).Runs).Status);
        await Theirs.CallAsync("deleteLog", Id(1));
        Assert.Equal("completed", Assert.Single(await Ours.GetLogsAsync(new LogQuery())).Body.Status);
        await Ours.DeleteLogAsync((await Ours.GetLogsAsync(new LogQuery()))[0].Id);
        Assert.Empty(await Theirs.ListAsync("getLogs", new { }));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Memories(Maker maker)
    {
        await MadeByAsync(maker);
        await Ours.CreateMemoryAsync(
            new Memory
            {
                Id = Id(1),
                EntityId = Ann,
                RoomId = RoomId,
                WorldId = WorldId,
                CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_001),
                Content = new Content(Json.Parse("""{"text":"ours","mine":[1]}""")),
                Metadata = new MemoryMetadata(Json.Parse("""{"type":"message"}""")),
            },
            "messages",
            unique: false);
        await Theirs.CallAsync("createMemory", new { id = Id(2), entityId = Ben, roomId = RoomId, worldId = WorldId, createdAt = 1_700_000_000_002, content = new { text = "theirs" } }, "messages");

        var there = await Theirs.ListAsync("getMemories", new { tableName = "messages", roomId = RoomId });
        Assert.Equal([Id(2), Id(1)], IdsOf(there));
        var ours = there[1]!;
        Assert.Equal((Ann, AgentId, RoomId), (IdOf(ours, "entityId"), IdOf(ours, "agentId"), IdOf(ours, "roomId")));
        Assert.Equal((1_700_000_000_001, "messages", false), ((long)ours["createdAt"]!, (string)ours["type"]!, (bool)ours["unique"]!));
        Assert.Equal((Json.Parse("""{"text":"ours","mine":[1]}"""), Json.Parse("""{"type":"message"}""")), (AsJson(ours["content"]), AsJson(ours["metadata"])));
        Assert.Equal([Id(2), Id(1)], (await Ours.GetMemoriesAsync(new MemoryQuery("messages") { WorldId = WorldId })).Select(memory => memory.Id));

        await Ours.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Content = Content.FromText("changed here") });
        await Theirs.DoAsync("updateMemory", new { id = Id(1), content = new { text = "changed there" } });
        Assert.Equal("changed here", (string)(await Theirs.CallAsync("getMemoryById", Id(2)))!["content"]!["text"]!);
        Assert.Equal("changed there", (await Ours.GetMemoryByIdAsync(Id(1)))!.Content.Text);

        await Ours.DeleteMemoryAsync(Id(2));
        await Theirs.CallAsync("deleteMemory", Id(1));
        Assert.Empty(await Theirs.ListAsync("getMemories", new { tableName = "messages" }));
        Assert.Empty(await Ours.GetMemoriesAsync(new MemoryQuery("messages")));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task Vectors(Maker maker)
    {
        await MadeByAsync(maker);
        await Theirs.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = new { text = "theirs" }, embedding = Vector(384, 0.6f, 0.8f) }, "messages");
        await Ours.CreateMemoryAsync(new Memory { Id = Id(2), RoomId = RoomId, Content = Content.FromText("ours"), Embedding = Vector(384, 0.8f, 0.6f) }, "messages");
        await BothFindAsync([(Id(2), 0.8f), (Id(1), 0.6f)]);
        Assert.Equal(Vector(384, 0.8f, 0.6f), FloatsOf((await Theirs.CallAsync("getMemoryById", Id(2)))!["embedding"]));
        Assert.Equal(Vector(384, 0.6f, 0.8f), (await Ours.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());

        // Each decides by the other's vectors whether its own is new.
        await Theirs.CallAsync("createMemory", new { id = Id(3), roomId = RoomId, content = new { text = "again" }, embedding = Vector(384, 0.8f, 0.6f) }, "messages");
        Assert.False((bool)(await Theirs.CallAsync("getMemoryById", Id(3)))!["unique"]!);
        Assert.False(Assert.Single(await Ours.CreateMemoriesAsync([new Memory { Id = Id(4), RoomId = RoomId, Embedding = Vector(384, 0.6f, 0.8f) }], "messages")).Unique);
        await Ours.DeleteMemoriesAsync([Id(3), Id(4)]);

        // Each changes the other's vector, and gives one to a memory that had none.
        await Ours.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(384, 1) });
        await Theirs.DoAsync("updateMemory", new { id = Id(2), embedding = Vector(384, 0, 1) });
        await BothFindAsync([(Id(1), 1f), (Id(2), 0f)]);
        await Theirs.CallAsync("createMemory", new { id = Id(5), roomId = RoomId, content = new { text = "late" } }, "messages");
        await Ours.CreateMemoryAsync(new Memory { Id = Id(6), RoomId = RoomId }, "messages");
        await Ours.UpdateMemoryAsync(new MemoryUpdate(Id(5)) { Embedding = Vector(384, 0.8f, 0.6f) });
        await Theirs.DoAsync("updateMemory", new { id = Id(6), embedding = Vector(384, 0.6f, 0.8f) });
        await BothFindAsync([(Id(1), 1f), (Id(5), 0.8f), (Id(6), 0.6f), (Id(2), 0f)]);
        Assert.Equal(4L, await ScalarAsync<long>("SELECT count(*) FROM embeddings"));

        // A vector that is taken away here leaves nothing behind that elizaOS would find: it ranks a missing one first.
        await Ours.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(384, 0) });
        await BothFindAsync([(Id(5), 0.8f), (Id(6), 0.6f), (Id(2), 0f)]);

        async Task BothFindAsync((Guid Id, float Similarity)[] expected)
        {
            var here = await Ours.SearchMemoriesAsync(new MemorySearch("messages", Vector(384, 1)));
            var there = await Theirs.ListAsync("searchMemories", new { tableName = "messages", embedding = Vector(384, 1) });
            Assert.Equal(expected, here.Select(memory => (memory.Id, (float)Math.Round(memory.Similarity!.Value, 5))));
            Assert.Equal(expected, there.Select(memory => (IdOf(memory), (float)Math.Round((double?)memory!["similarity"] ?? double.NaN, 5))));
        }
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task A_dimension_that_elizaOS_has_no_column_for_does_not_disturb_it(Maker maker)
    {
        await MadeByAsync(maker);
        await Ours.EnsureEmbeddingDimensionAsync(100);
        await Ours.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = RoomId, Content = Content.FromText("ours"), Embedding = Vector(100, 1) }, "messages");
        await Theirs.CallAsync("createMemory", new { id = Id(2), roomId = RoomId, content = new { text = "theirs" }, embedding = Vector(384, 1) }, "messages");

        Assert.Equal([Id(1), Id(2)], IdsOf(await Theirs.ListAsync("getMemories", new { tableName = "messages" })).Order());
        Assert.Equal([Id(2)], IdsOf(await Theirs.ListAsync("searchMemories", new { tableName = "messages", embedding = Vector(384, 1) })));
        Assert.Equal(Id(1), Assert.Single(await Ours.SearchMemoriesAsync(new MemorySearch("messages", Vector(100, 1)))).Id);
        Assert.Equal(100, await Ours.GetEmbeddingDimensionAsync());
        await Theirs.CallAsync("deleteMemory", Id(1));
        Assert.Empty(await Ours.SearchMemoriesAsync(new MemorySearch("messages", Vector(100, 1))));
    }

    [Theory]
    [MemberData(nameof(Makers))]
    public async Task An_agent_removed_on_either_side_leaves_nothing(Maker maker)
    {
        await MadeByAsync(maker);
        var bob = await OpenAsync(OtherAgentId);
        await bob.CreateAgentAsync(new Agent { Id = OtherAgentId, Name = "Bob" });
        await bob.EnsureEmbeddingDimensionAsync(100);
        await bob.CreateMemoryAsync(new Memory { Embedding = Vector(100, 1) }, "messages");
        await Theirs.CallAsync("createMemory", new { roomId = RoomId, content = new { text = "x" }, embedding = Vector(384, 1) }, "messages");
        await Theirs.CallAsync("log", new { entityId = Ann, roomId = RoomId, type = "t", body = new { } });
        await Ours.SetCacheAsync("k", Json.From(1));

        await Theirs.DoAsync("deleteAgent", OtherAgentId);
        await Ours.DeleteAgentAsync(AgentId);

        foreach (var table in (string[])["agents", "entities", "worlds", "rooms", "participants", "memories", "embeddings", "logs", "cache"])
            Assert.Equal((table, 0L), (table, await ScalarAsync<long>($"SELECT count(*) FROM {table}")));
        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM eliza_engine.embeddings"));
        Assert.Null(await bob.GetEmbeddingDimensionAsync());
        Assert.Null(await Ours.GetEmbeddingDimensionAsync());
    }

    private async Task MadeByAsync(Maker maker)
    {
        _eliza = maker == Maker.ElizaOs ? await PopulatedByElizaOsAsync() : await PopulatedByElizaEngineAsync();
        _adapter = await OpenAsync();
    }
}
