namespace ElizaEngine.Storage.Tests;

public sealed class FrameHeaderTests
{
    private const ulong Salt = 0x1234_5678_9ABC_DEF0;
    private static readonly FrameHeader s_header = new(FrameFlags.Continued, 64, 2, 8192, 4096, 77);

    [Fact]
    public void A_frame_header_round_trips()
    {
        var bytes = new byte[256];
        s_header.Encode(bytes, Salt);
        Assert.True(FrameHeader.TryDecode(bytes, Salt, out var decoded, out _));
        Assert.Equal(s_header, decoded);
    }

    [Fact]
    public void A_frame_header_with_any_changed_bit_is_refused()
    {
        var bytes = new byte[256];
        s_header.Encode(bytes, Salt);
        for (var bit = 0; bit < LogFormat.FrameHeaderBytes * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(FrameHeader.TryDecode(bytes, Salt, out _, out var problem), $"bit {bit}");
            Assert.NotEmpty(problem);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_frame_header_of_another_file_is_refused()
    {
        var bytes = new byte[256];
        s_header.Encode(bytes, Salt);
        Assert.False(FrameHeader.TryDecode(bytes, Salt + 1, out _, out _));
    }

    [Theory]
    [InlineData(-8)]
    [InlineData(12)]
    [InlineData(1 << 20)]
    public void A_payload_length_outside_the_file_is_refused(int payloadBytes)
    {
        var bytes = new byte[256];
        (s_header with { PayloadBytes = payloadBytes }).Encode(bytes, Salt);
        Assert.False(FrameHeader.TryDecode(bytes, Salt, out _, out _));
    }

    [Fact]
    public void What_a_header_promises_counts_where_its_frame_does_not_fit()
    {
        var bytes = new byte[256];
        (s_header with { PayloadBytes = 512 }).Encode(bytes, Salt);
        Assert.False(FrameHeader.TryDecode(bytes, Salt, out _, out _));
        Assert.Equal(4096UL, FrameHeader.Promise(bytes, Salt));
        Assert.Equal(0UL, FrameHeader.Promise(bytes, Salt + 1));
        Assert.Equal(0UL, FrameHeader.Promise(bytes.AsSpan(0, LogFormat.FrameHeaderBytes - 1), Salt));
        bytes[24] ^= 1;
        Assert.Equal(0UL, FrameHeader.Promise(bytes, Salt));
    }

    [Fact]
    public void A_promise_behind_its_own_frame_is_refused()
    {
        var bytes = new byte[256];
        (s_header with { SyncedLsn = 8193 }).Encode(bytes, Salt);
        Assert.False(FrameHeader.TryDecode(bytes, Salt, out _, out _));
        Assert.Equal(0UL, FrameHeader.Promise(bytes, Salt));
    }
}
