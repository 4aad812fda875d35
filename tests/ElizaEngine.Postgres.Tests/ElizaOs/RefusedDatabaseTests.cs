using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>A database that cannot be shared rightly is refused with a typed error, and nothing in it is changed.</summary>
[Trait("Stage", "Postgres")]
public sealed class RefusedDatabaseTests : SharedDatabaseTest
{
    [Fact]
    public async Task One_whose_rows_elizaOS_keeps_apart_by_server_is_refused()
    {
        var eliza = await ElizaOsAsync(("ENABLE_DATA_ISOLATION", "true"), ("ELIZA_SERVER_ID", "one"));
        await eliza.MigrateAsync();
        await eliza.DoAsync("createAgent", new { id = AgentId, name = "Ada" });
        Assert.True(await ScalarAsync<bool>("SELECT relrowsecurity FROM pg_class WHERE oid = 'public.memories'::regclass"));

        await IsRefusedAsync("isolation");

        Assert.Single(await eliza.ListAsync("getAgents"));
    }

    [Fact]
    public async Task One_that_elizaOS_isolates_later_is_refused_from_then_on()
    {
        await OpenAsync();
        await CloseAsync();
        var eliza = await ElizaOsAsync(("ENABLE_DATA_ISOLATION", "true"), ("ELIZA_SERVER_ID", "one"));
        await eliza.MigrateAsync();

        await IsRefusedAsync("isolation");
    }

    [Fact]
    public async Task One_of_an_elizaOS_before_1_6_5_is_refused()
    {
        await SqlAsync("""
            CREATE TABLE agents (id uuid PRIMARY KEY, name text, "createdAt" timestamptz);
            CREATE TABLE rooms (id uuid PRIMARY KEY, "agentId" uuid, "serverId" text);
            CREATE TABLE memories (id uuid PRIMARY KEY, type text, "createdAt" timestamp, content jsonb, "agentId" uuid, "roomId" uuid);
            """);

        await IsRefusedAsync("agent_id");
    }

    [Fact]
    public async Task One_of_a_stranger_with_a_table_of_the_same_name_is_refused()
    {
        await SqlAsync("CREATE TABLE tasks (number integer)");

        await IsRefusedAsync("tasks");
    }

    private async Task IsRefusedAsync(string reason)
    {
        var before = await DescribeAsync("public", "eliza_engine", "migrations");

        var refusal = await Assert.ThrowsAnyAsync<DatabaseException>(() => OpenAsync());

        Assert.Contains(reason, refusal.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, await DescribeAsync("public", "eliza_engine", "migrations"));
    }
}
