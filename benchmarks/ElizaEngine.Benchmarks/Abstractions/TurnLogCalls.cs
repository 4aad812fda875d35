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
public abstract class TurnLogCalls : TurnCalls
{
    private LogEntry _entry = null!;

    [Params(800, 30_000, 220_000)]
    public int BodyBytes { get; set; }

    private protected override void Prepare() =>
        _entry = new LogEntry
        {
            EntityId = TurnScene.Agent,
            RoomId = TurnScene.Room(9),
            Type = "useModel:TEXT_LARGE",
            Body = new LogBody { RunId = TurnScene.Agent.ToString("D"), Metadata = Json.From(TurnScene.Text(new Random(8), BodyBytes - 80)) },
        };

    [Benchmark]
    public Task Log() => Adapter.LogAsync(_entry with { Id = Guid.CreateVersion7() });
}
