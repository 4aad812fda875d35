using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class NibblesTests
{
    private const int Seed = 20267;

    [Theory]
    [InlineData(64)]
    [InlineData(384)]
    [InlineData(4032)]
    public void A_row_gives_back_the_codes_that_were_put_into_it(int length)
    {
        var random = new Random(Seed);
        sbyte[] codes = [-127, 127, 0, .. Enumerable.Range(3, length - 3).Select(_ => (sbyte)random.Next(-127, 128))];

        Assert.Equal(codes, Unpacked(Packed(codes)));
    }

    [Fact]
    public void The_first_half_of_a_row_has_the_upper_bits_and_the_second_the_lower_ones()
    {
        var codes = new sbyte[64];
        (codes[1], codes[33]) = (0x12, 0x34);

        var row = Packed(codes);

        // 0x12 and 0x34 from 128 on.
        Assert.Equal((0xB9, 0x42), (row[1], row[33]));
    }

    [Fact]
    public void Rows_of_a_vector_are_told_from_others()
    {
        var random = new Random(Seed);
        var codes = new sbyte[384];
        for (var place = 0; place < codes.Length; place++)
        {
            Array.Clear(codes);
            codes[place] = (sbyte)(random.Next(127) + 1);
            Assert.True(Nibbles.IsOfVector(Packed(codes)), $"seed {Seed}, place {place}");
            codes[place] = sbyte.MinValue;
            Assert.False(Nibbles.IsOfVector(Packed(codes)), $"place {place}");
        }

        Assert.False(Nibbles.IsOfVector(Packed(new sbyte[384])));
    }

    [Theory]
    [InlineData(0, -7.5)]
    [InlineData(7, -0.5)]
    [InlineData(8, 0.5)]
    [InlineData(15, 7.5)]
    [InlineData(-1, 7.5)]
    [InlineData(-127, -6.5)]
    public void What_the_upper_bits_miss_is_measured_from_the_middle_of_the_lower_ones(sbyte code, double missing) =>
        Assert.Equal(missing, Nibbles.Missing(code));

    private static byte[] Packed(sbyte[] codes)
    {
        var row = new byte[codes.Length];
        Nibbles.Pack(codes, row);
        return row;
    }

    private static sbyte[] Unpacked(byte[] row)
    {
        var codes = new sbyte[row.Length];
        Nibbles.Unpack(row, codes);
        return codes;
    }
}
