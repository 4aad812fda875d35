namespace ElizaEngine.Comparison.Report;

/// <summary>What the project promises, as a number that rows can be asked for.</summary>
/// <param name="Name">What it is about, and against what.</param>
/// <param name="Unit">Of the number: "x R", "x SQLite", "bytes".</param>
/// <param name="Must">The door.</param>
/// <param name="Aim">What we are here for.</param>
/// <param name="Measure">The number; null: its rows were not measured in this run.</param>
internal sealed record Target(string Name, string Unit, double Must, double Aim, Func<Rows, double?> Measure)
{
    /// <summary>Whether less is better.</summary>
    public bool IsCeiling { get; init; }

    public TargetResult Check(Rows rows)
    {
        var measured = Measure(rows);
        bool? met = measured is { } value ? Reaches(value, Must) : null;
        return new TargetResult(Name, measured, Unit, Must, Aim, met) { ReachesAim = measured is { } number ? Reaches(number, Aim) : null };
    }

    private bool Reaches(double value, double line) => IsCeiling ? value <= line : value >= line;
}

/// <summary>A target beside what was measured; nulls: it was not. Met says whether the must is reached. The names are those of the JSON file.</summary>
internal sealed record TargetResult(string Target, double? Measured, string Unit, double Must, double Aim, bool? Met)
{
    public bool? ReachesAim { get; init; }
}
