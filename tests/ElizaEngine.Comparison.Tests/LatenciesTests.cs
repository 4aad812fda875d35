using ElizaEngine.Comparison.Measuring;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class LatenciesTests
{
    [Theory]
    [InlineData(new double[] { 7 }, 7)]
    [InlineData(new double[] { 30, 10 }, 20)]
    [InlineData(new double[] { 3, 100, 1 }, 3)]
    [InlineData(new double[] { 4, 1000, 2, 1 }, 3)]
    [InlineData(new double[] { 5, 5, 5, 5, 6, 6, 6, 6 }, 5.5)]
    public void The_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle(double[] microseconds, double median)
    {
        var latencies = new Latencies();
        foreach (var one in microseconds) latencies.RecordUs(one);

        Assert.Equal(median, latencies.MedianUs, median * 0.001);
    }

    [Fact]
    public void Nothing_took_no_time() => Assert.Equal(0, new Latencies().MedianUs);

    [Theory]
    [InlineData(150, 1_000_000_000, 0.150)]
    [InlineData(3, 10_000_000, 0.300)]
    [InlineData(7, 3_000_000, 2.333)]
    public void A_latency_is_as_fine_as_its_clock(long ticks, long frequency, double microseconds)
    {
        var latencies = new Latencies();

        latencies.Record(ticks, frequency);

        Assert.Equal(microseconds, latencies.MaxUs, 1e-9);
    }
}
