using ElizaEngine.Conformance;
using Npgsql;

namespace ElizaEngine.Postgres.Tests;

/// <summary>The Postgres backend on a database of its own, which goes when the test is over.</summary>
internal sealed class PostgresBackend : ITestBackend
{
    private static readonly SemaphoreSlim s_gate = new(1, 1);
    private static readonly string s_template = $"template_{Guid.NewGuid():N}";
    private static bool s_isMade;

    private readonly string _name = $"test_{Guid.NewGuid():N}";
    private readonly List<PostgresDatabase> _opened = [];
    private bool _isMade;

    public string Name => "postgres";

    public bool Persists => true;

    private static NpgsqlConnectionStringBuilder Server
    {
        get
        {
            var url = new Uri(Environment.GetEnvironmentVariable("ELIZA_TEST_POSTGRES_URL") ?? throw new InvalidOperationException("ELIZA_TEST_POSTGRES_URL"));
            return new NpgsqlConnectionStringBuilder
            {
                Host = url.Host,
                Port = url.Port,
                Username = url.UserInfo.Split(':')[0],
                Password = url.UserInfo.Split(':')[1],
                Database = url.AbsolutePath.Trim('/'),
                MaxPoolSize = 20,
                GssEncryptionMode = GssEncryptionMode.Disable,
            };
        }
    }

    public async Task<IDatabase> OpenAsync(TimeProvider time)
    {
        if (!_isMade)
        {
            await MakeTemplateAsync();
            await ExecuteAsync($"CREATE DATABASE {_name} TEMPLATE {s_template} STRATEGY FILE_COPY");
            _isMade = true;
        }
        var database = await PostgresDatabase.OpenAsync(Options(_name, time));
        _opened.Add(database);
        return database;
    }

    public Task CrashAsync() => ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name}'");

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _opened) await database.DisposeAsync();
        await ExecuteAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
    }

    private static PostgresDatabaseOptions Options(string name, TimeProvider time)
    {
        var settings = Server;
        settings.Database = name;
        return new PostgresDatabaseOptions { ConnectionString = settings.ConnectionString, TimeProvider = time };
    }

    private static async Task MakeTemplateAsync()
    {
        await s_gate.WaitAsync();
        try
        {
            if (s_isMade) return;
            await ExecuteAsync($"CREATE DATABASE {s_template}");
            await using (await PostgresDatabase.OpenAsync(Options(s_template, TimeProvider.System))) s_isMade = true;
        }
        finally
        {
            s_gate.Release();
        }
    }

    private static async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Server.ConnectionString) { Pooling = false }.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
