using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class CosineTests
{
    private const int Seed = 20253;
    private const double Specified = 1e-6;

    private static IEnumerable<int> Dimensions => Enumerable.Range(1, 130).Concat([200, 384, 512, 575, 768, 1000, 1024, 1536, 3072, 3999, 4000]);

    [Fact]
    public void Random_vectors_are_within_1e_6_of_double_arithmetic()
    {
        var random = new Random(Seed);
        foreach (var dimension in Dimensions)
        {
            for (var round = 0; round < 5; round++)
                AssertAccurate(TestVectors.Random(random, dimension), TestVectors.Random(random, dimension), $"dimension {dimension}");
        }
    }

    [Fact]
    public void Near_duplicates_are_within_1e_6_of_double_arithmetic()
    {
        var random = new Random(Seed);
        foreach (var dimension in Dimensions)
        {
            var a = TestVectors.Random(random, dimension);
            var b = a.Select(x => x + (random.NextSingle() * 1e-4f)).ToArray();
            AssertAccurate(a, b, $"dimension {dimension}");
        }
    }

    [Fact]
    public void Equal_components_whose_sums_all_round_the_same_way_are_within_1e_6()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 2000; round++)
        {
            var a = Enumerable.Repeat(1 + random.NextSingle(), 4000).ToArray();
            var b = Enumerable.Repeat(1 + random.NextSingle(), 4000).ToArray();
            AssertAccurate(a, b, $"components {a[0]:R} and {b[0]:R}");
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(512)]
    [InlineData(1024)]
    public void Large_products_followed_by_ones_just_too_small_to_count_are_within_1e_6(int large)
    {
        // One float32 sum a lane would lose every small product whole: 3.5e-6 in all.
        var a = new float[4000];
        a.AsSpan().Fill(2.4e-4f);
        a.AsSpan(0, large).Fill(1f);

        AssertAccurate(a, a, $"{large} large components");
        AssertAccurate(a, TestVectors.Scaled(a, -3), $"{large} large components, opposite");
    }

    [Fact]
    public void Sums_that_cancel_are_within_1e_6()
    {
        var random = new Random(Seed);
        foreach (var dimension in Dimensions)
        {
            var a = TestVectors.Random(random, dimension);
            var b = a.Select((x, i) => i % 2 == 0 ? x : -x).ToArray();
            AssertAccurate(a, b, $"dimension {dimension}");
            AssertAccurate(a, [.. a.Select((x, i) => i < dimension / 2 ? x : -x)], $"dimension {dimension}, halves");
        }
    }

    [Theory]
    [InlineData(1e-12, 1e-12)]
    [InlineData(1e12, 1e12)]
    [InlineData(1e-12, 1e12)]
    [InlineData(1e12, 1e-12)]
    [InlineData(1, 1e12)]
    public void Norms_at_the_ends_of_the_range_neither_overflow_nor_underflow(double normOfA, double normOfB)
    {
        var random = new Random(Seed);
        foreach (var dimension in Dimensions)
        {
            var a = WithNorm(TestVectors.Random(random, dimension), normOfA);
            var b = WithNorm(TestVectors.Random(random, dimension), normOfB);
            AssertAccurate(a, b, $"dimension {dimension}, norms {normOfA} and {normOfB}");
            AssertAccurate(a, WithNorm(a, normOfB), $"dimension {dimension}, parallel, norms {normOfA} and {normOfB}");
        }
    }

    [Fact]
    public void Bit_equal_vectors_have_bit_equal_similarities_wherever_they_lie()
    {
        var random = new Random(Seed);
        foreach (var dimension in Dimensions)
        {
            var query = TestVectors.Random(random, dimension);
            var vector = TestVectors.Random(random, dimension);
            var expected = BitConverter.SingleToInt32Bits(TestVectors.Similarity(query, vector));
            var memory = new float[dimension + 16];
            for (var offset = 0; offset < 16; offset++)
            {
                vector.CopyTo(memory, offset);
                var actual = TestVectors.Similarity(query, memory.AsSpan(offset, dimension));
                Assert.True(expected == BitConverter.SingleToInt32Bits(actual), $"seed {Seed}, dimension {dimension}, offset {offset}");
            }
        }
    }

    [Fact]
    public void Similarity_is_the_same_in_both_directions()
    {
        var random = new Random(Seed);
        foreach (var dimension in Dimensions)
        {
            var a = TestVectors.Random(random, dimension);
            var b = TestVectors.Scaled(TestVectors.Random(random, dimension), 12345.678);
            Assert.Equal(TestVectors.Similarity(a, b), TestVectors.Similarity(b, a));
        }
    }

    [Fact]
    public void Similarity_never_leaves_minus_1_to_1()
    {
        Assert.Equal(1f, Cosine.Similarity(1.0000001, 1, 1));
        Assert.Equal(-1f, Cosine.Similarity(-1.0000001, 1, 1));
        var random = new Random(Seed);
        foreach (var dimension in Dimensions)
        {
            var a = TestVectors.Random(random, dimension);
            Assert.InRange(TestVectors.Similarity(a, a), 1 - 1e-6f, 1f);
            Assert.InRange(TestVectors.Similarity(a, TestVectors.Scaled(a, -1)), -1f, -1 + 1e-6f);
        }
    }

    [Fact]
    public void Orthogonal_vectors_have_similarity_zero() => Assert.Equal(0f, TestVectors.Similarity([1f, 0f], [0f, 2f]));

    private static void AssertAccurate(float[] a, float[] b, string what)
    {
        var expected = TestVectors.ExactSimilarity(a, b);
        var actual = TestVectors.Similarity(a, b);
        Assert.True(Math.Abs(actual - expected) <= Specified, $"{actual:R} is off by {actual - expected:E2}: seed {Seed}, {what}");
    }

    // A hair inside the range, so that rounding the components does not leave it.
    private static float[] WithNorm(float[] vector, double norm)
    {
        var inside = norm > 1 ? norm * (1 - 1e-6) : norm * (1 + 1e-6);
        return TestVectors.Scaled(vector, inside / Math.Sqrt(TestVectors.ExactDot(vector, vector)));
    }
}
