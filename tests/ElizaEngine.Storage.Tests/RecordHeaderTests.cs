namespace ElizaEngine.Storage.Tests;

public sealed class RecordHeaderTests
{
    [Fact]
    public void A_record_round_trips()
    {
        var bytes = Record();
        Assert.True(RecordHeader.TryDecode(bytes, out var header));
        Assert.Equal((5, (byte)7), (header.Length, header.Kind));
        Assert.Equal(24, header.OccupiedBytes);
        Assert.True(header.Matches(bytes));
    }

    [Fact]
    public void A_record_with_a_changed_bit_in_kind_checksum_or_body_does_not_match()
    {
        int[] positions = [4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 18, 19, 20];
        foreach (var position in positions)
        {
            var bytes = Record();
            bytes[position] ^= 1;
            Assert.True(RecordHeader.TryDecode(bytes, out var header));
            Assert.False(header.Matches(bytes), $"byte {position}");
        }
    }

    [Theory]
    [InlineData(0xFF, 0xFF)]
    [InlineData(0x09, 0x00)]
    public void A_record_longer_than_its_frame_is_refused(byte low, byte high)
    {
        var bytes = Record();
        bytes[0] = low;
        bytes[3] = high;
        Assert.False(RecordHeader.TryDecode(bytes, out _));
    }

    [Fact]
    public void A_record_without_room_for_a_header_is_refused() => Assert.False(RecordHeader.TryDecode(new byte[15], out _));

    private static byte[] Record()
    {
        var bytes = new byte[24];
        RecordHeader.Begin(bytes, 7, 5);
        "hello"u8.CopyTo(bytes.AsSpan(16));
        RecordHeader.Seal(bytes);
        return bytes;
    }
}
