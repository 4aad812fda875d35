using System.Collections;

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

    /// <summary>How much more one engine does in a second than another; null when either was not measured.</summary>
    public double? Speedup(string suite, string workload, string setting, string engine, string than) =>
        Find(suite, workload, setting, engine)?.PerSecond / Find(suite, workload, setting, than)?.PerSecond;

    /// <summary>How much shorter the median call of one engine is than another's.</summary>
    public double? SpeedupOfP50(string suite, string workload, string setting, string engine, string than) =>
        Find(suite, workload, setting, than)?.P50Us / Find(suite, workload, setting, engine)?.P50Us;

    /// <summary>
    /// The same of each round by itself, and the median of those: what happens to the machine for some minutes happens to both, and one that
    /// takes more turns in a quick round does not weigh that round more.
    /// </summary>
    public double? SpeedupByRound(string suite, string workload, string setting, string engine, string than)
    {
        if (Find(suite, workload, setting, engine)?.SliceP50sUs is not { Count: > 0 } mine || Find(suite, workload, setting, than)?.SliceP50sUs is not { } theirs) return null;
        var ratios = theirs.Zip(mine, (their, my) => their / my).Order().ToArray();
        return (ratios[(ratios.Length - 1) / 2] + ratios[ratios.Length / 2]) / 2;
    }

    public IEnumerator<Row> GetEnumerator() => _rows.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
