using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;
using NpgsqlTypes;
using Pgvector;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Vectors;

/// <summary>A memory with a vector, as a test stores it.</summary>
internal sealed record VectorRow(Guid Id, DateTimeOffset CreatedAt, float[] Vector)
{
    public Guid? RoomId { get; init; }

    public Guid? WorldId { get; init; }
}

/// <summary>A database with one agent and many vectors of one dimension, which came in past the adapter because they are many.</summary>
internal sealed class VectorWorld : IAsyncDisposable
{
    public const string Table = "messages";

    private const int BuildsMax = 20;

    private readonly TestDatabase _database;

    private VectorWorld(TestDatabase database, PostgresDatabase postgres, int dimension)
    {
        _database = database;
        Database = postgres;
        Dimension = dimension;
    }

    public int Dimension { get; }

    public Guid Agent { get; } = Guid.NewGuid();

    public string ConnectionString => _database.ConnectionString;

    public PostgresDatabase Database { get; private set; }

    public IDatabaseAdapter Adapter => Database.ForAgent(Agent);

    public List<VectorRow> Rows { get; } = [];

    public string IndexName => new VectorIndex(Dimension).Name;

    /// <summary>The moment of row number <paramref name="number"/>: each a second after the one before.</summary>
    public static DateTimeOffset Time(int number) => new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(number);

