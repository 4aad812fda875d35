using System.Buffers.Binary;

namespace ElizaEngine.Storage.Tests;

public sealed class LogFileHeaderTests
{
    private static readonly LogFileHeader s_header = new(Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"), 3, 0xFEDC, 65536, 4096, 1234);

    [Fact]
    public void A_header_block_round_trips() => Assert.Equal(s_header, LogFileHeader.Decode("log", Block()));

    [Fact]
    public void A_header_block_with_any_changed_byte_is_refused()
    {
        for (var i = 0; i < 80; i++)
        {
            var block = Block();
            block[i] ^= 0x40;
            Assert.ThrowsAny<StorageException>(() => LogFileHeader.Decode("log", block));
        }
    }

    [Fact]
    public void A_newer_major_version_is_refused_as_newer()
    {
        var block = Sealed(9, 0, 0);
        var error = Assert.Throws<LogFormatUnsupportedException>(() => LogFileHeader.Decode("log", block));
        Assert.Equal("log", error.File);
        Assert.StartsWith("9.", error.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_required_feature_is_refused_as_newer()
    {
        var block = Sealed(1, 0, 2);
        Assert.Throws<LogFormatUnsupportedException>(() => LogFileHeader.Decode("log", block));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(12)]
    public void A_version_that_nobody_wrote_is_damage(int position)
    {
        var block = Block();
        block[position] ^= 2;
        Assert.Throws<LogDamagedException>(() => LogFileHeader.Decode("log", block));
    }

    [Theory]
    [InlineData(9, 0, 0, "9.0 with features 0x0", false)]
    [InlineData(1, 7, 3, "1.7 with features 0x3", false)]
    [InlineData(0, 3, 0, "0.3 with features 0x0", true)]
    public void What_is_refused_names_the_format_that_was_found_and_all_that_are_read(ushort major, ushort minor, byte features, string found, bool isOlder)
    {
        var block = Sealed(major, minor, features);
        var error = Assert.Throws<LogFormatUnsupportedException>(() => LogFileHeader.Decode("log", block));
        Assert.Equal($"log has format {found}; this version reads 1.x with no features but 0x1. Nothing was changed.", error.Message);
        Assert.Equal(isOlder, error.IsOlder);
    }

    [Fact]
    public void A_copy_round_trips_and_any_changed_byte_of_its_fields_is_refused()
    {
        var header = new LogFileHeader(Guid.NewGuid(), 7, 8, 8192, 8, 9) { Copied = new CopiedRange(100, 5000, 4200) };
        var block = new byte[LogFormat.FileHeaderBytes];
        header.Encode(block);
        Assert.Equal(header, LogFileHeader.Decode("log", block));
        for (var i = 0; i < 108; i++)
        {
            block[i] ^= 0x10;
            Assert.ThrowsAny<StorageException>(() => LogFileHeader.Decode("log", block));
            block[i] ^= 0x10;
        }
    }

    [Theory]
    [InlineData(100, 5000, 100)]
    [InlineData(100, 5000, 5001)]
    [InlineData(5000, 100, 4000)]
    public void A_copy_that_goes_on_outside_of_its_range_is_refused(ulong first, ulong end, ulong resume)
    {
        var block = new byte[LogFormat.FileHeaderBytes];
        new LogFileHeader(Guid.NewGuid(), 7, 8, 8192, 8, 9) { Copied = new CopiedRange(first, end, resume) }.Encode(block);
        Assert.Equal(80, Assert.Throws<LogDamagedException>(() => LogFileHeader.Decode("log", block)).Offset);
    }

    [Fact]
    public void A_short_block_is_refused() => Assert.Throws<LogDamagedException>(() => LogFileHeader.Decode("log", new byte[100]));

    /// <summary>As another version would write it.</summary>
    private static byte[] Sealed(ushort major, ushort minor, byte features)
    {
        var block = Block();
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(8), major);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(10), minor);
        block[12] = features;
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(76), Crc32C.Compute(block.AsSpan(0, 76)));
        return block;
    }

    private static byte[] Block()
    {
        var block = new byte[LogFormat.FileHeaderBytes];
        s_header.Encode(block);
        return block;
    }
}
