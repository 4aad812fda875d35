using ElizaEngine.Benchmarks.Abstractions;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>Acknowledged when the operating system has the bytes, so that the engine is seen and not the disk.</summary>
internal static class LocalTurn
{
    public static async Task<TurnDatabase> OpenAsync()
    {
        var database = await BenchmarkDatabase.CreateAsync(Durability.ProcessCrash);
        try
        {
            var turn = new TurnDatabase(database.Database, database);
            await TurnScene.StoreAsync(turn.Adapter);
            return turn;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }
}

public class TurnReadBenchmark : TurnReadCalls
{
    private protected override Task<TurnDatabase> OpenAsync() => LocalTurn.OpenAsync();
}

public class TurnWriteBenchmark : TurnWriteCalls
{
    private protected override Task<TurnDatabase> OpenAsync() => LocalTurn.OpenAsync();
}

public class TurnLogBenchmark : TurnLogCalls
{
    private protected override Task<TurnDatabase> OpenAsync() => LocalTurn.OpenAsync();
}
