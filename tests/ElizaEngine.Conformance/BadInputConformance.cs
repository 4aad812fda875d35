using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>What bad input gets: a typed error that names the value, and nothing stored; or, where the contract says so, another meaning.</summary>
public abstract class BadInputConformance : ConformanceTest
{
    private static readonly float[] East = [1, 0];

    // A lone high surrogate and U+0000; each becomes U+FFFD.
    private const string Dirty = "x\0y\ud800z";
    private const string Clean = "x\uFFFDy\uFFFDz";

    private static async Task DrainAsync<T>(IAsyncEnumerable<T> items)
    {
        await foreach (var _ in items) continue;
    }

    private static async Task<int> CountAsync<T>(Task<IReadOnlyList<T>> items) => (await items).Count;

    private static async Task<int> CountAsync<T>(IAsyncEnumerable<T> items)
    {
        var count = 0;
        await foreach (var _ in items) count++;
        return count;
    }

    // ---- Null ----

    [Fact]
    public async Task A_null_argument_is_refused_by_every_call()
    {
        var nullability = new NullabilityInfoContext();
        var tested = 0;
        foreach (var method in EveryCall.Methods)
        {
            foreach (var parameter in method.GetParameters())
            {
                if (parameter.ParameterType.IsValueType || nullability.Create(parameter).ReadState == NullabilityState.Nullable) continue;
                var error = await Record.ExceptionAsync(() =>
                    EveryCall.CallAsync(Adapter, method, other => other == parameter ? null : EveryCall.Argument(other)));
                AssertNullIsRefused(method, parameter, error);
                tested++;
            }
        }
        Assert.True(tested > 60, $"Only {tested} parameters were found.");
        await Assert.ThrowsAsync<ArgumentNullException>(() => Adapter.TransactionAsync<int>(null!));
    }

