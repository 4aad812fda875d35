using System.Collections;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Report;

/// <summary>All rows of a run, in the order in which they were measured.</summary>
internal sealed class Rows : IReadOnlyCollection<Row>
{
    private readonly List<Row> _rows = [];

    public int Count => _rows.Count;

    public void Add(IEnumerable<Row> rows) => _rows.AddRange(rows);

    /// <summary>The row of an engine, if it was measured.</summary>
    public Row? Find(string suite, string workload, string setting, string engine) => _rows.Find(row =>
        row.NotRun is null && row.Suite == suite && row.Workload == workload && row.Setting == setting && row.Engine == engine);

    /// <summary>
    /// How much more one engine does in a second than another: the median of what each round says, or the ratio of what was not done in rounds;
    /// null when either was not measured.
    /// </summary>
    public double? Speedup(string suite, string workload, string setting, string engine, string than) =>
        Find(suite, workload, setting, engine) is { } mine && Find(suite, workload, setting, than) is { } theirs
            ? Ratio(mine.SliceRates, theirs.SliceRates) ?? mine.PerSecond / theirs.PerSecond
            : null;

    /// <summary>How much shorter the median call of one engine is than another's, in the same way.</summary>
    public double? SpeedupOfP50(string suite, string workload, string setting, string engine, string than) =>
        Find(suite, workload, setting, engine) is { } mine && Find(suite, workload, setting, than) is { } theirs
            ? Ratio(theirs.SliceP50sUs, mine.SliceP50sUs) ?? theirs.P50Us / mine.P50Us
            : null;

    public IEnumerator<Row> GetEnumerator() => _rows.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static double? Ratio(IReadOnlyList<double>? these, IReadOnlyList<double>? those) =>
        these is not null && those is not null ? these.MedianRatio(those) : null;
}
