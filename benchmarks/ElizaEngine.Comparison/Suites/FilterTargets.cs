using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// What the filter suite decides: the worst of all filters speaks, and where one of them was left out nobody does. A search is held against
/// the best exact time known for its rows in that run: that of the filtered exact scan, or that of the scan of all rows without a filter,
/// since whoever scans all has scanned those too.
/// </summary>
internal static class FilterTargets
{
    private const string Ours = "local";
    private const int ManyRows = 20_000;

    public static IReadOnlyList<Target> All { get; } =
    [
        new("filtered vector search, 100k x 384, worst filter: recall@10", "", 0.99, 0.99, rows => Worst(rows, 0, (search, _) => search.Recall, isCeiling: false))
        {
            Stored = VectorSet.FullCount,
        },
        new("filtered vector search, 100k x 384, worst filter: time", "x exact scan", 1.1, 1, rows => Worst(rows, 0, (search, exactUs) => search.P50Us / exactUs, isCeiling: true))
        {
            IsCeiling = true,
            Stored = VectorSet.FullCount,
        },
        new("filtered vector search, 100k x 384, worst filter that more than 20k rows pass: speed", "x exact scan", 1 / 1.1, 5,
            rows => Worst(rows, ManyRows, (search, exactUs) => exactUs / search.P50Us, isCeiling: false))
        {
            Stored = VectorSet.FullCount,
        },
    ];

    private static double? Worst(Rows rows, int moreRowsThan, Func<Row, double, double?> measure, bool isCeiling)
    {
        var unfilteredUs = Find(rows, FilterLayout.NoFilter, FilterSuite.Exact)?.P50Us;
        var measured = new List<double?>();
        foreach (var filter in FilterLayout.Filters)
        {
            var search = Find(rows, filter, FilterSuite.Chosen);
            if (search?.X <= moreRowsThan) continue;
            var exactUs = Math.Min(unfilteredUs ?? double.NaN, Find(rows, filter, FilterSuite.Exact)?.P50Us ?? double.NaN);
            if (search is null || double.IsNaN(exactUs)) return null;
            measured.Add(measure(search, exactUs));
        }
        if (measured.Count == 0 || measured.Contains(null)) return null;
        return isCeiling ? measured.Max() : measured.Min();
    }

    private static Row? Find(Rows rows, string filter, string setting) => rows.Find(FilterSuite.Suite, filter, setting, Ours);
}
