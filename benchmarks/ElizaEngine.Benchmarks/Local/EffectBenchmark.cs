using BenchmarkDotNet.Attributes;
using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>
/// Effects applied to a state of 10,000 memories in ten rooms. <see cref="EffectsPerOwner"/> 1 is a lone commit, which copies
/// its paths; 64 is a batch, which copies each node once.
/// </summary>
[MemoryDiagnoser]
public class EffectBenchmark
{
    private const int Rows = 10_000;
    private const int Effects = 64;

    private readonly SharedValues _shared = new();
    private DatabaseState _state = new();
    private Effect[] _vectors = [];
    private Effect[] _contents = [];
    private Effect[] _creates = [];
    private Guid[] _created = [];

    [Params(1, 64)]
    public int EffectsPerOwner { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(5);
        var state = _state.EditableBy(1);
        var ids = new List<Guid>();
        for (var i = 0; i < Rows; i++)
        {
            var id = Guid.CreateVersion7();
            ids.Add(id);
            var row = Row(id, i);
            row.Location = new RecordLocation(1, i, 10);
            new PutRow(row).Apply(state);
        }
        _state = state;
        var chosen = Enumerable.Range(0, Effects).Select(_ => random.Next(Rows)).ToArray();
        _vectors = [.. chosen.Select(i => new PutVector(ids[i], new float[384], 1))];
        _contents = [.. chosen.Select(i => new PutRow(Row(ids[i], i)))];
        _created = [.. Enumerable.Range(0, Effects).Select(_ => Guid.CreateVersion7())];
        _creates = [.. _created.Select((id, i) => new PutRow(Row(id, Rows + i)))];
    }

    [Benchmark(OperationsPerInvoke = Effects)]
    public object Create_and_remove()
    {
        var created = Apply(_creates);
        foreach (var row in _created) _state.Remove(_state.Memories.Find(row)!);
        return created;
    }

    [Benchmark(OperationsPerInvoke = Effects)]
    public object Change_the_content() => Apply(_contents);

    [Benchmark(OperationsPerInvoke = Effects)]
    public object Put_a_vector() => Apply(_vectors);

    // One state follows the other: only the newest can be edited.
    private DatabaseState Apply(Effect[] effects)
    {
        for (var i = 0; i < effects.Length; i++)
        {
            if (i % EffectsPerOwner == 0) _state = _state.EditableBy(DatabaseState.NewPrivateOwner());
            effects[i].Apply(_state);
        }
        return _state;
    }

    private MemoryRow Row(Guid id, int number)
    {
        var room = new Guid($"{number % 10:x8}-0000-4000-8000-0000000000ff");
        return ElizaEngine.Local.Rows.Of(
            BenchmarkDatabase.PlainMemory(room) with
            {
                Id = id,
                AgentId = BenchmarkDatabase.Agent,
                TableName = "messages",
                CreatedAt = DateTimeOffset.UnixEpoch.AddMilliseconds(number),
                Metadata = new MemoryMetadata(),
            },
            _shared);
    }
}