    [Fact]
    public async Task A_null_argument_is_refused_by_every_extension()
    {
        // Generic ones, which take a method or the like, are left out.
        var extensions = typeof(IDatabaseSession).Assembly.GetExportedTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(ExtensionAttribute)) && !method.IsGenericMethodDefinition);
        var nullability = new NullabilityInfoContext();
        var tested = 0;
        foreach (var method in extensions)
        {
            foreach (var parameter in method.GetParameters())
            {
                if (parameter.ParameterType.IsValueType || nullability.Create(parameter).ReadState == NullabilityState.Nullable) continue;
                var error = await Record.ExceptionAsync(() => (Task)method.Invoke(
                    null, BindingFlags.DoNotWrapExceptions, null, [.. method.GetParameters().Select(other => other == parameter ? null : Argument(other))], null)!);
                AssertNullIsRefused(method, parameter, error);
                tested++;
            }
        }
        Assert.True(tested > 80, $"Only {tested} parameters were found.");

        object? Argument(ParameterInfo parameter) => parameter.ParameterType switch
        {
            var type when type == typeof(IDatabase) => Database,
            var type when type.IsInstanceOfType(Adapter) => Adapter,
            var type when type == typeof(CancellationToken) => CancellationToken.None,
            var type when type == typeof(Json) => Json.EmptyObject,
            var type when type.IsSubclassOf(typeof(Delegate)) => null,
            _ => EveryCall.Argument(parameter),
        };
    }

    // A table name is a value with a rule of its own, which null breaks too.
    private static void AssertNullIsRefused(MethodInfo method, ParameterInfo parameter, Exception? error)
    {
        var isRefused = parameter.Name == "tableName" ? error is InvalidInputException : error is ArgumentNullException named && named.ParamName == parameter.Name;
        Assert.True(isRefused, $"{method.Name}({parameter.Name}: null) gave {error?.Message ?? "an answer"}.");
    }

    [Fact]
    public async Task A_null_item_is_refused_by_name_and_its_whole_batch_with_it()
    {
        var tested = 0;
        foreach (var method in EveryCall.Methods)
        {
            foreach (var parameter in method.GetParameters())
            {
                var type = parameter.ParameterType;
                if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IReadOnlyList<>) || type.GenericTypeArguments[0].IsValueType) continue;
                object Batch(ParameterInfo other)
                {
                    var good = (Array)EveryCall.Argument(other)!;
                    var batch = Array.CreateInstance(type.GenericTypeArguments[0], 2);
                    batch.SetValue(good.GetValue(0), 0);
                    return batch;
                }
                var error = await Record.ExceptionAsync(() =>
                    EveryCall.CallAsync(Adapter, method, other => other == parameter ? Batch(other) : EveryCall.Argument(other)));
                Assert.True(
                    error is InvalidInputException refused && refused.Parameter.Contains("[1]", StringComparison.Ordinal),
                    $"{method.Name}([.., null]) gave {error?.Message ?? "an answer"}.");
                tested++;
            }
        }
        Assert.True(tested > 25, $"Only {tested} lists were found.");
        Assert.Equal("Ada", (await Adapter.GetAgentAsync(AgentId))!.Name);
        Assert.Null(await Adapter.GetEntityByIdAsync(EveryCall.Id));
        Assert.Null(await Adapter.GetWorldAsync(EveryCall.Id));
        Assert.Null(await Adapter.GetRoomAsync(EveryCall.Id));
        Assert.Null(await Adapter.GetCacheAsync("messages"));
    }

    [Fact]
    public async Task A_required_part_that_is_null_is_refused()
    {
        var entity = await NewEntityAsync();
        var room = await NewRoomAsync();
        foreach (var (name, call) in new (string, Func<Task>)[]
        {
            ("agents.name", () => Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = null! })),
            ("components.type", () => Adapter.CreateComponentAsync(new Component { EntityId = entity, RoomId = room, Type = null! })),
            ("memories.content", () => Adapter.CreateMemoryAsync(new Memory { RoomId = room, Content = null! }, "messages")),
            ("rooms.source", () => Adapter.CreateRoomAsync(new Room { Id = Id(1), Source = null!, Type = "t" })),
            ("rooms.type", () => Adapter.CreateRoomAsync(new Room { Id = Id(1), Source = "s", Type = null! })),
            ("tasks.name", () => Adapter.CreateTaskAsync(new AgentTask { Name = null!, WorldId = Id(1) })),
            ("tasks.worldId", () => Adapter.CreateTaskAsync(new AgentTask { Name = "n" })),
            ("logs.type", () => Adapter.LogAsync(new LogEntry { EntityId = entity, RoomId = room, Type = null! })),
            ("logs.body", () => Adapter.LogAsync(new LogEntry { EntityId = entity, RoomId = room, Type = "t", Body = null! })),
            ("cache.value", () => Adapter.SetCacheAsync([new CacheEntry("key", null!)])),
        })
        {
            var error = await Record.ExceptionAsync(call);
            Assert.True(error is InvalidInputException, $"{name} null gave {error?.GetType().Name ?? "an answer"}.");
        }
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(entity)));
        Assert.Empty(await Adapter.GetTasksAsync(new TaskQuery()));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery("messages")));
        Assert.Equal(0, await Adapter.CountLogsAsync(new LogQuery()));
    }

    // ---- Table names ----

    private (string Name, Func<string, Task> Call)[] CallsWithTableName(Guid room) =>
    [
        ("GetMemories", table => Adapter.GetMemoriesAsync(new MemoryQuery(table))),
        ("StreamMemories", table => DrainAsync(Adapter.StreamMemoriesAsync(new MemoryQuery(table)))),
        ("CountMemories", table => Adapter.CountMemoriesAsync(new MemoryQuery(table))),
        ("GetMemoriesByRoomIds", table => Adapter.GetMemoriesByRoomIdsAsync([room], table)),
        ("GetMemoriesByWorldId", table => Adapter.GetMemoriesByWorldIdAsync(Id(1), null, table)),
        ("SearchMemories", table => Adapter.SearchMemoriesAsync(new MemorySearch(table, East))),
        ("GetCachedEmbeddings", table => Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery(table, "a", "text", 1, 1))),
        ("CreateMemories", table => Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room }, table)),
        ("UpsertMemories", table => Adapter.UpsertMemoryAsync(new Memory { Id = Id(1), RoomId = room }, table)),
        ("DeleteAllMemories", table => Adapter.DeleteAllMemoriesAsync(room, table)),
        ("StreamStaleMemories", table => DrainAsync(Adapter.StreamStaleMemoriesAsync(table))),
    ];

    [Fact]
    public async Task A_table_name_that_is_null_empty_or_too_long_is_refused()
    {
        var room = await NewRoomAsync();
        string[] names = ["", new('x', 257), new('é', 129), new string('鍵', 85) + "ab", null!];

        foreach (var (name, call) in CallsWithTableName(room))
        {
            foreach (var table in names)
            {
                var error = await Record.ExceptionAsync(() => call(table));
                Assert.True(error is InvalidInputException, $"{name}(\"{table}\") gave {error?.GetType().Name ?? "an answer"}.");
            }
        }
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetMemoriesByIdsAsync([Id(1)], ""));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetMemoriesByIdsAsync([Id(1)], new string('x', 257)));
        Assert.Null(await Adapter.GetMemoryByIdAsync(Id(1)));
    }

    [Fact]
    public async Task A_table_name_may_have_256_bytes_and_any_characters()
    {
        var room = await NewRoomAsync();
        var number = 0;
        foreach (var table in new[] { new('x', 256), new('é', 128), new string('鍵', 85) + "x", "a", " ", "Messages", "messages ", "'; DROP TABLE memories; --", "a%_\n\"\\😀" })
        {
            var id = Id(++number);
            await Adapter.CreateMemoryAsync(new Memory { Id = id, RoomId = room, Embedding = East, Content = Content.FromText("abc") }, table);

            Assert.Equal(table, Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(table))).TableName);
            Assert.Equal(id, Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(table, East))).Id);
            Assert.Equal(1, await Adapter.CountMemoriesAsync(room, table, uniqueOnly: false));
            Assert.Equal(id, Assert.Single(await Adapter.GetMemoriesByIdsAsync([id], table)).Id);
            Assert.Equal(id, Assert.Single(await Adapter.GetMemoriesByRoomIdsAsync([room], table)).Id);
            Assert.Single(await Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery(table, "abc", "text", 0, 1)));
        }
        Assert.Equal(1, await Adapter.DeleteAllMemoriesAsync(room, "'; DROP TABLE memories; --"));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery("messages")));
    }

    // ---- Counts and offsets ----

    private (string Name, Func<int, Task<int>> Call)[] CallsWithCount(Guid room, Guid world) =>
    [
        ("GetMemories", count => CountAsync(Adapter.GetMemoriesAsync(new MemoryQuery("messages") { Count = count }))),
        ("StreamMemories", count => CountAsync(Adapter.StreamMemoriesAsync(new MemoryQuery("messages") { Count = count }))),
        ("GetMemoriesByRoomIds", count => CountAsync(Adapter.GetMemoriesByRoomIdsAsync([room], "messages", count))),
        ("GetMemoriesByWorldId", count => CountAsync(Adapter.GetMemoriesByWorldIdAsync(world, count))),
        ("SearchMemories", count => CountAsync(Adapter.SearchMemoriesAsync(new MemorySearch("messages", East) { Count = count }))),
        ("SearchMemories, exact", count => CountAsync(Adapter.SearchMemoriesAsync(new MemorySearch("messages", East) { Count = count, Mode = SearchMode.Exact }))),
        ("GetCachedEmbeddings", count => CountAsync(Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery("messages", "a", "text", 5, count)))),
        ("SearchEntitiesByName", count => CountAsync(Adapter.SearchEntitiesByNameAsync("", null, count))),
        ("GetLogs", count => CountAsync(Adapter.GetLogsAsync(new LogQuery { Count = count }))),
        ("StreamLogs", count => CountAsync(Adapter.StreamLogsAsync(new LogQuery { Count = count }))),
        ("GetAgentRunSummaries", async count => (await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery { Count = count })).Runs.Count),
    ];

    [Fact]
    public async Task A_negative_count_is_refused_zero_is_none_and_a_large_one_is_all()
    {
        var world = await Adapter.CreateWorldAsync(new World());
        var room = await NewRoomAsync(worldId: world);
        var entity = await NewEntityAsync();
        foreach (var i in Enumerable.Range(1, 3))
        {
            await Adapter.CreateMemoryAsync(new Memory { RoomId = room, Embedding = East, Content = Content.FromText("b"), Unique = true }, "messages");
            await NewEntityAsync();
            await Adapter.LogAsync(new LogEntry { EntityId = entity, RoomId = room, Type = "run_event", Body = new LogBody { RunId = $"{i}", Status = "started" } });
        }

        foreach (var (name, call) in CallsWithCount(room, world))
        {
            foreach (var count in new[] { -1, int.MinValue })
            {
                var error = await Record.ExceptionAsync(() => call(count));
                Assert.True(error is InvalidInputException { Value: int value } && value == count, $"{name}, count {count}, gave {error?.Message ?? "an answer"}.");
            }
            Assert.Equal((name, 0), (name, await call(0)));
            Assert.Equal((name, 1), (name, await call(1)));
            Assert.Equal((name, name == "SearchEntitiesByName" ? 4 : 3), (name, await call(int.MaxValue)));
        }
    }

    [Fact]
    public async Task A_negative_offset_is_refused_and_a_large_one_leaves_nothing()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { RoomId = room }, "messages");
        foreach (var offset in new[] { -1, int.MinValue })
        {
            foreach (var call in new Func<Task>[]
            {
                () => Adapter.GetMemoriesAsync(new MemoryQuery("messages") { Offset = offset }),
                () => DrainAsync(Adapter.StreamMemoriesAsync(new MemoryQuery("messages") { Offset = offset })),
                () => Adapter.GetLogsAsync(new LogQuery { Offset = offset }),
                () => DrainAsync(Adapter.StreamLogsAsync(new LogQuery { Offset = offset })),
            })
            {
                Assert.Equal("offset", (await Assert.ThrowsAsync<InvalidInputException>(call)).Parameter);
            }
        }
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { Offset = int.MaxValue }));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { Offset = int.MaxValue, Count = int.MaxValue }));
        Assert.Empty(await Adapter.GetLogsAsync(new LogQuery { Offset = int.MaxValue, Count = int.MaxValue }));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public async Task A_threshold_that_is_no_number_is_refused(float threshold)
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { RoomId = room, Embedding = East }, "messages");

        foreach (var mode in new[] { SearchMode.Auto, SearchMode.Exact })
        {
            var error = await Assert.ThrowsAsync<InvalidInputException>(() =>
                Adapter.SearchMemoriesAsync(new MemorySearch("messages", East) { Threshold = threshold, Mode = mode }));
            Assert.Equal("threshold", error.Parameter);
        }
    }

    [Fact]
    public async Task A_negative_number_of_edits_is_refused() =>
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery("messages", "a", "text", -1, 1)));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4001)]
    [InlineData(int.MaxValue)]
    public async Task A_dimension_out_of_range_is_refused(int dimension)
    {
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.EnsureEmbeddingDimensionAsync(dimension));

        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
    }

    // ---- Embeddings ----

    [Fact]
    public async Task A_bad_embedding_is_refused_with_the_whole_batch_by_every_write_and_by_a_search()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, Embedding = East, Content = Content.FromText("before") }, "messages");

        foreach (var (embedding, expected) in new (float[], Type)[]
        {
            ([1, float.NaN], typeof(InvalidEmbeddingException)),
            ([float.PositiveInfinity, 1], typeof(InvalidEmbeddingException)),
            ([1, float.NegativeInfinity], typeof(InvalidEmbeddingException)),
            ([1e-13f, 0], typeof(InvalidEmbeddingException)),
            ([1e13f, 0], typeof(InvalidEmbeddingException)),
            ([1], typeof(DimensionMismatchException)),
            ([1, 0, 0], typeof(DimensionMismatchException)),
            ([], typeof(InvalidInputException)),
            (new float[4001], typeof(InvalidInputException)),
        })
        {
            var bad = new Memory { Id = Id(3), RoomId = room, Embedding = embedding };
            foreach (var (name, call) in new (string, Func<Task>)[]
            {
                ("create", () => Adapter.CreateMemoriesAsync([new Memory { Id = Id(2), RoomId = room, Embedding = East }, bad], "messages")),
                ("create, decided", () => Adapter.CreateMemoryAsync(bad, "messages", unique: true)),
                ("upsert", () => Adapter.UpsertMemoriesAsync([new Memory { Id = Id(1), RoomId = room, Content = Content.FromText("after") }, bad], "messages")),
                ("update", () => Adapter.UpdateMemoriesAsync([new(Id(1)) { Content = Content.FromText("after") }, new(Id(1)) { Embedding = embedding }])),
                ("search", () => Adapter.SearchMemoriesAsync(new MemorySearch("messages", embedding))),
            })
            {
                var error = await Record.ExceptionAsync(call);
                Assert.True(expected.IsInstanceOfType(error), $"{name} of [{string.Join(", ", embedding.Take(3))}] gave {error?.GetType().Name ?? "an answer"}.");
            }
        }
        Assert.Equal("before", Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery("messages"))).Content.Text);
    }

    [Fact]
    public async Task An_error_names_the_component_the_norm_or_both_dimensions()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { RoomId = room, Embedding = East }, "messages");
        Task Create(params float[] embedding) => Adapter.CreateMemoryAsync(new Memory { RoomId = room, Embedding = embedding }, "messages");

        Assert.Equal(1, (await Assert.ThrowsAsync<InvalidEmbeddingException>(() => Create(1, float.NaN))).Index);
        Assert.Equal(1e13, (await Assert.ThrowsAsync<InvalidEmbeddingException>(() => Create(1e13f, 0))).Norm!.Value, 1e7);
        var mismatch = await Assert.ThrowsAsync<DimensionMismatchException>(() => Create(1, 2, 3));
        Assert.Equal((2, 3), (mismatch.ActiveDimension, mismatch.GivenDimension));
    }

    [Fact]
    public async Task A_zero_vector_means_no_embedding()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync(
            [new() { Id = Id(1), RoomId = room, Embedding = East }, new() { Id = Id(2), RoomId = room, Embedding = new float[2] }], "messages");

        Assert.Equal([Id(1)], (await Adapter.SearchMemoriesAsync(new MemorySearch("messages", East) { Threshold = -1 })).Select(memory => memory.Id));
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch("messages", new float[2])));
        Assert.Null((await Adapter.GetMemoryByIdAsync(Id(2)))!.Embedding);
    }

    // ---- Unknown and repeated ids ----

    [Fact]
    public async Task Reading_unknown_ids_finds_nothing()
    {
        var id = Id(99);

        Assert.Null(await Adapter.GetAgentAsync(id));
        Assert.Null(await Adapter.GetEntityByIdAsync(id));
        Assert.Empty(await Adapter.GetEntitiesForRoomAsync(id, includeComponents: true));
        Assert.Empty(await Adapter.GetComponentsAsync(new ComponentQuery(id)));
        Assert.Null(await Adapter.GetMemoryByIdAsync(id));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = id }));
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { WorldId = id, EntityId = id, AgentId = id }));
        Assert.Empty(await Adapter.GetMemoriesByRoomIdsAsync([id], "messages"));
        Assert.Empty(await Adapter.GetMemoriesByWorldIdAsync(id));
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch("messages", East) { RoomId = id }));
        Assert.Equal(0, await Adapter.CountMemoriesAsync(id, "messages"));
        Assert.Empty(await Adapter.GetLogsAsync(new LogQuery { RoomId = id, EntityId = id }));
        Assert.Null(await Adapter.GetWorldAsync(id));
        Assert.Null(await Adapter.GetRoomAsync(id));
        Assert.Empty(await Adapter.GetRoomsByWorldAsync(id));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(id));
        Assert.Empty(await Adapter.GetParticipantsForEntityAsync(id));
        Assert.Empty(await Adapter.GetRoomsForParticipantAsync(id));
        Assert.Null(await Adapter.GetRelationshipAsync(id, id));
        Assert.Null(await Adapter.GetTaskAsync(id));
    }

    [Fact]
    public async Task Changing_and_removing_unknown_ids_changes_nothing_and_says_so()
    {
        var id = Id(99);

        Assert.False(await Adapter.UpdateAgentAsync(new AgentUpdate(id) { Name = "x" }));
        Assert.False(await Adapter.UpdateEntityAsync(new Entity { Id = id }));
        Assert.False(await Adapter.UpdateComponentAsync(new ComponentUpdate(id) { Type = "x" }));
        Assert.False(await Adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Content = Content.FromText("x"), Embedding = East }));
        Assert.False(await Adapter.UpdateWorldAsync(new WorldUpdate(id) { Name = "x" }));
        Assert.False(await Adapter.UpdateRoomAsync(new RoomUpdate(id) { Name = "x" }));
        Assert.False(await Adapter.UpdateRelationshipAsync(new RelationshipUpdate(id)));
        Assert.False(await Adapter.UpdateTaskAsync(new AgentTaskUpdate(id) { Name = "x" }));
        Assert.Equal(0, await Adapter.SetParticipantUserStateAsync(id, id, ParticipantUserState.Muted));
        Assert.False(await Adapter.DeleteAgentAsync(id));
        Assert.False(await Adapter.DeleteEntityAsync(id));
        Assert.False(await Adapter.DeleteComponentAsync(id));
        Assert.False(await Adapter.DeleteMemoryAsync(id));
        Assert.Equal(0, await Adapter.DeleteAllMemoriesAsync(id, "messages"));
        Assert.False(await Adapter.DeleteLogAsync(id));
        Assert.False(await Adapter.RemoveWorldAsync(id));
        Assert.False(await Adapter.DeleteRoomAsync(id));
        Assert.Equal(0, await Adapter.DeleteRoomsByWorldIdAsync(id));
        Assert.False(await Adapter.RemoveParticipantAsync(id, id));
        Assert.Equal(0, await Adapter.DeleteRelationshipsAsync([id]));
        Assert.False(await Adapter.DeleteTaskAsync(id));
        Assert.False(await Adapter.DeleteCacheAsync("unknown"));

        Assert.Equal(2, await Adapter.CountAgentsAsync());
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task A_row_changed_twice_in_one_call_counts_once_and_the_last_change_wins()
    {
        var id = Id(1);
        var entity = await NewEntityAsync();
        var room = await NewRoomAsync();
        await Adapter.CreateMemoryAsync(new Memory { Id = id, RoomId = room }, "messages");
        await Adapter.CreateWorldAsync(new World { Id = id });
        await Adapter.CreateComponentAsync(new Component { Id = id, EntityId = entity, RoomId = room, Type = "t" });
        await Adapter.CreateRelationshipAsync(new Relationship { Id = id, SourceEntityId = entity, TargetEntityId = entity });
        await Adapter.CreateTaskAsync(new AgentTask { Id = id, Name = "n", WorldId = id });

        Assert.Equal(1, await Adapter.UpdateAgentsAsync([new(AgentId) { Name = "a" }, new(AgentId) { Name = "b" }]));
        Assert.Equal(1, await Adapter.UpdateEntitiesAsync([new() { Id = entity, Names = ["a"] }, new() { Id = entity, Names = ["b"] }]));
        Assert.Equal(1, await Adapter.UpdateComponentsAsync([new(id) { Type = "a" }, new(id) { Type = "b" }]));
        Assert.Equal(1, await Adapter.UpdateMemoriesAsync([new(id) { Content = Content.FromText("a") }, new(id) { Content = Content.FromText("b") }]));
        Assert.Equal(1, await Adapter.UpdateWorldsAsync([new(id) { Name = "a" }, new(id) { Name = "b" }]));
        Assert.Equal(1, await Adapter.UpdateRoomsAsync([new(room) { Name = "a" }, new(room) { Name = "b" }]));
        Assert.Equal(1, await Adapter.UpdateRelationshipsAsync([new(id) { Tags = ["a"] }, new(id) { Tags = ["b"] }]));
        Assert.Equal(1, await Adapter.UpdateTasksAsync([new(id) { Name = "a" }, new(id) { Name = "b" }]));

        Assert.Equal("b", (await Adapter.GetAgentAsync(AgentId))!.Name);
        Assert.Equal(["b"], (await Adapter.GetEntityByIdAsync(entity))!.Names);
        Assert.Equal("b", Assert.Single(await Adapter.GetComponentsAsync(new ComponentQuery(entity))).Type);
        Assert.Equal("b", (await Adapter.GetMemoryByIdAsync(id))!.Content.Text);
        Assert.Equal("b", (await Adapter.GetWorldAsync(id))!.Name);
        Assert.Equal("b", (await Adapter.GetRoomAsync(room))!.Name);
        Assert.Equal(["b"], (await Adapter.GetRelationshipAsync(entity, entity))!.Tags);
        Assert.Equal("b", (await Adapter.GetTaskAsync(id))!.Name);
    }

    [Fact]
    public async Task Of_repeated_ids_in_one_create_the_first_is_stored()
    {
        var entity = await NewEntityAsync();
        var room = await NewRoomAsync();
        var id = Id(1);
        CreateOutcome[] expected = [CreateOutcome.Created, CreateOutcome.Existed];

        var agents = await Adapter.CreateAgentsAsync([new() { Id = id, Name = "first" }, new() { Id = id, Name = "second" }]);
        var entities = await Adapter.CreateEntitiesAsync([new() { Id = id, Names = ["first"] }, new() { Id = id, Names = ["second"] }]);
        var worlds = await Adapter.CreateWorldsAsync([new() { Id = id, Name = "first" }, new() { Id = id, Name = "second" }]);
        var rooms = await Adapter.CreateRoomsAsync(
            [new() { Id = id, Source = "first", Type = "t" }, new() { Id = id, Source = "second", Type = "t" }]);
        var components = await Adapter.CreateComponentsAsync(
            [new() { Id = id, EntityId = entity, RoomId = room, Type = "first" }, new() { Id = id, EntityId = entity, RoomId = room, Type = "second" }]);
        var memories = await Adapter.CreateMemoriesAsync(
            [
                new() { Id = id, RoomId = room, Content = Content.FromText("first"), Embedding = East },
                new() { Id = id, RoomId = room, Content = Content.FromText("second"), Embedding = new float[] { 0, 1 } },
            ],
            "messages");
        var tasks = await Adapter.CreateTasksAsync([new() { Id = id, Name = "first", WorldId = id }, new() { Id = id, Name = "second", WorldId = id }]);
        var logs = await Adapter.CreateLogsAsync(
            [new() { Id = id, EntityId = entity, RoomId = room, Type = "first" }, new() { Id = id, EntityId = entity, RoomId = room, Type = "second" }]);
        var relationships = await Adapter.CreateRelationshipsAsync(
        [
            new() { Id = id, SourceEntityId = entity, TargetEntityId = id, Tags = ["first"] },
            new() { Id = id, SourceEntityId = id, TargetEntityId = entity, Tags = ["second"] },
        ]);
        var participants = await Adapter.AddParticipantsAsync([entity, entity], room);

        foreach (var results in new[] { agents, entities, worlds, rooms, components, tasks, logs, relationships, participants })
        {
            Assert.Equal(expected, results.Select(result => result.Outcome));
            Assert.Equal(results[0].Id, results[1].Id);
        }
        Assert.Equal([new(id, CreateOutcome.Created, true), new(id, CreateOutcome.Existed, true)], memories);
        Assert.Equal("first", (await Adapter.GetAgentAsync(id))!.Name);
        Assert.Equal(["first"], (await Adapter.GetEntityByIdAsync(id))!.Names);
        Assert.Equal("first", (await Adapter.GetWorldAsync(id))!.Name);
        Assert.Equal("first", (await Adapter.GetRoomAsync(id))!.Source);
        Assert.Equal("first", Assert.Single(await Adapter.GetComponentsAsync(new ComponentQuery(entity))).Type);
        var memory = (await Adapter.GetMemoryByIdAsync(id))!;
        Assert.Equal("first", memory.Content.Text);
        Assert.Equal(East, memory.Embedding!.Value.ToArray());
        Assert.Equal("first", (await Adapter.GetTaskAsync(id))!.Name);
        Assert.Equal("first", Assert.Single(await Adapter.GetLogsAsync(new LogQuery())).Type);
        Assert.Equal(["first"], Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery())).Tags);
    }

    [Fact]
    public async Task The_empty_id_is_an_id_like_any_other()
    {
        var id = Guid.Empty;
        await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateMemoryAsync(new Memory { RoomId = id }, "messages"));
        await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.AddParticipantAsync(id, id));
        Assert.False(await Adapter.DeleteEntityAsync(id));

        Assert.True(await Adapter.CreateAgentAsync(new Agent { Id = id, Name = "nobody" }));
        var adapter = Database.ForAgent(id);
        await adapter.InitializeAsync();
        Assert.True(await adapter.CreateEntityAsync(new Entity { Id = id }));
        await adapter.CreateWorldAsync(new World { Id = id });
        await adapter.CreateRoomAsync(new Room { Id = id, Source = "s", Type = "t", WorldId = id });
        await adapter.AddParticipantAsync(id, id);
        await adapter.CreateMemoryAsync(new Memory { Id = id, RoomId = id, EntityId = id, WorldId = id, Embedding = East }, "messages");
        await adapter.CreateComponentAsync(new Component { Id = id, EntityId = id, RoomId = id, WorldId = id, SourceEntityId = id, Type = "t" });
        await adapter.CreateTaskAsync(new AgentTask { Id = id, Name = "n", WorldId = id, RoomId = id, EntityId = id });
        await adapter.CreateTaskAsync(new AgentTask { Id = Id(1), Name = "n", WorldId = id });

        Assert.Equal(id, (await adapter.GetEntityByIdAsync(id))!.AgentId);
        Assert.Equal([id], (await adapter.GetRoomsByWorldAsync(id)).Select(room => room.Id));
        Assert.Equal([id], await adapter.GetParticipantsForRoomAsync(id));
        Assert.Equal(id, Assert.Single(await adapter.SearchMemoriesAsync(new MemorySearch("messages", East) { RoomId = id, WorldId = id, EntityId = id })).Id);
        Assert.Single(await adapter.GetComponentsAsync(new ComponentQuery(id) { WorldId = id, SourceEntityId = id }));
        Assert.Equal([id], (await adapter.GetTasksAsync(new TaskQuery { RoomId = id, EntityId = id })).Select(task => task.Id));
        Assert.Equal(2, (await adapter.GetTasksAsync(new TaskQuery())).Count);
    }

    // ---- Size ----

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_row_over_64_MiB_is_refused_and_nothing_of_it_stays()
    {
        var entity = await NewEntityAsync();
        var room = await NewRoomAsync();
        var huge = Json.From(new string('x', Limits.MaxRowBytes)); // Its quotes make it two bytes too long.
        var text = new string('é', (Limits.MaxRowBytes / 2) + 1);

        foreach (var (name, call) in new (string, Func<Task>)[]
        {
            ("cache", () => Adapter.SetCacheAsync("key", huge)),
            ("agents", () => Adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Bio = huge })),
            ("entities", () => Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["a", text] })),
            ("worlds", () => Adapter.CreateWorldAsync(new World { Id = Id(1), Name = text })),
            ("rooms", () => Adapter.UpdateRoomAsync(new RoomUpdate(room) { Name = text })),
            ("components", () => Adapter.CreateComponentAsync(new Component { EntityId = entity, RoomId = room, Type = text })),
            ("relationships", () => Adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = entity, TargetEntityId = entity, Tags = [text] })),
            ("tasks", () => Adapter.CreateTaskAsync(new AgentTask { Id = Id(1), Name = "n", Description = text, WorldId = Id(1) })),
            ("logs", () => Adapter.LogAsync(new LogEntry { EntityId = entity, RoomId = room, Type = text })),
        })
        {
            var error = await Record.ExceptionAsync(call);
            Assert.True(
                error is RowTooLargeException { Bytes: > Limits.MaxRowBytes and < Limits.MaxRowBytes + 100 }, $"{name} gave {error?.Message ?? "an answer"}.");
        }
        Assert.Null(await Adapter.GetCacheAsync("key"));
        Assert.Null((await Adapter.GetRoomAsync(room))!.Name);
        Assert.Equal(Json.EmptyArray, (await Adapter.GetAgentAsync(AgentId))!.Bio);
        Assert.Null(await Adapter.GetEntityByIdAsync(Id(1)));
        Assert.Null(await Adapter.GetTaskAsync(Id(1)));
        Assert.Equal(0, await Adapter.CountLogsAsync(new LogQuery()));
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_memory_of_nearly_64_MiB_is_stored_and_one_over_it_is_not()
    {
        var room = await NewRoomAsync();
        var text = new string('x', Limits.MaxRowBytes - 100);
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, Content = Content.FromText(text) }, "messages");

        var over = Content.FromText(text + new string('x', 100));
        var error = await Assert.ThrowsAsync<RowTooLargeException>(() =>
            Adapter.CreateMemoriesAsync([new() { Id = Id(2), RoomId = room }, new() { Id = Id(3), RoomId = room, Content = over }], "messages"));
        Assert.Equal(over.Json.Utf8.Length + 2, error.Bytes);
        await Assert.ThrowsAsync<RowTooLargeException>(() => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Content = over }));

        var stored = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery("messages")));
        Assert.True(stored.Content.Text == text, "The text of nearly 64 MiB differs.");
    }

    // On PostgreSQL such texts went as JSON, in which they are twice as long, and it was that which was measured.
    [Fact]
    [Trait("Speed", "Slow")]
    public async Task A_list_of_texts_is_as_large_as_its_texts_whatever_they_are_made_of()
    {
        var room = await NewRoomAsync();
        var (source, target) = (await NewEntityAsync(), await NewEntityAsync());
        string[] texts = [new('"', 40 << 20), "\\", "\u0001"];

        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = texts });
        AssertTexts((await Adapter.GetEntityByIdAsync(Id(1)))!.Names);
        await Adapter.UpsertEntityAsync(new Entity { Id = Id(1), Names = ["a"] });
        await Adapter.UpsertEntityAsync(new Entity { Id = Id(1), Names = texts });
        AssertTexts((await Adapter.GetEntityByIdAsync(Id(1)))!.Names);
        await Adapter.CreateTaskAsync(new AgentTask { Id = Id(2), Name = "n", RoomId = room, WorldId = Id(3), Tags = texts });
        AssertTexts((await Adapter.GetTaskAsync(Id(2)))!.Tags);
        await Adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = source, TargetEntityId = target, Tags = texts });
        AssertTexts((await Adapter.GetRelationshipAsync(source, target))!.Tags);

        void AssertTexts(IReadOnlyList<string> stored) => Assert.True(texts.SequenceEqual(stored), "They differ.");
    }

    // ---- Text and JSON ----

    [Fact]
    public async Task U0000_and_lone_surrogates_become_replacement_characters_in_every_text()
    {
        await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = Dirty, Username = Dirty, System = Dirty, Bio = Json.From(Dirty) });
        var agent = (await Adapter.GetAgentAsync(Id(1)))!;
        Assert.Equal((Clean, Clean, Clean, Json.From(Clean)), (agent.Name, agent.Username, agent.System, agent.Bio));

        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["plain", Dirty], Metadata = Json.ObjectOf((Dirty, Json.From(Dirty))) });
        var entity = (await Adapter.GetEntityByIdAsync(Id(1)))!;
        Assert.Equal(["plain", Clean], entity.Names);
        Assert.Equal(Json.ObjectOf((Clean, Json.From(Clean))), entity.Metadata);

        await Adapter.CreateWorldAsync(new World { Id = Id(1), Name = Dirty });
        Assert.Equal(Clean, (await Adapter.GetWorldAsync(Id(1)))!.Name);

        await Adapter.CreateRoomAsync(new Room { Id = Id(1), Name = Dirty, Source = Dirty, Type = Dirty, ChannelId = Dirty });
        var room = (await Adapter.GetRoomAsync(Id(1)))!;
        Assert.Equal((Clean, Clean, Clean, Clean), (room.Name, room.Source, room.Type, room.ChannelId));

        await Adapter.CreateComponentAsync(new Component { EntityId = Id(1), RoomId = Id(1), Type = Dirty });
        Assert.Equal(Clean, (await Adapter.GetComponentAsync(Id(1), Dirty))!.Type);

        await Adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = Id(1), TargetEntityId = Id(1), Tags = [Dirty] });
        Assert.Equal([Clean], Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery { Tags = [Dirty] })).Tags);

        await Adapter.CreateTaskAsync(new AgentTask { Name = Dirty, Description = Dirty, Tags = [Dirty], WorldId = Id(1) });
        var task = Assert.Single(await Adapter.GetTasksAsync(new TaskQuery { Name = Dirty, Tags = [Dirty] }));
        Assert.Equal((Clean, Clean, Clean), (task.Name, task.Description, Assert.Single(task.Tags)));

        await Adapter.LogAsync(new LogEntry { EntityId = Id(1), RoomId = Id(1), Type = Dirty, Body = new LogBody { RunId = Dirty } });
        var entry = Assert.Single(await Adapter.GetLogsAsync(new LogQuery { Type = Dirty }));
        Assert.Equal((Clean, Clean), (entry.Type, entry.Body.RunId));

        await Adapter.SetCacheAsync(Dirty, Json.From(Dirty));
        Assert.Equal(Json.From(Clean), await Adapter.GetCacheAsync(Dirty));
        Assert.Equal(Json.From(Clean), await Adapter.GetCacheAsync(Clean));

        await Adapter.CreateMemoryAsync(new Memory { RoomId = Id(1), Content = Content.FromText(Dirty), Embedding = East }, Dirty);
        var memory = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Dirty)));
        Assert.Equal((Clean, Clean), (memory.TableName, memory.Content.Text));
    }

    [Fact]
    public async Task A_text_is_found_with_its_U0000_and_lone_surrogates_too()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = [Dirty] });
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, Content = Content.FromText(Dirty), Embedding = East }, "messages");

        Assert.Equal(Id(1), Assert.Single(await Adapter.GetEntitiesByNamesAsync([Dirty])).Id);
        Assert.Equal(Id(1), Assert.Single(await Adapter.SearchEntitiesByNameAsync("\0Y")).Id);
        Assert.Equal(0, Assert.Single(await Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery("messages", Dirty, "text", 0, 1))).LevenshteinScore);
        Assert.Equal(CreateOutcome.Existed, (await Adapter.UpsertEntityAsync(new Entity { Id = Id(1), Names = [Dirty, Clean] })).Outcome);
        Assert.Equal([Clean, Clean], (await Adapter.GetEntityByIdAsync(Id(1)))!.Names);
    }

    [Fact]
    public async Task JSON_of_64_levels_is_stored_and_malformed_or_deeper_JSON_cannot_be_made()
    {
        static string Nested(int levels) => string.Concat(Enumerable.Repeat("{\"a\":", levels - 1)) + "{}" + new string('}', levels - 1);
        var room = await NewRoomAsync();
        var deepest = Json.Parse(Nested(64));

        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, Content = new Content(deepest), Metadata = new MemoryMetadata(deepest) }, "messages");
        await Adapter.SetCacheAsync("key", deepest);

        var memory = (await Adapter.GetMemoryByIdAsync(Id(1)))!;
        Assert.Equal((deepest, deepest, deepest), (memory.Content.Json, memory.Metadata!.Json, await Adapter.GetCacheAsync("key")));
        Assert.Throws<InvalidJsonException>(() => Json.Parse(Nested(65)));
        foreach (var text in new[] { "", "{", "{\"a\":}", "[1,]", "nul", "{'a':1}", "1 1" }) Assert.Throws<InvalidJsonException>(() => Json.Parse(text));
    }

    [Fact]
    public async Task Merging_settings_beyond_64_levels_cannot_be_asked_for()
    {
        var deepest = Json.Parse(string.Concat(Enumerable.Repeat("{\"a\":", 63)) + "{\"b\":1}" + new string('}', 63));
        await Adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Settings = Json.Parse("""{"a":{"c":1}}""") });

        await Adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Settings = deepest });

        Assert.Equal(deepest["a"]!.With("c", Json.From(1)), (await Adapter.GetAgentAsync(AgentId))!.Settings!["a"]);
    }

    [Fact]
    public async Task JSON_columns_that_hold_objects_refuse_anything_else()
    {
        var entity = await NewEntityAsync();
        var room = await NewRoomAsync();
        foreach (var json in new[] { Json.EmptyArray, Json.Null, Json.From(1), Json.From("{}") })
        {
            foreach (var (name, call) in new (string, Func<Task>)[]
            {
                ("agents.settings", () => Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "a", Settings = json })),
                ("agents.settings, updated", () => Adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Settings = json })),
                ("agents.style", () => Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "a", Style = json })),
                ("entities.metadata", () => Adapter.CreateEntityAsync(new Entity { Id = Id(1), Metadata = json })),
                ("components.data", () => Adapter.CreateComponentAsync(new Component { EntityId = entity, RoomId = room, Type = "t", Data = json })),
                ("rooms.metadata", () => Adapter.CreateRoomAsync(new Room { Id = Id(1), Source = "s", Type = "t", Metadata = json })),
                ("rooms.metadata, updated", () => Adapter.UpdateRoomAsync(new RoomUpdate(room) { Metadata = json })),
                ("relationships.metadata", () => Adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = entity, TargetEntityId = entity, Metadata = json })),
            })
            {
                var error = await Record.ExceptionAsync(call);
                Assert.True(error is InvalidInputException, $"{name} of {json} gave {error?.GetType().Name ?? "an answer"}.");
            }
        }
        Assert.Null(await Adapter.GetAgentAsync(Id(1)));
        Assert.Null(await Adapter.GetEntityByIdAsync(Id(1)));
        Assert.Empty(await Adapter.GetRelationshipsAsync(new RelationshipQuery()));
    }

    [Fact]
    public async Task A_fragment_without_document_or_position_and_a_document_without_time_are_refused()
    {
        var room = await NewRoomAsync();
        var good = new MemoryMetadata { Type = MemoryTypes.Fragment, DocumentId = Id(9), Position = 0 };
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, Metadata = good }, "knowledge");

        foreach (var bad in new MemoryMetadata[]
        {
            new() { Type = MemoryTypes.Fragment },
            new() { Type = MemoryTypes.Fragment, DocumentId = Id(9) },
            new() { Type = MemoryTypes.Fragment, Position = 0 },
            new() { Type = MemoryTypes.Document },
        })
        {
            var memory = new Memory { Id = Id(3), RoomId = room, Metadata = bad };
            foreach (var call in new Func<Task>[]
            {
                () => Adapter.CreateMemoriesAsync([new() { Id = Id(2), RoomId = room }, memory], "knowledge"),
                () => Adapter.UpsertMemoriesAsync([new() { Id = Id(2), RoomId = room }, memory], "knowledge"),
                () => Adapter.UpdateMemoriesAsync([new(Id(1)) { Content = Content.FromText("changed") }, new(Id(1)) { Metadata = bad }]),
            })
            {
                Assert.Equal("metadata", (await Assert.ThrowsAsync<InvalidInputException>(call)).Parameter);
            }
        }
        var stored = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery("knowledge")));
        Assert.Equal((Id(1), good, (string?)null), (stored.Id, stored.Metadata!, stored.Content.Text));

        var document = new MemoryMetadata { Type = MemoryTypes.Document, Timestamp = DateTimeOffset.UnixEpoch };
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(4), RoomId = room, Metadata = document }, "documents");
        Assert.Equal(document, (await Adapter.GetMemoryByIdAsync(Id(4)))!.Metadata);
    }

    public static TheoryData<string> Attacks =>
    [
        "'; DROP TABLE memories; --", "' OR '1'='1", "\"; DELETE FROM agents; --", "\\'; --", "$1", "@p0", ":name", "?", "{0}", "%s", "%_%", "E'\\x41'",
        "/* comment */", "NULL", "null", "DEFAULT", "array[1]", "{a,b}", "{\"a\"}", "a,b", "\\N", "\\", "`x`", "<script>", "$$x$$", "\r\n\t\v", "\u202e reversed", "İıſK", "😀",
        " ", "",
    ];

    [Theory]
    [MemberData(nameof(Attacks))]
    public Task Any_text_is_only_a_text_wherever_it_stands(string text) => ExpectOnlyATextAsync(text);

    [Fact]
    public async Task A_text_too_long_for_an_index_entry_is_stored_and_found_like_any_other()
    {
        const int Seed = 20260105;
        var random = new Random(Seed); // Noise, so that no compression makes it short.

        await ExpectOnlyATextAsync(new string([.. Enumerable.Range(0, 20_000).Select(_ => (char)random.Next(0xA1, 0x2FFF))]));
    }

    // Puts a text wherever one can stand, and finds it by every call that takes one.
    private async Task ExpectOnlyATextAsync(string text)
    {
        await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = text, Username = text, System = text, Bio = Json.From(text) });
        var agent = (await Adapter.GetAgentAsync(Id(1)))!;
        Assert.Equal((text, text, text, Json.From(text)), (agent.Name, agent.Username, agent.System, agent.Bio));

        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), Names = ["other", text] });
        Assert.Equal(["other", text], Assert.Single(await Adapter.GetEntitiesByNamesAsync([text])).Names);
        Assert.Equal(Id(1), Assert.Single(await Adapter.SearchEntitiesByNameAsync(text)).Id);

        await Adapter.CreateWorldAsync(new World { Id = Id(1), Name = text });
        Assert.Equal(text, (await Adapter.GetWorldAsync(Id(1)))!.Name);

        await Adapter.CreateRoomAsync(new Room { Id = Id(1), Name = text, Source = text, Type = text, ChannelId = text });
        var room = (await Adapter.GetRoomAsync(Id(1)))!;
        Assert.Equal((text, text, text, text), (room.Name, room.Source, room.Type, room.ChannelId));

        await Adapter.CreateComponentAsync(new Component { Id = Id(1), EntityId = Id(1), RoomId = Id(1), Type = text, Data = Json.ObjectOf((text, Json.From(text))) });
        Assert.Equal(Json.From(text), (await Adapter.GetComponentAsync(Id(1), text))!.Data![text]);
        Assert.Equal(CreateOutcome.Existed, (await Adapter.UpsertComponentAsync(new Component { EntityId = Id(1), RoomId = Id(1), Type = text })).Outcome);

        await Adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = Id(1), TargetEntityId = Id(1), Tags = ["a", text] });
        Assert.Equal(["a", text], Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery { Tags = [text] })).Tags);

        await Adapter.CreateTaskAsync(new AgentTask { Id = Id(1), Name = text, Description = text, Tags = [text, "b"], WorldId = Id(1) });
        var task = Assert.Single(await Adapter.GetTasksAsync(new TaskQuery { Name = text, Tags = ["b", text] }));
        Assert.Equal((text, text), (task.Name, task.Description));
        Assert.Equal([text, "b"], task.Tags);

        await Adapter.LogAsync(new LogEntry { EntityId = Id(1), RoomId = Id(1), Type = text, Body = new LogBody { RunId = text } });
        Assert.Equal(text, Assert.Single(await Adapter.GetLogsAsync(new LogQuery { Type = text })).Body.RunId);
        await Adapter.LogAsync(new LogEntry { EntityId = Id(1), RoomId = Id(1), Type = "run_event", Body = new LogBody { RunId = text, Status = "started" } });
        Assert.Equal(text, Assert.Single((await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery())).Runs).RunId);

        if (text.Length is > 0 and <= 64)
        {
            await Adapter.SetCacheAsync(text, Json.From(text));
            Assert.Equal(Json.From(text), (await Adapter.GetCacheAsync([text]))[text]);
            await Adapter.CreateMemoryAsync(
                new Memory { Id = Id(1), RoomId = Id(1), Content = new Content { Text = text, [text] = Json.From(text) }, Embedding = East }, text);
            Assert.Equal(text, Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(text))).Content.Text);
            Assert.Equal(0, Assert.Single(await Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery(text, text, text, 0, 5))).LevenshteinScore);
            Assert.Equal(1, await Adapter.DeleteAllMemoriesAsync(Id(1), text));
            Assert.True(await Adapter.DeleteCacheAsync(text));
        }
        Assert.Equal(3, await Adapter.CountAgentsAsync());
    }

    // ---- Times ----

    public static TheoryData<DateTimeOffset> Moments =>
    [
        DateTimeOffset.UnixEpoch,
        DateTimeOffset.UnixEpoch.AddMilliseconds(-1),
        new DateTimeOffset(1969, 7, 20, 20, 17, 40, 999, TimeSpan.Zero),
        DateTimeOffset.MinValue,
        DateTimeOffset.MinValue.AddMilliseconds(1),
        new DateTimeOffset(9999, 12, 31, 23, 59, 59, 999, TimeSpan.Zero),
    ];

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task Every_moment_from_year_1_to_year_9999_is_a_time(DateTimeOffset time)
    {
        var agent = new Agent { Id = Id(1), Name = "a", CreatedAt = time, UpdatedAt = time };
        await Adapter.CreateAgentAsync(agent);
        await Adapter.CreateEntityAsync(new Entity { Id = Id(1), CreatedAt = time });
        await Adapter.CreateWorldAsync(new World { Id = Id(1), CreatedAt = time });
        await Adapter.CreateRoomAsync(new Room { Id = Id(1), Source = "s", Type = "t", CreatedAt = time });
        await Adapter.CreateComponentAsync(new Component { EntityId = Id(1), RoomId = Id(1), Type = "t", CreatedAt = time });
        await Adapter.CreateRelationshipAsync(new Relationship { SourceEntityId = Id(1), TargetEntityId = Id(1), CreatedAt = time });
        await Adapter.CreateTaskAsync(new AgentTask { Id = Id(1), Name = "n", WorldId = Id(1), CreatedAt = time, UpdatedAt = time });
        await Adapter.LogAsync(new LogEntry { EntityId = Id(1), RoomId = Id(1), Type = "run_event", CreatedAt = time, Body = new LogBody { RunId = "r", Status = "error" } });
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = Id(1), CreatedAt = time }, "messages");

        var stored = (await Adapter.GetAgentAsync(Id(1)))!;
        var task = (await Adapter.GetTaskAsync(Id(1)))!;
        var run = Assert.Single((await Adapter.GetAgentRunSummariesAsync(new AgentRunQuery { From = time, To = time })).Runs);
        var between = new MemoryQuery("messages") { Start = time, End = time };
        Assert.Equal((time, time), (stored.CreatedAt, stored.UpdatedAt));
        Assert.Equal(time, (await Adapter.GetEntityByIdAsync(Id(1)))!.CreatedAt);
        Assert.Equal(time, (await Adapter.GetWorldAsync(Id(1)))!.CreatedAt);
        Assert.Equal(time, (await Adapter.GetRoomAsync(Id(1)))!.CreatedAt);
        Assert.Equal(time, (await Adapter.GetComponentAsync(Id(1), "t"))!.CreatedAt);
        Assert.Equal(time, (await Adapter.GetRelationshipAsync(Id(1), Id(1)))!.CreatedAt);
        Assert.Equal((time, time), (task.CreatedAt, task.UpdatedAt));
        Assert.Equal(time, Assert.Single(await Adapter.GetLogsAsync(new LogQuery())).CreatedAt);
        Assert.Equal((time, time, TimeSpan.Zero), (run.StartedAt, run.EndedAt, run.Duration));
        Assert.Equal((time, TimeSpan.Zero), (Assert.Single(await Adapter.GetMemoriesAsync(between)).CreatedAt, stored.CreatedAt!.Value.Offset));
    }

    [Fact]
    public async Task Times_are_cut_to_milliseconds_and_compared_across_the_whole_range()
    {
        var room = await NewRoomAsync();
        DateTimeOffset[] times =
        [
            DateTimeOffset.MinValue.AddTicks(9_999), DateTimeOffset.UnixEpoch.AddTicks(-1), DateTimeOffset.UnixEpoch.AddTicks(9_999), DateTimeOffset.MaxValue,
            new(2026, 1, 1, 5, 0, 0, TimeSpan.FromHours(5)),
        ];
        await Adapter.CreateMemoriesAsync([.. times.Select((time, i) => new Memory { Id = Id(i), RoomId = room, CreatedAt = time })], "messages");

        var all = await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { Start = DateTimeOffset.MinValue, End = DateTimeOffset.MaxValue });
        var before = await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { End = DateTimeOffset.UnixEpoch.AddTicks(-1) });
        var after = await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { Start = DateTimeOffset.UnixEpoch.AddTicks(1) });
        // elizaOS has 0 for both, which it takes for none.
        var since1970 = await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { Start = DateTimeOffset.UnixEpoch });
        var until1970 = await Adapter.GetMemoriesAsync(new MemoryQuery("messages") { End = DateTimeOffset.UnixEpoch });

        Assert.Equal([Id(3), Id(4), Id(2), Id(1), Id(0)], all.Select(memory => memory.Id));
        Assert.Equal(
            [
                new(9999, 12, 31, 23, 59, 59, 999, TimeSpan.Zero), new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), DateTimeOffset.UnixEpoch,
                DateTimeOffset.UnixEpoch.AddMilliseconds(-1), DateTimeOffset.MinValue,
            ],
            all.Select(memory => memory.CreatedAt!.Value));
        Assert.Equal([Id(1), Id(0)], before.Select(memory => memory.Id));
        Assert.Equal([Id(3), Id(4)], after.Select(memory => memory.Id));
        Assert.Equal([Id(3), Id(4), Id(2)], since1970.Select(memory => memory.Id));
        Assert.Equal([Id(2), Id(1), Id(0)], until1970.Select(memory => memory.Id));
    }

    [Fact]
    public async Task The_values_of_an_update_are_checked_also_when_there_is_no_row_to_change()
    {
        var number = Json.From(1);
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateAgentAsync(new AgentUpdate(Id(9)) { Settings = number }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateRoomAsync(new RoomUpdate(Id(9)) { Metadata = number }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateComponentAsync(new ComponentUpdate(Id(9)) { Data = number }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateRelationshipAsync(new RelationshipUpdate(Id(9)) { Metadata = number }));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateTaskAsync(new AgentTaskUpdate(Id(9)) { Tags = [null!] }));
        await Assert.ThrowsAsync<InvalidInputException>(
            () => Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(9)) { Metadata = new MemoryMetadata { Type = MemoryTypes.Fragment } }));
    }

    [Fact]
    public async Task In_a_batch_the_first_item_that_the_database_refuses_is_the_one_named_whether_or_not_uniqueness_is_open()
    {
        await Adapter.EnsureEmbeddingDimensionAsync(2);
        foreach (var unique in new bool?[] { null, true })
        {
            var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateMemoriesAsync(
                [
                    new Memory { RoomId = Id(404), Unique = unique },
                    new Memory { Embedding = new float[] { 1, 2, 3 }, Unique = unique },
                ],
                "messages"));
            Assert.Equal(Id(404), error.Id);
        }
    }

    [Fact]
    public async Task In_a_batch_that_would_set_the_dimension_the_first_item_that_the_database_refuses_is_the_one_named()
    {
        foreach (var unique in new bool?[] { null, true })
        {
            Memory Make(int dimension, Guid? room = null) =>
                new() { RoomId = room, Embedding = new float[dimension].Select((_, i) => i + 1f).ToArray(), Unique = unique };

            var missing = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.CreateMemoriesAsync([Make(3, Id(404)), Make(4)], "messages"));
            Assert.Equal(Id(404), missing.Id);
            missing = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Adapter.UpsertMemoriesAsync([Make(3, Id(404)), Make(4)], "messages"));
            Assert.Equal(Id(404), missing.Id);
            var mismatch = await Assert.ThrowsAsync<DimensionMismatchException>(() => Adapter.CreateMemoriesAsync([Make(3), Make(4, Id(404))], "messages"));
            Assert.Equal((3, 4), (mismatch.ActiveDimension, mismatch.GivenDimension));
            await Adapter.TransactionAsync(async (session, token) =>
            {
                missing = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => session.CreateMemoriesAsync([Make(3, Id(404)), Make(4)], "messages", token));
                Assert.Equal(Id(404), missing.Id);
            });
        }
        Assert.Null(await Adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery("messages")));
    }

    [Fact]
    public async Task A_search_for_reusable_vectors_checks_its_table_name_even_when_it_wants_none() =>
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery("", "text", "text", 1, 0)));
}
