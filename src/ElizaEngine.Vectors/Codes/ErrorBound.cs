namespace ElizaEngine.Vectors;

/// <summary>
/// How far a similarity by code can be from the exact one. With q and v the unit vectors, Q and V what their codes stand for:
/// q·v - Q·V = Q·(v - V) + (q - Q)·v, so the difference is at most |Q| |v - V| + |q - Q|. The norms on the right are measured when the
/// codes are made.
/// </summary>
internal static class ErrorBound
{
    /// <summary>
    /// What float32 adds to that, in similarity: the unit vectors are rounded (1.8e-7 in norm each), the difference of a component too
    /// (1.2e-7), a score passes five roundings (4e-7), and <see cref="Cosine.Similarity"/> itself is 7.5e-7 from exact arithmetic.
    /// Together under 2e-6.
    /// </summary>
    internal const float Slack = 3e-6f;

    // A sum of 4,000 squares in float32 lanes of 500 is right to 3.1e-5; its root to half of that.
    private const float SumSlack = 1.0001f;

    // One in 30,000 is farther above what is expected.
    private const float Deviations = 4;

    /// <summary>The deviation of what rounding to a step leaves, in steps, of which any is as likely as any other.</summary>
    internal const float RoundedDeviation = 0.289f;

    /// <summary>The deviation of a number from 0 to 15 of which any is as likely as any other.</summary>
    internal const float NibbleDeviation = 4.61f;

    /// <summary>
    /// What a similarity is off by at most, most likely, for who may err, where its bound is a norm of what rounding left. The bound is met only where
    /// that points the way of the other vector. As good as independent of it, component by component, it adds up to a normal deviation of a
    /// component's times the other's norm, which is 1; how far that is true of some vectors is measured.
    /// </summary>
    /// <param name="bound">The norm.</param>
    /// <param name="scale">The step.</param>
    /// <param name="correlation">Of the vectors; see <see cref="UpperMissing.Measure"/>.</param>
    internal static float Likely(float bound, float scale, float correlation) => MathF.Min(bound, Deviations * RoundedDeviation * scale * correlation);

    /// <summary>The same of a row's upper four bits, beside what all of them are off by.</summary>
    /// <param name="scale">Of the row.</param>
    /// <param name="correlation">As there.</param>
    internal static float LikelyMissing(float scale, float correlation) => Deviations * NibbleDeviation * scale * correlation;

    /// <summary>At least the norm whose square was summed in float32.</summary>
    internal static float Of(float sumOfSquares) => MathF.Sqrt(sumOfSquares) * SumSlack;
}
