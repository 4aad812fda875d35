using ElizaEngine.Comparison.Measuring;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class MediansTests
{
    [Theory]
    [InlineData(new double[] { 7 }, 7)]
    [InlineData(new double[] { 30, 10 }, 20)]
    [InlineData(new double[] { 3, 100, 1 }, 3)]
    [InlineData(new double[] { 4, 1000, 2, 1 }, 3)]
    public void The_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle(double[] values, double median) =>
        Assert.Equal(median, values.Median());

    [Fact]
    public void Nothing_has_no_middle() => Assert.Throws<ArgumentOutOfRangeException>(() => Array.Empty<double>().Median());

    [Fact]
    public void A_ratio_is_that_of_each_round()
    {
        // The machine was ten times as fast in the second round: for both.
        Assert.Equal(4, new double[] { 40, 400, 50 }.MedianRatio([10, 100, 20]));
        Assert.Throws<ArgumentException>(() => new double[] { 1, 2 }.MedianRatio([1]));
    }
}
