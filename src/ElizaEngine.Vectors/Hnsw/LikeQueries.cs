using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>Queries that stored vectors are like: of each the most, and a little of another.</summary>
internal static class LikeQueries
{
    /// <summary>What is left of a vector of norm 1 at a right angle to another, where it points the same way but for rounding.</summary>
    private const double Nothing = 1e-3;

    /// <summary>
    /// A query for each vector, which has that similarity to it. It leans towards another of them, from half around: so queries differ from
    /// what is stored in ways in which vectors differ. One that leaned any way would be as much farther from all others, and easier to find.
    /// </summary>
    /// <param name="vectors">Some, one behind the other; their norms are valid.</param>
    /// <param name="dimension">Floats of each.</param>
    /// <param name="similarity">0 to 1.</param>
    /// <returns>As many, one behind the other, of norm 1. Where the other points the same way, or the opposite one, the vector itself.</returns>
    internal static float[] Of(ReadOnlySpan<float> vectors, int dimension, float similarity)
    {
        var count = vectors.Length / dimension;
        var queries = new float[vectors.Length];
        var (vector, other) = (new float[dimension], new float[dimension]);
        for (var i = 0; i < count; i++)
        {
            ToUnit(vectors.Slice(i * dimension, dimension), vector);
            ToUnit(vectors.Slice((i + (count / 2)) % count * dimension, dimension), other);
            var common = (float)DotProduct.Of(vector, other);
            for (var place = 0; place < dimension; place++)
                other[place] -= common * vector[place];
            var norm = Norm.Of(other);
            var (most, little) = norm < Nothing ? (1, 0) : (similarity, (float)(Math.Sqrt(1 - ((double)similarity * similarity)) / norm));
            for (var place = 0; place < dimension; place++)
                queries[(i * dimension) + place] = (most * vector[place]) + (little * other[place]);
        }

        return queries;
    }

    private static void ToUnit(ReadOnlySpan<float> vector, float[] unit) => Quantizer.Scale(vector, Norm.InverseOf(vector), unit);
}
