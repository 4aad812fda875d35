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

    /// <summary>At least the norm whose square was summed in float32.</summary>
    internal static float Of(float sumOfSquares) => MathF.Sqrt(sumOfSquares) * SumSlack;
}
