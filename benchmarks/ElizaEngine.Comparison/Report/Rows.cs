using System.Collections;

namespace ElizaEngine.Comparison.Report;

/// <summary>All rows of a run, in the order in which they were measured.</summary>
internal sealed class Rows : IReadOnlyCollection<Row>
{
    private readonly List<Row> _rows;
    private readonly ICollection<Row>? _found;

    public Rows()
        : this([], null)
    {
    }

    private Rows(List<Row> rows, ICollection<Row>? found) => (_rows, _found) = (rows, found);

    public int Count => _rows.Count;

    public void Add(IEnumerable<Row> rows) => _rows.AddRange(rows);

    /// <summary>The same rows; which of them <see cref="Find(string, string, string, string)"/> gives is told.</summary>
    public Rows Telling(ICollection<Row> found) => new(_rows, found);

    /// <summary>The row of an engine, if it was measured.</summary>
    public Row? Find(string suite, string workload, string setting, string engine)
    {
        var found = _rows.Find(row => row.NotRun is null && row.Suite == suite && row.Workload == workload && row.Setting == setting && row.Engine == engine);
        if (found is not null) _found?.Add(found);
        return found;
    }

    /// <summary>The same where so many rows were stored, or any number, and the setting is whatever came of that.</summary>
    public Row? FindStored(string suite, string workload, string engine, long? stored = null) =>
        _rows.Find(row => row is { NotRun: null } && row.Suite == suite && row.Workload == workload && row.Engine == engine
            && (stored is null || row.Stored == stored)) is { } any
            ? Find(suite, workload, any.Setting, engine)
            : null;

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
