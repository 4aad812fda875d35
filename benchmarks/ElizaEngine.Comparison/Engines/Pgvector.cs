using System.Diagnostics;
using Npgsql;
using Pgvector;

namespace ElizaEngine.Comparison.Engines;

/// <summary>PostgreSQL with pgvector, asked in SQL: vectors in a table, and its HNSW graph over them or none.</summary>
internal abstract class Pgvector(bool hasGraph) : IVectorEngine
{
    private const int M = 16;
    private const int EffortOfBuild = 200;

    public string Name => hasGraph ? "pgvector-hnsw" : "pgvector-exact";

    public string Title => hasGraph
        ? $"{PostgresServer.Version} through Npgsql, HNSW, m {M}, ef_construction {EffortOfBuild}; filtered searches with iterative scans"
        : $"{PostgresServer.Version} through Npgsql, no index of vectors, one process";

    public IReadOnlyList<int> Efforts { get; } = hasGraph ? [10, 20, 40, 80, 120, 200, 400, 800] : [0];

    public bool IsInProcess => false;

    public bool BuildsOnThreads => hasGraph;

    public bool CanScan => hasGraph;

    public Task<string?> WhyNotAsync(Run run) => run.Postgres.WhyNotAsync();

    public Task<string> NewPlaceAsync(Run run) => run.Postgres.NewDatabaseAsync();

    public async Task<BuildTime> BuildAsync(string place, VectorBuild build)
    {
        await using var source = Source(place);
        var start = Stopwatch.GetTimestamp();
        await using (var connection = await source.OpenConnectionAsync())
        {
            await ExecuteAsync(connection, "CREATE EXTENSION vector");
            await connection.ReloadTypesAsync();
            await ExecuteAsync(connection, $"CREATE TABLE vectors (id integer PRIMARY KEY, room integer NOT NULL, embedding vector({build.Set.Dimension}) NOT NULL)");
            await CopyAsync(connection, build);
            await ExecuteAsync(connection, "CREATE INDEX vectors_room ON vectors (room)");
            await ExecuteAsync(connection, "VACUUM ANALYZE vectors");
        }
        var loaded = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (!hasGraph) return new BuildTime(loaded, null);
        start = Stopwatch.GetTimestamp();
        await using (var connection = await source.OpenConnectionAsync())
        {
            // The process that is asked builds too.
            await ExecuteAsync(connection, $"SET max_parallel_maintenance_workers = {build.Threads - 1}");
            await ExecuteAsync(connection, $"CREATE INDEX vectors_embedding ON vectors USING hnsw (embedding vector_cosine_ops) WITH (m = {M}, ef_construction = {EffortOfBuild})");
        }
        return new BuildTime(loaded, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    public async Task<IVectorIndex> OpenAsync(string place, VectorShape shape)
    {
        var source = Source(place);
        return new Index(source, await source.OpenConnectionAsync(), hasGraph);
    }

    private static NpgsqlDataSource Source(string url)
    {
        var builder = new NpgsqlDataSourceBuilder(PostgresServer.ConnectionString(url) + ";Command Timeout=0");
        builder.UseVector();
        return builder.Build();
    }

    private static async Task CopyAsync(NpgsqlConnection connection, VectorBuild build)
    {
        await using var copy = await connection.BeginBinaryImportAsync("COPY vectors (id, room, embedding) FROM STDIN (FORMAT binary)");
        for (var row = 0; row < build.Set.Count; row++)
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(row);
            await copy.WriteAsync(build.Rooms[row]);
            await copy.WriteAsync(new Vector(build.Set.Row(row).ToArray()));
        }
        await copy.CompleteAsync();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Index(NpgsqlDataSource source, NpgsqlConnection connection, bool hasGraph) : IVectorIndex
    {
        private NpgsqlCommand? _search;

        public async Task<long> DiskBytesAsync()
        {
            await using var command = new NpgsqlCommand("SELECT pg_total_relation_size('vectors')", connection);
            return (long)(await command.ExecuteScalarAsync())!;
        }

        public async ValueTask PrepareAsync(VectorSearch search)
        {
            if (_search is not null) await _search.DisposeAsync();
            // One search, one process, as with all others.
            await ExecuteAsync(connection, $"""
                SET max_parallel_workers_per_gather = 0;
                SET hnsw.ef_search = {Math.Max(search.Effort, 1)};
                SET hnsw.iterative_scan = {(search.Room is null ? "off" : "relaxed_order")};
                SET enable_indexscan = {(hasGraph && !search.IsExact ? "on" : "off")};
                """);
            var filter = search.Room is { } room ? $"WHERE room = {room}" : "";
            _search = new NpgsqlCommand($"SELECT id FROM vectors {filter} ORDER BY embedding <=> $1 LIMIT $2", connection);
            _search.Parameters.Add(new NpgsqlParameter<Vector>());
            _search.Parameters.Add(new NpgsqlParameter<int>());
            await _search.PrepareAsync();
        }

        public async ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows)
        {
            ((NpgsqlParameter<Vector>)_search!.Parameters[0]).TypedValue = new Vector(query);
            ((NpgsqlParameter<int>)_search.Parameters[1]).TypedValue = rows.Length;
            await using var reader = await _search.ExecuteReaderAsync();
            var count = 0;
            while (await reader.ReadAsync()) rows.Span[count++] = reader.GetInt32(0);
            return count;
        }

        public async ValueTask DisposeAsync()
        {
            if (_search is not null) await _search.DisposeAsync();
            await connection.DisposeAsync();
            await source.DisposeAsync();
        }
    }
}

/// <summary>Every search compares all rows that may be found.</summary>
internal sealed class PgvectorExact() : Pgvector(hasGraph: false);

/// <summary>Searches walk the graph.</summary>
internal sealed class PgvectorHnsw() : Pgvector(hasGraph: true);
