using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>What the filter suite decides: the worst of all filters speaks.</summary>
internal static class FilterTargets
{
    private const string Ours = "local";
    private const int ManyRows = 20_000;

    public static IReadOnlyList<Target> All { get; } =
    [
        new("filtered vector search, worst filter: recall@10", "", 0.99, 0.99, rows => Worst(rows, 0, (search, _) => search.Recall, isCeiling: false)),
        new("filtered vector search, worst filter: time", "x exact scan", 1.1, 1, rows => Worst(rows, 0, (search, scan) => search.P50Us / scan.P50Us, isCeiling: true)) { IsCeiling = true },
        new("filtered vector search, worst filter that more than 20k rows pass: speed", "x exact scan", 1 / 1.1, 5,
            rows => Worst(rows, ManyRows, (search, scan) => scan.P50Us / search.P50Us, isCeiling: false)),
    ];

    private static double? Worst(Rows rows, int moreRowsThan, Func<Row, Row, double?> measure, bool isCeiling)
    {
        var measured = (
            from search in rows
            where search is { Suite: FilterSuite.Suite, Engine: Ours, Setting: FilterSuite.Chosen, NotRun: null } && search.Workload != FilterLayout.NoFilter && search.X > moreRowsThan
            let scan = rows.Find(FilterSuite.Suite, search.Workload, FilterSuite.Exact, Ours)
            where scan is not null
            select measure(search, scan)).ToArray();
        return isCeiling ? measured.Max() : measured.Min();
    }
}
