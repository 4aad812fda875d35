using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(ElizaEngine.Postgres.Tests.Infrastructure.TemplateDatabases))]

namespace ElizaEngine.Postgres.Tests.Infrastructure;

[Trait("Stage", "Postgres")]
public sealed class TestDatabaseTests
{
    [Fact]
    public async Task An_empty_database_is_there_and_then_gone()
    {
        string name;
        await using (var database = await TestDatabase.CreateEmptyAsync())
        {
            name = database.Name;
            Assert.Equal(name, await ReadAsync<string>(database, "SELECT current_database()::text"));
            Assert.Equal(0L, await ReadAsync<long>(database, "SELECT count(*) FROM pg_extension WHERE extname = 'vector'"));
            Assert.True(await ExistsAsync(name));
        }
        Assert.False(await ExistsAsync(name));
    }

    [Fact]
    public async Task A_database_goes_although_somebody_is_connected()
    {
        var database = await TestDatabase.CreateEmptyAsync();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();

        await database.DisposeAsync();

        Assert.False(await ExistsAsync(database.Name));
    }

    [Fact]
    public async Task The_server_measures_vectors()
    {
        await using var database = await TestDatabase.CreateWithVectorAsync();
        Assert.Equal(1.0, await ReadAsync<double>(database, "SELECT '[1,0]'::vector <=> '[0,1]'::vector"));

        string? version = await ReadAsync<string>(database, "SELECT extversion FROM pg_extension WHERE extname = 'vector'");
        Assert.True(Version.Parse(version!) >= new Version(0, 8), $"pgvector {version} has no iterative scans.");
    }

    [Fact]
    public async Task The_shared_server_is_made_for_throwing_away_and_holds_UTF8()
    {
        Assert.True(await PostgresServer.ReadAsync<int>("SELECT current_setting('server_version_num')::int") >= 14_0000);
        Assert.Equal("UTF8", await PostgresServer.ReadAsync<string>("SHOW server_encoding"));
    }

    [Fact]
    public async Task A_template_is_filled_once_and_its_copies_are_apart()
    {
        int filled = 0;
        async Task FillAsync(string connectionString)
        {
            Interlocked.Increment(ref filled);
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var command = source.CreateCommand("CREATE TABLE fruit AS SELECT 'apple' AS name");
            await command.ExecuteNonQueryAsync();
        }

        TestDatabase[] copies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestDatabase.CreateFromTemplateAsync("fruit", FillAsync)));
        Assert.Equal(1, filled);
        await ReadAsync<object>(copies[0], "INSERT INTO fruit VALUES ('pear')");
        Assert.Equal(2L, await ReadAsync<long>(copies[0], "SELECT count(*) FROM fruit"));
        foreach (var copy in copies[1..]) Assert.Equal(1L, await ReadAsync<long>(copy, "SELECT count(*) FROM fruit"));

        foreach (var copy in copies) await copy.DisposeAsync();
    }

    [Fact]
    public async Task A_template_that_cannot_be_filled_leaves_no_database()
    {
        string? made = null;
        Task FillAsync(string connectionString)
        {
            made = new NpgsqlConnectionStringBuilder(connectionString).Database;
            throw new InvalidDataException("no");
        }

        await Assert.ThrowsAsync<InvalidDataException>(() => TestDatabase.CreateFromTemplateAsync("broken", FillAsync));

        Assert.False(await ExistsAsync(made!));
    }

    private static async Task<bool> ExistsAsync(string name) =>
        await PostgresServer.ReadAsync<long>($"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == 1;

    private static async Task<T?> ReadAsync<T>(TestDatabase database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(sql);
        return (T?)await command.ExecuteScalarAsync();
    }
}
