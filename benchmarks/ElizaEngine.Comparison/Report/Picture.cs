using ScottPlot;

namespace ElizaEngine.Comparison.Report;

/// <summary>A picture of some rows.</summary>
/// <param name="Name">Of its file, without ending.</param>
/// <param name="Plot">What is in it.</param>
internal sealed record Picture(string Name, Plot Plot)
{
    private const int Width = 900, Height = 560;

    public void Save(string directory) => Plot.SavePng(Path.Combine(directory, Name + ".png"), Width, Height);

    /// <summary>A line for each engine over what its rows say, in logarithms where figures differ by powers of ten.</summary>
    /// <param name="name">Of the file.</param>
    /// <param name="title">Above it.</param>
    /// <param name="x">What goes to the right.</param>
    /// <param name="y">What goes up.</param>
    /// <param name="rows">In the order of the line.</param>
    public static Picture Lines(string name, string title, (string Label, Func<Row, double?> Of) x, (string Label, bool IsLogarithmic, Func<Row, double?> Of) y, IEnumerable<Row> rows)
    {
        var plot = new Plot();
        foreach (var engine in rows.Where(row => row.NotRun is null).GroupBy(row => row.Engine))
        {
            var points = engine.Select(row => (X: x.Of(row), Y: y.Of(row))).Where(point => point is { X: not null, Y: > 0 }).ToArray();
            if (points.Length == 0) continue;
            var line = plot.Add.Scatter(
                points.Select(point => point.X!.Value).ToArray(),
                points.Select(point => y.IsLogarithmic ? Math.Log10(point.Y!.Value) : point.Y!.Value).ToArray());
            line.LegendText = engine.Key;
            line.LineWidth = 2;
            line.MarkerSize = 7;
        }
        plot.Title(title);
        plot.XLabel(x.Label);
        plot.YLabel(y.Label);
        if (y.IsLogarithmic) plot.Axes.Left.TickGenerator = PowersOfTen();
        plot.ShowLegend(Alignment.LowerRight);
        return new Picture(name, plot);
    }

    /// <summary>A bar for each row, from its median to its slowest percent, on a logarithmic scale of microseconds.</summary>
    public static Picture LatencyBars(string name, string title, IReadOnlyList<Row> rows)
    {
        var plot = new Plot();
        var shown = rows.Where(row => row is { NotRun: null, P50Us: > 0, P99Us: > 0, MaxUs: > 0 }).Reverse().ToArray();
        foreach (var (row, place) in shown.Select((row, place) => (row, place)))
        {
            var line = plot.Add.Line(Math.Log10(row.P50Us!.Value), place, Math.Log10(row.P99Us!.Value), place);
            line.LineWidth = 9;
            line.Color = Colors.SteelBlue;
            plot.Add.Marker(Math.Log10(row.P50Us.Value), place, MarkerShape.FilledCircle, 11, Colors.Navy);
            plot.Add.Marker(Math.Log10(row.MaxUs!.Value), place, MarkerShape.VerticalBar, 13, Colors.Gray);
        }
        plot.Axes.Left.SetTicks(
            [.. Enumerable.Range(0, shown.Length).Select(place => (double)place)],
            [.. shown.Select(row => string.Join(", ", new[] { row.Engine, row.Workload, row.Setting }.Where(part => part.Length > 0)))]);
        plot.Axes.Bottom.TickGenerator = PowersOfTen();
        plot.Axes.SetLimitsY(-1, shown.Length);
        plot.Title(title);
        plot.XLabel("microseconds: median (dot), 99 % (end of the bar), slowest (grey)");
        return new Picture(name, plot);
    }

    private static ScottPlot.TickGenerators.NumericAutomatic PowersOfTen() => new()
    {
        LabelFormatter = static power => Number.Text(Math.Pow(10, power)),
        IntegerTicksOnly = true,
    };
}
