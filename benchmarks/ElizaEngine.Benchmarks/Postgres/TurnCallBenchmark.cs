using ElizaEngine.Benchmarks.Abstractions;
using Npgsql;

namespace ElizaEngine.Benchmarks.Postgres;

/// <summary>On the server of <see cref="BenchmarkServer"/>, where the scene stays: it is stored by the first benchmark that finds none.</summary>
internal static class PostgresTurn
{
    public static async Task<TurnDatabase> OpenAsync()
    {
        var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = BenchmarkServer.Url, VectorIndexRows = null });
        var turn = new TurnDatabase(database, database);
        if (!await TurnScene.StoreAsync(turn.Adapter)) return turn;
        var source = (NpgsqlDataSource)turn.Adapter.GetConnection(typeof(NpgsqlDataSource))!;
        await using var analyze = source.CreateCommand("VACUUM ANALYZE");
        await analyze.ExecuteNonQueryAsync();
        return turn;
    }
}

public class TurnReadBenchmark : TurnReadCalls
{
    private protected override Task<TurnDatabase> OpenAsync() => PostgresTurn.OpenAsync();
}

public class TurnWriteBenchmark : TurnWriteCalls
{
    private protected override Task<TurnDatabase> OpenAsync() => PostgresTurn.OpenAsync();
}

public class TurnLogBenchmark : TurnLogCalls
{
    private protected override Task<TurnDatabase> OpenAsync() => PostgresTurn.OpenAsync();
}
