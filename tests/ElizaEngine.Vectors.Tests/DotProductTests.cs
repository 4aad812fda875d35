using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>Every width gives the bits of the scalar path, and the scalar path is the definition.</summary>
public class DotProductTests
{
    private const int Seed = 20251;

    public static TheoryData<int> Widths => [512, 256, 128];

    private static IEnumerable<int> Lengths => Enumerable.Range(0, 201).Concat([384, 512, 513, 575, 576, 768, 1000, 1024, 1536, 3072, 4000]);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Each_width_gives_the_bits_of_the_scalar_path_on_random_vectors(int width)
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
            AssertSameBits((KernelWidth)width, TestVectors.Random(random, length), TestVectors.Random(random, length));
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Each_width_gives_the_bits_of_the_scalar_path_on_denormals_extremes_and_negative_zeros(int width)
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            AssertSameBits((KernelWidth)width, TestVectors.AnyFinite(random, length), TestVectors.AnyFinite(random, length));
            AssertSameBits((KernelWidth)width, TestVectors.AnyFinite(random, length), TestVectors.Scaled(TestVectors.Random(random, length), 1e-38));
            AssertSameBits((KernelWidth)width, Enumerable.Repeat(-0f, length).ToArray(), TestVectors.Random(random, length));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Each_width_gives_the_bits_of_the_scalar_path_at_any_alignment(int width)
    {
        var random = new Random(Seed);
        var a = TestVectors.Random(random, 1000);
        var b = TestVectors.Random(random, 1000);
        for (var offset = 0; offset < 17; offset++)
        {
            foreach (var length in new[] { 1, 15, 63, 64, 65, 384, 900 })
                AssertSameBits((KernelWidth)width, a.AsSpan(offset, length), b.AsSpan(16 - offset, length));
        }
    }

    [Fact]
    public void The_chosen_path_gives_the_bits_of_the_scalar_path()
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            var a = TestVectors.Random(random, length);
            var b = TestVectors.Random(random, length);
            AssertSameBits(DotProduct.Of(KernelWidth.Scalar, a, b), DotProduct.Of(a, b), $"seed {Seed}, length {length}");
        }
    }

    [Fact]
    public void The_scalar_path_is_the_documented_order_of_summation()
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            var a = TestVectors.AnyFinite(random, length);
            var b = TestVectors.Random(random, length);
            AssertSameBits(ByDefinition(a, b), DotProduct.Of(KernelWidth.Scalar, a, b), $"seed {Seed}, length {length}");
        }
    }

    [Fact]
    public void These_dot_products_never_change()
    {
        // Frozen: similarities are compared with thresholds, so another order of summation would move stored answers.
        var a = Enumerable.Range(0, 1000).Select(i => 1f / (i + 1)).ToArray();
        var b = Enumerable.Range(0, 1000).Select(i => i % 7 - 2.9f).ToArray();

        Assert.Equal(FrozenAt1000, BitConverter.DoubleToInt64Bits(DotProduct.Of(a, b)));
        Assert.Equal(FrozenAt384, BitConverter.DoubleToInt64Bits(DotProduct.Of(a.AsSpan(0, 384), b.AsSpan(0, 384))));
    }

    private const long FrozenAt1000 = -4609115951219343360;
    private const long FrozenAt384 = -4608904183049879552;

    [Fact]
    public void Swapping_the_vectors_changes_no_bit()
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            var a = TestVectors.Random(random, length);
            var b = TestVectors.Random(random, length);
            AssertSameBits(DotProduct.Of(a, b), DotProduct.Of(b, a), $"seed {Seed}, length {length}");
        }
    }

    [Fact]
    public void Empty_vectors_have_the_dot_product_zero() => Assert.Equal(0, DotProduct.Of([], []));

    [Fact]
    public void Vectors_of_different_lengths_are_refused_with_both_lengths()
    {
        var error = Assert.Throws<ArgumentException>(() => DotProduct.Of(new float[384], new float[383]));

        Assert.Contains("384", error.Message, StringComparison.Ordinal);
        Assert.Contains("383", error.Message, StringComparison.Ordinal);
    }

    private static void AssertSameBits(KernelWidth width, ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        AssertSameBits(DotProduct.Of(KernelWidth.Scalar, a, b), DotProduct.Of(width, a, b), $"seed {Seed}, length {a.Length}, width {width}");

    private static void AssertSameBits(double expected, double actual, string where)
    {
        // Overflow can give NaN, whose sign and payload mean nothing; everything else is compared by its bits.
        var same = BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual)
            || (double.IsNaN(expected) && double.IsNaN(actual));
        Assert.True(same, $"{expected:R} and {actual:R} differ: {where}");
    }

    /// <summary>The four rules of the definition, written for reading.</summary>
    private static double ByDefinition(float[] a, float[] b)
    {
        var products = a.Zip(b, (x, y) => x * y).ToArray();
        var whole = products.Length / 64 * 64;
        var blocks = products[..whole].Chunk(512).ToList();
        if (products.Length > whole)
            blocks.Add(products[whole..]);

        var sums = new double[16];
        foreach (var block in blocks)
        {
            var lanes = new float[64];
            for (var i = 0; i < block.Length; i++)
                lanes[i % 64] += block[i];
            for (var j = 0; j < 16; j++)
                sums[j] += (lanes[j] + lanes[j + 16]) + (lanes[j + 32] + lanes[j + 48]);
        }

        foreach (var half in new[] { 8, 4, 2, 1 })
        {
            for (var j = 0; j < half; j++)
                sums[j] += sums[j + half];
        }

        return sums[0];
    }
}
