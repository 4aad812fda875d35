using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>What an engine does in a second at one recall, read off its sweep.</summary>
internal static class RecallCurve
{
    /// <summary>
    /// Searches a second at a recall: on the straight line between the logarithms of two neighbours on the curve. Where even the
    /// hastiest search finds more, that search's speed, which is a lower bound; null: no search finds so much.
    /// </summary>
    /// <param name="sweep">Rows with recall and searches a second, in any order.</param>
    /// <param name="recall">0 to 1.</param>
    public static (double PerSecond, bool IsBound)? At(IEnumerable<Row> sweep, double recall)
    {
        var points = BestOf(sweep);
        var above = points.FindIndex(point => point.Recall >= recall);
        if (above < 0) return null;
        if (above == 0) return (points[0].PerSecond, points[0].Recall > recall);
        var (low, high) = (points[above - 1], points[above]);
        var share = (recall - low.Recall) / (high.Recall - low.Recall);
        return (Math.Exp(double.Lerp(Math.Log(low.PerSecond), Math.Log(high.PerSecond), share)), false);
    }

    /// <summary>By recall, without the points that another one beats in both.</summary>
    private static List<(double Recall, double PerSecond)> BestOf(IEnumerable<Row> sweep)
    {
        var best = new List<(double Recall, double PerSecond)>();
        foreach (var row in sweep.Where(row => row is { Recall: not null, PerSecond: > 0 }).OrderByDescending(row => row.Recall).ThenByDescending(row => row.PerSecond))
        {
            if (best.Count == 0 || row.PerSecond > best[^1].PerSecond) best.Add((row.Recall!.Value, row.PerSecond!.Value));
        }
        best.Reverse();
        return best;
    }
}
