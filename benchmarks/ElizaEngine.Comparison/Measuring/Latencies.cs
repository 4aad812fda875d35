using HdrHistogram;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>Every latency of a slice, from 1 ns to an hour, to three digits. One recorder at a time.</summary>
internal sealed class Latencies
{
    private const long HighestNanoseconds = 3_600_000_000_000;

    private readonly SpacedHistogram _histogram = new();

    public long Count => _histogram.TotalCount;

    public double MaxUs => Count == 0 ? 0 : _histogram.GetMaxValue() / 1e3;

    public void Record(TimeSpan latency) => _histogram.RecordValue(Math.Clamp((long)latency.TotalNanoseconds, 1, HighestNanoseconds));

    public void RecordUs(double microseconds) => _histogram.RecordValue(Math.Clamp((long)(microseconds * 1e3), 1, HighestNanoseconds));

    public void Add(Latencies others) => _histogram.Add(others._histogram);

    /// <summary>Microseconds that so many percent of all do not exceed.</summary>
    public double PercentileUs(double percent) => Count == 0 ? 0 : _histogram.GetValueAtPercentile(percent) / 1e3;

    // It counts all calls in its last field, and what one thread writes must not share a cache line with what another reads.
    private sealed class SpacedHistogram() : LongHistogram(HighestNanoseconds, 3)
    {
#pragma warning disable CS0169, IDE0051 // It only takes room.
        private readonly Spacing _behind;
#pragma warning restore CS0169, IDE0051
    }
}
