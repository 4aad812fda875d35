using Npgsql;

namespace ElizaEngine.Postgres.Tests;

/// <summary>A fresh, empty database on the server that ELIZA_TEST_POSTGRES_URL names; dropped when disposed.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Uri s_server = new(Environment.GetEnvironmentVariable("ELIZA_TEST_POSTGRES_URL")
        ?? throw new InvalidOperationException("ELIZA_TEST_POSTGRES_URL names no server: run the tests by tools/postgres/with-server.sh."));

    private readonly string _name;

    private TestDatabase(string name) => _name = name;

    public string ConnectionString => StringOf(_name);

    public static async Task<TestDatabase> CreateEmptyAsync()
    {
        var made = new TestDatabase($"test_{Guid.NewGuid():N}");
        await ExecuteAsync($"CREATE DATABASE {made._name}");
        return made;
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)");

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(StringOf(s_server.AbsolutePath.Trim('/')));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string StringOf(string database)
    {
        var user = s_server.UserInfo.Split(':');
        return new NpgsqlConnectionStringBuilder
        {
            Host = s_server.Host,
            Port = s_server.Port,
            Username = user[0],
            Password = user.ElementAtOrDefault(1),
            Database = database,
            Pooling = false,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;
    }
}
