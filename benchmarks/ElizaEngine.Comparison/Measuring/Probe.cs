using System.Diagnostics;
using System.Numerics.Tensors;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>What the machine itself did at one moment.</summary>
/// <param name="DiskWritesPerSecond">R: 1 KiB written and flushed, one caller.</param>
/// <param name="DiskWriteP50Us">The median of those, in microseconds.</param>
/// <param name="MemoryGBPerSecond">Bytes summed up from a block that no cache holds.</param>
/// <param name="DotNanoseconds">One dot product of 384 floats that lie in the nearest cache.</param>
internal sealed record ProbeReading(double DiskWritesPerSecond, double DiskWriteP50Us, double MemoryGBPerSecond, double DotNanoseconds)
{
    // Two readings that differ more than this were taken on what is no longer the same machine.
    private const double SteadyRatio = 1.3;

    /// <param name="later">The reading after what was measured.</param>
    /// <param name="usesDisk">Whether what was measured waits for the disk at all.</param>
    public bool IsSteadyUntil(ProbeReading later, bool usesDisk) =>
        (!usesDisk || IsSteady(DiskWriteP50Us, later.DiskWriteP50Us)) && IsSteady(MemoryGBPerSecond, later.MemoryGBPerSecond)
        && IsSteady(DotNanoseconds, later.DotNanoseconds);

    public static ProbeReading Median(IReadOnlyCollection<ProbeReading> readings) => new(
        Of(readings, reading => reading.DiskWritesPerSecond),
        Of(readings, reading => reading.DiskWriteP50Us),
        Of(readings, reading => reading.MemoryGBPerSecond),
        Of(readings, reading => reading.DotNanoseconds));

    private static double Of(IReadOnlyCollection<ProbeReading> readings, Func<ProbeReading, double> value) =>
        readings.Select(value).Order().ElementAt(readings.Count / 2);

    private static bool IsSteady(double one, double other) => Math.Max(one, other) <= Math.Min(one, other) * SteadyRatio;
}

/// <summary>Measures the machine: the disk that the databases lie on, its memory, its arithmetic. Some 100 ms a reading. Not thread safe.</summary>
internal sealed class Probe : IDisposable
{
    private const int Writes = 200;
    private const int Dots = 100_000;
    private const int BlockFloats = 32 << 20;

    private readonly RawDisk _disk;
    private readonly float[] _block = new float[BlockFloats];
    private readonly float[] _one = Floats(1), _other = Floats(2);

    public Probe(string directory)
    {
        _disk = new RawDisk(directory);
        Array.Fill(_block, 1f);
        Take();
    }

    public ProbeReading Take()
    {
        var writes = new double[Writes];
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Writes; i++)
        {
            var before = Stopwatch.GetTimestamp();
            _disk.WriteDurably();
            writes[i] = Stopwatch.GetElapsedTime(before).TotalMicroseconds;
        }
        var perSecond = Writes / Stopwatch.GetElapsedTime(start).TotalSeconds;
        Array.Sort(writes);
        return new ProbeReading(perSecond, writes[Writes / 2], MemoryGBPerSecond(), DotNanoseconds());
    }

    public void Dispose() => _disk.Dispose();

    private double MemoryGBPerSecond()
    {
        var start = Stopwatch.GetTimestamp();
        var sum = TensorPrimitives.Sum<float>(_block);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (sum <= 0) throw new InvalidOperationException("The sum of ones is not positive.");
        return BlockFloats * (double)sizeof(float) / seconds / 1e9;
    }

    private double DotNanoseconds()
    {
        var sum = 0f;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Dots; i++) sum += TensorPrimitives.Dot<float>(_one, _other);
        var nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Dots;
        return float.IsFinite(sum) ? nanoseconds : throw new InvalidOperationException("A sum of products is not finite.");
    }

    private static float[] Floats(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 384).Select(_ => random.NextSingle())];
    }
}
