using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Opening, closing and cancelling: what is refused afterwards, and that nothing acknowledged is lost.</summary>
public abstract class LifecycleConformance : ConformanceTest
{
    // One row of every kind, all under the id that EveryCall names, so that each of its calls would change something.
    private async Task FillAsync()
    {
        await Adapter.CreateEntityAsync(new Entity { Id = AgentId, Names = ["before"] });
        await Adapter.CreateWorldAsync(new World { Id = AgentId, Name = "before" });
        await Adapter.CreateRoomAsync(new Room { Id = AgentId, Source = "s", Type = "t", Name = "before", WorldId = AgentId });
        await Adapter.AddParticipantAsync(AgentId, AgentId);
        await Adapter.CreateMemoryAsync(
            new Memory { Id = AgentId, RoomId = AgentId, EntityId = AgentId, Content = Content.FromText("before"), Embedding = new float[] { 1, 0 } }, "messages");
        await Adapter.CreateComponentAsync(new Component { Id = AgentId, EntityId = AgentId, RoomId = AgentId, Type = "before" });
        await Adapter.CreateRelationshipAsync(new Relationship { Id = AgentId, SourceEntityId = AgentId, TargetEntityId = AgentId, Tags = ["before"] });
        await Adapter.CreateTaskAsync(new AgentTask { Id = AgentId, Name = "before", WorldId = AgentId });
        await Adapter.LogAsync(new LogEntry { Id = AgentId, EntityId = AgentId, RoomId = AgentId, Type = "before" });
        await Adapter.SetCacheAsync("messages", Json.From("before"));
    }

    private async Task<string> StateAsync()
    {
        var memories = await Adapter.GetMemoriesAsync(new MemoryQuery("messages"));
        string[] parts =
        [
            .. (await Adapter.GetAgentsAsync()).Select(agent => agent.Name),
            .. (await Adapter.GetEntitiesForRoomAsync(AgentId)).SelectMany(entity => entity.Names),
            .. (await Adapter.GetAllWorldsAsync()).Select(world => world.Name!),
            .. (await Adapter.GetRoomsByWorldAsync(AgentId)).Select(room => room.Name!),
            .. memories.Select(memory => $"{memory.Content.Text} {memory.Embedding?.Length}"),
            .. (await Adapter.GetComponentsAsync(new ComponentQuery(AgentId))).Select(component => component.Type),
            .. (await Adapter.GetRelationshipsAsync(new RelationshipQuery())).SelectMany(relationship => relationship.Tags),
            .. (await Adapter.GetTasksAsync(new TaskQuery())).Select(task => task.Name),
            .. (await Adapter.GetLogsAsync(new LogQuery())).Select(entry => entry.Type),
            (await Adapter.GetCacheAsync("messages"))?.ToString() ?? "",
            (await Adapter.GetParticipantUserStateAsync(AgentId, AgentId))?.ToString() ?? "",
            (await Adapter.GetEmbeddingDimensionAsync())?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "",
        ];
        return string.Join('|', parts);
    }

    private const string Filled = "Ada|Bob|before|before|before|before 2|before|before|before|before|\"before\"||2";

    [Fact]
    public async Task Initializing_twice_is_harmless()
    {
        var room = await NewRoomAsync();

        await Adapter.InitializeAsync();
        await Adapter.InitializeAsync();

        Assert.True(await Adapter.IsReadyAsync());
        Assert.NotNull(await Adapter.GetRoomAsync(room));
    }

