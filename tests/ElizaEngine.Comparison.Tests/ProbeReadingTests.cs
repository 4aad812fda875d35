using ElizaEngine.Comparison.Measuring;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class ProbeReadingTests
{
    private static readonly ProbeReading Reading = new(4_000, 230, 100, 20, 400);

    /// <summary>One stall among two hundred writes halves R, which figures are divided by, and leaves the median alone.</summary>
    [Fact]
    public void Readings_with_the_same_median_write_and_half_the_writes_are_not_of_one_machine()
    {
        var stalled = Reading with { DiskWritesPerSecond = 2_000 };

        Assert.False(Reading.IsSteadyUntil(stalled, usesDisk: true));
        Assert.False(stalled.IsSteadyUntil(Reading, usesDisk: true));
        Assert.True(Reading.IsSteadyUntil(stalled, usesDisk: false));
        Assert.True(Reading.IsSteadyUntil(Reading with { DiskWritesPerSecond = 3_200 }, usesDisk: true));
    }

    [Fact]
    public void Of_before_and_after_the_middle_is_the_mean() => Assert.Equal(
        new ProbeReading(3_000, 330, 75, 30, 600),
        ProbeReading.Median([Reading, new ProbeReading(2_000, 430, 50, 40, 800)]));

    [Fact]
    public void A_probe_knows_the_tail_of_its_writes()
    {
        var directory = Directory.CreateTempSubdirectory("eliza-probe-").FullName;
        try
        {
            using var probe = new Probe(directory, isShort: true);

            var reading = probe.Take();

            Assert.True(reading.DiskWriteP99Us >= reading.DiskWriteP50Us, $"{reading}");
            Assert.True(reading.DiskWriteP50Us > 0, $"{reading}");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
