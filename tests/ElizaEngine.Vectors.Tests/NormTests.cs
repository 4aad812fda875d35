using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class NormTests
{
    private const int Seed = 20252;

    [Fact]
    public void A_searchable_embedding_has_its_norm_and_inverse_norm()
    {
        Assert.Equal(5, Norm.Of([3f, 4f]));
        Assert.Equal(0.2f, Norm.InverseOf([3f, 4f]));
    }

    [Fact]
    public void The_norm_is_that_of_double_arithmetic_at_every_dimension()
    {
        var random = new Random(Seed);
        for (var length = 1; length <= 4000; length += length < 200 ? 1 : 37)
        {
            var vector = TestVectors.Random(random, length);
            var expected = Math.Sqrt(TestVectors.ExactDot(vector, vector));
            Assert.True(Math.Abs(Norm.Of(vector) - expected) <= expected * 1e-14, $"seed {Seed}, length {length}");
        }
    }

    [Fact]
    public void The_norm_has_the_same_bits_at_every_width()
    {
        var random = new Random(Seed);
        for (var length = 1; length <= 400; length++)
        {
            var vector = TestVectors.Random(random, length);
            Assert.True(ByDefinition(vector) == Norm.Of(vector), $"seed {Seed}, length {length}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(384)]
    public void Zeros_of_either_sign_have_no_length(int length)
    {
        var vector = Enumerable.Range(0, length).Select(i => i % 2 == 0 ? 0f : -0f).ToArray();

        Assert.Equal(0, Norm.Of(vector));
    }

    [Fact]
    public void The_smallest_and_the_largest_components_neither_vanish_nor_overflow()
    {
        var vector = new float[384];
        vector[200] = float.Epsilon;
        Assert.Equal((double)float.Epsilon, Norm.Of(vector));

        Array.Fill(vector, float.MaxValue);
        Assert.Equal(Math.Sqrt(384) * float.MaxValue, Norm.Of(vector), 1e25);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_component_that_is_not_finite_shows_in_the_norm(float bad)
    {
        for (var index = 0; index < 70; index++)
        {
            var vector = new float[70];
            vector[index] = bad;
            Assert.False(double.IsFinite(Norm.Of(vector)), $"index {index}");
        }
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
