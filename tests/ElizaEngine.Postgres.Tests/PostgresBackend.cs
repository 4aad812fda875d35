using ElizaEngine.Conformance;
using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;

namespace ElizaEngine.Postgres.Tests;

/// <summary>The Postgres backend on a database of its own, which goes when the test is over.</summary>
internal sealed class PostgresBackend : ITestBackend
{
    private readonly List<PostgresDatabase> _opened = [];
    private TestDatabase? _database;

    public string Name => "postgres";

    public bool Persists => true;

    /// <summary>A database that has been migrated, with nothing in it.</summary>
    public static Task<TestDatabase> CreateMigratedAsync() => TestDatabase.CreateFromTemplateAsync(
        "migrated",
        async connectionString => await (await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = connectionString })).DisposeAsync());

    public async Task<IDatabase> OpenAsync(TimeProvider time)
    {
        _database ??= await CreateMigratedAsync();
        // Another process would have a pool of its own: here that takes another connection string. Many callers wait for their turn with
        // its connections, on a machine with other work too.
        var settings = new NpgsqlConnectionStringBuilder(_database.ConnectionString)
        {
            ApplicationName = $"ElizaEngine {_opened.Count}",
            Timeout = 60,
        };
        var opened = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = settings.ConnectionString, TimeProvider = time });
        _opened.Add(opened);
        return opened;
    }

    // What is left of a killed process is what the server has; it ends the transactions of connections that are gone.
    public Task CrashAsync() => PostgresServer.ExecuteAsync(
        $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_database!.Name}'");

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _opened) await database.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }
}
