using BenchmarkDotNet.Attributes;

namespace ElizaEngine.Benchmarks.Abstractions;

/// <summary>
/// The log entries of a turn by the size of their bodies: 8 small ones, 4 prompts of some 30 KB, 3 of actions and evaluators of some
/// 220 KB. The JSON is checked already: what is measured is the call.
/// </summary>
[MemoryDiagnoser]
[InvocationCount(256)] // With the limits below at most 2 GB for the largest; BenchmarkDotNet by itself would write tens.
[MaxWarmupCount(10)]
[MaxIterationCount(30)]
public abstract class TurnLogCalls
{
    private TurnDatabase _database = null!;
    private IDatabaseAdapter _adapter = null!;
    private LogEntry _entry = null!;

    [Params(800, 30_000, 220_000)]
    public int BodyBytes { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _entry = new LogEntry
        {
            EntityId = TurnScene.Agent,
            RoomId = TurnScene.Room(9),
            Type = "useModel:TEXT_LARGE",
            Body = new LogBody { RunId = TurnScene.Agent.ToString("D"), Metadata = Json.From(TurnScene.Text(new Random(8), BodyBytes - 80)) },
        };
        _database = await OpenAsync();
        _adapter = _database.Adapter;
    }

    [GlobalCleanup]
    public async Task CleanupAsync() => await _database.DisposeAsync();

    private protected abstract Task<TurnDatabase> OpenAsync();

    [Benchmark]
    public Task Log() => _adapter.LogAsync(_entry with { Id = Guid.CreateVersion7() });
}
