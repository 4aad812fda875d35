using System.Collections;
using ElizaEngine.Comparison.Measuring;

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

    /// <summary>
    /// How much more one engine does in a second than another: the median of what each round says, or the ratio of what was not done in rounds;
    /// null when either was not measured.
    /// </summary>
    public double? Speedup(string suite, string workload, string setting, string engine, string than) =>
        Speedup(Find(suite, workload, setting, engine), Find(suite, workload, setting, than));

    /// <summary>The same of any two rows.</summary>
    public static double? Speedup(Row? mine, Row? theirs) => mine is not null && theirs is not null
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
