namespace ElizaEngine.Benchmarks.Vectors;

internal static class RandomVectors
{
    /// <summary>Components from -1 to 1.</summary>
    internal static float[] Next(Random random, int dimension)
    {
        var vector = new float[dimension];
        Fill(random, vector);
        return vector;
    }

    internal static void Fill(Random random, Span<float> vector)
    {
        for (var i = 0; i < vector.Length; i++)
            vector[i] = (random.NextSingle() * 2) - 1;
    }
}
