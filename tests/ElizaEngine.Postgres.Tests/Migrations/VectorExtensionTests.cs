using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>pgvector: where it is missing, where it hides, and which versions of it will do.</summary>
[Trait("Stage", "Postgres")]
public sealed class VectorExtensionTests
{
    [Fact]
    public async Task A_role_without_the_right_to_add_it_is_told_the_statement()
    {
        await using var role = await TestRole.CreateAsync();
        await using var database = await SchemaDatabase.EmptyAsync();
        await role.OwnAsync(database);

        var error = await Assert.ThrowsAsync<VectorExtensionException>(() => PostgresDatabase.OpenAsync(role.On(database)));

        Assert.Equal("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;", error.Remedy);
        Assert.Contains(error.Remedy!, error.Message, StringComparison.Ordinal);
        Assert.Contains(role.Name, error.Message, StringComparison.Ordinal);
        Assert.Equal("", await database.DescribeAsync());

        // An administrator runs it: all the rest this role may do.
        await database.ExecuteAsync(error.Remedy!);
        await using var opened = await PostgresDatabase.OpenAsync(role.On(database));
        await StoreAndFindAsync(opened);
    }

    [Fact]
    public async Task A_server_that_does_not_have_it_is_named_with_the_way_to_install_it()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        // Every server here has it, so it is taken away from this database; first see what a server says that really lacks one.
        var real = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("CREATE EXTENSION IF NOT EXISTS eliza_no_such_extension"));
        await database.ExecuteAsync($"""
            CREATE FUNCTION absent() RETURNS event_trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION '{real.MessageText.Replace("eliza_no_such_extension", "vector", StringComparison.Ordinal)}' USING ERRCODE = '{real.SqlState}'; END $$;
            CREATE EVENT TRIGGER absent ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION absent();
            """);

        var error = await Assert.ThrowsAsync<VectorExtensionException>(database.OpenAsync);

        Assert.Null(error.Remedy);
        Assert.Contains("does not have pgvector", error.Message, StringComparison.Ordinal);
        Assert.Matches(@"postgresql-\d+-pgvector", error.Message);
    }

    [Fact]
    public async Task In_another_schema_it_is_found_through_the_search_path_and_else_refused()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        await database.ExecuteAsync("CREATE SCHEMA extensions; CREATE EXTENSION vector WITH SCHEMA extensions");

        var error = await Assert.ThrowsAsync<VectorExtensionException>(database.OpenAsync);
        Assert.Contains("schema extensions", error.Message, StringComparison.Ordinal);

        var byPath = database.Options with
        {
            ConnectionString = new NpgsqlConnectionStringBuilder(database.ConnectionString) { SearchPath = "public, extensions" }.ConnectionString,
        };
        await using (var opened = await PostgresDatabase.OpenAsync(byPath)) await StoreAndFindAsync(opened);
        // Also when the database is one of ours.
        Assert.Equal(error.Message, (await Assert.ThrowsAsync<VectorExtensionException>(database.OpenAsync)).Message);

        await database.ExecuteAsync(error.Remedy!);
        await using (var opened = await database.OpenAsync()) await StoreAndFindAsync(opened);
        Assert.Empty(await database.MissingAsync());
    }

    [Fact]
    public async Task A_type_of_that_name_which_is_not_its_own_does_not_deceive()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        await database.ExecuteAsync("CREATE SCHEMA extensions; CREATE EXTENSION vector WITH SCHEMA extensions; CREATE DOMAIN public.vector AS text");
        await Assert.ThrowsAsync<VectorExtensionException>(database.OpenAsync);
    }

    [Theory]
    [InlineData("0.7.4", false)]
    [InlineData("0.4.4", false)]
    [InlineData("0.8.0", true)]
    [InlineData("0.8.3", true)]
    [InlineData("0.8.0-yb-1.0", true)]
    public async Task An_old_version_is_refused_or_warned_of(string version, bool isAccepted)
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync($"UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'vector'");
        if (!isAccepted)
        {
            var error = await Assert.ThrowsAsync<VectorExtensionException>(database.OpenAsync);
            Assert.Equal("ALTER EXTENSION vector UPDATE;", error.Remedy);
            Assert.Contains($"pgvector {version}; 0.8.0 or later", error.Message, StringComparison.Ordinal);
            return;
        }
        await using var opened = await database.OpenAsync();
        Assert.Contains(opened.Warnings, warning => warning.StartsWith($"pgvector {version} has known faults", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0.8.4")]
    [InlineData("0.8.12")]
    [InlineData("0.10.0")]
    [InlineData("1.0")]
    public async Task A_sound_version_needs_no_words(string version)
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync($"UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'vector'");
        await using var opened = await database.OpenAsync();
        Assert.Empty(opened.Warnings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_data_source_that_met_the_database_before_learns_its_types(bool isMadeByAnother)
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        await using var source = new NpgsqlDataSourceBuilder(database.ConnectionString).WithVectors().Build();
        await using (await source.OpenConnectionAsync(TestContext.Current.CancellationToken)) { }
        if (isMadeByAnother)
        {
            await using var other = await database.OpenAsync();
        }

        await using var opened = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { DataSource = source }, TestContext.Current.CancellationToken);

        await StoreAndFindAsync(opened);
    }

    [Fact]
    public async Task A_connection_string_of_several_hosts_learns_them_too()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        var hosts = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        hosts.Host = $"{hosts.Host}:{hosts.Port},{hosts.Host}:{hosts.Port}";

        // They share a pool, or two of them.
        var opened = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = hosts.ConnectionString })));

        foreach (var one in opened) await StoreAndFindAsync(one);
        foreach (var one in opened) await one.DisposeAsync();
    }

    [Fact]
    public async Task A_data_source_that_cannot_read_vectors_is_refused()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { DataSource = source }));

        Assert.Equal("dataSource", error.Parameter);
        Assert.Contains("UseVector()", error.Message, StringComparison.Ordinal);
    }

    private static async Task StoreAndFindAsync(PostgresDatabase database)
    {
        var adapter = database.ForAgent(Guid.NewGuid());
        await adapter.CreateAgentsAsync([new Agent { Id = adapter.AgentId, Name = "Ada" }]);
        foreach (var dimension in new[] { 384, 7 })
        {
            await adapter.EnsureEmbeddingDimensionAsync(dimension);
            var vector = Enumerable.Range(1, dimension).Select(n => 1f / n).ToArray();
            var stored = await adapter.CreateMemoriesAsync([new Memory { Content = Content.FromText("a"), Embedding = vector }], "facts");
            var found = Assert.Single(await adapter.SearchMemoriesAsync(new MemorySearch("facts", vector)));
            Assert.Equal(stored[0].Id, found.Id);
        }
    }
}
