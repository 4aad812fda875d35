namespace ElizaEngine.Comparison.Measuring;

/// <summary>What lies in the middle: figures that a round with a hiccup does not decide.</summary>
internal static class Medians
{
    /// <summary>The one in the middle; of an even number the mean of the two there, since the larger of two is no middle.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are none.</exception>
    public static double Median(this IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(values));
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>
    /// The ratio of each round by itself, and the median of those: what happens to the machine for some minutes happens to both, and one that
    /// does more in a quick round does not weigh that round more.
    /// </summary>
    /// <param name="these">One figure of each round.</param>
    /// <param name="those">The figure beside it, in the same order.</param>
    /// <exception cref="ArgumentException">They are not of the same rounds.</exception>
    public static double MedianRatio(this IReadOnlyList<double> these, IReadOnlyList<double> those) => these.Count == those.Count
        ? these.Zip(those, (one, other) => one / other).Median()
        : throw new ArgumentException($"{those.Count} rounds beside {these.Count}.", nameof(those));
}
