using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>
/// What was acknowledged is there again after closing and reopening, and after a crash. On a backend that does not persist
/// there is nothing to check.
/// </summary>
public abstract class PersistenceConformance : ConformanceTest
{
    private const string Messages = "messages";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_memory_with_its_vector_is_there_field_by_field(bool crash)
    {
        if (!Backend.Persists) return;
        var memory = new Memory
        {
            Id = Id(1),
            EntityId = await NewEntityAsync(),
            RoomId = await NewRoomAsync(worldId: Id(9)),
            WorldId = Id(8),
            CreatedAt = At(-1_234),
            Content = new Content { Text = "emoji \U0001F600 \uFFFF", Actions = ["a"], ["mine"] = Json.Parse("""{"deep": [1, null, 2.5]}""") },
            Metadata = new MemoryMetadata { Type = MemoryTypes.Custom, Tags = ["x"] },
            Embedding = Vector(0.1f, -0f, float.Epsilon, 7),
            Unique = false,
        };
        await Adapter.CreateMemoryAsync(memory, Messages);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2) }, "facts");
        var plain = await Adapter.GetMemoryByIdAsync(Id(2));

        await ComeBackAsync(crash);

        var stored = await Adapter.GetMemoryByIdAsync(Id(1));
        Assert.Equal(memory with { AgentId = AgentId, TableName = Messages }, stored);
        Assert.Equal(
            new[] { 0.1f, -0f, float.Epsilon, 7 }.Select(BitConverter.SingleToInt32Bits), stored!.Embedding!.Value.ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(plain, await Adapter.GetMemoryByIdAsync(Id(2)));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = memory.RoomId, EntityId = memory.EntityId, WorldId = Id(8) }), Id(1));
        AssertIds(await Adapter.GetMemoriesByRoomIdsAsync([memory.RoomId!.Value], Messages), Id(1));
        AssertIds(await Adapter.GetMemoriesByWorldIdAsync(Id(9)), Id(1));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery("facts") { UniqueOnly = true }), Id(2));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(0, 0, 0, 1)) { RoomId = memory.RoomId }), Id(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_agent_is_there_field_by_field(bool crash)
    {
        if (!Backend.Persists) return;
        var agent = new Agent
        {
            Id = Id(1),
            Name = "Eve",
            Enabled = false,
            Username = "eve",
            System = "You are Eve.",
            Bio = Json.Parse("""["first", "second"]"""),
            MessageExamples = Json.Parse("""[[{"name": "a", "content": {"text": "b"}}]]"""),
            PostExamples = Json.Parse("""["post"]"""),
            Topics = Json.Parse("""["topic"]"""),
            Adjectives = Json.Parse("""["kind"]"""),
            Knowledge = Json.Parse("""[{"path": "p", "shared": true}]"""),
            Plugins = Json.Parse("""["plugin"]"""),
            Settings = Json.Parse("""{"secrets": {"key": "value"}}"""),
            Style = Json.Parse("""{"all": ["short"]}"""),
            CreatedAt = At(1),
            UpdatedAt = At(2),
        };
        await Adapter.CreateAgentAsync(agent);
        await Adapter.UpdateAgentAsync(new AgentUpdate(OtherAgentId) { Name = "Robert", Settings = Json.Parse("""{"a": 1}""") });
        var other = await Adapter.GetAgentAsync(OtherAgentId);
        Assert.Equal("Robert", other!.Name);

        await ComeBackAsync(crash);

        Assert.Equal(agent, await Adapter.GetAgentAsync(Id(1)));
        Assert.Equal(other, await Adapter.GetAgentAsync(OtherAgentId));
        Assert.Equal(3, await Adapter.CountAgentsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Worlds_rooms_and_participants_are_there_field_by_field(bool crash)
    {
        if (!Backend.Persists) return;
        Guid muted = await NewEntityAsync(), plain = await NewEntityAsync();
        var world = new World { Id = Id(1), Name = "world", MessageServerId = Id(2), Metadata = new WorldMetadata { OwnerId = muted }, CreatedAt = At(1) };
        var room = new Room
        {
            Id = Id(3),
            Name = "room",
            Source = "discord",
            Type = ChannelTypes.Group,
            ChannelId = "channel",
            MessageServerId = Id(2),
            WorldId = Id(1),
            Metadata = Json.Parse("""{"a": 1}"""),
            CreatedAt = At(2),
        };
        var bare = new Room { Id = Id(4), Source = "test", Type = ChannelTypes.Dm, CreatedAt = At(3) };
        await Adapter.CreateWorldsAsync([world, new World { Id = Id(5), CreatedAt = At(4) }]);
        await Adapter.CreateRoomsAsync([room, bare]);
        await Adapter.AddParticipantsAsync([muted, plain], Id(3));
        await Adapter.SetParticipantUserStateAsync(Id(3), muted, ParticipantUserState.Muted);
        await Other.AddParticipantAsync(plain, Id(3));
        var memberships = await Adapter.GetParticipantsForEntityAsync(plain);

        await ComeBackAsync(crash);

        Assert.Equal(world with { AgentId = AgentId }, await Adapter.GetWorldAsync(Id(1)));
        Assert.Equal(new World { Id = Id(5), AgentId = AgentId, Name = "", CreatedAt = At(4) }, await Adapter.GetWorldAsync(Id(5)));
        Assert.Equal([Id(1), Id(5)], (await Adapter.GetAllWorldsAsync()).Select(one => one.Id));
        Assert.Equal(room with { AgentId = AgentId }, await Adapter.GetRoomAsync(Id(3)));
        Assert.Equal(bare with { AgentId = AgentId }, await Adapter.GetRoomAsync(Id(4)));
        Assert.Equal(Id(3), Assert.Single(await Adapter.GetRoomsByWorldAsync(Id(1))).Id);
        Assert.Equal(new[] { muted, plain }.Order(), await Adapter.GetParticipantsForRoomAsync(Id(3)));
        Assert.Equal(2, memberships.Count);
        Assert.Equal(memberships, await Adapter.GetParticipantsForEntityAsync(plain));
        Assert.Equal(ParticipantUserState.Muted, await Adapter.GetParticipantUserStateAsync(Id(3), muted));
        Assert.Null(await Adapter.GetParticipantUserStateAsync(Id(3), plain));
        // One membership stays one: what keeps it so is remembered too.
        Assert.Equal(CreateOutcome.Existed, Assert.Single(await Adapter.AddParticipantsAsync([plain], Id(3))).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Entities_components_and_relationships_are_there_field_by_field(bool crash)
    {
        if (!Backend.Persists) return;
        var room = await NewRoomAsync();
        await Adapter.CreateWorldAsync(new World { Id = Id(9) });
        var entity = new Entity { Id = Id(1), Names = ["one", "uno", ""], Metadata = Json.Parse("""{"a": {"b": 1}}"""), CreatedAt = At(1) };
        await Adapter.CreateEntitiesAsync([entity, new Entity { Id = Id(2), AgentId = OtherAgentId, CreatedAt = At(2) }]);
        var component = new Component
        {
            Id = Id(3),
            EntityId = Id(1),
            RoomId = room,
            WorldId = Id(9),
            SourceEntityId = Id(2),
            Type = "profile",
            Data = Json.Parse("""{"c": [1]}"""),
            CreatedAt = At(3),
        };
        await Adapter.CreateComponentAsync(component);
        var relationship = new Relationship
        {
            Id = Id(4),
            SourceEntityId = Id(1),
            TargetEntityId = Id(2),
            Tags = ["friend", "other"],
            Metadata = Json.Parse("""{"d": 1}"""),
            CreatedAt = At(4),
        };
        await Adapter.CreateRelationshipAsync(relationship);

        await ComeBackAsync(crash);

        var stored = await Adapter.GetEntityByIdAsync(Id(1));
        Assert.Equal(entity.Names, stored!.Names);
        Assert.Equal((AgentId, entity.Metadata, entity.CreatedAt), (stored.AgentId!.Value, stored.Metadata, stored.CreatedAt));
        Assert.Equal(component with { AgentId = AgentId }, Assert.Single(stored.Components!));
        Assert.Equal(component with { AgentId = AgentId }, Assert.Single(await Adapter.GetComponentsAsync(new ComponentQuery(Id(1)) { Type = "profile" })));
        var bare = await Adapter.GetEntityByIdAsync(Id(2));
        Assert.Empty(bare!.Names);
        Assert.Equal((OtherAgentId, Json.EmptyObject, At(2)), (bare.AgentId!.Value, bare.Metadata, bare.CreatedAt!.Value));
        Assert.Equal(Id(1), Assert.Single(await Adapter.GetEntitiesByNamesAsync(["uno"])).Id);
        var tie = await Adapter.GetRelationshipAsync(Id(1), Id(2));
        Assert.Equal(relationship.Tags, tie!.Tags);
        Assert.Equal(relationship with { AgentId = AgentId, Tags = tie.Tags }, tie);
        Assert.False(await Adapter.CreateRelationshipAsync(relationship with { Id = Id(5) }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tasks_and_logs_are_there_field_by_field(bool crash)
    {
        if (!Backend.Persists) return;
        Guid room = await NewRoomAsync(), entity = await NewEntityAsync();
        var task = new AgentTask
        {
            Id = Id(1),
            Name = "task",
            Description = "what it is for",
            RoomId = room,
            WorldId = Id(9),
            EntityId = entity,
            Tags = ["queue", "repeat"],
            Metadata = new TaskMetadata { UpdateIntervalMs = 1_000, ["mine"] = Json.From("kept") },
            CreatedAt = At(1),
            UpdatedAt = At(2),
        };
        await Adapter.CreateTaskAsync(task);
        var entry = new LogEntry
        {
            Id = Id(2),
            EntityId = entity,
            RoomId = room,
            Type = "useModel:TEXT_LARGE",
            Body = new LogBody { RunId = "run", ["prompt"] = Json.From(new string('p', 100_000)) },
            CreatedAt = At(3),
        };
        await Adapter.CreateLogsAsync([entry, new LogEntry { Id = Id(3), EntityId = entity, RoomId = room, Type = "action", CreatedAt = At(4) }]);

        await ComeBackAsync(crash);

        var stored = await Adapter.GetTaskAsync(Id(1));
        Assert.Equal(task.Tags, stored!.Tags);
        Assert.Equal(task with { AgentId = AgentId, Tags = stored.Tags }, stored);
        Assert.Equal(Id(1), Assert.Single(await Adapter.GetTasksAsync(new TaskQuery { Tags = ["queue"] })).Id);
        Assert.Equal(entry, Assert.Single(await Adapter.GetLogsAsync(new LogQuery { Type = entry.Type })));
        Assert.Equal([Id(3), Id(2)], (await Adapter.GetLogsAsync(new LogQuery { RoomId = room })).Select(one => one.Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cached_values_are_there_and_live_no_longer_than_they_were_to(bool crash)
    {
        if (!Backend.Persists) return;
        await Adapter.SetCacheAsync("for ever", Json.Parse("""{"a": [false, 0, ""]}"""));
        await Adapter.SetCacheAsync("an hour", Json.From(false), TimeSpan.FromHours(1));
        await Adapter.SetCacheAsync("anew", Json.From(1), TimeSpan.FromMinutes(1));
        await Adapter.SetCacheAsync("anew", Json.From(2), TimeSpan.FromHours(2));
        await Adapter.SetCacheAsync("a minute", Json.From(3), TimeSpan.FromMinutes(1));
        await Other.SetCacheAsync("for ever", Json.From("other"));
        Time.Advance(TimeSpan.FromMinutes(30));

        await ComeBackAsync(crash);

        Assert.Equal(Json.Parse("""{"a": [false, 0, ""]}"""), await Adapter.GetCacheAsync("for ever"));
        Assert.Equal(Json.From("other"), await Other.GetCacheAsync("for ever"));
        Assert.Null(await Adapter.GetCacheAsync("a minute"));
        Time.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(Json.From(false), await Adapter.GetCacheAsync("an hour"));
        Time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Null(await Adapter.GetCacheAsync("an hour"));
        Assert.Equal(Json.From(2), await Adapter.GetCacheAsync("anew"));
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Null(await Adapter.GetCacheAsync("anew"));
        Assert.NotNull(await Adapter.GetCacheAsync("for ever"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Changes_are_there_as_the_last_one_left_them(bool crash)
    {
        if (!Backend.Persists) return;
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(1, 4).Select(i => new Memory { Id = Id(i), CreatedAt = At(i), Unique = true, Content = Content.FromText("old"), Embedding = Vector(1, i, 0) })], Messages);
        for (var i = 0; i < 20; i++) await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = Content.FromText($"{i}") });
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(2)) { Embedding = Vector(0, 0, 1), Metadata = new MemoryMetadata { Source = "new" } });
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(3)) { Embedding = Vector(0, 0, 0) });
        await Adapter.UpsertMemoryAsync(new Memory { Id = Id(4), Content = Content.FromText("upserted"), Embedding = Vector(0, 1, 1) }, Messages);
        var room = await NewRoomAsync();
        await Adapter.UpdateRoomAsync(new RoomUpdate(room) { Name = "new", WorldId = Id(9) });
        await Adapter.SetCacheAsync("key", Json.From(1));
        await Adapter.SetCacheAsync("key", Json.From(2));
        await Adapter.CreateTaskAsync(new AgentTask { Id = Id(1), Name = "task", WorldId = Id(9) });
        await Adapter.UpdateTaskAsync(new AgentTaskUpdate(Id(1)) { Tags = ["new"] });
        var before = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages));
        var search = new MemorySearch(Messages, Vector(0, 0, 1));
        var found = await Adapter.SearchMemoriesAsync(search);

        await ComeBackAsync(crash);

        Assert.Equal(before, await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Equal(["upserted", "old", "old", "19"], before.Select(memory => memory.Content.Text));
        Assert.Null(before[1].Embedding);
        AssertIds(await Adapter.SearchMemoriesAsync(search), Id(2), Id(4), Id(1));
        Assert.All(found.Zip(await Adapter.SearchMemoriesAsync(search)), pair => Assert.Equal(pair.First.Similarity!.Value, pair.Second.Similarity!.Value, 1e-6f));
        Assert.Equal("new", (await Adapter.GetRoomAsync(room))!.Name);
        Assert.Equal(room, Assert.Single(await Adapter.GetRoomsByWorldAsync(Id(9))).Id);
        Assert.Equal(Json.From(2), await Adapter.GetCacheAsync("key"));
        Assert.Equal("new", Assert.Single((await Adapter.GetTaskAsync(Id(1)))!.Tags));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_deleted_with_all_that_hung_on_it_stays_deleted(bool crash)
    {
        if (!Backend.Persists) return;
        Guid room = await NewRoomAsync(), kept = await NewRoomAsync(), entity = await NewEntityAsync(), friend = await NewEntityAsync();
        await Adapter.AddParticipantsAsync([entity, friend], room);
        await Adapter.AddParticipantsAsync([entity, friend], kept);
        await Adapter.CreateComponentAsync(new Component { EntityId = friend, SourceEntityId = entity, RoomId = kept, Type = "profile" });
        await Adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = friend, TargetEntityId = entity });
        await Adapter.LogAsync(new LogEntry { EntityId = friend, RoomId = room, Type = "action" });
        await Adapter.SetCacheAsync("key", Json.From(1));
        await Adapter.CreateTaskAsync(new AgentTask { Id = Id(1), Name = "task", WorldId = Id(9) });
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Metadata = new MemoryMetadata { Type = MemoryTypes.Document, Timestamp = At(0) } }, "documents");
        var fragment = new MemoryMetadata { Type = MemoryTypes.Fragment, DocumentId = Id(1), Position = 0 };
        await Adapter.CreateMemoriesAsync(
            [
                new Memory { Id = Id(2), RoomId = kept, EntityId = friend, Metadata = fragment, Embedding = Vector(1, 1, 0) },
                new Memory { Id = Id(3), RoomId = room, Embedding = Vector(1, 2, 0) },
                new Memory { Id = Id(4), RoomId = kept, EntityId = entity, Embedding = Vector(1, 3, 0) },
                new Memory { Id = Id(5), RoomId = kept, EntityId = friend, Embedding = Vector(1, 4, 0) },
                new Memory { Id = Id(6), Embedding = Vector(1, 5, 0) },
                new Memory { Id = Id(7), Embedding = Vector(1, 6, 0) },
            ],
            Messages);
        Assert.Equal(2, await Adapter.DeleteMemoriesAsync([Id(1)]));
        Assert.True(await Adapter.DeleteRoomAsync(room));
        Assert.True(await Adapter.DeleteEntityAsync(entity));
        Assert.True(await Adapter.DeleteMemoryAsync(Id(6)));
        Assert.True(await Adapter.DeleteCacheAsync("key"));
        Assert.True(await Adapter.DeleteTaskAsync(Id(1)));
        // The same id anew: the old row and its vector must not come back with it.
        Assert.True(await Adapter.DeleteMemoryAsync(Id(7)));
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(7), Content = Content.FromText("anew") }, Messages);

        await ComeBackAsync(crash);

        AssertIds((await Adapter.GetMemoriesByIdsAsync([.. Enumerable.Range(1, 7).Select(Id)])).OrderBy(memory => memory.Id), Id(5), Id(7));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0))), Id(5));
        Assert.Equal("anew", (await Adapter.GetMemoryByIdAsync(Id(7)))!.Content.Text);
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(7)))!.Embedding);
        Assert.Null(await Adapter.GetRoomAsync(room));
        Assert.Null(await Adapter.GetEntityByIdAsync(entity));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(room));
        Assert.Equal([friend], await Adapter.GetParticipantsForRoomAsync(kept));
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(friend)));
        Assert.Empty(await Adapter.GetRelationshipsAsync(new RelationshipQuery()));
        Assert.Empty(await Adapter.GetLogsAsync(new LogQuery()));
        Assert.Null(await Adapter.GetCacheAsync("key"));
        Assert.Empty(await Adapter.GetTasksAsync(new TaskQuery()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_agent_stays_deleted_with_everything_that_was_its_own(bool crash)
    {
        if (!Backend.Persists) return;
        var room = await NewRoomAsync(Other, Id(9));
        var entity = await NewEntityAsync(Other);
        await Other.CreateWorldAsync(new World { Id = Id(9) });
        await Other.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, EntityId = entity, Embedding = Vector(1, 2) }, Messages);
        await Other.SetCacheAsync("key", Json.From(1));
        await Other.CreateTaskAsync(new AgentTask { Id = Id(1), Name = "task", WorldId = Id(9) });
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(2), Embedding = Vector(1, 2, 3) }, Messages);
        Assert.True(await Adapter.DeleteAgentAsync(OtherAgentId));

        await ComeBackAsync(crash);

        Assert.Null(await Adapter.GetAgentAsync(OtherAgentId));
        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(2));
        Assert.Empty(await Other.GetRoomsByIdsAsync([room]));
        Assert.Null(await Adapter.GetEntityByIdAsync(entity));
        Assert.Null(await Adapter.GetWorldAsync(Id(9)));
        Assert.Null(await Other.GetCacheAsync("key"));
        Assert.Empty(await Other.GetTasksAsync(new TaskQuery()));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))), Id(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dimensions_and_the_vectors_of_all_of_them_are_there(bool crash)
    {
        if (!Backend.Persists) return;
        await Adapter.CreateMemoriesAsync([new Memory { Id = Id(1), Embedding = Vector(1, 2, 3) }, new Memory { Id = Id(2), Embedding = Vector(3, 2, 1) }], Messages);
        await Adapter.EnsureEmbeddingDimensionAsync(2);
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(4, 5) });

        await ComeBackAsync(crash);

        Assert.Equal(2, await Adapter.GetEmbeddingDimensionAsync());
        Assert.Null(await Other.GetEmbeddingDimensionAsync());
        Assert.Equal(Vector(4, 5), (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
        AssertIds(await Adapter.StreamStaleMemoriesAsync(Messages).ToListAsync(), Id(2));
        await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.CreateMemoryAsync(new Memory { Embedding = Vector(1, 2, 3) }, Messages));
        await Adapter.EnsureEmbeddingDimensionAsync(3);

        await ComeBackAsync(crash);

        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(Vector(1, 2, 3), (await Adapter.GetMemoryByIdAsync(Id(1)))!.Embedding!.Value.ToArray());
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(3, 2, 1))), Id(2), Id(1));
    }

    [Fact]
    public async Task Every_acknowledged_write_outlives_every_one_of_many_ends()
    {
        if (!Backend.Persists) return;
        const int rounds = 8;
        for (var round = 0; round < rounds; round++)
        {
            await Adapter.CreateMemoriesAsync(
                [.. Enumerable.Range(round * 10, 10).Select(i => new Memory { Id = Id(i), CreatedAt = At(i), Content = Content.FromText($"{i}"), Unique = true, Embedding = Vector(1, i, 0) })],
                Messages);
            await Adapter.DeleteMemoryAsync(Id(round * 10));

            await ComeBackAsync(crash: round % 3 != 0);

            var expected = Enumerable.Range(0, (round + 1) * 10).Where(i => i % 10 != 0).Reverse().Select(Id).ToArray();
            AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), expected);
            Assert.Equal(expected.Length, (await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0)) { Count = 1_000 })).Count);
        }
    }

    [Fact]
    public async Task Reopening_twice_with_nothing_between_changes_nothing()
    {
        if (!Backend.Persists) return;
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2, 3) }, Messages);
        var before = await Adapter.GetMemoryByIdAsync(Id(1));

        foreach (var crash in new[] { false, false, true, true, false })
        {
            await ComeBackAsync(crash);
            Assert.Equal(before, Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))));
            AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))), Id(1));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_without_memories_comes_back_empty_and_takes_writes(bool crash)
    {
        if (!Backend.Persists) return;
        await ComeBackAsync(crash);
        await ComeBackAsync(crash);

        Assert.True(await Adapter.IsReadyAsync());
        Assert.Equal(["Ada", "Bob"], (await Adapter.GetAgentsAsync()).OrderBy(agent => agent.Id).Select(agent => agent.Name));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
        Assert.Empty(await Adapter.GetAllWorldsAsync());

        // A database in which nothing at all is left.
        Assert.Equal(2, await Adapter.DeleteAllAgentsAsync());
        await ComeBackAsync(crash);
        Assert.Equal(0, await Adapter.CountAgentsAsync());
        Assert.True(await Adapter.CreateAgentAsync(new Agent { Id = AgentId, Name = "Ada" }));
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2) }, Messages);
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2))), Id(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_refused_or_rolled_back_does_not_come_back(bool crash)
    {
        if (!Backend.Persists) return;
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2, 3) }, Messages);
        await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.CreateMemoriesAsync([new Memory { Id = Id(2) }, new Memory { Id = Id(3), Embedding = Vector(1) }], Messages));
        await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateMemoriesAsync([new Memory { Id = Id(2) }, new Memory { Id = Id(3), RoomId = Id(99) }], Messages));
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateMemoryAsync(new Memory { Id = Id(2) }, Messages, cancellationToken: token);
            await session.DeleteMemoryAsync(Id(1), token);
            throw new InvalidTimeZoneException();
        }));

        await ComeBackAsync(crash);

        AssertIds(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)), Id(1));
        AssertIds(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))), Id(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Speed", "Slow")]
    public async Task Thousands_of_rows_and_their_vectors_come_back_and_are_found_as_before(bool crash)
    {
        if (!Backend.Persists) return;
        const int seed = 5, rows = 6_000, dimension = 32;
        var random = new Random(seed);
        var room = await NewRoomAsync();
        foreach (var batch in Enumerable.Range(0, rows).Chunk(1_000))
        {
            await Adapter.CreateMemoriesAsync(
                [.. batch.Select(i => new Memory { Id = Id(i), RoomId = room, CreatedAt = At(i), Unique = true, Content = Content.FromText($"row {i}"), Embedding = RandomVector(random, dimension) })],
                Messages);
        }
        await Adapter.DeleteMemoriesAsync([.. Enumerable.Range(0, rows).Where(i => i % 10 == 3).Select(Id)]);
        await Adapter.UpdateMemoriesAsync([.. Enumerable.Range(0, rows).Where(i => i % 10 == 4).Select(i => new MemoryUpdate(Id(i)) { Content = Content.FromText($"new {i}"), Embedding = RandomVector(random, dimension) })]);
        var before = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room });
        var searches = Enumerable.Range(0, 10).Select(_ => new MemorySearch(Messages, RandomVector(random, dimension)) { Count = 20, Mode = SearchMode.Exact }).ToList();
        var found = new List<IReadOnlyList<Memory>>();
        foreach (var search in searches) found.Add(await Adapter.SearchMemoriesAsync(search));

        await ComeBackAsync(crash);

        Assert.Equal(rows * 9 / 10, before.Count);
        Assert.Equal(before, await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }));
        for (var i = 0; i < searches.Count; i++)
        {
            var again = await Adapter.SearchMemoriesAsync(searches[i]);
            Assert.True(found[i].Select(memory => memory.Id).SequenceEqual(again.Select(memory => memory.Id)), $"seed {seed}, search {i}");
        }
    }

    private Task ComeBackAsync(bool crash) => crash ? CrashAndReopenAsync() : ReopenAsync();
}
