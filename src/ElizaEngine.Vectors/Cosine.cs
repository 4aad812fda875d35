namespace ElizaEngine.Vectors;

/// <summary>
/// Cosine similarity: the cosine of the angle between two vectors, in [-1, 1], higher is closer.
/// <para>
/// The parts are a <see cref="Kernels.DotProduct"/> and two stored <see cref="Norm.InverseOf"/>s. For vectors
/// of valid norms the result is within 1e-6 of exact arithmetic at every dimension: at most 6.0e-7 from the dot
/// product, 6.0e-8 from each inverse norm, 3.0e-8 from the last rounding.
/// </para>
/// </summary>
internal static class Cosine
{
    /// <summary>
    /// dot x inverse norm x inverse norm, clamped to [-1, 1]. Bit-equal inputs give bit-equal results, and so does
    /// swapping the two vectors. No intermediate overflows or underflows for valid norms: the products are doubles.
    /// </summary>
    /// <param name="dot">The dot product of the two vectors as stored, not as unit vectors.</param>
    /// <param name="inverseNormOfA">1 / norm, in [1e-12, 1e12].</param>
    /// <param name="inverseNormOfB">1 / norm, in [1e-12, 1e12].</param>
    /// <returns>The similarity; NaN only if <paramref name="dot"/> is NaN, which vectors of valid norms never give.</returns>
    internal static float Similarity(double dot, float inverseNormOfA, float inverseNormOfB)
    {
        // The product of two float32 is exact in a double, so the order of a and b leaves no trace.
        var scale = (double)inverseNormOfA * inverseNormOfB;
        return (float)Math.Clamp(dot * scale, -1.0, 1.0);
    }
}
