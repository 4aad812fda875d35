using ElizaEngine.Comparison.Data;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class Mulberry32Tests
{
    /// <summary>Recorded from the same function in JavaScript.</summary>
    [Theory]
    [InlineData(0u, new uint[] { 1144304738u, 1416247u, 958946056u, 627933444u })]
    [InlineData(42u, new uint[] { 2581720956u, 1925393290u, 3661312704u, 2876485805u })]
    public void The_numbers_are_those_of_every_other_language(uint seed, uint[] expected)
    {
        var random = new Mulberry32(seed);

        Assert.Equal(expected, expected.Select(_ => random.NextBits()));
    }

    [Fact]
    public void Choices_lie_within_their_bounds_and_reach_all_of_them()
    {
        var random = new Mulberry32(1);

        Assert.Equal(Enumerable.Range(0, 10), Enumerable.Range(0, 1_000).Select(_ => random.NextBelow(10)).Distinct().Order());
    }

    [Fact]
    public void Nearly_normal_numbers_have_their_mean_and_spread()
    {
        var random = new Mulberry32(1);
        var numbers = Enumerable.Range(0, 20_000).Select(_ => random.NextGaussian()).ToArray();

        Assert.InRange(numbers.Average(), -0.03, 0.03);
        Assert.InRange(numbers.Average(x => x * x), 0.96, 1.04);
    }

    [Fact]
    public void An_id_is_a_version_4_uuid()
    {
        var id = new Mulberry32(7).NextGuid();

        Assert.Equal(4, id.Version);
        Assert.InRange(id.Variant, 8, 11);
    }
}
