using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class LikeQueriesTests
{
    private const int Seed = 20281;
    private const float Similarity = 0.95f;

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 1e-9)]
    [InlineData(100, 1e9)]
    [InlineData(384, 1)]
    public void Each_is_as_like_its_vector_as_asked_and_leans_towards_another(int dimension, double norm)
    {
        var random = new Random(Seed);
        float[][] vectors = [.. Enumerable.Range(0, 7).Select(_ => TestVectors.Scaled(TestVectors.Random(random, dimension), norm))];

        var queries = LikeQueries.Of([.. vectors.SelectMany(static vector => vector)], dimension, Similarity).Chunk(dimension).ToArray();

        Assert.Equal(vectors.Length, queries.Length);
        for (var i = 0; i < vectors.Length; i++)
        {
            var other = vectors[(i + (vectors.Length / 2)) % vectors.Length];
            Assert.Equal(1, Norm.Of(queries[i]), 1e-5);
            Assert.Equal(Similarity, TestVectors.ExactSimilarity(queries[i], vectors[i]), 1e-5);
            // Nearer to the other than a query would be that leans any other way.
            Assert.True(TestVectors.ExactSimilarity(queries[i], other) > Similarity * TestVectors.ExactSimilarity(vectors[i], other), $"seed {Seed}, {i}");
        }
    }

    [Fact]
    public void Where_the_other_points_the_same_way_it_is_the_vector_itself()
    {
        float[] vector = [3, 4, 0];

        // One alone, and two that differ in length and rounding only.
        Assert.Equal(1, TestVectors.ExactSimilarity(LikeQueries.Of(vector, 3, Similarity), vector), 1e-6);
        Assert.All(
            LikeQueries.Of([3, 4, 0, 6, 8, 1e-6f], 3, Similarity).Chunk(3),
            query => Assert.Equal(1, TestVectors.ExactSimilarity(query, vector), 1e-6));
    }
}
