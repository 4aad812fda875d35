using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>
/// A call that is cancelled, or takes too long, is over at the server too, and has left nothing; or it was done, and says so; or
/// nobody can know, and it says that.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class CancellationTests : FaultTest
{
    public static TheoryData<string> Calls => ["create", "first vector", "update", "delete", "read"];

    private static Func<IDatabaseSession, CancellationToken, Task> Call(string name) => name switch
    {
        "create" => (session, token) => session.CreateMemoriesAsync([NewMemory()], "messages", token),
        "first vector" => (session, token) => session.CreateMemoriesAsync([NewMemory() with { Embedding = new float[] { 1, 2 } }], "messages", token),
        "update" => (session, token) => session.UpdateMemoriesAsync([new MemoryUpdate(AgentId) { Content = Content.FromText("changed") }], token),
        "delete" => (session, token) => session.DeleteMemoriesAsync([AgentId], token),
        _ => (session, token) => session.CountMemoriesAsync(new MemoryQuery("messages"), token),
    };

    private async Task<string> StateAsync() => (await ReadAsync<string>("SELECT string_agg(content ->> 'text', ',') FROM memories"))!;

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_cancelled_call_ends_at_the_server_and_leaves_nothing(string name)
    {
        var adapter = await OpenAdapterAsync(settings => settings.MaxPoolSize = 1);
        await adapter.CreateMemoryAsync(NewMemory(AgentId, "before"), "messages");
        await using var held = await Admin.OpenConnectionAsync();
        await ExecuteOnAsync(held, "BEGIN; LOCK TABLE public.memories IN ACCESS EXCLUSIVE MODE");
        using var source = new CancellationTokenSource();

        var call = Call(name)(adapter, source.Token);
        await UntilWaitingAsync();
        await source.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));

        Assert.Equal(source.Token, error.CancellationToken);
        await UntilIdleAsync();
        await ExecuteOnAsync(held, "ROLLBACK");
        // The connection is as good as before.
        Assert.Equal(1, await adapter.CountMemoriesAsync(new MemoryQuery("messages")));
        Assert.Equal("before", await StateAsync());
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_that_takes_too_long_ends_at_the_server_and_leaves_nothing(string name)
    {
        var limit = TimeSpan.FromSeconds(2);
        var adapter = await OpenAdapterAsync(settings => settings.MaxPoolSize = 1, options => options with { CommandTimeout = limit });
        // Not through that one: what it is given before the fault may take its time.
        await (await OpenAdapterAsync()).CreateMemoryAsync(NewMemory(AgentId, "before"), "messages");
        await using var held = await Admin.OpenConnectionAsync();
        await ExecuteOnAsync(held, "BEGIN; LOCK TABLE public.memories IN ACCESS EXCLUSIVE MODE");

        var error = await Assert.ThrowsAsync<CallTimedOutException>(() => Call(name)(adapter, default).WaitAsync(Patience));

        Assert.Equal(limit, error.Limit);
        Assert.Contains("2 s", error.Message, StringComparison.Ordinal);
        await UntilIdleAsync();
        await ExecuteOnAsync(held, "ROLLBACK");
        Assert.Equal(1, await adapter.CountMemoriesAsync(new MemoryQuery("messages")));
        Assert.Equal("before", await StateAsync());
    }

    [Fact]
    public async Task A_call_that_waits_for_a_connection_can_be_cancelled()
    {
        var adapter = await OpenAdapterAsync(settings =>
        {
            settings.MaxPoolSize = 1;
            settings.Timeout = 60;
        });

        await adapter.TransactionAsync(async (session, token) =>
        {
            using var source = new CancellationTokenSource();
            Task[] calls =
            [
                adapter.GetAgentsAsync(source.Token), adapter.SetCacheAsync([new("key", Json.From(1))], source.Token),
                adapter.DeleteRoomsAsync([RoomId], source.Token), adapter.TransactionAsync((_, _) => Task.FromResult(1), 1, source.Token),
            ];
            await source.CancelAsync();
            foreach (var call in calls) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience, token));
        });

        Assert.True(await adapter.SetCacheAsync("key", Json.From(1)));
        Assert.NotNull(await adapter.GetRoomAsync(RoomId));
    }

    [Fact]
    public async Task A_pause_between_two_attempts_can_be_cancelled()
    {
        await using var proxy = StartProxy();
        var hour = TimeSpan.FromHours(1);
        var adapter = await OpenAdapterAsync(Through(proxy), options => options with { Retry = new PostgresRetryOptions { BaseDelay = hour, MaxDelay = hour } });
        await proxy.StopAsync();
        using var source = new CancellationTokenSource();

        var call = adapter.GetAgentsAsync(source.Token);
        source.CancelAfter(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_pause_while_the_database_is_opened_can_be_cancelled()
    {
        var options = Options(ConnectionString, settings => settings.Port = 1) with
        {
            Retry = new PostgresRetryOptions { BaseDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) },
        };
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PostgresDatabase.OpenAsync(options, source.Token).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_write_that_is_cancelled_while_its_answer_is_on_the_way_returns_the_true_outcome()
    {
        await using var proxy = StartProxy();
        var adapter = await OpenAdapterAsync(Through(proxy));
        using var source = new CancellationTokenSource();
        proxy.Arm("INSERT INTO public.memories", Fault.AnswerHeld);

        var call = adapter.CreateMemoriesAsync([NewMemory()], "messages", source.Token);
        await UntilAsync("the row is there", async () => await ReadAsync<long>("SELECT count(*) FROM memories") == 1);
        await source.CancelAsync();
        await proxy.ReleaseAsync();

        Assert.Equal(CreateOutcome.Created, Assert.Single(await call).Outcome);
    }

    [Fact]
    public async Task A_write_whose_answer_does_not_come_after_it_was_cancelled_says_that_nobody_knows()
    {
        await using var proxy = StartProxy();
        var adapter = await OpenAdapterAsync(settings =>
        {
            Through(proxy)(settings);
            settings.CancellationTimeout = 100;
        });
        using var source = new CancellationTokenSource();
        proxy.Arm("INSERT INTO public.memories", Fault.AnswerHeld);

        var call = adapter.CreateMemoriesAsync([NewMemory()], "messages", source.Token);
        await UntilAsync("the row is there", async () => await ReadAsync<long>("SELECT count(*) FROM memories") == 1);
        await source.CancelAsync();

        var error = await FailsAsync<CommitOutcomeUnknownException>(() => call);
        Assert.IsAssignableFrom<OperationCanceledException>(error.InnerException);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_commit_that_is_cancelled_while_the_server_checks_it_stores_nothing(bool isTransaction)
    {
        // The server makes this check last, as a part of the commit.
        await ExecuteAsync("""
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON worlds DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()
            """);
        var adapter = await OpenAdapterAsync();
        await using var held = await Admin.OpenConnectionAsync();
        await ExecuteOnAsync(held, "BEGIN; SELECT pg_advisory_xact_lock(7)");
        using var source = new CancellationTokenSource();

        Task call = isTransaction
            ? adapter.TransactionAsync((session, token) => session.CreateWorldsAsync([new World()], token), 1, source.Token)
            : adapter.CreateWorldsAsync([new World()], source.Token);
        await UntilWaitingAsync();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Patience));

        await UntilIdleAsync();
        await ExecuteOnAsync(held, "ROLLBACK");
        Assert.Empty(await adapter.GetAllWorldsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_ends_early_inside_a_transaction_leaves_what_was_before_it(bool isTimeout)
    {
        var adapter = await OpenAdapterAsync(options: options => options with { CommandTimeout = TimeSpan.FromSeconds(isTimeout ? 2 : 30) });
        var held = await LockAsync("worlds");

        await adapter.TransactionAsync(async (session, token) =>
        {
            await session.SetCacheAsync([new("before", Json.From(1))], token);
            using var source = new CancellationTokenSource();
            var call = session.CreateWorldsAsync([new World()], source.Token);
            if (!isTimeout)
            {
                await UntilWaitingAsync();
                await source.CancelAsync();
            }
            var error = await Record.ExceptionAsync(() => call.WaitAsync(Patience, token));
            Assert.True(isTimeout ? error is CallTimedOutException : error is OperationCanceledException, $"{error}");
            Assert.Equal(Json.From(1), await session.GetCacheAsync("before", token));
            // Before anything is sent, too.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.SetCacheAsync([new("never", Json.From(1))], new CancellationToken(true)));
            await session.SetCacheAsync([new("after", Json.From(2))], token);
        });
        await ReleaseAsync(held);

        Assert.Equal(["after", "before"], (await adapter.GetCacheAsync(["before", "never", "after"])).Keys.Order());
        Assert.Empty(await adapter.GetAllWorldsAsync());
    }

    private static async Task ExecuteOnAsync(Npgsql.NpgsqlConnection connection, string sql)
    {
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
