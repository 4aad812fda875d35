using BenchmarkDotNet.Attributes;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Benchmarks.Vectors;

/// <summary>One dot product of vectors in the nearest caches, at each width, and the norm of a vector. Time is per call.</summary>
[MemoryDiagnoser]
public class DotProductBenchmark
{
    // Several rows, as in a scan: one row alone would measure the wait for its own result.
    private const int Rows = 8;

    private float[] _query = [];
    private float[][] _rows = [];

    [Params(100, 384, 768, 1536, 3072)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _query = RandomVectors.Next(random, Dimension);
        _rows = [.. Enumerable.Range(0, Rows).Select(_ => RandomVectors.Next(random, Dimension))];
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Rows)]
    public double Chosen()
    {
        var sum = 0.0;
        foreach (var row in _rows)
            sum += DotProduct.Of(_query, row);
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public double Bits512() => All(KernelWidth.Bits512);

    [Benchmark(OperationsPerInvoke = Rows)]
    public double Bits256() => All(KernelWidth.Bits256);

    [Benchmark(OperationsPerInvoke = Rows)]
    public double Bits128() => All(KernelWidth.Bits128);

    [Benchmark(OperationsPerInvoke = Rows)]
    public double Scalar() => All(KernelWidth.Scalar);

    [Benchmark(OperationsPerInvoke = Rows)]
    public double Norm()
    {
        var sum = 0.0;
        foreach (var row in _rows)
            sum += ElizaEngine.Vectors.Norm.Of(row);
        return sum;
    }

    private double All(KernelWidth width)
    {
        var sum = 0.0;
        foreach (var row in _rows)
            sum += DotProduct.Of(width, _query, row);
        return sum;
    }
}
