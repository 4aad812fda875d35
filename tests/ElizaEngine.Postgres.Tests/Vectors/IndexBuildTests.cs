using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Vectors;

/// <summary>An index comes while everybody goes on working, comes by itself when it pays, and never stays half made.</summary>
[Trait("Stage", "Postgres")]
public sealed class IndexBuildTests
{
    private const int Dimension = 384;
    private const int Rows = 2_500;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writes_and_searches_go_on_while_it_is_built()
    {
        await using var world = await CreateAsync();
        var vectors = new ClusteredVectors(Dimension, 20, seed: 2);
        var written = new List<(Guid Id, float[] Vector)>();
        var meanwhile = 0;
        await using var writer = await HoldBuildsAsync(world);
        var build = world.Database.BuildVectorIndexAsync(Dimension, Cancellation);
        do
        {
            var vector = vectors.Next().Vector;
            var id = (await world.Adapter.CreateMemoriesAsync([new Memory { RoomId = VectorWorld.Room(0), Unique = true, Embedding = vector }], VectorWorld.Table))[0].Id;
            written.Add((id, vector));
            Assert.Equal(id, (await world.Adapter.SearchMemoriesAsync(new MemorySearch(VectorWorld.Table, vector)))[0].Id);
            // False: under construction still, after both were done.
            if (await world.IndexIsValidAsync() is not false) continue;
            meanwhile++;
            await writer.DisposeAsync();
        }
        while (!build.IsCompleted);

        Assert.True(await build);
        Assert.True(meanwhile > 0, "The build was over before anybody wrote.");
        foreach (var (id, vector) in written.TakeLast(20))
        {
            var search = new MemorySearch(VectorWorld.Table, vector);
            Assert.False((await ExplainAsync(world, search)).IsExact);
            Assert.Equal(id, (await world.Adapter.SearchMemoriesAsync(search))[0].Id);
        }
    }

    [Fact]
    public async Task Of_two_that_build_at_once_one_does_and_the_other_waits()
    {
        await using var world = await CreateAsync();
        await using var other = await PostgresDatabase.OpenAsync(world.Database.Options);

        bool[] built = await Task.WhenAll(
            world.Database.BuildVectorIndexAsync(Dimension, Cancellation), other.BuildVectorIndexAsync(Dimension, Cancellation), other.BuildVectorIndexAsync(Dimension, Cancellation));

        Assert.Single(built, true);
        Assert.True(await world.IndexIsValidAsync());
        Assert.False(await other.BuildVectorIndexAsync(Dimension, Cancellation));
        Assert.Equal(0L, await LocksAsync(world));
    }

