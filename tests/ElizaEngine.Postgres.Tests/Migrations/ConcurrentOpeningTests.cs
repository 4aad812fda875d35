using ElizaEngine.Postgres.Tests.Infrastructure;
using ElizaEngine.Postgres.Tests.Resilience;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>Several that open one database at once: processes, an elizaOS that is writing, somebody who does not get on.</summary>
[Trait("Stage", "Postgres")]
public sealed class ConcurrentOpeningTests
{
    private const int Processes = 10;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ten_processes_that_start_at_once_all_open_and_each_version_is_made_once(bool isOfElizaOs)
    {
        await using var database = isOfElizaOs ? await SchemaDatabase.OfElizaOsAsync() : await SchemaDatabase.EmptyAsync();
        await using var fresh = await SchemaDatabase.LatestAsync();
        var agents = isOfElizaOs ? 2 : 0;

        await OpenAtOnceAsync(database.ConnectionString);

        Assert.Equal(Enumerable.Range(1, Migration.Latest), await database.VersionsAsync());
        Assert.Equal(await fresh.DescribeAsync(), await database.DescribeAsync());
        Assert.Equal((long)(agents + Processes), await database.ReadAsync<long>("SELECT count(*) FROM agents"));
    }

    [Fact]
    public async Task Ten_processes_behind_a_pooler_in_transaction_mode_do_the_same()
    {
        await using var server = await PrivateServer.StartNewAsync();
        var bouncer = PostgresServer.Keywords(await server.StartBouncerAsync("default_pool_size=3"));

        // Seven of them find no connection behind the pooler until others have ended; on a busy machine that takes its time.
        await OpenAtOnceAsync(new NpgsqlConnectionStringBuilder(bouncer) { NoResetOnClose = true, Timeout = 120 }.ConnectionString);

        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand("SELECT array_agg(version ORDER BY version) FROM eliza_engine.schema_versions");
        Assert.Equal(Enumerable.Range(1, Migration.Latest), (int[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
        Assert.Empty(await PostgresDatabase.MigrateAsync(new PostgresDatabaseOptions { ConnectionString = server.ConnectionString }, cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Migrations_go_the_direct_way_and_calls_the_other()
    {
        await using var server = await PrivateServer.StartNewAsync();
        var bouncer = PostgresServer.Keywords(await server.StartBouncerAsync());
        var pooled = new NpgsqlConnectionStringBuilder(bouncer) { NoResetOnClose = true, ApplicationName = "pooled" }.ConnectionString;
        var options = new PostgresDatabaseOptions
        {
            ConnectionString = pooled,
            DirectConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { ApplicationName = "direct" }.ConnectionString,
        };
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using (var watch = source.CreateCommand("""
            CREATE TABLE who (name text);
            CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.who VALUES (current_setting('application_name')); END $$;
            CREATE EVENT TRIGGER watch ON ddl_command_start EXECUTE FUNCTION watch();
            """))
        {
            await watch.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await using var opened = await PostgresDatabase.OpenAsync(options, TestContext.Current.CancellationToken);

        await opened.ForAgent(Guid.NewGuid()).CreateAgentsAsync([new Agent { Name = "Ada" }], TestContext.Current.CancellationToken);
        await using var read = source.CreateCommand("SELECT string_agg(DISTINCT name, ',') FROM who");
        Assert.Equal("direct", await read.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_direct_way_to_another_database_is_found_out()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var other = await SchemaDatabase.EmptyAsync();

        var error = await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.OpenAsync(database.Options with { DirectConnectionString = other.ConnectionString }));

        Assert.Contains("DirectConnectionString", error.Message, StringComparison.Ordinal);
        Assert.Null(await database.VersionsAsync());
    }

    [Fact]
    public async Task A_migration_that_does_not_end_is_waited_for_only_so_long()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        var before = await database.DescribeAsync();
        await using var source = new NpgsqlDataSourceBuilder(database.ConnectionString).WithVectors().Build();
        await using (var holder = await source.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await ExecuteAsync(holder, MigrationLock.Take(MigrationPatience.Default));
            var impatient = new SchemaMigrator(source, source, new MigrationPatience(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10)));

            var error = await Assert.ThrowsAsync<SchemaBusyException>(() => impatient.OpenAsync(mayMigrate: true, TestContext.Current.CancellationToken));

            Assert.Contains("Another migration", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, await database.DescribeAsync());
        }
        await using var opened = await database.OpenAsync();
    }

    [Fact]
    public async Task A_table_that_others_hold_is_waited_for_only_so_long_and_what_was_done_stays()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var source = new NpgsqlDataSourceBuilder(database.ConnectionString).WithVectors().Build();
        var impatient = new SchemaMigrator(source, source, new MigrationPatience(TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(200)));
        await using (var holder = await source.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            // As an agent that writes does, for a long time.
            await ExecuteAsync(holder, "UPDATE memories SET metadata = metadata");
            var error = await Assert.ThrowsAsync<SchemaBusyException>(() => impatient.OpenAsync(mayMigrate: true, TestContext.Current.CancellationToken));
            Assert.Contains(Migration.All[1].Name, error.Message, StringComparison.Ordinal);
            Assert.Equal(Enumerable.Range(1, 1), await database.VersionsAsync());
        }
        await using (await database.OpenAsync()) { }

        // An index that calls can do without does not keep anybody out.
        await database.ExecuteAsync("DROP INDEX eliza_memories_room; DROP INDEX eliza_rooms_world");
        await using (var holder = await source.OpenConnectionAsync(TestContext.Current.CancellationToken))
        await using (var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await ExecuteAsync(holder, "UPDATE memories SET metadata = metadata");
            var opening = await impatient.OpenAsync(mayMigrate: true, TestContext.Current.CancellationToken);
            Assert.Contains(opening.Warnings, warning => warning.Contains("slow without index eliza_memories_room", StringComparison.Ordinal) && warning.Contains("Others hold locks", StringComparison.Ordinal));
        }
        Assert.NotEmpty(await database.MissingAsync());
        await using (await database.OpenAsync()) { }
        Assert.Empty(await database.MissingAsync());
    }

    [Fact]
    public async Task A_process_that_is_killed_while_it_migrates_keeps_nobody_out()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var holder = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using (var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            // It comes as far as its first statement on this table, with the lock of migrations in its hand.
            await ExecuteAsync(holder, "LOCK TABLE memories IN SHARE UPDATE EXCLUSIVE MODE");
            using var process = await OpeningProcess.StartAsync(database.ConnectionString);
            process.Go();
            await FaultTest.UntilAsync(
                "it waits for the table",
                () => database.ReadAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'memories'::regclass)"));
            process.Kill();
        }

        await using var opened = await database.OpenAsync();

        Assert.Equal(Enumerable.Range(1, Migration.Latest), await database.VersionsAsync());
    }

    [Fact]
    public async Task A_cancelled_opening_leaves_whole_steps()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var holder = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using (var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await ExecuteAsync(holder, "LOCK TABLE memories IN SHARE UPDATE EXCLUSIVE MODE");
            using var cancellation = new CancellationTokenSource();
            var opening = PostgresDatabase.OpenAsync(database.Options, cancellation.Token);
            await FaultTest.UntilAsync(
                "it waits for the table",
                () => database.ReadAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'memories'::regclass)"));
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
            Assert.Equal(Enumerable.Range(1, 1), await database.VersionsAsync());
            Assert.False(await database.HasAsync("eliza_engine.guards"));
        }
        await using var opened = await database.OpenAsync();
    }

    private static async Task OpenAtOnceAsync(string connectionString)
    {
        var processes = await Task.WhenAll(Enumerable.Range(0, Processes).Select(_ => OpeningProcess.StartAsync(connectionString)));
        try
        {
            foreach (var process in processes) process.Go();
            var outcomes = await Task.WhenAll(processes.Select(process => process.OutcomeAsync()));
            Assert.Equal(Enumerable.Repeat("opened", Processes), outcomes);
        }
        finally
        {
            foreach (var process in processes) process.Dispose();
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
