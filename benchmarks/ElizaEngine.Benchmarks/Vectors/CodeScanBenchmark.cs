using BenchmarkDotNet.Attributes;
using ElizaEngine.Vectors;

namespace ElizaEngine.Benchmarks.Vectors;

/// <summary>
/// A scan of 100,000 codes for the best 10, beside reading as many bytes and doing nothing with them: how near it is to the memory's
/// own speed. <see cref="Scattered"/> takes every tenth of them, from a list; a filter lets a half of them pass, any, and is asked before a
/// row is compared or after it.
/// </summary>
[MemoryDiagnoser]
public class CodeScanBenchmark
{
    private const int Rows = 100_000;

    private readonly CodeSearch _search = new();
    private Codes _codes = new(1);
    private float[] _query = [];
    private float _inverseNorm;
    private int[] _some = [];
    private ulong[] _half = [];
    private ulong[] _bytes = [];

    [Params(384, 1536)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(7);
        _codes.Dispose();
        _codes = new Codes(Dimension);
        for (var row = 0; row < Rows; row++)
        {
            var vector = RandomVectors.Next(random, Dimension);
            _codes.Append(vector, Norm.InverseOf(vector));
        }

        _query = RandomVectors.Next(random, Dimension);
        _inverseNorm = Norm.InverseOf(_query);
        _some = [.. Enumerable.Range(0, Rows / 10).Select(i => i * 10)];
        _half = [.. Enumerable.Range(0, (Rows + 63) / 64).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
        _bytes = GC.AllocateUninitializedArray<ulong>((int)(_codes.Bytes / sizeof(ulong)), pinned: true);
        Array.Fill(_bytes, 3UL);
    }

    [GlobalCleanup]
    public void Cleanup() => _codes.Dispose();

    [Benchmark(Baseline = true)]
    public ulong Read() => MemoryRead.All(_bytes);

    [Benchmark]
    public int Scan()
    {
        _search.Begin(_codes, _query, _inverseNorm, 10, null);
        _search.Scan(0, Rows, default(EverySlot));
        return _search.Results()[0].Slot;
    }

    [Benchmark]
    public int FilterThenScan()
    {
        _search.Begin(_codes, _query, _inverseNorm, 10, null);
        _search.Scan(0, Rows, new SlotBits(_half));
        return _search.Results()[0].Slot;
    }

    [Benchmark]
    public int ScanThenFilter()
    {
        _search.Begin(_codes, _query, _inverseNorm, 10, null);
        _search.ScanThenFilter(0, Rows, new SlotBits(_half));
        return _search.Results()[0].Slot;
    }

    [Benchmark]
    public int Scattered()
    {
        _search.Begin(_codes, _query, _inverseNorm, 10, null);
        _search.Scan(_some);
        return _search.Results()[0].Slot;
    }
}
