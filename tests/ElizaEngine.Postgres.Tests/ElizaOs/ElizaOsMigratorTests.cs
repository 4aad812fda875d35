using ElizaEngine.Postgres.Tests.Infrastructure;
using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>elizaOS' own migrator, which runs whenever elizaOS starts, takes the database as it finds it and leaves it so.</summary>
[Trait("Stage", "Postgres")]
public sealed class ElizaOsMigratorTests : SharedDatabaseTest
{
    [Fact]
    public async Task The_tables_made_here_are_those_that_elizaOS_makes()
    {
        await using var other = await TestDatabase.CreateEmptyAsync();
        await using var eliza = await ElizaOs.StartAsync(other.ConnectionString, AgentId);
        await eliza.MigrateAsync();
        await OpenAsync();

        Assert.Equal(await DescribeAsync(other, "public", "migrations"), OfElizaOs(await DescribeAsync("public", "migrations")));
    }

    [Fact]
    public async Task The_record_written_here_is_the_one_that_elizaOS_writes()
    {
        const string Record = """
            SELECT m.hash || ' ' || s.idx || ' ' || (j.entries -> 0) - 'when' - 'tag' || ' ' || s.snapshot
            FROM migrations._migrations m JOIN migrations._snapshots s USING (plugin_name) JOIN migrations._journal j USING (plugin_name)
            """;
        await using var other = await TestDatabase.CreateEmptyAsync();
        await using var eliza = await ElizaOs.StartAsync(other.ConnectionString, AgentId);
        await eliza.MigrateAsync();
        await OpenAsync();

        Assert.NotNull(await ScalarAsync<string>(Record));
        Assert.Equal(await ScalarAsync<string>(other, Record), await ScalarAsync<string>(Record));
    }

    [Fact]
    public async Task A_database_made_here_passes_unchanged()
    {
        await OpenAsync();
        await PassesUnchangedAsync();
    }

    [Fact]
    public async Task A_database_made_by_elizaOS_passes_unchanged_after_it_was_opened_here()
    {
        var first = await ElizaOsAsync();
        await first.MigrateAsync();
        await OpenAsync();
        await PassesUnchangedAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_newer_elizaOS_changes_its_own_tables_and_leaves_what_stands_beside_them(bool isMadeByElizaOs)
    {
        if (isMadeByElizaOs)
        {
            var first = await ElizaOsAsync();
            await first.MigrateAsync();
        }
        await OpenAsync();
        var before = await DescribeAsync("public", "eliza_engine");
        Assert.Contains(before, line => line.Contains("eliza_logs_id", StringComparison.Ordinal));

        // An older elizaOS that did not have this index yet, so that 1.7.2 is the newer one.
        await SqlAsync("DROP INDEX public.idx_memories_world_id");
        await SqlAsync("UPDATE migrations._snapshots SET snapshot = snapshot #- '{tables,public.memories,indexes,idx_memories_world_id}'");
        await SqlAsync("UPDATE migrations._migrations SET hash = 'older'");

        var eliza = await ElizaOsAsync();
        await eliza.MigrateAsync();

        Assert.Equal(before, await DescribeAsync("public", "eliza_engine"));
        Assert.Equal(2L, await ScalarAsync<long>("SELECT count(*) FROM migrations._migrations"));
    }

    private async Task PassesUnchangedAsync()
    {
        string[] schemas = ["public", "eliza_engine", "migrations"];
        var before = await DescribeAsync(schemas);
        var eliza = await ElizaOsAsync();
        for (var start = 0; start < 2; start++) await eliza.MigrateAsync();

        Assert.Equal(before, await DescribeAsync(schemas));
        Assert.Equal(1L, await ScalarAsync<long>("SELECT count(*) FROM migrations._migrations"));
    }

    // What is ours among the indexes and triggers of elizaOS' tables says so by its name.
    private static IEnumerable<string> OfElizaOs(IEnumerable<string> lines) => lines.Where(line => !line.Contains(" eliza_", StringComparison.Ordinal));
}
