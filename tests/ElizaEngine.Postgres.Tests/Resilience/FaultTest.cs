using System.Diagnostics;
using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>
/// What the tests of faults start with: a database of their own, an agent with a room, retries that take milliseconds, and ways to
/// wait for what the server says about itself.
/// </summary>
public abstract class FaultTest : IAsyncLifetime
{
    /// <summary>What no step of a test takes, on a machine with other work too.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private TestDatabase? _server;
    private readonly List<PostgresDatabase> _opened = [];

    protected static Guid AgentId { get; } = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    protected static Guid RoomId { get; } = Guid.Parse("bbbbbbbb-0000-4000-8000-000000000001");

    protected string ConnectionString => _server!.ConnectionString;

    /// <summary>A second way to the database, for what the backend must not notice.</summary>
    protected NpgsqlDataSource Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestDatabase.CreateFromTemplateAsync("faults", async connectionString =>
        {
            await using var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = connectionString });
            await FillAsync(database);
        });
        Admin = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { ApplicationName = "admin" }.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _opened) await database.DisposeAsync();
        await Admin.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Creates the agent and the room that every test has.</summary>
    internal static async Task FillAsync(PostgresDatabase database)
    {
        var adapter = database.ForAgent(AgentId);
        await adapter.CreateAgentAsync(new Agent { Id = AgentId, Name = "Ada" });
        await adapter.CreateRoomAsync(new Room { Id = RoomId, Source = "test", Type = ChannelTypes.Group });
    }

    /// <summary>Opens the database. It is closed when the test is over.</summary>
    /// <param name="change">Changes the keywords of the connection.</param>
    /// <param name="options">Changes the options.</param>
    protected async Task<PostgresDatabase> OpenAsync(
        Action<NpgsqlConnectionStringBuilder>? change = null, Func<PostgresDatabaseOptions, PostgresDatabaseOptions>? options = null)
    {
        var database = await PostgresDatabase.OpenAsync(Options(ConnectionString, change, options));
        _opened.Add(database);
        return database;
    }

    protected async Task<IDatabaseAdapter> OpenAdapterAsync(
        Action<NpgsqlConnectionStringBuilder>? change = null, Func<PostgresDatabaseOptions, PostgresDatabaseOptions>? options = null) =>
        (await OpenAsync(change, options)).ForAgent(AgentId);

    internal static PostgresDatabaseOptions Options(
        string connectionString, Action<NpgsqlConnectionStringBuilder>? change = null, Func<PostgresDatabaseOptions, PostgresDatabaseOptions>? options = null)
    {
        // The proxy reads along, and looks for the texts of statements; so no TLS, and nothing prepared.
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            SslMode = SslMode.Disable,
            MaxAutoPrepare = 0,
            Timeout = 5,
            CancellationTimeout = 30_000,
            ApplicationName = "faults",
        };
        change?.Invoke(settings);
        var made = new PostgresDatabaseOptions { ConnectionString = settings.ConnectionString, Retry = Quick() };
        return options is null ? made : options(made);
    }

    /// <summary>elizaOS' number of attempts, without its patience.</summary>
    internal static PostgresRetryOptions Quick(int attempts = 3) => new()
    {
        Attempts = attempts,
        BaseDelay = TimeSpan.FromMilliseconds(5),
        MaxDelay = TimeSpan.FromMilliseconds(100),
        Jitter = TimeSpan.FromMilliseconds(5),
    };

    /// <summary>Changes keywords so that the connection leads through a proxy.</summary>
    internal static Action<NpgsqlConnectionStringBuilder> Through(FaultProxy proxy) => settings => settings.Port = proxy.Port;

    internal FaultProxy StartProxy()
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString);
        return new FaultProxy(settings.Host!, settings.Port);
    }

    protected Task ExecuteAsync(string sql) => ExecuteAsync(Admin, sql);

    protected static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    protected Task<T?> ReadAsync<T>(string sql) => ReadAsync<T>(Admin, sql);

    protected static async Task<T?> ReadAsync<T>(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T?)await command.ExecuteScalarAsync();
    }

    /// <summary>Makes the server hold every write of a table, until <see cref="ReleaseAsync"/>.</summary>
    protected async Task<NpgsqlConnection> LockAsync(string table)
    {
        var connection = await Admin.OpenConnectionAsync();
        await using var command = new NpgsqlCommand($"BEGIN; LOCK TABLE public.{table} IN EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    protected static async Task ReleaseAsync(NpgsqlConnection connection)
    {
        await using (var command = new NpgsqlCommand("ROLLBACK", connection)) await command.ExecuteNonQueryAsync();
        await connection.DisposeAsync();
    }

    /// <summary>How many sessions of the backend wait for a lock.</summary>
    protected Task UntilWaitingAsync(int sessions = 1) => UntilAsync(
        $"{sessions} sessions wait for a lock",
        async () => await ReadAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'faults' AND wait_event_type = 'Lock'") == sessions);

    /// <summary>Until no session of the backend does or holds anything.</summary>
    protected Task UntilIdleAsync() => UntilAsync(
        "nothing is under way",
        async () => await ReadAsync<long>(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'faults' AND state <> 'idle'") == 0);

    /// <summary>
    /// Has so many connections at the same time. After a fault, with as many as the pool may have, this shows that none was kept. Fails
    /// with the error of the first that cannot be had.
    /// </summary>
    protected static async Task UseConnectionsAsync(IDatabaseAdapter adapter, int connections)
    {
        var arrived = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => UseOneAsync()));

        async Task UseOneAsync()
        {
            try
            {
                await adapter.TransactionAsync(async (session, token) =>
                {
                    await session.GetAllWorldsAsync(token);
                    if (Interlocked.Increment(ref arrived) == connections) all.TrySetResult();
                    await all.Task.WaitAsync(Patience, token);
                });
            }
            catch (Exception error)
            {
                // Nobody need wait for this one.
                all.TrySetException(error);
                throw;
            }
        }
    }

    /// <summary>Asks until the answer is yes, for a bounded time.</summary>
    internal static async Task UntilAsync(string what, Func<Task<bool>> isTrue)
    {
        var began = Stopwatch.GetTimestamp();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await isTrue())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience) Assert.Fail($"Not within {Patience}: {what}.");
            await ticks.WaitForNextTickAsync();
        }
    }

    /// <summary>The error of a call that must fail within the patience of a test.</summary>
    protected static async Task<TError> FailsAsync<TError>(Func<Task> call)
        where TError : Exception => await Assert.ThrowsAnyAsync<TError>(() => call().WaitAsync(Patience));

    protected static Memory NewMemory(Guid? id = null, string text = "hello") => id is { } given
        ? new Memory { Id = given, RoomId = RoomId, Content = Content.FromText(text) }
        : new Memory { RoomId = RoomId, Content = Content.FromText(text) };
}
