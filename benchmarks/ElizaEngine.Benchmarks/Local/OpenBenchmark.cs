using BenchmarkDotNet.Attributes;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>Closing and opening a database of 10,000 memories: all of its log is read.</summary>
[MemoryDiagnoser]
public class OpenBenchmark
{
    private BenchmarkDatabase _database = null!;

    [Params(false, true)]
    public bool Embeddings { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _database = await BenchmarkDatabase.CreateAsync(Durability.ProcessCrash);
        await _database.FillAsync(rooms: 10, Embeddings);
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    [Benchmark]
    public Task Close_and_open() => _database.ReopenAsync();
}
