using BenchmarkDotNet.Attributes;
using ElizaEngine.Local;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>A memory of some 200 bytes of content to its body and back.</summary>
[MemoryDiagnoser]
public class CodecBenchmark
{
    private readonly TableNames _names = new();
    private Memory _memory = null!;
    private MemoryRow _row = null!;
    private byte[] _body = [];

    [GlobalSetup]
    public void Setup()
    {
        _memory = BenchmarkDatabase.PlainMemory(Guid.CreateVersion7()) with
        {
            AgentId = BenchmarkDatabase.Agent,
            TableName = "messages",
            CreatedAt = DateTimeOffset.UnixEpoch.AddDays(20_000),
            Metadata = new MemoryMetadata { Type = MemoryTypes.Message },
        };
        _row = Rows.Of(_memory, _names);
        _body = Rows.Encode(_memory);
    }

    [Benchmark]
    public byte[] Encode() => Rows.Encode(_memory);

    [Benchmark]
    public Memory Decode() => Rows.DecodeMemory(_body, _row);

    /// <summary>What opening does with it.</summary>
    [Benchmark]
    public object Read_the_row() => Rows.ReadMemory(_body, _names);
}
