namespace ElizaEngine.Comparison.Report;

/// <summary>What the project promises, as a number that rows can be asked for.</summary>
/// <param name="Name">What it is about, and against what.</param>
/// <param name="Unit">Of the number: "x R", "x SQLite", "bytes".</param>
/// <param name="Must">The door.</param>
/// <param name="Aim">What we are here for.</param>
/// <param name="Measure">
/// The number; null: not all of its rows were measured in this run. It gets them by <see cref="Rows.Find"/>, or one of those built on it.
/// </param>
internal sealed record Target(string Name, string Unit, double Must, double Aim, Func<Rows, double?> Measure)
{
    /// <summary>Whether less is better.</summary>
    public bool IsCeiling { get; init; }

    /// <summary>How many rows or vectors the name speaks of: what was measured on fewer or more does not count. Null: any number.</summary>
    public long? Stored { get; init; }

    public TargetResult Check(Rows rows)
    {
        var found = new HashSet<Row>(ReferenceEqualityComparer.Instance);
        var measured = Measure(rows.Telling(found));
        if (Stored is { } stored && found.Any(row => row.Stored != stored)) measured = null;
        bool? met = measured is { } value ? Reaches(value, Must) : null;
        var result = new TargetResult(Name, measured, Unit, Must, Aim, met) { ReachesAim = measured is { } number ? Reaches(number, Aim) : null };
        return measured is null ? result : result with
        {
            Setting = string.Join("; ", found.Select(SettingOf).Where(setting => setting.Length > 0).Distinct()),
            Slices = found.Sum(row => row.Slices),
            UnsteadySlices = found.Sum(row => row.UnsteadySlices),
        };
    }

    private static string SettingOf(Row row)
    {
        if (row.Stored is not { } stored || Close(row.Setting).Contains(Close(Number.Text(stored)), StringComparison.Ordinal)) return row.Setting;
        return $"{row.Setting} of {Number.Text(stored)}".TrimStart();
    }

    // "10k" is "10 k".
    private static string Close(string text) => text.Replace(" ", "", StringComparison.Ordinal);

    private bool Reaches(double value, double line) => IsCeiling ? value <= line : value >= line;
}

/// <summary>A target beside what was measured; nulls: it was not. Met says whether the must is reached. The names are those of the JSON file.</summary>
internal sealed record TargetResult(string Target, double? Measured, string Unit, double Must, double Aim, bool? Met)
{
    public bool? ReachesAim { get; init; }

    /// <summary>Of the rows that it was read from: at which size, by how many callers. Null: it was not measured.</summary>
    public string? Setting { get; init; }

    /// <summary>Of those rows.</summary>
    public int Slices { get; init; }

    /// <summary>Of those, the ones that never met a quiet machine.</summary>
    public int UnsteadySlices { get; init; }
}
