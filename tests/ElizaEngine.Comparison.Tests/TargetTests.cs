using ElizaEngine.Comparison.Report;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class TargetTests
{
    [Theory]
    [InlineData(false, 1.9, false, false)]
    [InlineData(false, 2, true, false)]
    [InlineData(false, 5, true, true)]
    [InlineData(true, 6, false, false)]
    [InlineData(true, 2, true, true)]
    public void A_target_is_met_at_its_line(bool isCeiling, double measured, bool met, bool aim)
    {
        var target = isCeiling ? new Target("t", "x", 5, 2, _ => measured) { IsCeiling = true } : new Target("t", "x", 2, 5, _ => measured);

        var result = target.Check([]);

        Assert.Equal((measured, met, aim), (result.Measured, result.Met, result.ReachesAim));
    }

    [Fact]
    public void What_was_not_measured_is_neither_met_nor_missed()
    {
        var result = new Target("t", "x", 2, 5, rows => rows.Speedup("s", "w", "", "a", "b")).Check([]);

        Assert.Equal((null, null, null), (result.Measured, result.Met, result.ReachesAim));
    }

    [Fact]
    public void A_target_tells_at_which_size_it_was_measured_and_how_many_slices_were_unsteady()
    {
        Rows rows = [];
        rows.Add(
        [
            new Row("s", "w", "1 caller", "a") { PerSecond = 300, Stored = 10_000, Slices = 4, UnsteadySlices = 1 },
            new Row("s", "w", "1 caller", "b") { PerSecond = 100, Stored = 10_000, Slices = 3, UnsteadySlices = 2 },
            new Row("s", "w", "1 caller", "c") { PerSecond = 1, Slices = 9, UnsteadySlices = 9 },
        ]);

        var result = new Target("t", "x", 2, 5, all => all.Speedup("s", "w", "1 caller", "a", "b")).Check(rows);

        Assert.Equal((3, "1 caller of 10 k", 7, 3), (result.Measured, result.Setting, result.Slices, result.UnsteadySlices));
    }

    [Theory]
    [InlineData(2_000L, null)]
    [InlineData(null, null)]
    [InlineData(100_000L, 300.0)]
    public void What_was_measured_at_another_size_does_not_fill_a_target_that_names_one(long? stored, double? measured)
    {
        Rows rows = [];
        rows.Add([new Row("s", "w", "", "a") { PerSecond = 300, Stored = stored }]);

        var result = new Target("t", "x", 2, 5, all => all.Find("s", "w", "", "a")?.PerSecond) { Stored = 100_000 }.Check(rows);

        Assert.Equal((measured, measured is null), (result.Measured, result.Met is null));
    }

    [Fact]
    public void A_speedup_compares_two_engines_at_the_same_work()
    {
        Rows rows = [];
        rows.Add(
        [
            new Row("s", "w", "64", "a") { PerSecond = 300, P50Us = 2 },
            new Row("s", "w", "64", "b") { PerSecond = 100, P50Us = 8 },
            new Row("s", "w", "1", "b") { PerSecond = 1, P50Us = 1 },
            new Row("s", "w", "64", "c") { NotRun = "why", PerSecond = 1 },
        ]);

        Assert.Equal(3, rows.Speedup("s", "w", "64", "a", "b"));
        Assert.Equal(4, rows.SpeedupOfP50("s", "w", "64", "a", "b"));
        Assert.Null(rows.Speedup("s", "w", "64", "a", "c"));
        Assert.Null(rows.Speedup("s", "w", "1", "a", "b"));
    }

    [Fact]
    public void A_speedup_by_round_is_the_median_of_what_each_round_says()
    {
        Rows rows = [];
        rows.Add(
        [
            new Row("s", "w", "", "a") { SliceP50sUs = [1, 2, 1, 4], SliceRates = [800, 400, 800, 200], P50Us = 1, PerSecond = 600 },
            // The machine was twice as slow in the second round and four times in the last: for both.
            new Row("s", "w", "", "b") { SliceP50sUs = [50, 100, 54, 208], SliceRates = [20, 10, 16, 4], P50Us = 100, PerSecond = 13 },
            new Row("s", "w", "", "c"),
        ]);

        Assert.Equal(51, rows.SpeedupOfP50("s", "w", "", "a", "b"));
        Assert.Equal(45, rows.Speedup("s", "w", "", "a", "b"));
        Assert.Null(rows.SpeedupOfP50("s", "w", "", "a", "c"));
        Assert.Null(rows.SpeedupOfP50("s", "w", "", "c", "b"));
        Assert.Null(rows.Speedup("s", "w", "", "a", "c"));
    }
}
