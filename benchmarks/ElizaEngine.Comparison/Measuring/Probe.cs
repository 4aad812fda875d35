using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>What the machine itself did at one moment.</summary>
/// <param name="DiskWritesPerSecond">R: 1 KiB written and flushed, one caller.</param>
/// <param name="DiskWriteP50Us">The median of those, in microseconds.</param>
/// <param name="MemoryGBPerSecond">Bytes summed up from a block that no cache holds.</param>
/// <param name="DotNanoseconds">One dot product of 384 floats that lie in the nearest cache.</param>
/// <param name="DiskWriteP99Us">What 99 of 100 of the writes do not exceed, in microseconds: the tail that everything durable has.</param>
internal sealed record ProbeReading(
    double DiskWritesPerSecond, double DiskWriteP50Us, double MemoryGBPerSecond, double DotNanoseconds, double DiskWriteP99Us)
{
    // Two readings that differ more than this were taken on what is no longer the same machine.
    private const double SteadyRatio = 1.3;

    /// <summary>
    /// Whether it was the same machine. Of the disk by the median, which is what most writes met, and by R, which is what figures are divided
    /// by: one stall can halve it.
    /// </summary>
    /// <param name="later">The reading after what was measured.</param>
    /// <param name="usesDisk">Whether what was measured waits for the disk at all.</param>
    public bool IsSteadyUntil(ProbeReading later, bool usesDisk) =>
        (!usesDisk || (IsSteady(DiskWriteP50Us, later.DiskWriteP50Us) && IsSteady(DiskWritesPerSecond, later.DiskWritesPerSecond)))
        && IsSteady(MemoryGBPerSecond, later.MemoryGBPerSecond) && IsSteady(DotNanoseconds, later.DotNanoseconds);

    /// <summary>Of each figure the median.</summary>
    public static ProbeReading Median(IReadOnlyCollection<ProbeReading> readings) => new(
        Of(readings, reading => reading.DiskWritesPerSecond),
        Of(readings, reading => reading.DiskWriteP50Us),
        Of(readings, reading => reading.MemoryGBPerSecond),
        Of(readings, reading => reading.DotNanoseconds),
        Of(readings, reading => reading.DiskWriteP99Us));

    private static double Of(IReadOnlyCollection<ProbeReading> readings, Func<ProbeReading, double> value) =>
        readings.Select(value).Median();

    private static bool IsSteady(double one, double other) => Math.Max(one, other) <= Math.Min(one, other) * SteadyRatio;
}

/// <summary>
/// Measures the machine: the disk that the databases lie on, its memory, its arithmetic. Some 60 ms a reading. Of memory and
/// arithmetic it is the quickest of a few tries: an interrupt is not another machine. Not thread safe.
/// </summary>
internal sealed class Probe : IDisposable
{
    private const int Tries = 5;
    private const int Dots = 20_000;

    private readonly int _writes;
    private readonly RawDisk _disk;
    private readonly float[] _block;
    private readonly float[] _one = Floats(1), _other = Floats(2);

    /// <param name="directory">Its disk is measured.</param>
    /// <param name="isShort">A tenth of the time, for figures that mean nothing.</param>
    public Probe(string directory, bool isShort)
    {
        _writes = isShort ? 20 : 200;
        _block = new float[isShort ? 1 << 20 : 16 << 20];
        Array.Fill(_block, 1f);
        _disk = new RawDisk(directory);
        Take();
    }

    public ProbeReading Take()
    {
        var writes = new double[_writes];
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < _writes; i++)
        {
            var before = Stopwatch.GetTimestamp();
            _disk.WriteDurably();
            writes[i] = Stopwatch.GetElapsedTime(before).TotalMicroseconds;
        }
        var perSecond = _writes / Stopwatch.GetElapsedTime(start).TotalSeconds;
        Array.Sort(writes);
        return new ProbeReading(
            perSecond,
            writes.Median(),
            _block.Length * (double)sizeof(float) / Quickest(() => RawMemory.Sum<float>(_block)).TotalNanoseconds,
            Quickest(MultiplyRows).TotalNanoseconds / Dots,
            writes[_writes * 99 / 100]);
    }

    public void Dispose() => _disk.Dispose();

    private static TimeSpan Quickest(Func<float> work)
    {
        var quickest = TimeSpan.MaxValue;
        for (var i = 0; i < Tries; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var sum = work();
            var elapsed = Stopwatch.GetElapsedTime(start);
            // The sum is looked at, so that nobody leaves the work out.
            if (!(sum > 0)) throw new InvalidOperationException("A sum of positive numbers is not positive.");
            if (elapsed < quickest) quickest = elapsed;
        }
        return quickest;
    }

    // Compiled as the sum is.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float MultiplyRows()
    {
        var one = MemoryMarshal.Cast<float, Vector<float>>(_one);
        var other = MemoryMarshal.Cast<float, Vector<float>>(_other);
        Vector<float> sum = default;
        for (var time = 0; time < Dots; time++)
        {
            Vector<float> a = default, b = default, c = default, d = default;
            for (var i = 0; i < one.Length; i += 4)
            {
                a += one[i] * other[i];
                b += one[i + 1] * other[i + 1];
                c += one[i + 2] * other[i + 2];
                d += one[i + 3] * other[i + 3];
            }
            sum += a + b + c + d;
        }
        return Vector.Sum(sum);
    }

    private static float[] Floats(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 384).Select(_ => random.NextSingle())];
    }
}