    [Fact]
    public async Task An_adapter_knows_its_agent_which_need_not_exist()
    {
        var stranger = Database.ForAgent(Id(1));
        await stranger.InitializeAsync();

        Assert.Equal((AgentId, OtherAgentId, Id(1)), (Adapter.AgentId, Other.AgentId, stranger.AgentId));
        Assert.Empty(await stranger.GetAllWorldsAsync());
        Assert.Null(await stranger.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task Migrating_an_open_database_again_has_nothing_to_do()
    {
        Assert.Empty(await Adapter.MigrateAsync(dryRun: true));
        Assert.Empty(await Adapter.MigrateAsync());
        Assert.Empty(await Other.MigrateAsync());
        Assert.True(await Adapter.IsReadyAsync());
    }

    private sealed class Unheard;

    [Fact]
    public void There_is_no_connection_of_a_type_nobody_knows()
    {
        Assert.Null(Adapter.GetConnection(typeof(Unheard)));
        Assert.Throws<ArgumentNullException>(() => Adapter.GetConnection(null!));
    }

    [Fact]
    public async Task Two_adapters_of_one_agent_see_each_others_writes()
    {
        var second = Database.ForAgent(AgentId);
        await second.InitializeAsync();

        var room = await NewRoomAsync();
        await second.SetCacheAsync("key", Json.From(1));
        await second.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, Embedding = new float[] { 1, 0, 0 } }, "messages");

        Assert.NotNull(await second.GetRoomAsync(room));
        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(Id(1), Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch("messages", new float[] { 1, 0, 0 }))).Id);
    }

    [Fact]
    public async Task A_closed_adapter_refuses_every_call()
    {
        await FillAsync();
        var adapter = Database.ForAgent(AgentId);
        await adapter.InitializeAsync();

        await adapter.CloseAsync();

        await AssertClosedAsync(adapter);
        Assert.Equal(Filled, await StateAsync());
    }

    [Fact]
    public async Task Closing_the_database_closes_every_adapter()
    {
        var second = Database.ForAgent(AgentId);
        await second.InitializeAsync();

        await Database.CloseAsync();

        await AssertClosedAsync(Adapter);
        await AssertClosedAsync(second);
        Assert.False(await Other.IsReadyAsync());
    }

    private static async Task AssertClosedAsync(IDatabaseAdapter adapter)
    {
        Assert.False(await adapter.IsReadyAsync());
        foreach (var method in EveryCall.Methods)
        {
            var error = await Record.ExceptionAsync(() => EveryCall.CallAsync(adapter, method));
            Assert.True(error is DatabaseClosedException, $"{method.Name} on a closed adapter gave {error?.GetType().Name ?? "an answer"}.");
        }
        await Assert.ThrowsAsync<DatabaseClosedException>(() => adapter.TransactionAsync((_, _) => Task.FromResult(1)));
        await Assert.ThrowsAsync<DatabaseClosedException>(() => adapter.MigrateAsync());
        await Assert.ThrowsAsync<DatabaseClosedException>(() => adapter.InitializeAsync());
    }

    [Fact]
    public async Task Closing_an_adapter_leaves_the_others_open()
    {
        var second = Database.ForAgent(AgentId);
        await second.InitializeAsync();

        await second.CloseAsync();

        Assert.False(await second.IsReadyAsync());
        Assert.True(await Adapter.IsReadyAsync());
        Assert.True(await Other.IsReadyAsync());
        Assert.True(await Adapter.SetCacheAsync("key", Json.From(1)));
        var third = Database.ForAgent(AgentId);
        await third.InitializeAsync();
        Assert.Equal(Json.From(1), await third.GetCacheAsync("key"));
    }

    [Fact]
    public async Task Closing_and_disposing_twice_is_harmless()
    {
        var second = Database.ForAgent(AgentId);

        await second.CloseAsync();
        await second.CloseAsync();
        await second.DisposeAsync();
        await second.DisposeAsync();
        await Database.CloseAsync();
        await Database.CloseAsync();
        await Adapter.CloseAsync();
        await Database.DisposeAsync();
        await Database.DisposeAsync();

        Assert.False(await Adapter.IsReadyAsync());
    }

    [Fact]
    public async Task Disposing_an_adapter_closes_it()
    {
        var second = Database.ForAgent(AgentId);
        await second.InitializeAsync();

        await second.DisposeAsync();

        await Assert.ThrowsAsync<DatabaseClosedException>(() => second.GetAllWorldsAsync());
        Assert.Empty(await Adapter.GetAllWorldsAsync());
    }

    [Fact]
    public async Task A_closed_database_gives_no_working_adapters()
    {
        await Database.CloseAsync();

        await Assert.ThrowsAsync<DatabaseClosedException>(async () =>
        {
            var late = Database.ForAgent(AgentId);
            await late.InitializeAsync();
            await late.GetAllWorldsAsync();
        });
    }

    [Fact]
    public async Task What_was_acknowledged_is_there_after_closing_and_opening()
    {
        if (!Backend.Persists) return;
        await FillAsync();

        await ReopenAsync();
        Assert.Equal(Filled, await StateAsync());

        await CrashAndReopenAsync();
        Assert.Equal(Filled, await StateAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Writes_in_flight_at_closing_are_acknowledged_and_kept_or_fail_and_leave_nothing(bool isDatabaseClosed)
    {
        var adapter = Database.ForAgent(AgentId);
        await adapter.InitializeAsync();
        var room = await NewRoomAsync();
        // Every other one repeats an id: what is there has to be looked up to be told.
        static bool IsThere(int number) => number % 2 == 1;
        await adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, 64).Where(IsThere).Select(number => new Memory { Id = Id(number), RoomId = room, Embedding = new float[] { 2, number } })], "messages");
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task<bool> WriteAsync(int number)
        {
            await begin.Task;
            try
            {
                await adapter.CreateMemoryAsync(new Memory { Id = Id(number), RoomId = room, Embedding = new float[] { 1, number } }, "messages");
                return true;
            }
            catch (DatabaseClosedException)
            {
                return false;
            }
        }

        var writes = Enumerable.Range(0, 64).Select(number => Task.Run(() => WriteAsync(number))).ToArray();
        begin.SetResult();
        await writes[0];
        await (isDatabaseClosed ? Database.CloseAsync() : adapter.CloseAsync());
        var isAcknowledged = await Task.WhenAll(writes);

        await Assert.ThrowsAsync<DatabaseClosedException>(() => adapter.GetMemoryByIdAsync(Id(0)));
        if (isDatabaseClosed)
        {
            if (!Backend.Persists) return;
            await ReopenAsync();
        }
        var stored = (await Adapter.GetMemoriesByIdsAsync([.. Enumerable.Range(0, 64).Select(Id)])).ToDictionary(memory => memory.Id);
        Assert.All(Enumerable.Range(0, 64), number =>
        {
            if (IsThere(number))
            {
                Assert.Equal([2, number], stored[Id(number)].Embedding!.Value.ToArray());
                return;
            }
            Assert.True(isAcknowledged[number] == stored.ContainsKey(Id(number)), $"Write {number}: acknowledged {isAcknowledged[number]}.");
            if (isAcknowledged[number]) Assert.Equal([1, number], stored[Id(number)].Embedding!.Value.ToArray());
        });
    }

    [Fact]
    public async Task A_call_cancelled_before_it_begins_changes_nothing()
    {
        await FillAsync();
        Assert.Equal(Filled, await StateAsync());
        var cancelled = new CancellationToken(true);

        foreach (var method in EveryCall.Methods)
        {
            var error = await Record.ExceptionAsync(() => EveryCall.CallAsync(Adapter, method, null, cancelled));
            Assert.True(error is OperationCanceledException, $"{method.Name} with a cancelled token gave {error?.GetType().Name ?? "an answer"}.");
        }
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.TransactionAsync((_, _) => Task.FromResult(1), 1, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.IsReadyAsync(cancelled));

        Assert.Equal(Filled, await StateAsync());
    }

    [Fact]
    public async Task A_call_of_a_transaction_cancelled_before_it_begins_changes_nothing()
    {
        await FillAsync();
        var cancelled = new CancellationToken(true);

        await Adapter.TransactionAsync(async (session, _) =>
        {
            foreach (var method in EveryCall.Methods)
            {
                var error = await Record.ExceptionAsync(() => EveryCall.CallAsync(session, method, null, cancelled));
                Assert.True(error is OperationCanceledException, $"{method.Name} with a cancelled token gave {error?.GetType().Name ?? "an answer"}.");
            }
        });

        Assert.Equal(Filled, await StateAsync());
    }

    [Fact]
    public async Task A_transaction_cancelled_by_its_body_changes_nothing()
    {
        using var source = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.TransactionAsync(
            async (session, token) =>
            {
                await session.SetCacheAsync([new("key", Json.From(1))], token);
                await source.CancelAsync();
                token.ThrowIfCancellationRequested();
            },
            1,
            source.Token));

        Assert.Null(await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_stream_can_be_cancelled_and_abandoned()
    {
        var room = await NewRoomAsync();
        await Adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 300).Select(i => new Memory { Id = Id(i), RoomId = room })], "messages");
        using var source = new CancellationTokenSource();
        var seen = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Adapter.StreamMemoriesAsync(new MemoryQuery("messages"), source.Token))
            {
                if (++seen == 3) await source.CancelAsync();
            }
        });
        Assert.InRange(seen, 3, 299);

        await foreach (var memory in Adapter.StreamMemoriesAsync(new MemoryQuery("messages")))
        {
            Assert.Equal(Id(299), memory.Id);
            break;
        }
        await Adapter.CloseAsync();
        Assert.Equal(300, await Other.CountMemoriesAsync(room, "messages", uniqueOnly: false));
    }

    [Fact]
    public async Task An_entity_context_is_a_transaction_that_hides_nothing()
    {
        var room = await NewRoomAsync();
        var memory = await Adapter.CreateMemoryAsync(new Memory { RoomId = room }, "messages");

        foreach (var entityId in new Guid?[] { null, Id(99) })
        {
            var found = await Adapter.WithEntityContextAsync(entityId, async (session, token) =>
            {
                Assert.Equal(AgentId, session.AgentId);
                await session.SetCacheAsync([new("key", Json.From(1))], token);
                Assert.Equal(Json.From(1), await session.GetCacheAsync("key", token));
                return (await session.GetMemoryByIdAsync(memory, true, token))?.Id;
            });
            Assert.Equal(memory, found);
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => Adapter.WithEntityContextAsync<int>(null, async (session, token) =>
        {
            await session.SetCacheAsync([new("key", Json.From(2))], token);
            throw new InvalidOperationException("on purpose");
        }));
        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task Cancelled_and_closed_are_told_before_a_bad_value_is()
    {
        foreach (var method in EveryCall.Methods)
        {
            var parameter = Array.Find(method.GetParameters(), p => p.ParameterType == typeof(string) && !p.HasDefaultValue);
            if (parameter is null) continue;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CallWithoutTextAsync(method, new CancellationToken(true)));
        }

        await Adapter.CloseAsync();
        foreach (var method in EveryCall.Methods)
        {
            if (!Array.Exists(method.GetParameters(), p => p.ParameterType == typeof(string) && !p.HasDefaultValue)) continue;
            await Assert.ThrowsAsync<DatabaseClosedException>(() => CallWithoutTextAsync(method, default));
        }

        Task CallWithoutTextAsync(System.Reflection.MethodInfo method, CancellationToken token) => EveryCall.CallAsync(
            Adapter, method, p => p.ParameterType == typeof(string) && !p.HasDefaultValue ? "" : EveryCall.Argument(p), token);
    }
}
