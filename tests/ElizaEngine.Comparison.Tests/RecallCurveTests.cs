using ElizaEngine.Comparison.Report;
using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class RecallCurveTests
{
    private static readonly Row[] Sweep = [Point(0.99, 1_000), Point(0.90, 10_000), Point(0.95, 500)];

    [Fact]
    public void Between_two_points_the_logarithms_lie_on_a_line()
    {
        // The point of 500 is beaten in both.
        Assert.Equal(Math.Sqrt(10_000 * 1_000), RecallCurve.At(Sweep, 0.945)!.Value.PerSecond, 1e-6 * 3_162);
        Assert.Equal(1_000, RecallCurve.At(Sweep, 0.99)!.Value.PerSecond, 1e-6);
    }

    [Fact]
    public void Below_the_hastiest_search_its_speed_is_a_bound()
    {
        Assert.Equal((10_000, true), RecallCurve.At(Sweep, 0.5));
        Assert.Equal((10_000, false), RecallCurve.At(Sweep, 0.90));
    }

    [Fact]
    public void What_no_search_finds_has_no_speed() => Assert.Null(RecallCurve.At(Sweep, 0.999));

    private static Row Point(double recall, double perSecond) => new("s", "w", "", "a") { Recall = recall, PerSecond = perSecond };
}