    public static async Task<VectorWorld> CreateAsync(int dimension, int? vectorIndexRows = null, int rooms = 1)
    {
        var database = await TestDatabase.CreateFromTemplateAsync("engine", async connectionString =>
        {
            await using (await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = connectionString })) return;
        });
        var options = new PostgresDatabaseOptions
        {
            // One attempt, so it may take its time.
            ConnectionString = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Timeout = 60 }.ConnectionString,
            VectorIndexRows = vectorIndexRows,
            Retry = new PostgresRetryOptions { Attempts = 1 },
        };
        var world = new VectorWorld(database, await PostgresDatabase.OpenAsync(options), dimension);
        await world.Adapter.CreateAgentAsync(new Agent(world.Agent) { Name = "agent" });
        for (var i = 0; i < rooms; i++) await world.Adapter.CreateRoomAsync(new Room(Room(i)) { Source = "test", Type = "GROUP" });
        await world.Adapter.EnsureEmbeddingDimensionAsync(dimension);
        return world;
    }

    public static Guid Room(int number) => new(number + 1, 1, 0, new byte[8]);

    public static Guid World(int number) => new(number + 1, 2, 0, new byte[8]);

    public async Task AddAsync(IReadOnlyList<VectorRow> rows)
    {
        Rows.AddRange(rows);
        await using var connection = await Source.OpenConnectionAsync();
        await using (var import = await connection.BeginBinaryImportAsync(
            "COPY public.memories (id, type, created_at, content, agent_id, room_id, world_id) FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var row in rows)
            {
                await import.StartRowAsync();
                await import.WriteAsync(row.Id, NpgsqlDbType.Uuid);
                await import.WriteAsync(Table, NpgsqlDbType.Text);
                await import.WriteAsync(DateTime.SpecifyKind(row.CreatedAt.UtcDateTime, DateTimeKind.Unspecified), NpgsqlDbType.Timestamp);
                await import.WriteAsync("""{"text":"something that was said"}""", NpgsqlDbType.Jsonb);
                await import.WriteAsync(Agent, NpgsqlDbType.Uuid);
                await WriteAsync(import, row.RoomId);
                await WriteAsync(import, row.WorldId);
            }
            await import.CompleteAsync();
        }
        await AddVectorsAsync(connection, rows);
        await ExecuteAsync("VACUUM ANALYZE public.memories, public.embeddings, eliza_engine.embeddings");
    }

    /// <summary>
    /// Builds the index, and builds it again until a walk through all of it meets every row: pgvector draws the levels of a graph anew at
    /// each build, and some draws leave a row that no walk meets.
    /// </summary>
    public async Task BuildReachableIndexAsync()
    {
        var reached = new List<long>();
        while (reached.Count < BuildsMax)
        {
            if (reached.Count > 0) await ExecuteAsync($"DROP INDEX {IndexName}");
            Assert.True(await Database.BuildVectorIndexAsync(Dimension, TestContext.Current.CancellationToken));
            reached.Add(await CountReachedAsync());
            if (reached[^1] == Rows.Count) return;
        }
        Assert.Fail($"None of {BuildsMax} indexes reaches all of {Rows.Count} rows: {string.Join(", ", reached)}.");
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T?> ReadAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <summary>Whether the index is valid; null: there is none.</summary>
    public Task<bool?> IndexIsValidAsync() => ReadAsync<bool?>($"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{IndexName}')");

    /// <summary>Closes the database and opens it again.</summary>
    public async Task ReopenAsync(int? vectorIndexRows)
    {
        await Database.DisposeAsync();
        Database = await PostgresDatabase.OpenAsync(Database.Options with { VectorIndexRows = vectorIndexRows });
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _database.DisposeAsync();
    }

    // How many rows a walk meets that ends nowhere. Each has one vector, and none of zeros.
    private async Task<long> CountReachedAsync()
    {
        var index = new VectorIndex(Dimension);
        Statement walk = Sql.Of($"""
            SELECT count(*) FROM (
                SELECT FROM {index.Column.Table} e WHERE {index.Column.Counts}
                ORDER BY {index.Distance(DbValue.Vector(Rows[0].Vector))} LIMIT {Sql.Number(Rows.Count)}) AS reached
            """);
        await using var connection = await Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var settings = new NpgsqlCommand(
            """
            SET LOCAL enable_seqscan = off;
            SET LOCAL enable_bitmapscan = off;
            SET LOCAL enable_sort = off;
            SET LOCAL hnsw.ef_search = 1000;
            SET LOCAL hnsw.iterative_scan = relaxed_order;
            SET LOCAL hnsw.max_scan_tuples = 2147483647;
            SET LOCAL hnsw.scan_mem_multiplier = 100
            """,
            connection);
        await settings.ExecuteNonQueryAsync();
        await using (var explain = CommandOf("EXPLAIN " + walk.Text))
        await using (var plan = await explain.ExecuteReaderAsync())
        {
            var lines = new List<string>();
            while (await plan.ReadAsync()) lines.Add(plan.GetString(0));
            Assert.Contains(lines, line => line.Contains($"Index Scan using {IndexName.Split('.')[1]}", StringComparison.Ordinal));
        }
        await using var count = CommandOf(walk.Text);
        return (long)(await count.ExecuteScalarAsync())!;

        NpgsqlCommand CommandOf(string text)
        {
            var command = new NpgsqlCommand(text, connection);
            foreach (var value in walk.Values) command.Parameters.Add(value.ToParameter());
            return command;
        }
    }

    private NpgsqlDataSource Source => (NpgsqlDataSource)Adapter.GetConnection(typeof(NpgsqlDataSource))!;

    private async Task AddVectorsAsync(NpgsqlConnection connection, IReadOnlyList<VectorRow> rows)
    {
        var isElizaOs = new VectorColumn(Dimension).IsElizaOs;
        await using var import = await connection.BeginBinaryImportAsync(isElizaOs
            ? $"COPY public.embeddings (id, memory_id, created_at, dim_{Dimension}) FROM STDIN (FORMAT BINARY)"
            : "COPY eliza_engine.embeddings (memory_id, dimension, embedding) FROM STDIN (FORMAT BINARY)");
        foreach (var row in rows)
        {
            await import.StartRowAsync();
            await import.WriteAsync(row.Id, NpgsqlDbType.Uuid);
            if (isElizaOs)
            {
                await import.WriteAsync(row.Id, NpgsqlDbType.Uuid);
                await import.WriteAsync(DateTime.SpecifyKind(row.CreatedAt.UtcDateTime, DateTimeKind.Unspecified), NpgsqlDbType.Timestamp);
            }
            else
            {
                await import.WriteAsync(Dimension, NpgsqlDbType.Integer);
            }
            await import.WriteAsync(new Vector(row.Vector));
        }
        await import.CompleteAsync();
    }

    private static Task WriteAsync(NpgsqlBinaryImporter import, Guid? id) => id is { } value ? import.WriteAsync(value, NpgsqlDbType.Uuid) : import.WriteNullAsync();
}
