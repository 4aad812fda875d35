using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Report;
using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class FilterTargetsTests
{
    private const double SearchUs = 1_000;
    private const double FilteredUs = 2_000;

    [Fact]
    public void The_filters_are_those_of_both_layouts() => Assert.Equal(
        ["50 %, scattered", "10 %, scattered", "1 %, scattered", "0.1 %, scattered", "50 %, near", "10 %, near", "1 %, near", "0.1 %, near", "50 %, far", "10 %, far", "1 %, far", "0.1 %, far"],
        FilterLayout.Filters);

    [Fact]
    public void The_scan_of_all_rows_is_the_better_one_where_it_takes_less_than_the_scan_of_some()
    {
        var rows = Measured(unfilteredUs: 500);

        Assert.Equal(SearchUs / 500, Time(rows).Measured);
        Assert.False(Time(rows).Met);
        Assert.Equal(500 / SearchUs, Speed(rows).Measured);
    }

    [Fact]
    public void The_scan_of_the_filtered_rows_is_the_better_one_where_that_takes_less()
    {
        var rows = Measured(unfilteredUs: 3_000);

        Assert.Equal(SearchUs / FilteredUs, Time(rows).Measured);
        Assert.Equal(FilteredUs / SearchUs, Speed(rows).Measured);
    }

    [Fact]
    public void A_filter_that_was_left_out_leaves_nothing_measured()
    {
        var rows = Measured(unfilteredUs: 500, leftOut: "0.1 %, far");

        Assert.All(FilterTargets.All, target => Assert.Null(target.Check(rows).Measured));
    }

    [Fact]
    public void Without_the_scan_of_all_rows_nothing_is_measured() => Assert.Null(Time(Measured(unfilteredUs: null)).Measured);

    [Fact]
    public void Fewer_rows_than_the_target_names_do_not_fill_it() => Assert.Null(Time(Measured(unfilteredUs: 500, stored: 20_000)).Measured);

    private static TargetResult Time(Rows rows) => FilterTargets.All.Single(target => target.IsCeiling).Check(rows);

    private static TargetResult Speed(Rows rows) => FilterTargets.All.Single(target => target.Name.Contains("20k", StringComparison.Ordinal)).Check(rows);

    private static Rows Measured(double? unfilteredUs, string? leftOut = null, long stored = VectorSet.FullCount)
    {
        Rows rows = [];
        if (unfilteredUs is { } us) rows.Add([Of(FilterLayout.NoFilter, FilterSuite.Exact, us)]);
        foreach (var filter in FilterLayout.Filters)
        {
            rows.Add(filter == leftOut
                ? [SuiteTime.LeftOut(new Row(FilterSuite.Suite, filter, "", "local"))]
                : [Of(filter, FilterSuite.Chosen, SearchUs), Of(filter, FilterSuite.Exact, FilteredUs)]);
        }
        return rows;

        Row Of(string filter, string setting, double p50Us) =>
            new(FilterSuite.Suite, filter, setting, "local") { P50Us = p50Us, Recall = 1, X = filter.StartsWith('5') ? 50_000 : 10_000, Stored = stored };
    }
}
