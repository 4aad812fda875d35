using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>Databases that are refused, each with an error that says why, and left as they are.</summary>
[Trait("Stage", "Postgres")]
public sealed class StrangeDatabaseTests
{
    [Fact]
    public async Task Columns_of_an_elizaOS_before_1_6_5_are_refused()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await database.ExecuteAsync("""
            ALTER TABLE memories RENAME room_id TO "roomId"; ALTER TABLE memories RENAME agent_id TO "agentId"; ALTER TABLE rooms RENAME agent_id TO "agentId";
            """);
        var message = await RefusedAsync<SchemaException>(database);
        Assert.Contains("before 1.6.5", message, StringComparison.Ordinal);
        Assert.Contains("Open it once with elizaOS 1.7.2", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_that_lack_what_elizaOS_has_are_refused_by_name()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await database.ExecuteAsync("ALTER TABLE rooms DROP COLUMN message_server_id; DROP TABLE cache;");
        var message = await RefusedAsync<SchemaException>(database);
        Assert.Contains(": cache, rooms.message_server_id are missing", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_programs_tables_are_not_touched()
    {
        await using var database = await SchemaDatabase.EmptyAsync();
        await database.ExecuteAsync("CREATE EXTENSION vector; CREATE TABLE tasks (id serial PRIMARY KEY, what text)");
        var message = await RefusedAsync<SchemaException>(database);
        Assert.Contains("no elizaOS database: tasks", message, StringComparison.Ordinal);
        Assert.Contains("Give ElizaEngine a database of its own", message, StringComparison.Ordinal);
    }

    // They opened without a word. SQL_ASCII counts bytes where texts are to be measured and refuses \u00e9 in JSON; LATIN1 refuses most characters.
    [Theory]
    [InlineData("SQL_ASCII")]
    [InlineData("LATIN1")]
    public async Task A_database_in_another_encoding_than_UTF8_is_refused(string encoding)
    {
        await using var database = await SchemaDatabase.EncodedAsync(encoding);
        Assert.Contains($"has the encoding {encoding}", await RefusedAsync<SchemaException>(database), StringComparison.Ordinal);
        await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.MigrateAsync(database.Options));
        await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.GetMigrationScriptAsync(database.Options));
        Assert.Equal("", await database.DescribeAsync());
    }

    [Fact]
    public async Task elizaOS_data_isolation_is_refused_also_for_a_role_that_sees_everything()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await database.ExecuteAsync("""
            ALTER TABLE memories ADD COLUMN server_id uuid;
            ALTER TABLE memories ENABLE ROW LEVEL SECURITY; ALTER TABLE memories FORCE ROW LEVEL SECURITY;
            CREATE POLICY server_isolation_policy ON memories USING (server_id = nullif(current_setting('app.server_id', true), '')::uuid);
            """);
        Assert.Contains("ENABLE_DATA_ISOLATION", await RefusedAsync<DataIsolationException>(database), StringComparison.Ordinal);
        // Half taken away is not off.
        await database.ExecuteAsync("DROP POLICY server_isolation_policy ON memories");
        await RefusedAsync<DataIsolationException>(database);
        await database.ExecuteAsync("ALTER TABLE memories DISABLE ROW LEVEL SECURITY; CREATE POLICY entity_isolation_policy ON memories USING (true)");
        await RefusedAsync<DataIsolationException>(database);
        // Off: elizaOS leaves its column.
        await database.ExecuteAsync("DROP POLICY entity_isolation_policy ON memories");
        await using var opened = await database.OpenAsync();
    }

    [Fact]
    public async Task Data_isolation_that_was_turned_on_later_is_refused_too()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync("CREATE POLICY server_isolation_policy ON central_messages USING (true)");
        var error = await Assert.ThrowsAsync<DataIsolationException>(database.OpenAsync);
        Assert.Equal(["central_messages"], error.Tables);
    }

    [Fact]
    public async Task Row_level_security_is_refused_where_it_binds_the_role_and_told_where_it_does_not()
    {
        await using var role = await TestRole.CreateAsync();
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync($"""
            ALTER TABLE logs ENABLE ROW LEVEL SECURITY; ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
            GRANT USAGE ON SCHEMA eliza_engine TO {role.Name}; GRANT ALL ON ALL TABLES IN SCHEMA public, eliza_engine TO {role.Name};
            """);

        var error = await Assert.ThrowsAsync<DataIsolationException>(() => PostgresDatabase.OpenAsync(role.On(database)));
        Assert.Equal(["agents", "logs"], error.Tables);
        Assert.Contains(role.Name, error.Message, StringComparison.Ordinal);

        await using var opened = await database.OpenAsync();
        Assert.Contains(opened.Warnings, warning => warning.Contains("Row level security is on for agents, logs", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_role_without_rights_on_what_is_ours_is_told_the_statement()
    {
        await using var role = await TestRole.CreateAsync();
        await using var database = await SchemaDatabase.LatestAsync();

        var error = await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.OpenAsync(role.On(database)));

        Assert.Contains("schema eliza_engine", error.Message, StringComparison.Ordinal);
        await database.ExecuteAsync($"{error.Remedy} GRANT ALL ON ALL TABLES IN SCHEMA public TO {role.Name}");
        await using var opened = await PostgresDatabase.OpenAsync(role.On(database));
        await opened.ForAgent(SchemaDatabase.Ada).CreateAgentsAsync([new Agent { Id = SchemaDatabase.Ada, Name = "Ada" }]);
    }

    [Fact]
    public async Task A_server_that_only_reads_serves_what_is_up_to_date_and_says_that_it_cannot_migrate()
    {
        await using var latest = await SchemaDatabase.LatestAsync();
        await using (var opened = await PostgresDatabase.OpenAsync(ReadOnly(latest))) Assert.Equal(0, await opened.ForAgent(SchemaDatabase.Ada).CountAgentsAsync());

        await using var behind = await SchemaDatabase.OfElizaOsAsync();
        var error = await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.OpenAsync(ReadOnly(behind)));
        Assert.Contains("only reads", error.Message, StringComparison.Ordinal);

        static PostgresDatabaseOptions ReadOnly(SchemaDatabase database) => new()
        {
            ConnectionString = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "-c default_transaction_read_only=on" }.ConnectionString,
        };
    }

    [Theory]
    [InlineData("13.22", false)]
    [InlineData("14.0", true)]
    [InlineData("17.5", true)]
    public void A_server_that_is_too_old_is_refused(string version, bool isAccepted)
    {
        var error = Record.Exception(() => SchemaChecks.ThrowIfTooOld(Version.Parse(version)));
        Assert.Equal(isAccepted, error is null);
        Assert.True(isAccepted || error is SchemaException);
    }

    private static async Task<string> RefusedAsync<TError>(SchemaDatabase database)
        where TError : DatabaseException
    {
        var before = await database.DescribeAsync();
        var error = await Assert.ThrowsAsync<TError>(database.OpenAsync);
        Assert.Equal(before, await database.DescribeAsync());
        Assert.Null(await database.VersionsAsync());
        return error.Message;
    }
}
