using Npgsql;
using Xunit;

namespace ElizaEngine.Cli;

/// <summary>An empty database on the server that <c>ELIZA_TEST_POSTGRES_URL</c> names, for one test; dropped when disposed.</summary>
internal sealed class ServerDatabase : IAsyncDisposable
{
    private const string Variable = "ELIZA_TEST_POSTGRES_URL";

    private readonly string _name = $"eliza_cli_{Guid.NewGuid():N}";

    private ServerDatabase() => Url = new UriBuilder(Server) { Path = _name }.Uri.AbsoluteUri;

    /// <summary>Its URL, with the password.</summary>
    public string Url { get; }

    /// <summary>The same as Npgsql's keywords.</summary>
    public string Keywords => KeywordsOf(_name);

    /// <summary>The password in it.</summary>
    public static string Password => Uri.UnescapeDataString(Server.UserInfo.Split(':')[1]);

    private static Uri Server => new(Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException(
        $"{Variable} is not set. Run the tests with a server: bash tools/postgres/with-server.sh <the command that runs the tests>"));

    private static string ServersOwn => Server.AbsolutePath.Trim('/');

    /// <summary>What a command said on stderr, but for the warning that some servers earn by the version of their pgvector.</summary>
    public static string WithoutItsVersion(string error) =>
        string.Concat(error.Split('\n').Where(line => !line.StartsWith("eliza: warning: pgvector ", StringComparison.Ordinal)).Select(line => line.Length > 0 ? $"{line}\n" : ""));

    /// <summary>Runs a statement in it.</summary>
    public async Task ExecuteAsync(string sql) => await ExecuteAsync(sql, _name);

    public static async Task<ServerDatabase> CreateAsync()
    {
        var database = new ServerDatabase();
        await ExecuteAsync($"CREATE DATABASE {database._name}", ServersOwn);
        return database;
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)", ServersOwn);

    private static async Task ExecuteAsync(string sql, string database)
    {
        await using var source = NpgsqlDataSource.Create(KeywordsOf(database));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static string KeywordsOf(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = Server.Host,
        Port = Server.Port,
        Username = Server.UserInfo.Split(':')[0],
        Password = Password,
        Database = database,
        Pooling = false,
        GssEncryptionMode = GssEncryptionMode.Disable,
    }.ConnectionString;
}
