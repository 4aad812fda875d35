using Xunit;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>Looking without changing, and the script for an administrator.</summary>
[Trait("Stage", "Postgres")]
public sealed class ScriptTests
{
    [Fact]
    public async Task A_dry_run_names_the_steps_and_changes_nothing()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        var before = await database.DescribeAsync();

        var planned = await database.MissingAsync();

        Assert.Equal(["extension vector", .. Migration.All.Select(migration => migration.Name)], planned.Take(1 + Migration.Latest));
        Assert.Contains("index eliza_logs_id", planned);
        Assert.Equal(before, await database.DescribeAsync());
        Assert.Equal(planned, await PostgresDatabase.MigrateAsync(database.Options));
        Assert.Empty(await PostgresDatabase.MigrateAsync(database.Options));
    }

    [Fact]
    public async Task A_dry_run_of_an_adapter_on_an_open_database_finds_nothing_to_do()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await using var opened = await database.OpenAsync();
        Assert.Empty(await opened.ForAgent(SchemaDatabase.Ada).MigrateAsync(dryRun: true));
        await database.ExecuteAsync("DROP INDEX eliza_rooms_world");
        Assert.Equal(["index eliza_rooms_world"], await opened.ForAgent(SchemaDatabase.Ada).MigrateAsync(dryRun: true));
        Assert.Equal(["index eliza_rooms_world"], await opened.ForAgent(SchemaDatabase.Ada).MigrateAsync());
        Assert.Empty(await opened.ForAgent(SchemaDatabase.Ada).MigrateAsync());
    }

    [Fact]
    public async Task The_script_does_what_opening_does()
    {
        await using var fresh = await SchemaDatabase.LatestAsync();
        foreach (var made in new[] { SchemaDatabase.EmptyAsync(), SchemaDatabase.OfElizaOsAsync() })
        {
            await using var database = await made;
            var before = await database.DescribeAsync();
            var script = await PostgresDatabase.GetMigrationScriptAsync(database.Options);
            Assert.Equal(before, await database.DescribeAsync());

            await database.ExecuteAsync(script);

            Assert.Empty(await database.MissingAsync());
            Assert.Empty(await PostgresDatabase.GetMigrationScriptAsync(database.Options));
            Assert.Equal(await fresh.DescribeAsync(), await database.DescribeAsync());
            await using var opened = await PostgresDatabase.OpenAsync(database.Options with { Migrate = false });
            await opened.ForAgent(Guid.NewGuid()).CreateAgentsAsync([new Agent { Name = "Ada" }]);
        }
    }

    [Fact]
    public async Task The_script_stops_when_somebody_else_was_faster()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        var script = await PostgresDatabase.GetMigrationScriptAsync(database.Options);
        await using (await database.OpenAsync()) { }
        var before = await database.DescribeAsync();

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.ExecuteAsync(script));

        Assert.Equal(before, await database.DescribeAsync());
    }

    [Fact]
    public async Task Large_tables_get_their_indexes_one_at_a_time_and_by_script_without_keeping_writers_waiting()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync($"""
            INSERT INTO agents (id, name) VALUES ('{SchemaDatabase.Ada}', 'Ada');
            INSERT INTO memories (id, type, agent_id, content)
            SELECT gen_random_uuid(), 'messages', '{SchemaDatabase.Ada}', jsonb_build_object('text', repeat(md5(n::text), 30)) FROM generate_series(1, 20000) n;
            DROP INDEX eliza_memories_room; DROP INDEX eliza_memories_type; DROP INDEX eliza_rooms_agent; DROP INDEX eliza_logs_id;
            """);
        var script = await PostgresDatabase.GetMigrationScriptAsync(database.Options);
        Assert.Contains("\nCREATE INDEX CONCURRENTLY eliza_memories_room ", script, StringComparison.Ordinal);
        Assert.DoesNotContain("CONCURRENTLY eliza_rooms", script, StringComparison.Ordinal);

        // As psql sends it: what stands in no transaction goes alone.
        foreach (var part in Parts(script)) await database.ExecuteAsync(part);
        Assert.Empty(await database.MissingAsync());

        await database.ExecuteAsync("DROP INDEX eliza_memories_room; DROP INDEX eliza_memories_type;");
        Assert.Equal(["index eliza_memories_room", "index eliza_memories_type"], await PostgresDatabase.MigrateAsync(database.Options));
        Assert.Empty(await database.MissingAsync());
    }

    private static IEnumerable<string> Parts(string script)
    {
        foreach (var paragraph in script.Split("\n\n-- "))
        {
            var lines = paragraph.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal)).ToArray();
            if (lines.Any(line => line.StartsWith("BEGIN", StringComparison.Ordinal))) yield return string.Join('\n', lines.SkipWhile(line => !line.StartsWith("BEGIN", StringComparison.Ordinal)));
            else foreach (var line in lines.Where(line => line.StartsWith("CREATE", StringComparison.Ordinal))) yield return line;
        }
    }
}