    [Fact]
    public async Task A_search_that_compared_many_rows_has_it_built()
    {
        await using var world = await CreateAsync();
        var search = new MemorySearch(VectorWorld.Table, world.Rows[0].Vector);

        await world.ReopenAsync(vectorIndexRows: Rows + 1);
        await world.Adapter.SearchMemoriesAsync(search);
        await world.Database.Indexes.BackgroundBuild;
        Assert.Null(await world.IndexIsValidAsync());

        await world.ReopenAsync(vectorIndexRows: Rows);
        await world.Adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact });
        await world.Database.Indexes.BackgroundBuild;
        Assert.Null(await world.IndexIsValidAsync());

        await world.Adapter.SearchMemoriesAsync(search);
        await world.Database.Indexes.BackgroundBuild;
        Assert.True(await world.IndexIsValidAsync());
        Assert.False((await ExplainAsync(world, search)).IsExact);
    }

    [Fact]
    public async Task One_that_a_crash_left_unfinished_is_told_and_built_anew()
    {
        await using var world = await CreateAsync();
        var search = new MemorySearch(VectorWorld.Table, world.Rows[0].Vector);
        var build = await BeginBuildAsync(world, Cancellation);
        await world.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE datname = current_database()");
        await Assert.ThrowsAnyAsync<DatabaseException>(() => build);
        Assert.False(await world.IndexIsValidAsync());

        var plan = await ExplainAsync(world, search);
        Assert.True(plan.IsExact);
        Assert.Contains("broken off", plan.Reason, StringComparison.Ordinal);

        // However few rows a search compares: an index that is not valid costs writers, and serves nobody.
        await world.ReopenAsync(vectorIndexRows: int.MaxValue);
        Assert.Equal(world.Rows[0].Id, (await world.Adapter.SearchMemoriesAsync(search))[0].Id);
        await world.Database.Indexes.BackgroundBuild;
        Assert.True(await world.IndexIsValidAsync());
        Assert.False((await ExplainAsync(world, search)).IsExact);
    }

    [Fact]
    public async Task A_cancelled_build_leaves_nothing()
    {
        await using var world = await CreateAsync();
        using var cancellation = new CancellationTokenSource();
        var build = await BeginBuildAsync(world, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => build);

        Assert.Null(await world.IndexIsValidAsync());
        Assert.Equal(0L, await LocksAsync(world));
        Assert.True(await world.Database.BuildVectorIndexAsync(Dimension, Cancellation));
    }

    [Fact]
    public async Task Closing_the_database_breaks_off_a_build_and_leaves_nothing()
    {
        await using var world = await CreateAsync();
        var build = await BeginBuildAsync(world, Cancellation);
        var refused = Assert.ThrowsAsync<DatabaseClosedException>(() => build);

        await world.ReopenAsync(vectorIndexRows: null);

        await refused;
        Assert.Null(await world.IndexIsValidAsync());
        await world.Database.CloseAsync();
        await Assert.ThrowsAsync<DatabaseClosedException>(() => world.Database.BuildVectorIndexAsync(Dimension, Cancellation));
    }

    [Fact]
    public async Task Who_may_not_build_searches_on_and_is_told_why()
    {
        await using var world = await CreateAsync();
        string role = $"visitor_{Guid.NewGuid():N}";
        await world.ExecuteAsync($"""
            CREATE ROLE {role} LOGIN PASSWORD 'visitor';
            GRANT USAGE ON SCHEMA public, eliza_engine TO {role};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, eliza_engine TO {role};
            """);
        try
        {
            string connectionString = new NpgsqlConnectionStringBuilder(world.ConnectionString) { Username = role, Password = "visitor" }.ConnectionString;
            await using var visitor = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = connectionString, VectorIndexRows = 1 });
            var search = new MemorySearch(VectorWorld.Table, world.Rows[0].Vector);

            Assert.Equal(world.Rows[0].Id, (await visitor.ForAgent(world.Agent).SearchMemoriesAsync(search))[0].Id);
            await visitor.Indexes.BackgroundBuild;

            Assert.Contains("must be owner", (await visitor.ExplainSearchAsync(world.Agent, search)).Reason, StringComparison.Ordinal);
            Assert.Equal(world.Rows[0].Id, (await visitor.ForAgent(world.Agent).SearchMemoriesAsync(search))[0].Id);
            Assert.Null(await world.IndexIsValidAsync());
        }
        finally
        {
            await world.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task Behind_a_pooler_it_is_built_directly_and_no_setting_of_a_search_stays()
    {
        await using var server = await PrivateServer.StartNewAsync();
        string pooled = PostgresServer.Keywords(await server.StartBouncerAsync("default_pool_size=1"));
        await using var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions
        {
            ConnectionString = pooled,
            DirectConnectionString = server.ConnectionString,
            VectorIndexRows = 1_000,
        });
        var (agent, adapter, search) = await FillAsync(database);

        await adapter.SearchMemoriesAsync(search);
        await database.Indexes.BackgroundBuild;
        Assert.Equal(10, (await adapter.SearchMemoriesAsync(search)).Count);
        Assert.False((await database.ExplainSearchAsync(agent, search)).IsExact);

        await using var neighbour = new NpgsqlConnection(pooled);
        await neighbour.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand("SELECT current_setting('enable_seqscan') || current_setting('statement_timeout') || current_setting('hnsw.ef_search')", neighbour);
        Assert.Equal("on040", await command.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task Behind_a_pooler_without_a_way_around_it_nothing_is_built_and_it_is_told_what_to_give()
    {
        await using var server = await PrivateServer.StartNewAsync();
        string url = await server.StartBouncerAsync("default_pool_size=1");
        var options = new PostgresDatabaseOptions { ConnectionString = $"{url}?pgbouncer=true", VectorIndexRows = 1_000 };
        await using var database = await PostgresDatabase.OpenAsync(options);
        var (agent, adapter, search) = await FillAsync(database);

        Assert.Equal(10, (await adapter.SearchMemoriesAsync(search)).Count);
        await database.Indexes.BackgroundBuild;
        Assert.Contains("directConnectionString", (await database.ExplainSearchAsync(agent, search)).Reason, StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => database.BuildVectorIndexAsync(32, Cancellation));
        Assert.Equal("directConnectionString", error.Parameter);

        // The session that the pooler lends to everybody.
        await using var neighbour = new NpgsqlConnection(PostgresServer.Keywords(url));
        await neighbour.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(
            $"""
            SELECT (to_regclass('{new VectorIndex(32).Name}') IS NULL)::text || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
                || current_setting('statement_timeout')
            """,
            neighbour);
        Assert.Equal("true00", await command.ExecuteScalarAsync(Cancellation));

        // Somebody who has a way around it builds it for all.
        await using var direct = await PostgresDatabase.OpenAsync(options with { ConnectionString = server.ConnectionString });
        Assert.True(await direct.BuildVectorIndexAsync(32, Cancellation));
        Assert.False(await database.BuildVectorIndexAsync(32, Cancellation));
        Assert.False((await database.ExplainSearchAsync(agent, search)).IsExact);
    }

    [Fact]
    public async Task It_takes_no_connection_of_the_calls()
    {
        await using var world = await CreateAsync();
        await using var database = await PostgresDatabase.OpenAsync(world.Database.Options with
        {
            ConnectionString = new NpgsqlConnectionStringBuilder(world.ConnectionString) { MaxPoolSize = 1 }.ConnectionString,
        });
        await using var writer = await HoldBuildsAsync(world);
        var build = database.BuildVectorIndexAsync(Dimension, Cancellation);
        while (await world.IndexIsValidAsync() is null) Assert.False(build.IsCompleted);

        Assert.Equal(1, await database.ForAgent(world.Agent).CountAgentsAsync(Cancellation));

        Assert.False(await world.IndexIsValidAsync());
        await writer.DisposeAsync();
        Assert.True(await build);
    }

    [Fact]
    public async Task A_data_source_of_the_caller_that_has_one_connection_keeps_it_for_calls()
    {
        await using var world = await CreateAsync();
        var settings = new NpgsqlConnectionStringBuilder(world.ConnectionString) { MaxPoolSize = 1 };
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.UseVector();
        await using var source = builder.Build();
        var options = new PostgresDatabaseOptions { DataSource = source, VectorIndexRows = null };
        await using (var database = await PostgresDatabase.OpenAsync(options))
        {
            var error = await Assert.ThrowsAsync<InvalidInputException>(() => database.BuildVectorIndexAsync(Dimension, Cancellation));
            Assert.Equal("directConnectionString", error.Parameter);
            Assert.Null(await world.IndexIsValidAsync());
        }

        await using var another = await PostgresDatabase.OpenAsync(options with { DirectConnectionString = world.ConnectionString });
        Assert.True(await another.BuildVectorIndexAsync(Dimension, Cancellation));
    }

    [Theory]
    [InlineData(Rows, true)]
    [InlineData(Rows + 1, null)]
    public async Task A_search_that_takes_too_long_has_it_built_when_it_has_so_many_rows_to_compare(int vectorIndexRows, bool? isValid)
    {
        await using var world = await CreateAsync();
        // Also the time for each short command of the build.
        await using var database = await PostgresDatabase.OpenAsync(
            world.Database.Options with { VectorIndexRows = vectorIndexRows, CommandTimeout = TimeSpan.FromSeconds(10) });
        var adapter = database.ForAgent(world.Agent);
        var search = new MemorySearch(VectorWorld.Table, world.Rows[0].Vector);
        await using (await HoldAsync(world, "LOCK TABLE public.memories IN ACCESS EXCLUSIVE MODE"))
        {
            var exact = search with { Mode = SearchMode.Exact };
            await Assert.ThrowsAsync<CallTimedOutException>(() => adapter.SearchMemoriesAsync(exact, Cancellation));
            Assert.True(database.Indexes.BackgroundBuild.IsCompleted);
            await Assert.ThrowsAsync<CallTimedOutException>(() => adapter.SearchMemoriesAsync(search, Cancellation));
        }

        await database.Indexes.BackgroundBuild;

        Assert.Null(database.Indexes.FailureOf(Dimension));
        Assert.Equal(isValid, await world.IndexIsValidAsync());
    }

    private static async Task<VectorWorld> CreateAsync()
    {
        var vectors = new ClusteredVectors(Dimension, 20, seed: 1);
        var world = await VectorWorld.CreateAsync(Dimension);
        await world.AddAsync([.. Enumerable.Range(0, Rows).Select(number => new VectorRow(Guid.NewGuid(), VectorWorld.Time(number), vectors.Next().Vector))]);
        return world;
    }

    // As many short vectors of a new agent, and a search among them.
    private static async Task<(Guid Agent, IDatabaseAdapter Adapter, MemorySearch Search)> FillAsync(PostgresDatabase database)
    {
        var agent = Guid.NewGuid();
        var adapter = database.ForAgent(agent);
        await adapter.CreateAgentAsync(new Agent(agent) { Name = "agent" });
        var vectors = new ClusteredVectors(32, 20, seed: 3);
        await adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, Rows).Select(_ => new Memory { Unique = true, Embedding = vectors.Next().Vector })], VectorWorld.Table);
        return (agent, adapter, new MemorySearch(VectorWorld.Table, vectors.Next().Vector));
    }

    /// <summary>Begins a build, and asks until the catalog shows the index, which has all of its work before it then.</summary>
    private static async Task<Task<bool>> BeginBuildAsync(VectorWorld world, CancellationToken cancellationToken)
    {
        await using var writer = await HoldBuildsAsync(world);
        var build = world.Database.BuildVectorIndexAsync(Dimension, cancellationToken);
        while (await world.IndexIsValidAsync() is null) Assert.False(build.IsCompleted);
        Assert.False(await world.IndexIsValidAsync());
        return build;
    }

    // A build is entered into the catalog, and waits then for all who write to the table. Over when the result is disposed.
    private static Task<NpgsqlConnection> HoldBuildsAsync(VectorWorld world) =>
        HoldAsync(world, "LOCK TABLE public.embeddings IN ROW EXCLUSIVE MODE");

    // Until the result is disposed.
    private static async Task<NpgsqlConnection> HoldAsync(VectorWorld world, string statement)
    {
        var holder = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.ConnectionString) { Pooling = false }.ConnectionString);
        await holder.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand($"BEGIN; {statement}", holder);
        await command.ExecuteNonQueryAsync(Cancellation);
        return holder;
    }

    private static Task<long> LocksAsync(VectorWorld world) => world.ReadAsync<long>(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");

    private static Task<SearchPlan> ExplainAsync(VectorWorld world, MemorySearch search) => world.Database.ExplainSearchAsync(world.Agent, search);
}
