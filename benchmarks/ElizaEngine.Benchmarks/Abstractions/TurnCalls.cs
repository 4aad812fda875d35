using BenchmarkDotNet.Attributes;

namespace ElizaEngine.Benchmarks.Abstractions;

/// <summary>Calls of a turn on an open database; which one, the benchmarks of each backend say.</summary>
public abstract class TurnCalls
{
    private TurnDatabase _database = null!;

    private protected IDatabaseAdapter Adapter { get; private set; } = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        Prepare();
        _database = await OpenAsync();
        Adapter = _database.Adapter;
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    /// <summary>Makes what depends on a parameter, before the database is opened.</summary>
    private protected virtual void Prepare()
    {
    }

    private protected abstract Task<TurnDatabase> OpenAsync();
}
