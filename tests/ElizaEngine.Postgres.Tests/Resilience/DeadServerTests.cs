using System.Collections.Concurrent;
using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>
/// A server whose sessions are killed, that crashes, or that hangs, while writers write: every acknowledged row is there, none was
/// written twice, and whoever was not answered is told the truth.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class DeadServerTests : FaultTest
{
    private const int Writers = 6;

    // Counts what is really inserted, which a primary key would hide.
    private const string CountInserts = """
        CREATE TABLE inserts (id uuid);
        CREATE FUNCTION count_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO inserts VALUES (NEW.id); RETURN NULL; END $$;
        CREATE TRIGGER count_insert AFTER INSERT ON memories FOR EACH ROW EXECUTE FUNCTION count_insert()
        """;

    // Writers that go on until they are told to stop, each with at least so many writes. Every answer is noted.
    private static async Task<(Guid[] Acknowledged, Exception[] Errors)> WriteAsync(IDatabaseAdapter adapter, int atLeast, Task stop)
    {
        var acknowledged = new ConcurrentBag<Guid>();
        var errors = new ConcurrentBag<Exception>();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < atLeast || !stop.IsCompleted; i++)
            {
                try
                {
                    Memory[] memories = [NewMemory(), NewMemory()];
                    var results = writer % 2 == 0
                        ? await adapter.CreateMemoriesAsync(memories, "messages")
                        : await adapter.TransactionAsync((session, token) => session.CreateMemoriesAsync(memories, "messages", token), attempts: 1000);
                    foreach (var result in results)
                    {
                        if (result.Outcome != CreateOutcome.Created) errors.Add(new InvalidOperationException($"{result}"));
                        acknowledged.Add(result.Id);
                    }
                }
                catch (CommitOutcomeUnknownException) when (writer % 2 == 1)
                {
                    // A transaction is not run again when its commit may have been done.
                }
                catch (Exception error)
                {
                    errors.Add(error);
                }
            }
        })));
        return ([.. acknowledged], [.. errors]);
    }

    private static async Task AssertAllThereOnceAsync(NpgsqlDataSource source, Guid[] acknowledged)
    {
        var stored = new HashSet<Guid>();
        var inserted = new List<Guid>();
        foreach (var (table, ids) in new[] { ("memories", (ICollection<Guid>)stored), ("inserts", inserted) })
        {
            await using var command = source.CreateCommand($"SELECT id FROM {table}");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync()) ids.Add(reader.GetGuid(0));
        }
        Assert.Empty(acknowledged.Except(stored));
        Assert.Equal(inserted.Count, inserted.Distinct().Count());
        Assert.Equal(stored.Order(), inserted.Order());
    }

    [Fact]
    public async Task Writers_whose_sessions_are_killed_all_the_time_lose_nothing_and_write_nothing_twice()
    {
        await ExecuteAsync(CountInserts);
        var adapter = await OpenAdapterAsync(options: options => options with { Retry = Quick(attempts: 200) });
        var done = new TaskCompletionSource();
        var kills = 0L;

        var writing = WriteAsync(adapter, atLeast: 25, done.Task);
        using (var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(25)))
        {
            while (kills < 60 && await ticks.WaitForNextTickAsync())
            {
                kills += await ReadAsync<long>("""
                    SELECT count(pg_terminate_backend(pid)) FROM (
                        SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'faults' ORDER BY random() LIMIT 2) AS chosen
                    """);
            }
        }
        done.SetResult();
        var (acknowledged, errors) = await writing.WaitAsync(Patience);

        Assert.Empty(errors);
        Assert.True(acknowledged.Length >= 25 * Writers, $"{acknowledged.Length} rows");
        await AssertAllThereOnceAsync(Admin, acknowledged);
    }

    // A server of its own, that keeps what it acknowledges over a crash.
    private static async Task<(PrivateServer Server, NpgsqlDataSource Source)> StartAsync()
    {
        var server = await PrivateServer.StartNewAsync("synchronous_commit=on");
        await using (var database = await PostgresDatabase.OpenAsync(Options(server.ConnectionString))) await FillAsync(database);
        var source = NpgsqlDataSource.Create(server.ConnectionString);
        await ExecuteAsync(source, CountInserts);
        return (server, source);
    }

    // Connections that are there already, so that something is sent. The limits are short, for a server that hangs; a machine with other
    // work may need longer for a connection or the first look at the schema, and gets as many tries as it needs.
    private static async Task<PostgresDatabase> OpenWithConnectionsAsync(PostgresDatabaseOptions options, int connections)
    {
        PostgresDatabase? database = null;
        await UntilAsync($"the database has {connections} connections", async () =>
        {
            try
            {
                database ??= await PostgresDatabase.OpenAsync(options);
                await UseConnectionsAsync(database.ForAgent(AgentId), connections);
                return true;
            }
            catch (DatabaseException)
            {
                return false;
            }
        });
        return database!;
    }

    [Fact]
    public async Task Writers_on_a_server_that_crashes_and_comes_back_lose_nothing_and_write_nothing_twice()
    {
        var (server, source) = await StartAsync();
        await using var _ = server;
        await using var __ = source;
        await using var database = await PostgresDatabase.OpenAsync(Options(server.ConnectionString, null, options => options with { Retry = Quick(attempts: 1000) }));
        var done = new TaskCompletionSource();

        var writing = WriteAsync(database.ForAgent(AgentId), atLeast: 10, done.Task);
        for (var crash = 0; crash < 2; crash++)
        {
            var before = await ReadAsync<long>(source, "SELECT count(*) FROM memories");
            await UntilAsync("the writers write", async () => await ReadAsync<long>(source, "SELECT count(*) FROM memories") > before + Writers);
            await server.RestartAsync(Stop.Immediate);
            source.Clear();
        }
        done.SetResult();
        var (acknowledged, errors) = await writing.WaitAsync(Patience);

        Assert.Empty(errors);
        await AssertAllThereOnceAsync(source, acknowledged);
    }

    [Fact]
    public async Task A_server_that_hangs_is_noticed_in_time_and_used_again_when_it_goes_on()
    {
        var (server, source) = await StartAsync();
        await using var _ = server;
        await using var __ = source;
        var limits = Options(
            server.ConnectionString,
            settings =>
            {
                settings.Timeout = 2;
                settings.CancellationTimeout = 100;
            },
            options => options with { CommandTimeout = TimeSpan.FromSeconds(2), Retry = Quick(attempts: 2) });
        await using var database = await OpenWithConnectionsAsync(limits, 3);
        var adapter = database.ForAgent(AgentId);
        Memory memory = NewMemory(), inTransaction = NewMemory();

        await server.PauseAsync();
        Task read = adapter.GetAgentsAsync(), write = adapter.CreateMemoriesAsync([memory], "messages"), removal = adapter.DeleteRoomsAsync([Guid.NewGuid()]);
        await FailsAsync<ConnectionFailedException>(() => read);
        await FailsAsync<CommitOutcomeUnknownException>(() => write);
        await FailsAsync<CommitOutcomeUnknownException>(() => removal);
        await FailsAsync<ConnectionFailedException>(() => adapter.TransactionAsync((session, token) => session.CreateMemoriesAsync([inTransaction], "messages", token)));
        Assert.False(await adapter.IsReadyAsync());
        await server.ResumeAsync();

        await adapter.CreateMemoriesAsync([memory], "messages");
        Assert.NotNull(await adapter.GetMemoryByIdAsync(memory.Id));
        Assert.Null(await adapter.GetMemoryByIdAsync(inTransaction.Id));
        await AssertAllThereOnceAsync(source, [memory.Id]);
    }

    [Fact]
    public async Task A_call_to_a_server_that_hangs_can_be_cancelled_long_before_its_time_is_up()
    {
        var (server, source) = await StartAsync();
        await using var _ = server;
        await using var __ = source;
        var limits = Options(
            server.ConnectionString,
            settings =>
            {
                settings.Timeout = 1;
                settings.CancellationTimeout = 100;
            },
            options => options with { CommandTimeout = TimeSpan.FromHours(1) });
        await using var database = await OpenWithConnectionsAsync(limits, 2);
        var adapter = database.ForAgent(AgentId);
        using var cancellation = new CancellationTokenSource();

        await server.PauseAsync();
        Task read = adapter.GetAgentsAsync(cancellation.Token), write = adapter.SetCacheAsync([new("key", Json.From(1))], cancellation.Token);
        await cancellation.CancelAsync();

        await FailsAsync<OperationCanceledException>(() => read);
        await FailsAsync<CommitOutcomeUnknownException>(() => write);
        await server.ResumeAsync();
    }

    [Fact]
    public async Task A_write_on_a_server_that_hangs_for_a_moment_only_takes_that_moment_longer()
    {
        var (server, source) = await StartAsync();
        await using var _ = server;
        await using var __ = source;
        await using var database = await PostgresDatabase.OpenAsync(Options(server.ConnectionString));
        var adapter = database.ForAgent(AgentId);

        await server.PauseAsync();
        var memory = NewMemory();
        var write = adapter.CreateMemoriesAsync([memory], "messages");
        Assert.False(write.IsCompleted);
        await server.ResumeAsync();

        Assert.Equal(CreateOutcome.Created, Assert.Single(await write).Outcome);
        await AssertAllThereOnceAsync(source, [memory.Id]);
    }

    [Fact]
    public async Task Through_a_pooler_a_write_is_made_again_when_the_pooler_has_gone_but_not_when_it_is_silent()
    {
        var (server, source) = await StartAsync();
        await using var _ = server;
        await using var __ = source;
        var bouncer = new NpgsqlConnectionStringBuilder(PostgresServer.Keywords(await server.StartBouncerAsync()));
        await using var proxy = new FaultProxy(bouncer.Host!, bouncer.Port);
        await using var database = await PostgresDatabase.OpenAsync(Options(
            bouncer.ConnectionString,
            settings =>
            {
                Through(proxy)(settings);
                settings.CancellationTimeout = 100;
            },
            options => options with { CommandTimeout = TimeSpan.FromSeconds(3) }));
        var adapter = database.ForAgent(AgentId);

        foreach (var cut in new[] { Fault.BeforeTheServer, Fault.AfterTheServer })
        {
            proxy.Arm("INSERT INTO public.memories", cut);
            Assert.Equal(CreateOutcome.Created, Assert.Single(await adapter.CreateMemoriesAsync([NewMemory()], "messages")).Outcome);
            Assert.True(proxy.HasStruck);
        }

        proxy.Arm("INSERT INTO public.memories", Fault.AnswerHeld);
        var silent = NewMemory();
        var error = await FailsAsync<CommitOutcomeUnknownException>(() => adapter.CreateMemoriesAsync([silent], "messages"));
        Assert.Contains("cannot be ended", error.Message, StringComparison.Ordinal);
        await AssertAllThereOnceAsync(source, [silent.Id]);
    }
}
