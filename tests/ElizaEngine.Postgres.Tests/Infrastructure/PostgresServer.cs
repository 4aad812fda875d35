using Npgsql;

namespace ElizaEngine.Postgres.Tests.Infrastructure;

/// <summary>
/// The server that the tests of one run share: the one that <c>ELIZA_TEST_POSTGRES_URL</c> names. <c>POSTGRES_URL</c> is never
/// read, so that the tests meet nobody's data. A test that stops or slows its server starts a <see cref="PrivateServer"/>.
/// </summary>
internal static class PostgresServer
{
    public const string Variable = "ELIZA_TEST_POSTGRES_URL";

    private static readonly Lazy<NpgsqlDataSource> s_administration = new(() => NpgsqlDataSource.Create(Shared));

    private static string Shared => Keywords(Environment.GetEnvironmentVariable(Variable) ?? throw new InvalidOperationException(
        $"{Variable} is not set. Run the tests with a server: bash tools/postgres/with-server.sh <the command that runs the tests>"));

    /// <summary>Connection string of a database of that server.</summary>
    public static string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(Shared) { Database = database }.ConnectionString;

    /// <summary>Runs a statement as the superuser, in the database that the URL names.</summary>
    public static async Task ExecuteAsync(string sql)
    {
        await using var command = s_administration.Value.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads one value as the superuser, in the database that the URL names.</summary>
    public static async Task<T?> ReadAsync<T>(string sql)
    {
        await using var command = s_administration.Value.CreateCommand(sql);
        return (T?)await command.ExecuteScalarAsync();
    }

    /// <summary>The keywords for a URL as tools/postgres prints it. It is no parser for everybody's URLs.</summary>
    /// <exception cref="FormatException">The URL holds what is not understood here.</exception>
    public static string Keywords(string url)
    {
        var parsed = new Uri(url);
        if (parsed.Scheme is not ("postgres" or "postgresql") || parsed.Query.Length > 0)
            throw new FormatException($"The tests understand postgres://user:password@host:port/database, and nothing behind it; not {parsed.Scheme}://{parsed.Host}{parsed.Query}.");
        string[] user = parsed.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = parsed.Host,
            Port = parsed.IsDefaultPort ? 5432 : parsed.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Database = Uri.UnescapeDataString(parsed.AbsolutePath.Trim('/')),
            MaxPoolSize = 20,
            GssEncryptionMode = GssEncryptionMode.Disable,
        }.ConnectionString;
    }
}
