using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Agents: what is stored, what a change changes, and that nothing of a removed agent is left behind.</summary>
public abstract class AgentConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    private static Agent Full(Guid id) => new()
    {
        Id = id,
        Name = "Grace",
        Enabled = false,
        Username = "grace",
        System = "You are Grace.",
        Bio = Json.Parse("""["first","second"]"""),
        MessageExamples = Json.Parse("""[[{"name":"user","content":{"text":"hi"}},{"name":"Grace","content":{"text":"hello"}}]]"""),
        PostExamples = Json.Parse("""["a post"]"""),
        Topics = Json.Parse("""["ships","compilers"]"""),
        Adjectives = Json.Parse("""["precise"]"""),
        Knowledge = Json.Parse("""["fact",{"path":"a.md","shared":true},{"directory":"docs"}]"""),
        Plugins = Json.Parse("""["@elizaos/plugin-bootstrap"]"""),
        Settings = Json.Parse("""{"secrets":{"KEY":"value"},"voice":{"model":"en"},"list":[1,null,{"a":[]}]}"""),
        Style = Json.Parse("""{"all":["short"],"chat":[],"post":["loud"]}"""),
        CreatedAt = Past,
        UpdatedAt = Past.AddDays(1),
    };

    [Fact]
    public async Task An_agent_is_read_back_with_every_column_as_it_was_given()
    {
        Assert.True(await Adapter.CreateAgentAsync(Full(Id(1))));

        Assert.Equal(Full(Id(1)), await Adapter.GetAgentAsync(Id(1)));
        Assert.Equal(Full(Id(1)), await Other.GetAgentAsync(Id(1)));
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default()
    {
        await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "Grace" });

        var expected = new Agent
        {
            Id = Id(1),
            Name = "Grace",
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
            CreatedAt = Time.GetUtcNow(),
            UpdatedAt = Time.GetUtcNow(),
        };
        Assert.Equal(expected, await Adapter.GetAgentAsync(Id(1)));
    }

    [Fact]
    public async Task A_bio_may_be_one_text()
    {
        await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "Grace", Bio = Json.From("one text") });

        Assert.Equal(Json.From("one text"), (await Adapter.GetAgentAsync(Id(1)))!.Bio);
        Assert.Equal(Json.From("one text"), (await Adapter.GetAgentsAsync()).Single(agent => agent.Id == Id(1)).Bio);
    }

    [Fact]
    public async Task Creating_an_agent_that_exists_changes_nothing()
    {
        await Adapter.CreateAgentAsync(Full(Id(1)));

        Assert.False(await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "Somebody else" }));
        Assert.Equal(Full(Id(1)), await Adapter.GetAgentAsync(Id(1)));
    }

    [Fact]
    public async Task A_batch_tells_for_each_agent_whether_it_is_new()
    {
        await Adapter.CreateAgentAsync(Full(Id(2)));

        var results = await Adapter.CreateAgentsAsync(
        [
            new Agent { Id = Id(3), Name = "c" },
            new Agent { Id = Id(2), Name = "b" },
            new Agent { Id = Id(1), Name = "a" },
            new Agent { Id = Id(3), Name = "again" },
        ]);

        Assert.Equal(
            [
                new(Id(3), CreateOutcome.Created), new(Id(2), CreateOutcome.Existed),
                new(Id(1), CreateOutcome.Created), new(Id(3), CreateOutcome.Existed),
            ],
            results);
        Assert.Equal("c", (await Adapter.GetAgentAsync(Id(3)))!.Name);
    }

    [Fact]
    public async Task Two_agents_may_share_a_name()
    {
        Assert.True(await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "Grace" }));
        Assert.True(await Adapter.CreateAgentAsync(new Agent { Id = Id(2), Name = "Grace" }));

        Assert.Equal(4, await Adapter.CountAgentsAsync());
    }

    [Fact]
    public async Task Agents_come_in_order_of_id_each_once_and_unknown_ones_are_skipped()
    {
        // The order of the bytes, not of their signed or little-endian reading.
        Guid[] ordered = [Id(1), Id(0x01000000), Id(0x7F000000), Id(unchecked((int)0x80000000)), Id(-1)];
        await Adapter.CreateAgentsAsync([.. ordered.Reverse().Select(id => new Agent { Id = id, Name = "x" })]);

        var found = await Adapter.GetAgentsByIdsAsync([ordered[3], Id(99), ordered[0], ordered[4], ordered[0], ordered[2], ordered[1]]);

        Assert.Equal(ordered, found.Select(agent => agent.Id));
        Assert.Empty(await Adapter.GetAgentsByIdsAsync([]));
        Assert.Null(await Adapter.GetAgentAsync(Id(99)));
    }

    [Fact]
    public async Task All_agents_are_listed_oldest_first_then_by_id()
    {
        await Adapter.CreateAgentsAsync(
        [
            new Agent { Id = Id(3), Name = "c", CreatedAt = Past },
            new Agent { Id = Id(1), Name = "a", CreatedAt = Past.AddMilliseconds(1) },
            new Agent { Id = Id(2), Name = "b", CreatedAt = Past, Bio = Json.From("bio") },
        ]);

        Assert.Equal(
            [
                new(Id(2), "b", Json.From("bio")), new(Id(3), "c", Json.EmptyArray), new(Id(1), "a", Json.EmptyArray),
                new(AgentId, "Ada", Json.EmptyArray), new(OtherAgentId, "Bob", Json.EmptyArray),
            ],
            await Other.GetAgentsAsync());
        Assert.Equal(5, await Other.CountAgentsAsync());
    }

    [Fact]
    public async Task An_update_changes_only_what_it_names_and_updatedAt()
    {
        await Adapter.CreateAgentAsync(Full(Id(1)));
        Time.Advance(TimeSpan.FromHours(1));

        Assert.True(await Other.UpdateAgentAsync(new AgentUpdate(Id(1)) { Enabled = true, Username = "", Topics = Json.Parse("""["war"]""") }));

        var expected = Full(Id(1)) with { Enabled = true, Username = "", Topics = Json.Parse("""["war"]"""), UpdatedAt = Time.GetUtcNow() };
        Assert.Equal(expected, await Adapter.GetAgentAsync(Id(1)));
    }

    [Fact]
    public async Task An_update_can_change_every_column()
    {
        await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "old", CreatedAt = Past });
        var full = Full(Id(1));

        await Adapter.UpdateAgentsAsync(
        [
            new AgentUpdate(Id(1))
            {
                Name = full.Name,
                Enabled = full.Enabled,
                Username = full.Username,
                System = full.System,
                Bio = full.Bio,
                MessageExamples = full.MessageExamples,
                PostExamples = full.PostExamples,
                Topics = full.Topics,
                Adjectives = full.Adjectives,
                Knowledge = full.Knowledge,
                Plugins = full.Plugins,
                Settings = full.Settings,
                Style = full.Style,
                UpdatedAt = full.UpdatedAt,
            },
        ]);

        Assert.Equal(full, await Adapter.GetAgentAsync(Id(1)));
    }

    [Fact]
    public async Task An_update_of_a_missing_agent_says_so_and_creates_none()
    {
        Assert.False(await Adapter.UpdateAgentAsync(new AgentUpdate(Id(1)) { Name = "x" }));
        Assert.Equal(1, await Adapter.UpdateAgentsAsync([new(Id(1)) { Name = "x" }, new(AgentId) { Name = "Ada II" }]));

        Assert.Null(await Adapter.GetAgentAsync(Id(1)));
        Assert.Equal("Ada II", (await Adapter.GetAgentAsync(AgentId))!.Name);
    }

    [Fact]
    public async Task Updates_of_one_agent_in_one_batch_build_on_each_other()
    {
        await Adapter.UpdateAgentsAsync(
        [
            new(AgentId) { Name = "x", Settings = Json.Parse("""{"a":1}""") },
            new(AgentId) { Name = "y", Settings = Json.Parse("""{"b":2}""") },
        ]);

        var agent = (await Adapter.GetAgentAsync(AgentId))!;
        Assert.Equal(("y", Json.Parse("""{"a":1,"b":2}""")), (agent.Name, agent.Settings));
    }

    [Theory]
    [InlineData("""{"x":{"y":1,"z":2},"k":[1]}""", """{"x":{"y":null},"k":[2,3]}""", """{"x":{"z":2},"k":[2,3]}""")]
    [InlineData("""{"a":1}""", """{"b":{"c":true}}""", """{"a":1,"b":{"c":true}}""")]
    [InlineData("""{"a":1,"b":2}""", """{"a":null}""", """{"b":2}""")]
    [InlineData("""{"a":1}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":{"b":{"c":1}},"d":1}""", """{"a":{"b":{"c":null}}}""", """{"d":1}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{}}""", """{"a":{"b":1}}""")]
    [InlineData("""{"d":1}""", """{"a":{}}""", """{"a":{},"d":1}""")]
    [InlineData("""{"a":[{"b":1},2]}""", """{"a":[]}""", """{"a":[]}""")]
    [InlineData("""{"a":[1]}""", """{"a":[null]}""", """{"a":[null]}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":"text"}""", """{"a":"text"}""")]
    [InlineData("""{"a":"text"}""", """{"a":{"b":1}}""", """{"a":{"b":1}}""")]
    [InlineData("""{"a":1}""", "{}", """{"a":1}""")]
    [InlineData("{}", """{"never":null}""", "{}")]
    public async Task Settings_are_merged_key_by_key(string stored, string change, string expected)
    {
        await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "x", Settings = Json.Parse(stored) });

        await Adapter.UpdateAgentAsync(new AgentUpdate(Id(1)) { Settings = Json.Parse(change) });

        Assert.Equal(Json.Parse(expected), (await Adapter.GetAgentAsync(Id(1)))!.Settings);
    }

    [Fact]
    public async Task An_upsert_creates_or_replaces_but_for_createdAt()
    {
        await Adapter.CreateAgentAsync(Full(Id(1)));
        Time.Advance(TimeSpan.FromHours(1));

        var results = await Adapter.UpsertAgentsAsync(
        [
            new Agent { Id = Id(2), Name = "new" },
            new Agent { Id = Id(1), Name = "Grace II", Settings = Json.Parse("""{"a":1}"""), CreatedAt = Past.AddYears(1) },
        ]);

        Assert.Equal([new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Existed)], results);
        var agent = (await Adapter.GetAgentAsync(Id(1)))!;
        Assert.Equal(("Grace II", true, "", Past), (agent.Name, agent.Enabled, agent.System, agent.CreatedAt));
        Assert.Equal((Json.Parse("""{"a":1}"""), Json.EmptyArray), (agent.Settings, agent.Topics));
        Assert.Equal(Time.GetUtcNow(), agent.UpdatedAt);
    }

    [Fact]
    public async Task Deleting_tells_how_many_agents_there_were()
    {
        await Adapter.CreateAgentsAsync([new Agent { Id = Id(1), Name = "a" }, new Agent { Id = Id(2), Name = "b" }]);

        Assert.Equal(2, await Adapter.DeleteAgentsAsync([Id(2), Id(99), Id(1), Id(2)]));
        Assert.False(await Adapter.DeleteAgentAsync(Id(1)));
        Assert.Equal(0, await Adapter.DeleteAgentsAsync([]));
        Assert.Equal(2, await Adapter.CountAgentsAsync());
    }

    [Fact]
    public async Task Deleting_an_agent_removes_everything_of_it_and_nothing_of_another()
    {
        var mine = await FillAsync(Adapter);
        var others = await FillAsync(Other);

        Assert.True(await Other.DeleteAgentAsync(AgentId));

        Assert.Empty(await SurvivorsAsync(Adapter, mine));
        Assert.Equal(AllKinds, await SurvivorsAsync(Other, others));
        Assert.Null(await Other.GetAgentAsync(AgentId));

        // Nor does any of it come back with the agent.
        await Other.CreateAgentAsync(new Agent { Id = AgentId, Name = "Ada" });
        Assert.Empty(await SurvivorsAsync(Adapter, mine));
    }

    [Fact]
    public async Task What_other_agents_hung_on_rooms_and_entities_of_a_removed_agent_goes_with_them()
    {
        var mine = await FillAsync(Adapter);
        var others = await FillAsync(Other);
        var memory = await Other.CreateMemoryAsync(new Memory { RoomId = mine.Room, EntityId = others.Entity }, "messages");
        await Other.AddParticipantAsync(mine.Entity, others.Room);

        await Other.DeleteAgentAsync(AgentId);

        Assert.Null(await Other.GetMemoryByIdAsync(memory));
        Assert.Equal([others.Entity], await Other.GetParticipantsForRoomAsync(others.Room));
    }

    [Fact]
    public async Task All_agents_can_be_removed_at_once()
    {
        var mine = await FillAsync(Adapter);

        Assert.Equal(2, await Adapter.DeleteAllAgentsAsync());
        Assert.Equal(0, await Adapter.DeleteAllAgentsAsync());

        Assert.Equal(0, await Adapter.CountAgentsAsync());
        Assert.Empty(await Adapter.GetAgentsAsync());
        Assert.Empty(await SurvivorsAsync(Adapter, mine));
    }

    [Fact]
    public async Task Ensuring_that_the_agent_exists_stores_it_once_by_the_id_of_its_adapter_and_returns_what_is_stored()
    {
        var adapter = Database.ForAgent(Id(1));
        var first = await adapter.EnsureAgentExistsAsync(Full(Id(2)));
        var second = await adapter.EnsureAgentExistsAsync(new Agent { Name = "Somebody else" });
        var third = await adapter.TransactionAsync((session, token) => session.EnsureAgentExistsAsync(new Agent { Name = "Somebody else" }, token));

        Assert.Equal([Full(Id(1)), Full(Id(1)), Full(Id(1))], [first, second, third]);
        Assert.Equal(new HashSet<Guid> { AgentId, OtherAgentId, Id(1) }, (await Adapter.GetAgentsAsync()).Select(agent => agent.Id).ToHashSet());
    }

    [Fact]
    public async Task A_batch_with_one_bad_agent_stores_nothing()
    {
        await Assert.ThrowsAsync<InvalidInputException>(() =>
            Adapter.CreateAgentsAsync([new Agent { Id = Id(1), Name = "a" }, new Agent { Id = Id(2), Name = null! }]));
        await Assert.ThrowsAsync<InvalidInputException>(() =>
            Adapter.UpsertAgentsAsync([new Agent { Id = AgentId, Name = "changed" }, new Agent { Id = Id(2), Name = "b", Settings = Json.EmptyArray }]));
        await Assert.ThrowsAsync<InvalidInputException>(() =>
            Adapter.UpdateAgentsAsync([new(AgentId) { Name = "changed" }, new(OtherAgentId) { Style = Json.EmptyArray }]));

        Assert.Equal(2, await Adapter.CountAgentsAsync());
        Assert.Equal("Ada", (await Adapter.GetAgentAsync(AgentId))!.Name);
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateAgentAsync(Full(Id(1)), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpsertAgentAsync(Full(Id(1)), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Name = "x" }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteAgentAsync(AgentId, cancelled));

        Assert.Equal(2, await Adapter.CountAgentsAsync());
        Assert.Equal("Ada", (await Adapter.GetAgentAsync(AgentId))!.Name);
    }

    [Fact]
    public async Task Agents_and_what_became_of_them_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        await Adapter.CreateAgentAsync(Full(Id(1)));
        await Adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Settings = Json.Parse("""{"a":1}""") });
        var others = await FillAsync(Other);
        await Adapter.DeleteAgentAsync(OtherAgentId);

        await ReopenAsync();

        Assert.Equal(Full(Id(1)), await Adapter.GetAgentAsync(Id(1)));
        Assert.Equal(Json.Parse("""{"a":1}"""), (await Adapter.GetAgentAsync(AgentId))!.Settings);
        Assert.Empty(await SurvivorsAsync(Other, others));
        Assert.Equal(2, await Adapter.CountAgentsAsync());
    }

    private static readonly string[] AllKinds =
        ["cache", "component", "entity", "log", "memory", "participant", "relationship", "room", "run", "search", "task", "world"];

    private sealed record Rows(Guid Entity, Guid World, Guid Room, Guid Memory, Guid Task, Guid Log, Guid Component);

    // One row of every kind.
    private async Task<Rows> FillAsync(IDatabaseAdapter adapter)
    {
        var entity = await NewEntityAsync(adapter);
        var second = await NewEntityAsync(adapter);
        var world = await adapter.CreateWorldAsync(new World { Name = "w" });
        var room = await NewRoomAsync(adapter, world);
        var memory = await adapter.CreateMemoryAsync(new Memory { RoomId = room, EntityId = entity, Embedding = new float[] { 1, 0 } }, "messages");
        var task = await adapter.CreateTaskAsync(new AgentTask { Name = "t", WorldId = world });
        var log = new LogEntry { EntityId = entity, RoomId = room, Type = "run_event", Body = new LogBody { RunId = "r", Status = "started" } };
        await adapter.LogAsync(log);
        var component = new Component { EntityId = entity, RoomId = room, WorldId = world, Type = "c" };
        await adapter.CreateComponentAsync(component);
        await adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = entity, TargetEntityId = second });
        await adapter.AddParticipantAsync(entity, room);
        await adapter.SetCacheAsync("key", Json.From("value"));
        return new Rows(entity, world, room, memory, task, log.Id, component.Id);
    }

    // Which kinds of rows are still to be found, by any way of finding them.
    private static async Task<string[]> SurvivorsAsync(IDatabaseAdapter adapter, Rows rows)
    {
        var kinds = new SortedSet<string>(StringComparer.Ordinal);
        void Note(string kind, bool isThere)
        {
            if (isThere) kinds.Add(kind);
        }

        Note("entity", await adapter.GetEntityByIdAsync(rows.Entity) is not null);
        Note("entity", (await adapter.SearchEntitiesByNameAsync("somebody")).Count > 0);
        Note("world", await adapter.GetWorldAsync(rows.World) is not null);
        Note("world", (await adapter.GetAllWorldsAsync()).Count > 0);
        Note("room", await adapter.GetRoomAsync(rows.Room) is not null);
        Note("room", (await adapter.GetRoomsByWorldAsync(rows.World)).Count > 0);
        Note("memory", await adapter.GetMemoryByIdAsync(rows.Memory) is not null);
        Note("memory", await adapter.CountMemoriesAsync(rows.Room, "messages", uniqueOnly: false) > 0);
        Note("search", (await adapter.SearchMemoriesAsync(new MemorySearch("messages", new float[] { 1, 0 }))).Count > 0);
        Note("task", await adapter.GetTaskAsync(rows.Task) is not null);
        Note("task", (await adapter.GetTasksAsync(new TaskQuery())).Count > 0);
        Note("log", (await adapter.GetLogsAsync(new LogQuery { RoomId = rows.Room })).Count > 0);
        Note("log", await adapter.CountLogsAsync(new LogQuery { EntityId = rows.Entity }) > 0);
        Note("run", (await adapter.GetAgentRunSummariesAsync(new AgentRunQuery())).Total > 0);
        Note("component", (await adapter.GetComponentsAsync(new ComponentQuery(rows.Entity))).Count > 0);
        Note("relationship", (await adapter.GetRelationshipsAsync(new RelationshipQuery { EntityId = rows.Entity })).Count > 0);
        Note("participant", (await adapter.GetParticipantsForRoomAsync(rows.Room)).Count > 0);
        Note("participant", (await adapter.GetParticipantsForEntityAsync(rows.Entity)).Count > 0);
        Note("cache", await adapter.GetCacheAsync("key") is not null);
        return [.. kinds];
    }
}
