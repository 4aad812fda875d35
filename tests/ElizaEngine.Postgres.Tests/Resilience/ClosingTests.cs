using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>Closing: calls under way finish, a transaction whose body runs on is undone at once, and nothing stays at the server.</summary>
[Trait("Stage", "Postgres")]
public sealed class ClosingTests : FaultTest
{
    private Task UntilGoneAsync() => UntilAsync(
        "the server has no session of the backend",
        async () => await ReadAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'faults'") == 0);

    [Fact]
    public async Task A_call_under_way_finishes_before_the_database_is_closed()
    {
        var database = await OpenAsync();
        var adapter = database.ForAgent(AgentId);
        var held = await LockAsync("worlds");
        var write = adapter.CreateWorldsAsync([new World()]);
        await UntilWaitingAsync();

        var closing = database.CloseAsync();
        await FailsAsync<DatabaseClosedException>(() => adapter.GetAgentsAsync());
        Assert.False(closing.IsCompleted);
        await ReleaseAsync(held);

        Assert.Equal(CreateOutcome.Created, Assert.Single(await write).Outcome);
        await closing;
        await UntilGoneAsync();
        Assert.Equal(1, await ReadAsync<long>("SELECT count(*) FROM worlds"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_of_several_trips_makes_them_all_before_what_it_runs_on_is_closed(bool isDatabaseClosed)
    {
        // What a row that is there holds is read after the write. That trip was refused, and nobody was said to know what had been written.
        var database = await OpenAsync();
        var adapter = database.ForAgent(AgentId);
        var id = await adapter.CreateMemoryAsync(NewMemory(), "messages");
        var held = await LockAsync("memories");
        var write = adapter.CreateMemoriesAsync([NewMemory(id), NewMemory()], "messages");
        await UntilWaitingAsync();

        var closing = isDatabaseClosed ? database.CloseAsync() : adapter.CloseAsync();
        await FailsAsync<DatabaseClosedException>(() => adapter.GetAgentsAsync());
        Assert.False(closing.IsCompleted);
        await ReleaseAsync(held);

        Assert.Equal([CreateOutcome.Existed, CreateOutcome.Created], (await write).Select(result => result.Outcome));
        await closing.WaitAsync(Patience);
        Assert.Equal(2, await ReadAsync<long>("SELECT count(*) FROM memories"));
    }

    [Fact]
    public async Task Closing_does_not_wait_for_whoever_reads_a_stream()
    {
        var database = await OpenAsync();
        var adapter = database.ForAgent(AgentId);
        await adapter.CreateMemoriesAsync([NewMemory(), NewMemory()], "messages");
        var seen = 0;

        await FailsAsync<DatabaseClosedException>(async () =>
        {
            await foreach (var _ in adapter.StreamMemoriesAsync(new MemoryQuery("messages")))
            {
                seen++;
                await database.CloseAsync().WaitAsync(Patience);
            }
        });

        Assert.Equal(1, seen);
    }

    [Fact]
    public async Task A_transaction_whose_body_runs_on_is_undone_at_the_server_and_told_so()
    {
        var database = await OpenAsync();
        var adapter = database.ForAgent(AgentId);
        var isClosed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isInside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = adapter.TransactionAsync(async (session, token) =>
        {
            await session.CreateWorldsAsync([new World()], token);
            isInside.SetResult();
            await isClosed.Task;
            await FailsAsync<DatabaseClosedException>(() => session.GetAllWorldsAsync(token));
            await FailsAsync<DatabaseClosedException>(() => session.SetCacheAsync([new("key", Json.From(1))], token));
            return 7;
        });
        await isInside.Task;

        await database.CloseAsync().WaitAsync(Patience);
        await UntilGoneAsync();
        isClosed.SetResult();

        await FailsAsync<DatabaseClosedException>(() => running);
        Assert.Equal(0, await ReadAsync<long>("SELECT count(*) FROM worlds"));
    }

    [Fact]
    public async Task A_call_of_a_body_under_way_finishes_before_its_transaction_is_undone()
    {
        var database = await OpenAsync();
        var held = await LockAsync("worlds");
        var call = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = database.ForAgent(AgentId).TransactionAsync((session, token) =>
        {
            var write = session.CreateWorldsAsync([new World()], token);
            call.SetResult(write);
            return write;
        });
        await UntilWaitingAsync();

        var closing = database.CloseAsync();
        Assert.False(closing.IsCompleted);
        await ReleaseAsync(held);

        await await call.Task;
        await closing.WaitAsync(Patience);
        await FailsAsync<DatabaseClosedException>(() => running);
        await UntilGoneAsync();
        Assert.Equal(0, await ReadAsync<long>("SELECT count(*) FROM worlds"));
    }

    [Fact]
    public async Task A_call_in_a_pause_between_attempts_makes_no_other_one_when_the_database_is_closed()
    {
        await using var proxy = StartProxy();
        var database = await OpenAsync(Through(proxy), options => options with { Retry = Quick(attempts: 1_000_000) });
        var adapter = database.ForAgent(AgentId);
        await proxy.StopAsync();
        var call = adapter.GetAgentsAsync();
        Assert.False(call.IsCompleted);

        await database.CloseAsync().WaitAsync(Patience);

        await FailsAsync<ConnectionFailedException>(() => call);
    }

    [Fact]
    public async Task Closing_twice_at_once_and_after_the_server_has_gone_is_harmless()
    {
        await using var proxy = StartProxy();
        var database = await OpenAsync(Through(proxy));
        var isInside = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isClosed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = database.ForAgent(AgentId).TransactionAsync(async (session, token) =>
        {
            await session.CreateWorldsAsync([new World()], token);
            isInside.SetResult();
            await isClosed.Task;
        });
        await isInside.Task;
        await proxy.StopAsync();

        await Task.WhenAll(database.CloseAsync(), database.CloseAsync()).WaitAsync(Patience);
        await database.DisposeAsync();
        isClosed.SetResult();

        await FailsAsync<DatabaseClosedException>(() => running);
        await UntilGoneAsync();
    }

    [Fact]
    public async Task Whether_it_is_ready_is_asked_once_and_never_an_error()
    {
        await using var proxy = StartProxy();
        var database = await OpenAsync(Through(proxy), options => options with { Retry = Quick(attempts: 1_000_000) });
        var adapter = database.ForAgent(AgentId);
        Assert.True(await adapter.IsReadyAsync());
        await proxy.StopAsync();

        // With these retries any other call would go on for days.
        Assert.False(await adapter.IsReadyAsync().WaitAsync(Patience));
        await database.CloseAsync();
        Assert.False(await adapter.IsReadyAsync());
    }
}
