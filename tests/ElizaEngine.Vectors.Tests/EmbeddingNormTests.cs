using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class EmbeddingNormTests
{
    private const int Seed = 20252;

    [Fact]
    public void A_searchable_embedding_has_its_norm_and_inverse_norm()
    {
        var norm = EmbeddingNorm.Of([3f, 4f]);

        Assert.Equal(new EmbeddingNorm(EmbeddingKind.Ok, 5, 0.2f, -1), norm);
    }

    [Fact]
    public void The_norm_is_that_of_double_arithmetic_at_every_dimension()
    {
        var random = new Random(Seed);
        for (var length = 1; length <= 4000; length += length < 200 ? 1 : 37)
        {
            var vector = TestVectors.Random(random, length);
            var expected = Math.Sqrt(TestVectors.ExactDot(vector, vector));
            Assert.True(Math.Abs(EmbeddingNorm.Of(vector).Norm - expected) <= expected * 1e-14, $"seed {Seed}, length {length}");
        }
    }

    [Fact]
    public void The_norm_has_the_same_bits_at_every_width()
    {
        var random = new Random(Seed);
        for (var length = 1; length <= 400; length++)
        {
            var vector = TestVectors.Random(random, length);
            Assert.True(ByDefinition(vector) == EmbeddingNorm.Of(vector).Norm, $"seed {Seed}, length {length}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(384)]
    public void Zeros_of_either_sign_are_a_zero_vector(int length)
    {
        var vector = Enumerable.Range(0, length).Select(i => i % 2 == 0 ? 0f : -0f).ToArray();

        Assert.Equal(new EmbeddingNorm(EmbeddingKind.Zero, 0, 0, -1), EmbeddingNorm.Of(vector));
    }

    [Fact]
    public void One_denormal_component_is_too_small_and_not_a_zero_vector()
    {
        var vector = new float[384];
        vector[200] = float.Epsilon;

        var norm = EmbeddingNorm.Of(vector);

        Assert.Equal(EmbeddingKind.NormOutOfRange, norm.Kind);
        Assert.Equal((double)float.Epsilon, norm.Norm);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_component_that_is_not_finite_is_named_wherever_it_stands(float bad)
    {
        for (var index = 0; index < 70; index++)
        {
            var vector = Enumerable.Repeat(1f, 70).ToArray();
            vector[index] = bad;
            vector[^1] = float.NaN;

            var norm = EmbeddingNorm.Of(vector);

            Assert.Equal(EmbeddingKind.NonFinite, norm.Kind);
            Assert.Equal(index, norm.NonFiniteIndex);
        }
    }

    [Fact]
    public void The_largest_finite_components_are_too_large_and_not_infinite()
    {
        var norm = EmbeddingNorm.Of(Enumerable.Repeat(float.MaxValue, 4000).ToArray());

        Assert.Equal(EmbeddingKind.NormOutOfRange, norm.Kind);
        Assert.Equal(float.MaxValue * Math.Sqrt(4000), norm.Norm, 1e30);
    }

    [Theory]
    [InlineData(1.0001e-12f, EmbeddingKind.Ok)]
    [InlineData(0.9999e-12f, EmbeddingKind.NormOutOfRange)]
    [InlineData(0.9999e12f, EmbeddingKind.Ok)]
    [InlineData(1.0001e12f, EmbeddingKind.NormOutOfRange)]
    internal void The_range_is_from_1e_minus_12_to_1e12(float component, EmbeddingKind kind)
    {
        var norm = EmbeddingNorm.Of([0f, -component, 0f]);

        Assert.Equal(kind, norm.Kind);
        Assert.Equal(kind == EmbeddingKind.Ok ? (float)(1 / (double)component) : 0, norm.InverseNorm);
    }

    private static double ByDefinition(float[] vector)
    {
        var lanes = new double[16];
        var whole = vector.Length / 16 * 16;
        for (var i = whole; i < vector.Length; i++)
            lanes[i % 16] += (double)vector[i] * vector[i];
        for (var i = 0; i < whole; i++)
            lanes[i % 16] += (double)vector[i] * vector[i];
        foreach (var half in new[] { 8, 4, 2, 1 })
        {
            for (var j = 0; j < half; j++)
                lanes[j] += lanes[j + half];
        }

        return Math.Sqrt(lanes[0]);
    }
}
