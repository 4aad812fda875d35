using System.Diagnostics;
using Npgsql;

namespace ElizaEngine.Comparison.Engines;

/// <summary>Our Postgres backend, through its public door, with the index of vectors that it builds.</summary>
internal sealed class PostgresVectors : IVectorEngine
{
    public string Name => "postgres";

    public string Title => $"ElizaEngine, Postgres backend, HNSW of pgvector, on {PostgresServer.Version}";

    public IReadOnlyList<int> Efforts { get; } = [0];

    public bool IsInProcess => false;

    public bool BuildsOnThreads => true;

    public bool CanScan => true;

    public Task<string?> WhyNotAsync(Run run) => run.Postgres.WhyNotAsync();

    public Task<string> NewPlaceAsync(Run run) => run.Postgres.NewDatabaseAsync();

    public async Task<BuildTime> BuildAsync(string place, VectorBuild build)
    {
        var start = Stopwatch.GetTimestamp();
        await using var database = await DatabaseAsync(place, $"max_parallel_maintenance_workers={build.Threads - 1}");
        await AdapterVectors.StoreAsync(database, build);
        // As after the load of every engine on PostgreSQL.
        await using (var source = NpgsqlDataSource.Create(PostgresServer.ConnectionString(place) + ";Command Timeout=0"))
        {
            await using var analyze = source.CreateCommand("VACUUM ANALYZE");
            await analyze.ExecuteNonQueryAsync();
        }
        var loaded = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        await database.BuildVectorIndexAsync(build.Set.Dimension);
        return new BuildTime(loaded, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    // One search, one process, as with all others.
    public async Task<IVectorIndex> OpenAsync(string place, VectorShape shape)
    {
        var database = await DatabaseAsync(place, "max_parallel_workers_per_gather=0");
        return new AdapterVectors(database, async () => (await database.GetStatisticsAsync()).Bytes);
    }

    private static Task<PostgresDatabase> DatabaseAsync(string place, string setting) => PostgresDatabase.OpenAsync(new PostgresDatabaseOptions
    {
        ConnectionString = $"{place}?options={Uri.EscapeDataString($"-c {setting}")}",
        // Only when it is asked for: when it is built is part of what is measured.
        VectorIndexRows = null,
        CommandTimeout = TimeSpan.FromMinutes(30),
    });
}
