using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using MessagePack;
using Xunit;

namespace ElizaEngine.Local.Tests.Codecs;

/// <summary>Log entries with a compressed body: the same entry, in fewer bytes, whatever stands around the body.</summary>
public sealed class PackedLogTests
{
    [Fact]
    public void Every_log_entry_that_is_packed_comes_back_and_is_smaller()
    {
        var count = 0;
        foreach (var entry in Samples.Logs())
        {
            var body = Rows.Encode(entry);
            if (PackedLog.TryPack(body) is not { } packed) continue;
            count++;
            Assert.True(packed.Length < body.Length);
            RowsTests.AssertSame(entry, PackedLog.Decode(packed));
            RowsTests.AssertSame(Rows.ReadLog(body, new SharedValues()), PackedLog.ReadRow(packed, new SharedValues()));
        }
        Assert.Equal(2, count);
    }

    [Theory]
    [InlineData(1023, false)]
    [InlineData(1024, true)]
    [InlineData(70_000, true)]
    public void A_body_is_packed_from_a_length_on(int jsonBytes, bool isPacked)
    {
        var text = new string('x', jsonBytes - """{"t":""}""".Length);
        var packed = PackedLog.TryPack(Rows.Encode(Entry(Json.ObjectOf(("t", Json.From(text))))));
        Assert.Equal(isPacked, packed is not null);
        if (packed is not null) Assert.Equal(jsonBytes, PackedLog.ReadRow(packed, new SharedValues()).BodyBytes);
    }

    [Fact]
    public void A_body_that_does_not_get_smaller_is_left_as_it_is()
    {
        // Printable characters that say nothing twice.
        var random = new Random(1);
        var noise = string.Concat(Enumerable.Range(0, 4000).Select(_ => (char)random.Next(0x4e00, 0x9fff)));
        var large = Rows.Encode(Entry(Json.ObjectOf(("t", Json.From(noise)))));
        var packed = PackedLog.TryPack(large);
        Assert.True(packed is null || packed.Length + 8 <= large.Length, $"{packed?.Length} bytes instead of {large.Length}");
        var bytes = new byte[1500];
        random.NextBytes(bytes);
        Assert.Null(PackedLog.TryPack(WithField5(bytes)));
    }

    [Fact]
    public void Fields_that_a_later_version_added_stay_behind_the_body()
    {
        var body = Rows.Encode(Entry(Samples.Prompt(3000).Json));
        byte[] longer = [(byte)(body[0] + 2), .. body[1..], 0xc0, 0xa2, (byte)'h', (byte)'i'];
        var packed = PackedLog.TryPack(longer)!;
        Assert.Equal(0x98, packed[0]);
        Assert.Equal<byte>([0xc0, 0xa2, (byte)'h', (byte)'i'], packed[^4..]);
        Assert.Equal(Rows.DecodeLog(body).Body.Json, PackedLog.Decode(packed).Body.Json);
    }

    [Fact]
    public void A_length_that_is_not_what_comes_out_is_refused_without_making_room_for_it()
    {
        var json = Encoding.UTF8.GetBytes($$"""{"t":"{{new string('x', 5000)}}"}""");
        foreach (var claimed in (int[])[json.Length - 1, json.Length + 1, 60 << 20])
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Refused(Packed(claimed, json));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        }
        foreach (var claimed in (int[])[0, -1, int.MinValue, (65 << 20) + 1, int.MaxValue])
        {
            Refused(Packed(claimed, json));
            Assert.Throws<MessagePackSerializationException>(() => PackedLog.ReadRow(WithField5(Packed(claimed, json)), new SharedValues()));
        }
        Assert.Equal(5000, PackedLog.Decode(WithField5(Packed(json.Length, json))).Body.Json.GetString("t")!.Length);
    }

    [Fact]
    public void A_stream_that_is_cut_changed_or_goes_on_is_refused_or_gives_json_of_its_length()
    {
        var json = Samples.Prompt(2000).Json.Utf8.ToArray();
        var packed = Packed(json.Length, json);
        for (var length = 0; length < packed.Length; length++) Refused(packed[..length]);
        Refused([.. packed, 0]);
        // No object, and nothing at all.
        Refused(Packed(3, "[1]"u8.ToArray()));
        Refused(Packed(2, "  "u8.ToArray()));
    }

    private static LogEntry Entry(Json body) => new()
    {
        Id = Samples.Guid(1),
        EntityId = Samples.Guid(2),
        RoomId = Samples.Guid(3),
        CreatedAt = DateTimeOffset.UnixEpoch,
        Type = "type",
        Body = new LogBody(body),
    };

    private static byte[] Packed(int claimed, byte[] json)
    {
        var stream = new byte[BrotliEncoder.GetMaxCompressedLength(json.Length)];
        Assert.True(BrotliEncoder.TryCompress(json, stream, out var written));
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, claimed);
        return [.. length, .. stream[..written]];
    }

    private static byte[] WithField5(byte[] bytes)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(6);
        for (var i = 0; i < 3; i++) writer.Write(new byte[16]);
        writer.Write(5);
        writer.Write("type");
        writer.Write(bytes);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Refused(byte[] field) => Assert.Throws<MessagePackSerializationException>(() => PackedLog.Decode(WithField5(field)));
}
