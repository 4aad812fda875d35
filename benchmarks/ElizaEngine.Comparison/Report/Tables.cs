namespace ElizaEngine.Comparison.Report;

/// <summary>A table as texts, to be drawn on a terminal or written into a file.</summary>
internal sealed record Table(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Lines);

/// <summary>The tables of a run: one for each suite, and the targets.</summary>
internal static class Tables
{
    private static readonly (string Name, Func<Row, string> Of)[] s_columns =
    [
        ("workload", row => row.Workload),
        ("setting", row => row.Setting),
        ("engine", row => row.Engine),
        ("count", row => row.Operations > 0 ? Number.Text(row.Operations) : ""),
        ("per second", row => Number.Text(row.PerSecond)),
        ("p50 us", row => Number.Text(row.P50Us)),
        ("p99 us", row => Number.Text(row.P99Us)),
        ("max us", row => Number.Text(row.MaxUs)),
        ("alloc", row => Number.Bytes(row.AllocatedBytesPerOperation)),
        ("recall", row => Number.Text(row.Recall)),
        ("resident", row => Number.Bytes(row.ResidentBytes)),
        ("mapped", row => Number.Bytes(row.MappedBytes)),
        ("disk", row => Number.Bytes(row.DiskBytes)),
        ("R/s", row => Number.Text(row.Probe?.DiskWritesPerSecond)),
        ("raw p99 us", row => Number.Text(row.Probe?.DiskWriteP99Us)),
        ("GB/s", row => Number.Text(row.Probe?.MemoryGBPerSecond)),
        ("dot ns", row => Number.Text(row.Probe?.DotNanoseconds)),
        ("remarks", Remarks),
    ];

    public static IEnumerable<Table> Of(Rows rows) => rows.GroupBy(row => row.Suite).Select(suite =>
    {
        var lines = suite.Select(row => s_columns.Select(column => column.Of(row)).ToArray()).ToArray();
        // A column that says nothing in this suite is left out.
        var used = Enumerable.Range(0, s_columns.Length).Where(column => lines.Any(line => line[column].Length > 0)).ToArray();
        return new Table(suite.Key, [.. used.Select(column => s_columns[column].Name)], [.. lines.Select(line => used.Select(column => line[column]).ToArray())]);
    });

    public static Table Of(IEnumerable<TargetResult> targets) => new(
        "targets",
        ["target", "measured", "unit", "must", "aim", "met", "measured at"],
        [
            .. targets.Select(target => (string[])
            [
                target.Target, target.Measured is null ? "not measured" : Number.Text(target.Measured), target.Unit, Number.Text(target.Must),
                Number.Text(target.Aim), (target.Met, target.ReachesAim) switch { (null, _) => "", (false, _) => "NO", (_, true) => "aim", _ => "yes" }, MeasuredAt(target),
            ]),
        ]);

    private static string MeasuredAt(TargetResult target) =>
        string.Join("; ", new[] { target.Setting, Unsteady(target.UnsteadySlices, target.Slices) }.Where(part => !string.IsNullOrEmpty(part)));

    private static string Remarks(Row row)
    {
        if (row.NotRun is { } reason) return $"not run: {reason}";
        return string.Join("; ", new[] { row.Note, Unsteady(row.UnsteadySlices, row.Slices) }.Where(remark => remark is not null));
    }

    private static string? Unsteady(int unsteady, int slices) => unsteady > 0 ? $"{unsteady} of {slices} slices on an unsteady machine" : null;
}
