using System.Text.Json.Nodes;
using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>
/// A database that elizaOS made and filled opens in place, and every row is read right: also those that this backend would not
/// have written.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class InPlaceTests : SharedDatabaseTest
{
    [Fact]
    public async Task Agents_are_read_with_everything_they_have()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.DoAsync("createAgent", new
        {
            id = OtherAgentId,
            name = "Bob",
            username = "bob",
            system = "You are Bob.",
            bio = "one line",
            messageExamples = new[] { new[] { new { name = "u", content = new { text = "hi" } } } },
            postExamples = new[] { "p" },
            topics = new[] { "t1", "t2" },
            adjectives = new[] { "dry" },
            knowledge = new[] { "k" },
            plugins = new[] { "@elizaos/plugin-sql" },
            style = new { all = new[] { "short" } },
            enabled = false,
            createdAt = 1_700_000_000_123,
            updatedAt = 1_700_000_000_456,
        });
        var adapter = await OpenAsync();

        var ada = (await adapter.GetAgentAsync(AgentId))!;
        Assert.Equal(("Ada", true), (ada.Name, ada.Enabled));
        Assert.Equal(Json.From(["one", "two"]), ada.Bio);
        Assert.Equal(Json.Parse("""{"voice":"soft","secrets":{"key":"k"}}"""), ada.Settings);
        Assert.Equal(Json.EmptyArray, ada.Topics);

        var bob = (await adapter.GetAgentAsync(OtherAgentId))!;
        Assert.Equal(("Bob", "bob", "You are Bob.", false), (bob.Name, bob.Username, bob.System, bob.Enabled));
        Assert.Equal(Json.From("one line"), bob.Bio);
        Assert.Equal(Json.Parse("""[[{"name":"u","content":{"text":"hi"}}]]"""), bob.MessageExamples);
        Assert.Equal(Json.From(["p"]), bob.PostExamples);
        Assert.Equal(Json.From(["t1", "t2"]), bob.Topics);
        Assert.Equal(Json.From(["dry"]), bob.Adjectives);
        Assert.Equal(Json.From(["k"]), bob.Knowledge);
        Assert.Equal(Json.From(["@elizaos/plugin-sql"]), bob.Plugins);
        Assert.Equal(Json.Parse("""{"all":["short"]}"""), bob.Style);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123), bob.CreatedAt);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_456), bob.UpdatedAt);
        Assert.Equal([AgentId, OtherAgentId], (await adapter.GetAgentsAsync()).Select(agent => agent.Id).Order());
    }

    [Fact]
    public async Task Worlds_rooms_and_entities_are_read_with_everything_they_have()
    {
        await PopulatedByElizaOsAsync();
        var adapter = await OpenAsync();

        var world = (await adapter.GetWorldAsync(WorldId))!;
        Assert.Equal(("world", (Guid?)AgentId), (world.Name, world.AgentId));
        Assert.Equal("OWNER", world.Metadata!.Roles![Ann]);
        Assert.Equal(WorldId, Assert.Single(await adapter.GetAllWorldsAsync()).Id);

        var room = (await adapter.GetRoomAsync(RoomId))!;
        Assert.Equal(("test", "GROUP", "room", "c-1"), (room.Source, room.Type, room.Name, room.ChannelId));
        Assert.Equal((AgentId, WorldId), (room.AgentId, room.WorldId));
        Assert.Equal(Json.Parse("""{"topic":"tea"}"""), room.Metadata);
        Assert.Equal(RoomId, Assert.Single(await adapter.GetRoomsByWorldAsync(WorldId)).Id);

        var entities = await adapter.GetEntitiesForRoomAsync(RoomId);
        Assert.Equal([Ann, Ben], entities.Select(entity => entity.Id).Order());
        var ann = (await adapter.GetEntityByIdAsync(Ann))!;
        Assert.Equal(["Ann", "Annie"], ann.Names);
        Assert.Equal(Json.Parse("""{"likes":"tea"}"""), ann.Metadata);
        Assert.Equal(AgentId, ann.AgentId);
    }

    [Fact]
    public async Task Memories_are_read_newest_first_with_everything_they_have()
    {
        var eliza = await PopulatedByElizaOsAsync();
        for (var i = 1; i <= 3; i++)
        {
            await eliza.CallAsync(
                "createMemory",
                new
                {
                    id = Id(i),
                    entityId = Ann,
                    roomId = RoomId,
                    worldId = WorldId,
                    createdAt = 1_700_000_000_000 + i,
                    unique = i != 2,
                    content = new { text = $"number {i}", actions = new[] { "REPLY" }, mine = new { deep = new object?[] { null, 1.5, true } } },
                    metadata = new { type = "message", tags = new[] { "a" } },
                },
                "messages");
        }
        var adapter = await OpenAsync();

        var memories = await adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = RoomId });
        Assert.Equal([Id(3), Id(2), Id(1)], memories.Select(memory => memory.Id));
        var second = memories[1];
        Assert.Equal((Ann, AgentId, RoomId, WorldId), (second.EntityId, second.AgentId, second.RoomId, second.WorldId));
        Assert.Equal(("messages", false), (second.TableName, second.Unique));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_002), second.CreatedAt);
        Assert.Equal(Json.Parse("""{"text":"number 2","actions":["REPLY"],"mine":{"deep":[null,1.5,true]}}"""), second.Content.Json);
        Assert.Equal(Json.Parse("""{"type":"message","tags":["a"]}"""), second.Metadata!.Json);
        Assert.Null(second.Embedding);
        Assert.Equal(2, await adapter.CountMemoriesAsync(RoomId, "messages"));
        Assert.Equal([Id(3), Id(2), Id(1)], (await adapter.GetMemoriesByWorldIdAsync(WorldId)).Select(memory => memory.Id));
    }

    [Fact]
    public async Task Memories_without_world_room_or_entity_are_read()
    {
        var eliza = await PopulatedByElizaOsAsync();
        var vector = Vector(384, 1);
        await eliza.CallAsync("createMemory", new { id = Id(1), content = new { text = "nowhere" }, embedding = vector }, "facts");
        Assert.Equal(1L, await ScalarAsync<long>("SELECT count(*) FROM memories WHERE world_id IS NULL AND room_id IS NULL AND entity_id IS NULL"));
        var adapter = await OpenAsync();

        var memory = Assert.Single(await adapter.GetMemoriesAsync(new MemoryQuery("facts")));
        Assert.Equal((null, null, null), (memory.WorldId, memory.RoomId, memory.EntityId));
        Assert.Equal(memory, await adapter.GetMemoryByIdAsync(Id(1)));
        Assert.Equal(Id(1), Assert.Single(await adapter.SearchMemoriesAsync(new MemorySearch("facts", vector))).Id);
        Assert.True(await adapter.DeleteMemoryAsync(Id(1)));
    }

    [Fact]
    public async Task A_content_that_is_no_object_is_an_empty_one()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = "\"only a text\"" }, "messages");
        await eliza.CallAsync("createMemory", new { id = Id(2), roomId = RoomId, content = new { text = "an object" } }, "messages");
        Assert.Equal("string", await ScalarAsync<string>("SELECT jsonb_typeof(content) FROM memories WHERE id = $1", Id(1)));
        var adapter = await OpenAsync();

        var memories = await adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = RoomId });
        Assert.Equal([null, "an object"], memories.OrderBy(memory => memory.Id).Select(memory => memory.Content.Text));
    }

    /// <summary>elizaOS decodes what is in a string once more, and so has a text where we had none.</summary>
    [Fact]
    public async Task An_object_that_was_encoded_twice_is_read_as_elizaOS_reads_it()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = new { text = "said" } }, "messages");
        await SqlAsync("UPDATE memories SET content = to_jsonb(content::text), metadata = to_jsonb('{\"type\":\"custom\",\"mine\":1}'::text) WHERE id = $1", Id(1));
        Assert.Equal("string", await ScalarAsync<string>("SELECT jsonb_typeof(content) FROM memories WHERE id = $1", Id(1)));
        Assert.Equal("said", (string)(await eliza.CallAsync("getMemoryById", Id(1)))!["content"]!["text"]!);
        var adapter = await OpenAsync();

        var memory = await adapter.GetMemoryByIdAsync(Id(1));

        Assert.Equal("said", memory!.Content.Text);
        Assert.Equal(1, memory.Metadata!.Json.GetNumber("mine"));
    }

    [Fact]
    public async Task Participants_that_were_added_twice_are_one()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.DoAsync("addParticipantsRoom", Many(Ann, Ben), RoomId);
        await eliza.CallAsync("setParticipantUserState", RoomId, Ann, "MUTED");
        Assert.Equal(4, (await eliza.ListAsync("getParticipantsForRoom", RoomId)).Count);
        var adapter = await OpenAsync();

        Assert.Equal([Ann, Ben], (await adapter.GetParticipantsForRoomAsync(RoomId)).Order());
        Assert.Single(await adapter.GetParticipantsForEntityAsync(Ann));
        Assert.Equal([RoomId], await adapter.GetRoomsForParticipantAsync(Ann));
        Assert.Equal(2, (await adapter.GetEntitiesForRoomAsync(RoomId)).Count);
        Assert.Equal(ParticipantUserState.Muted, await adapter.GetParticipantUserStateAsync(RoomId, Ann));

        Assert.Equal(CreateOutcome.Existed, Assert.Single(await adapter.AddParticipantsAsync([Ann], RoomId)).Outcome);
        Assert.Equal(1, await adapter.SetParticipantUserStateAsync(RoomId, Ann, ParticipantUserState.Followed));
        Assert.Equal(2L, await ScalarAsync<long>("SELECT count(*) FROM participants WHERE entity_id = $1 AND room_state = 'FOLLOWED'", Ann));
        Assert.Equal(1, await adapter.RemoveParticipantsAsync([Ann], RoomId));
        Assert.False(await adapter.IsRoomParticipantAsync(RoomId, Ann));
        Assert.False((bool)(await eliza.CallAsync("isRoomParticipant", RoomId, Ann))!);
    }

    [Fact]
    public async Task Moments_finer_than_a_millisecond_are_floored_and_keep_their_order()
    {
        await PopulatedByElizaOsAsync();
        // The database's own default is as fine as this, and the smaller id may be the newer one.
        var micros = new[] { "12:00:00.123999", "12:00:00.123001", "12:00:00.122999", "12:00:00.124000" };
        for (var i = 0; i < micros.Length; i++)
            await SqlAsync($"INSERT INTO memories (id, type, created_at, content, agent_id, room_id) VALUES ($1, 'messages', '2024-01-01 {micros[i]}', '{{}}', $2, $3)", Id(i + 1), AgentId, RoomId);
        var adapter = await OpenAsync();
        var moment = DateTimeOffset.Parse("2024-01-01T12:00:00.123Z", System.Globalization.CultureInfo.InvariantCulture);

        var all = await adapter.GetMemoriesAsync(new MemoryQuery("messages"));
        Assert.Equal([Id(4), Id(1), Id(2), Id(3)], all.Select(memory => memory.Id));
        Assert.Equal([1, 0, 0, -1], all.Select(memory => (int)(memory.CreatedAt!.Value - moment).TotalMilliseconds));
        Assert.All(all, memory => Assert.Equal(0, memory.CreatedAt!.Value.Ticks % TimeSpan.TicksPerMillisecond));
        Assert.Equal([Id(1), Id(2)], (await adapter.GetMemoriesAsync(new MemoryQuery("messages") { Start = moment, End = moment })).Select(memory => memory.Id));
        Assert.Equal(2, await adapter.CountMemoriesAsync(new MemoryQuery("messages") { Start = moment, End = moment }));
        Assert.Equal([Id(1), Id(2)], (await adapter.GetMemoriesAsync(new MemoryQuery("messages") { Offset = 1, Count = 2 })).Select(memory => memory.Id));
        var streamed = new List<Guid>();
        await foreach (var memory in adapter.StreamMemoriesAsync(new MemoryQuery("messages"))) streamed.Add(memory.Id);
        Assert.Equal(all.Select(memory => memory.Id), streamed);
    }

    [Fact]
    public async Task Components_without_world_and_source_are_read_and_found_again()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.DoAsync("createComponent", new { id = Id(1), entityId = Ann, agentId = AgentId, roomId = RoomId, type = "mood", data = new { level = 3 } });
        await eliza.DoAsync("createComponent", new { id = Id(2), entityId = Ann, agentId = AgentId, roomId = RoomId, worldId = WorldId, sourceEntityId = Ben, type = "mood", data = new { level = 4 } });
        var adapter = await OpenAsync();

        var components = await adapter.GetComponentsAsync(new ComponentQuery(Ann));
        Assert.Equal([Id(1), Id(2)], components.Select(component => component.Id));
        Assert.Equal((null, null), (components[0].WorldId, components[0].SourceEntityId));
        Assert.Equal((WorldId, Ben), (components[1].WorldId, components[1].SourceEntityId));
        Assert.Equal(Json.Parse("""{"level":3}"""), components[0].Data);
        Assert.Equal(Id(2), (await adapter.GetComponentAsync(Ann, "mood", WorldId))!.Id);
        Assert.Equal([Id(1), Id(2)], (await adapter.GetEntityByIdAsync(Ann))!.Components!.Select(component => component.Id).Order());

        var again = await adapter.UpsertComponentAsync(new Component { EntityId = Ann, RoomId = RoomId, Type = "mood", Data = Json.Parse("""{"level":5}""") });
        Assert.Equal(new CreateResult(Id(1), CreateOutcome.Existed), again);
        Assert.Equal(5, (int)(await eliza.ListAsync("getComponents", Ann)).Single(component => IdOf(component) == Id(1))!["data"]!["level"]!);
    }

    [Fact]
    public async Task Relationships_are_read_with_their_tags_or_without()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.DoAsync("createRelationship", new { sourceEntityId = Ann, targetEntityId = Ben, tags = new[] { "friend", "old" }, metadata = new { since = 1999 } });
        await SqlAsync("INSERT INTO relationships (id, source_entity_id, target_entity_id, agent_id, tags, metadata) VALUES ($1, $2, $3, $4, NULL, NULL)", Id(2), Ben, Ann, AgentId);
        var adapter = await OpenAsync();

        var friend = (await adapter.GetRelationshipAsync(Ann, Ben))!;
        Assert.Equal(["friend", "old"], friend.Tags);
        Assert.Equal(Json.Parse("""{"since":1999}"""), friend.Metadata);
        var bare = (await adapter.GetRelationshipAsync(Ben, Ann))!;
        Assert.Equal(Id(2), bare.Id);
        Assert.Empty(bare.Tags);
        Assert.Equal(Json.EmptyObject, bare.Metadata);
        Assert.Equal(2, (await adapter.GetRelationshipsAsync(new RelationshipQuery { EntityId = Ann })).Count);
        Assert.Equal(friend.Id, Assert.Single(await adapter.GetRelationshipsAsync(new RelationshipQuery { EntityId = Ann, Tags = ["old", "new"] })).Id);
        Assert.False(await adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = Ann, TargetEntityId = Ben }));
    }

    [Fact]
    public async Task Cached_values_of_every_kind_never_expire()
    {
        string[] values = ["\"text\"", "\"\"", "0", "-1.5", "true", "false", "[1,[],{}]", """{"a":null,"b":"c"}"""];
        var eliza = await PopulatedByElizaOsAsync();
        for (var i = 0; i < values.Length; i++) await eliza.DoAsync("setCache", $"key {i}", JsonNode.Parse(values[i]));
        Assert.Equal((long)values.Length, await ScalarAsync<long>("SELECT count(*) FROM cache WHERE expires_at IS NULL"));
        var adapter = await OpenAsync();

        for (var i = 0; i < values.Length; i++) Assert.Equal(Json.Parse(values[i]), await adapter.GetCacheAsync($"key {i}"));
        Assert.Equal(values.Length, (await adapter.GetCacheAsync([.. values.Select((_, i) => $"key {i}"), "no key"])).Count);
        Assert.Null(await (await OpenAsync(OtherAgentId)).GetCacheAsync("key 0"));
        Assert.True(await adapter.DeleteCacheAsync("key 0"));
        Assert.Null(await eliza.CallAsync("getCache", "key 0"));
    }

    [Fact]
    public async Task Tasks_are_read_with_and_without_what_may_be_missing()
    {
        var eliza = await PopulatedByElizaOsAsync();
        var full = IdFrom(await eliza.CallAsync("createTask", new { name = "water", description = "the plants", roomId = RoomId, worldId = WorldId, tags = new[] { "queue", "repeat" }, metadata = new { updateInterval = 60_000 } }));
        await SqlAsync("INSERT INTO tasks (id, name, agent_id, tags, metadata, created_at, updated_at) VALUES ($1, 'bare', $2, NULL, NULL, NULL, NULL)", Id(2), AgentId);
        var adapter = await OpenAsync();

        var water = (await adapter.GetTaskAsync(full))!;
        Assert.Equal(("water", "the plants", RoomId, WorldId), (water.Name, water.Description, water.RoomId, water.WorldId));
        Assert.Equal(["queue", "repeat"], water.Tags);
        Assert.Equal(60_000, water.Metadata!.UpdateIntervalMs);
        var bare = Assert.Single(await adapter.GetTasksByNameAsync("bare"));
        Assert.Empty(bare.Tags);
        Assert.Equal((null, null), (bare.RoomId, bare.WorldId));
        Assert.Equal(full, Assert.Single(await adapter.GetTasksAsync(new TaskQuery { Tags = ["queue"] })).Id);
        Assert.Equal(2, (await adapter.GetTasksAsync(new TaskQuery())).Count);
        Assert.True(await adapter.UpdateTaskAsync(new AgentTaskUpdate(Id(2)) { Tags = ["queue"] }));
        Assert.Equal(2, (await eliza.ListAsync("getTasks", new { tags = new[] { "queue" } })).Count);
    }

    [Fact]
    public async Task Logs_of_the_same_type_are_all_read_and_those_that_share_an_id_are_told_apart()
    {
        var eliza = await PopulatedByElizaOsAsync();
        for (var i = 1; i <= 3; i++)
            await eliza.CallAsync("log", new { entityId = Ann, roomId = RoomId, type = "run_event", body = new { runId = $"run {i}", status = "started" } });
        await eliza.CallAsync("log", new { entityId = Ben, roomId = RoomId, type = "action", body = new { text = "done" } });
        // A restore that was run twice.
        await SqlAsync("INSERT INTO logs SELECT * FROM logs WHERE type = 'action'");
        var adapter = await OpenAsync();

        var events = await adapter.GetLogsAsync(new LogQuery { Type = "run_event" });
        Assert.Equal(["run 3", "run 2", "run 1"], events.Select(entry => entry.Body.RunId));
        Assert.All(events, entry => Assert.Equal((Ann, RoomId), (entry.EntityId, entry.RoomId)));
        var actions = await adapter.GetLogsAsync(new LogQuery { EntityId = Ben });
        Assert.Equal(2, actions.DistinctBy(entry => entry.Id).Count());
        Assert.Equal(5, await adapter.CountLogsAsync(new LogQuery { RoomId = RoomId }));
        Assert.True(await adapter.DeleteLogAsync(actions[0].Id));
        Assert.Equal(4, (await eliza.ListAsync("getLogs", new { roomId = RoomId })).Count);
        Assert.Equal(3, (await adapter.GetAgentRunSummariesAsync(new AgentRunQuery())).Total);
    }

    // The result of an action is a plugin's, and nests as deep as that likes: one such entry broke the summaries of all runs.
    [Theory]
    [InlineData(100)]
    [InlineData(2_000)]
    public async Task JSON_that_nests_deeper_than_any_of_ours_is_read_and_stored_again(int levels)
    {
        await PopulatedByElizaOsAsync();
        var deep = $"repeat('[', {levels}) || repeat(']', {levels})";
        await SqlAsync($$"""INSERT INTO logs (entity_id, room_id, type, body) VALUES ($1, $2, 'run_event', '{"runId":"r","status":"started"}'), ($1, $2, 'action', ('{"runId":"r","result":{"values":' || {{deep}} || ',"success":false} }')::jsonb)""", Ann, RoomId);
        await SqlAsync($$"""INSERT INTO memories (id, type, content, metadata, agent_id, room_id) SELECT $1, 'messages', json, json, $2, $3 FROM (SELECT ('{"deep":' || {{deep}} || ',"text":"said","type":"custom"}')::jsonb) AS one (json)""", Id(1), AgentId, RoomId);
        await SqlAsync($$"""UPDATE agents SET settings = settings || ('{"deep":{"a":' || {{deep}} || '} }')::jsonb WHERE id = $1""", AgentId);
        var adapter = await OpenAsync();

        var run = Assert.Single((await adapter.GetAgentRunSummariesAsync(new AgentRunQuery())).Runs);
        Assert.Equal((1, 1), (run.Actions, run.Errors));
        Assert.Equal("r", Assert.Single(await adapter.GetLogsAsync(new LogQuery { Type = "action" })).Body.RunId);
        var memory = Assert.Single(await adapter.GetMemoriesAsync(new MemoryQuery("messages")));
        Assert.Equal(("said", "custom"), (memory.Content.Text, memory.Metadata!.Type));
        Assert.True(await adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = memory.Content with { Text = "said again" } }));
        Assert.Equal("said again", (await adapter.GetMemoryByIdAsync(Id(1)))!.Content.Text);
        Assert.True(await adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Settings = Json.Parse("""{"deep":{"b":{"c":1}},"voice":null}""") }));
        var settings = (await adapter.GetAgentAsync(AgentId))!.Settings!;
        Assert.Equal((levels * 2, Json.Parse("""{"c":1}"""), null), (settings["deep"]!["a"]!.Utf8.Length, settings["deep"]!["b"], settings["voice"]));
    }

    [Fact]
    public async Task Fragments_go_with_their_document()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = new { text = "all" }, metadata = new { type = "document", documentId = Id(1), timestamp = 1 } }, "documents");
        await eliza.CallAsync("createMemory", new { id = Id(2), roomId = RoomId, content = new { text = "a" }, metadata = new { type = "fragment", documentId = Id(1), position = 0 }, embedding = Vector(384, 1) }, "knowledge");
        await eliza.CallAsync("createMemory", new { id = Id(3), roomId = RoomId, content = new { text = "b" }, metadata = new { type = "fragment", documentId = Id(9), position = 0 } }, "knowledge");
        var adapter = await OpenAsync();

        Assert.Equal(2, await adapter.DeleteMemoriesAsync([Id(1)]));
        Assert.Equal(Id(3), Assert.Single(await adapter.GetMemoriesAsync(new MemoryQuery("knowledge"))).Id);
    }

    private static Guid IdFrom(JsonNode? id) => Guid.Parse((string)id!);
}
