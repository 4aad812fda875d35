using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>Every kernel that this process may use gives the integer of the scalar one.</summary>
public class CodeDotTests
{
    private const int Seed = 20261;

    // The narrow kernels are written in terms that every process has, if only in software; the wide ones need their instructions.
    private static IEnumerable<KernelWidth> Widths =>
    [
        KernelWidth.Bits128,
        .. Avx2.IsSupported ? [KernelWidth.Bits256] : Array.Empty<KernelWidth>(),
        .. Avx512BW.IsSupported ? [KernelWidth.Bits512] : Array.Empty<KernelWidth>(),
    ];

    // Components; half a row is half as many bytes, and so every second is no whole step of the widest kernel.
    private static IEnumerable<int> Lengths => Enumerable.Range(1, 26).Select(blocks => blocks * 64).Concat([3072, 4032]);

    [Fact]
    public void The_kernel_of_this_process_is_the_one_of_its_width() => Assert.Equal(Kernel.Width, CodeDot.Width);

    [Fact]
    public void Each_width_gives_the_number_of_the_scalar_path_on_random_codes()
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            for (var i = 0; i < 20; i++)
                AssertSame(Bytes(random, length / 2), Codes(random, length));
        }
    }

    [Fact]
    public void Each_width_gives_the_number_of_the_scalar_path_at_the_ends_of_the_ranges()
    {
        // Four nibbles of 15, each by 64, are the largest that 16 bits must hold, of either sign.
        foreach (var length in Lengths)
        {
            foreach (var row in new byte[] { 0, 1, 127, 128, 255 })
            {
                foreach (var query in new sbyte[] { -64, -1, 0, 1, 64 })
                    AssertSame([.. Enumerable.Repeat(row, length / 2)], [.. Enumerable.Repeat(query, length)]);
            }
        }
    }

    [Fact]
    public void Each_width_gives_the_number_of_the_scalar_path_on_whole_rows()
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            for (var i = 0; i < 20; i++)
                AssertSameWhole(Bytes(random, length), Codes(random, length));
            foreach (var query in new sbyte[] { -64, 64 })
                AssertSameWhole([.. Enumerable.Repeat(byte.MaxValue, length)], [.. Enumerable.Repeat(query, length)]);
        }
    }

    [Fact]
    public void Each_width_gives_the_numbers_of_the_scalar_path_on_four_rows()
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            for (var i = 0; i < 10; i++)
                AssertSameFour(Bytes(random, 2 * length), Codes(random, length));
            foreach (var query in new sbyte[] { -64, 64 })
                AssertSameFour([.. Enumerable.Range(0, 2 * length).Select(place => (byte)(255 >> (2 * place / length)))], [.. Enumerable.Repeat(query, length)]);
        }
    }

    [Fact]
    public void Each_width_gives_the_number_of_the_scalar_path_on_two_rows()
    {
        var random = new Random(Seed);
        foreach (var length in Lengths)
        {
            for (var i = 0; i < 20; i++)
                AssertSame(Row(random, length), Row(random, length));
            foreach (var a in new sbyte[] { -127, -1, 0, 1, 127 })
            {
                foreach (var b in new sbyte[] { -127, 127 })
                    AssertSame(Packed([.. Enumerable.Repeat(a, length)]), Packed([.. Enumerable.Repeat(b, length)]));
            }
        }
    }

    [Fact]
    public void The_scalar_path_of_two_rows_is_the_sum_of_the_products_of_their_codes()
    {
        var random = new Random(Seed);
        var a = Numbers(random, 384);
        var b = Numbers(random, 384);

        Assert.Equal(a.Zip(b, (x, y) => x * y).Sum(), CodeDot.OfRows(KernelWidth.Scalar, Packed(a), Packed(b)));
    }

    [Fact]
    public void Both_halves_of_a_row_by_the_scalar_path_are_the_sum_of_the_products()
    {
        var random = new Random(Seed);
        var numbers = Numbers(random, 384);
        var row = Packed(numbers);
        var query = Codes(random, 384);

        var (upper, lower) = (CodeDot.OfHalf(KernelWidth.Scalar, row.AsSpan(0, 192), query), CodeDot.OfHalf(KernelWidth.Scalar, row.AsSpan(192), query));

        Assert.Equal(numbers.Zip(query, (x, y) => (x + 128) * y).Sum(), (16 * upper) + lower);
        Assert.Equal((16 * upper) + lower, CodeDot.Of(KernelWidth.Scalar, row, query));
        Assert.Equal(numbers.Zip(query, (x, y) => ((x + 128) / 16) * y).Sum(), upper);
    }

    [Fact]
    public void Lengths_that_differ_or_are_no_whole_blocks_are_refused()
    {
        Assert.Throws<ArgumentException>(() => CodeDot.OfHalf(KernelWidth.Scalar, new byte[64], new sbyte[64]));
        Assert.Throws<ArgumentException>(() => CodeDot.OfHalf(KernelWidth.Scalar, new byte[31], new sbyte[62]));
        Assert.Throws<ArgumentException>(() => CodeDot.OfHalfFour(KernelWidth.Scalar, new byte[64], new sbyte[64]));
        Assert.Throws<ArgumentException>(() => CodeDot.OfRows(KernelWidth.Scalar, new byte[64], new byte[128]));
    }

    private static void AssertSame(byte[] row, sbyte[] query)
    {
        var expected = CodeDot.OfHalf(KernelWidth.Scalar, row, query);
        foreach (var width in Widths)
            Assert.True(expected == CodeDot.OfHalf(width, row, query), $"seed {Seed}, length {row.Length}, width {width}");
    }

    private static void AssertSameWhole(byte[] row, sbyte[] query)
    {
        var expected = CodeDot.Of(KernelWidth.Scalar, row, query);
        foreach (var width in Widths)
            Assert.True(expected == CodeDot.Of(width, row, query), $"seed {Seed}, length {row.Length}, width {width}");
    }

    private static void AssertSameFour(byte[] rows, sbyte[] query)
    {
        int[] expected = [.. rows.Chunk(query.Length / 2).Select(row => CodeDot.OfHalf(KernelWidth.Scalar, row, query))];
        foreach (var width in Widths.Append(KernelWidth.Scalar))
        {
            var found = CodeDot.OfHalfFour(width, rows, query);
            Assert.True(expected.SequenceEqual(Enumerable.Range(0, 4).Select(row => found.GetElement(row))), $"seed {Seed}, length {query.Length}, width {width}");
        }
    }

    private static void AssertSame(byte[] a, byte[] b)
    {
        var expected = CodeDot.OfRows(KernelWidth.Scalar, a, b);
        foreach (var width in Widths)
            Assert.True(expected == CodeDot.OfRows(width, a, b), $"seed {Seed}, length {a.Length}, width {width}");
    }

    private static byte[] Row(Random random, int length) => Packed(Numbers(random, length));

    private static sbyte[] Numbers(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (sbyte)random.Next(-127, 128))];

    private static byte[] Packed(sbyte[] numbers)
    {
        var row = new byte[numbers.Length];
        Nibbles.Pack(numbers, row);
        return row;
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static sbyte[] Codes(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (sbyte)random.Next(-64, 65))];
}
