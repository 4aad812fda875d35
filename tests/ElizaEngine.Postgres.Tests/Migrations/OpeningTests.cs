using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>What opening does to the schema, and what it costs when nothing is to be done.</summary>
[Trait("Stage", "Postgres")]
public sealed class OpeningTests
{
    private static readonly int[] s_allVersions = [.. Enumerable.Range(1, Migration.Latest)];

    [Fact]
    public async Task An_empty_database_gets_everything()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        await using (var opened = await database.OpenAsync())
        {
            var adapter = opened.ForAgent(SchemaDatabase.Ada);
            await adapter.CreateAgentsAsync([new Agent { Id = SchemaDatabase.Ada, Name = "Ada" }]);
            Assert.Equal(1, await adapter.CountAgentsAsync());
        }
        Assert.Equal(s_allVersions, await database.VersionsAsync());
        Assert.Equal(Migration.All.Select(migration => migration.Checksum), await database.ReadAsync<string[]>("SELECT array_agg(checksum ORDER BY version) FROM eliza_engine.schema_versions"));
        Assert.StartsWith("ElizaEngine ", await database.ReadAsync<string>("SELECT applied_by FROM eliza_engine.schema_versions LIMIT 1"), StringComparison.Ordinal);
        Assert.Empty(await database.MissingAsync());
    }

    [Fact]
    public async Task A_database_of_elizaOS_keeps_its_rows_and_becomes_the_same()
    {
        await using var fresh = await SchemaDatabase.LatestAsync();
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        var rows = await database.ReadAsync<string>("SELECT md5(string_agg(m::text, ',' ORDER BY id)) FROM memories m");

        await using (var opened = await database.OpenAsync())
        {
            var memories = await opened.ForAgent(SchemaDatabase.Ada).GetMemoriesAsync(new MemoryQuery("messages") { RoomId = SchemaDatabase.Room });
            Assert.Equal(40, memories.Count);
        }

        Assert.Equal(rows, await database.ReadAsync<string>("SELECT md5(string_agg(m::text, ',' ORDER BY id)) FROM memories m"));
        Assert.Equal(s_allVersions, await database.VersionsAsync());
        Assert.Equal(await fresh.DescribeAsync(), await database.DescribeAsync());
    }

    [Fact]
    public async Task Bodies_of_logs_are_packed_by_the_quick_method_unless_somebody_chose_another()
    {
        const string method = "SELECT attcompression::text FROM pg_attribute WHERE attrelid = 'public.logs'::regclass AND attname = 'body'";
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var chosen = await SchemaDatabase.OfElizaOsAsync();
        await chosen.ExecuteAsync("ALTER TABLE logs ALTER COLUMN body SET COMPRESSION pglz");

        await (await database.OpenAsync()).DisposeAsync();
        await (await chosen.OpenAsync()).DisposeAsync();

        Assert.Equal("l", await database.ReadAsync<string>(method));
        Assert.Equal("p", await chosen.ReadAsync<string>(method));
    }

    [Fact]
    public async Task A_table_of_logs_that_is_in_use_keeps_its_method_and_nobody_from_opening()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync("DELETE FROM eliza_engine.schema_versions WHERE version = 4; ALTER TABLE logs ALTER COLUMN body SET COMPRESSION default");
        await using var reader = new NpgsqlConnection(database.ConnectionString);
        await reader.OpenAsync(TestContext.Current.CancellationToken);
        await using var reading = await reader.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var read = new NpgsqlCommand("SELECT count(*) FROM logs", reader);
        await read.ExecuteScalarAsync(TestContext.Current.CancellationToken);

        await (await database.OpenAsync()).DisposeAsync();

        Assert.Equal(s_allVersions, await database.VersionsAsync());
        Assert.Equal("", await database.ReadAsync<string>("SELECT attcompression::text FROM pg_attribute WHERE attrelid = 'public.logs'::regclass AND attname = 'body'"));
    }

    [Fact]
    public async Task Opening_what_is_up_to_date_is_one_query()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await using var source = new NpgsqlDataSourceBuilder(database.ConnectionString).WithVectors().Build();
        // What Npgsql itself asks when it first meets a database is not ours.
        await using (await source.OpenConnectionAsync(TestContext.Current.CancellationToken)) { }
        using var queries = new CountedQueries(database.ConnectionString);

        await using var opened = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { DataSource = source }, TestContext.Current.CancellationToken);
        Assert.Single(queries.Commands);

        await opened.ForAgent(SchemaDatabase.Ada).InitializeAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, queries.Commands.Count);
        Assert.Equal(queries.Commands[0], queries.Commands[1]);
        await opened.ForAgent(SchemaDatabase.Ada).CountAgentsAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, queries.Commands.Count);
    }

    [Fact]
    public async Task Without_migrating_a_database_that_is_behind_is_refused_and_stays_as_it_is()
    {
        foreach (var made in new[] { SchemaDatabase.EmptyAsync(), SchemaDatabase.OfElizaOsAsync() })
        {
            await using var database = await made;
            var before = await database.DescribeAsync();

            var error = await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.OpenAsync(database.Options with { Migrate = false }));

            Assert.Contains(Migration.All[0].Name, error.Message, StringComparison.Ordinal);
            Assert.EndsWith(
                "Nothing was changed. 'eliza migrate' or PostgresDatabase.MigrateAsync makes it, and so does opening with Migrate = true; "
                + "'eliza migrate --script' or PostgresDatabase.GetMigrationScriptAsync gives the script for an administrator.",
                error.Message, StringComparison.Ordinal);
            Assert.Equal(before, await database.DescribeAsync());
        }
    }

    [Fact]
    public async Task Without_migrating_a_database_that_is_up_to_date_opens_and_initializes()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await using var opened = await PostgresDatabase.OpenAsync(database.Options with { Migrate = false });
        await opened.ForAgent(SchemaDatabase.Ada).InitializeAsync();

        await database.ExecuteAsync("DELETE FROM eliza_engine.schema_versions WHERE version > 1");
        await Assert.ThrowsAsync<SchemaException>(() => opened.ForAgent(SchemaDatabase.Ada).InitializeAsync());
        Assert.Equal(s_allVersions.Take(1), await database.VersionsAsync());
    }

    [Fact]
    public async Task A_newer_database_is_refused_with_both_versions()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        var newer = Migration.Latest + 2;
        await database.ExecuteAsync($"INSERT INTO eliza_engine.schema_versions (version, name, checksum, applied_by) VALUES ({newer}, 'V9__x', 'x', 'ElizaEngine 7.8.9')");

        var error = await Assert.ThrowsAsync<UnsupportedFormatException>(database.OpenAsync);

        Assert.Contains($"version {newer} ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"version {Migration.Latest} ", error.Message, StringComparison.Ordinal);
        Assert.Contains("Open it with ElizaEngine 7.8.9", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnsupportedFormatException>(() => PostgresDatabase.GetMigrationScriptAsync(database.Options));
        await Assert.ThrowsAsync<UnsupportedFormatException>(() => PostgresDatabase.MigrateAsync(database.Options));
    }

    [Fact]
    public async Task A_version_made_by_another_script_is_refused()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync("UPDATE eliza_engine.schema_versions SET checksum = 'abc' WHERE version = 2");

        var error = await Assert.ThrowsAsync<SchemaException>(database.OpenAsync);

        Assert.Contains(Migration.All[1].Name, error.Message, StringComparison.Ordinal);
        Assert.Contains("abc", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_is_forgotten_before_a_later_one_is_refused()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync("DELETE FROM eliza_engine.schema_versions WHERE version = 1");

        var error = await Assert.ThrowsAsync<SchemaException>(database.OpenAsync);

        Assert.Contains("does not remember version 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_interrupted_opening_left_is_gone_on_with()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync("""
            DELETE FROM eliza_engine.schema_versions WHERE version > 1;
            DROP TRIGGER eliza_note_dimension ON embeddings; DROP TRIGGER eliza_forget_dimension ON agents;
            DROP FUNCTION eliza_engine.note_dimension(), eliza_engine.forget_dimension();
            DROP TABLE eliza_engine.agent_dimensions, eliza_engine.embeddings, eliza_engine.guards;
            DROP INDEX eliza_memories_room;
            """);
        string[] expected = [.. Migration.All.Skip(1).Select(migration => migration.Name), "index eliza_memories_room"];
        Assert.Equal(expected, await database.MissingAsync());

        await using var opened = await database.OpenAsync();

        Assert.Equal(s_allVersions, await database.VersionsAsync());
        await using var fresh = await SchemaDatabase.LatestAsync();
        Assert.Equal(await fresh.DescribeAsync(), await database.DescribeAsync());
    }

    [Fact]
    public void A_checksum_does_not_depend_on_how_lines_end()
    {
        Assert.All(Migration.All, migration => Assert.DoesNotContain('\r', migration.Sql));
        Assert.Equal(Migration.All.Count, Migration.All.Select(migration => migration.Checksum).Distinct().Count());
        Assert.All(Migration.All, migration => Assert.Equal(64, migration.Checksum.Length));
    }
}
