namespace ElizaEngine.Vectors.Tests;

/// <summary>Vectors for tests: random from a seed, and the ones that hurt.</summary>
internal static class TestVectors
{
    /// <summary>Components from -1 to 1.</summary>
    internal static float[] Random(Random random, int length)
    {
        var vector = new float[length];
        for (var i = 0; i < length; i++)
            vector[i] = (random.NextSingle() * 2) - 1;
        return vector;
    }

    /// <summary>Any finite floats: random bit patterns, with zeros of both signs, denormals and the extremes among them.</summary>
    internal static float[] AnyFinite(Random random, int length)
    {
        float[] special = [0f, -0f, float.Epsilon, -float.Epsilon, 1e-40f, float.MaxValue, float.MinValue, 1.17549435e-38f, 1f];
        var vector = new float[length];
        for (var i = 0; i < length; i++)
        {
            var bits = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            vector[i] = random.Next(3) == 0 || !float.IsFinite(bits) ? special[random.Next(special.Length)] : bits;
        }

        return vector;
    }

    internal static float[] Scaled(float[] vector, double factor) => [.. vector.Select(x => (float)(x * factor))];

    internal static double ExactDot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += (double)a[i] * b[i];
        return sum;
    }

    internal static double ExactSimilarity(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        Math.Clamp(ExactDot(a, b) / Math.Sqrt(ExactDot(a, a)) / Math.Sqrt(ExactDot(b, b)), -1, 1);

    /// <summary>The similarity as a search computes it.</summary>
    internal static float Similarity(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        Cosine.Similarity(Kernels.DotProduct.Of(a, b), Norm.InverseOf(a), Norm.InverseOf(b));
}
