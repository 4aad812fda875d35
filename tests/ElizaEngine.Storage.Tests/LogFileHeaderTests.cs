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
        var block = Block();
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(8), 9);
        var error = Assert.Throws<LogFormatNewerException>(() => LogFileHeader.Decode("log", block));
        Assert.Equal("log", error.File);
        Assert.StartsWith("9.", error.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_required_feature_is_refused_as_newer()
    {
        var block = Block();
        block[12] = 1;
        Assert.Throws<LogFormatNewerException>(() => LogFileHeader.Decode("log", block));
    }

    [Fact]
    public void A_short_block_is_refused() => Assert.Throws<LogDamagedException>(() => LogFileHeader.Decode("log", new byte[100]));

    private static byte[] Block()
    {
        var block = new byte[LogFormat.FileHeaderBytes];
        s_header.Encode(block);
        return block;
    }
}
