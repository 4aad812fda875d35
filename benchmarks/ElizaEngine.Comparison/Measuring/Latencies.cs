using System.Diagnostics;
using HdrHistogram;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>Every latency of a slice, from 1 ns to an hour, to three digits. One recorder at a time.</summary>
internal sealed class Latencies
{
    private const long HighestNanoseconds = 3_600_000_000_000;

    private readonly SpacedHistogram _histogram = new();

    public long Count => _histogram.TotalCount;

    public double MaxUs => Count == 0 ? 0 : _histogram.GetMaxValue() / 1e3;

    /// <summary>The one in the middle, in microseconds; of an even number the mean of the two there.</summary>
    public double MedianUs => Count % 2 == 0 ? (PercentileUs(50) + PercentileUs(50 + 100.0 / Math.Max(Count, 1))) / 2 : PercentileUs(50);

    /// <summary>What a clock counted. A <see cref="TimeSpan"/> counts in 100 ns, and cuts the rest off a call of some hundred.</summary>
    /// <param name="ticks">From the beginning to the answer.</param>
    /// <param name="frequency">Ticks in a second.</param>
    public void Record(long ticks, long frequency) => RecordNanoseconds(ticks * 1e9 / frequency);

    /// <summary>What has passed since a timestamp of the <see cref="Stopwatch"/>.</summary>
    public void RecordSince(long begin) => Record(Stopwatch.GetTimestamp() - begin, Stopwatch.Frequency);

    public void RecordUs(double microseconds) => RecordNanoseconds(microseconds * 1e3);

    public void Add(Latencies others) => _histogram.Add(others._histogram);

    /// <summary>Microseconds that so many percent of all do not exceed.</summary>
    public double PercentileUs(double percent) => Count == 0 ? 0 : _histogram.GetValueAtPercentile(percent) / 1e3;

    private void RecordNanoseconds(double nanoseconds) =>
        _histogram.RecordValue((long)Math.Clamp(nanoseconds, 1, HighestNanoseconds));

    // It counts all calls in its last field, and what one thread writes must not share a cache line with what another reads.
    private sealed class SpacedHistogram() : LongHistogram(HighestNanoseconds, 3)
    {
#pragma warning disable CS0169, IDE0051 // It only takes room.
        private readonly Spacing _behind;
#pragma warning restore CS0169, IDE0051
    }
}
