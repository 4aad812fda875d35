using System.Reflection;
using MessagePack;
using Xunit;

namespace ElizaEngine.Local.Tests.Codecs;

/// <summary>What is encoded is what is decoded, field by field, and a row read at opening equals the row of the commit.</summary>
public sealed class RowsTests
{
    [Fact]
    public void Agents_round_trip() => AssertRoundTrip(Samples.Agents(), Rows.Encode, body => Rows.DecodeAgent(body), Rows.Of);

    [Fact]
    public void Entities_round_trip() => AssertRoundTrip(Samples.Entities(), Rows.Encode, body => Rows.DecodeEntity(body), Rows.Of);

    [Fact]
    public void Components_round_trip() => AssertRoundTrip(Samples.Components(), Rows.Encode, body => Rows.DecodeComponent(body), Rows.Of);

    [Fact]
    public void Rooms_round_trip() => AssertRoundTrip(Samples.Rooms(), Rows.Encode, body => Rows.DecodeRoom(body), Rows.Of);

    [Fact]
    public void Worlds_round_trip() => AssertRoundTrip(Samples.Worlds(), Rows.Encode, body => Rows.DecodeWorld(body), Rows.Of);

    [Fact]
    public void Relationships_round_trip() =>
        AssertRoundTrip(Samples.Relationships(), Rows.Encode, body => Rows.DecodeRelationship(body), Rows.Of);

    [Fact]
    public void Tasks_round_trip() => AssertRoundTrip(Samples.Tasks(), Rows.Encode, body => Rows.DecodeTask(body), Rows.Of);

    [Fact]
    public void Memories_round_trip()
    {
        var shared = new SharedValues();
        foreach (var memory in Samples.Memories())
        {
            var body = Rows.Encode(memory);
            var row = Rows.Of(memory, shared);
            AssertSame(memory, Rows.DecodeMemory(body, row));
            AssertSame(row, Rows.ReadMemory(body, shared));
        }
    }

    [Fact]
    public void Logs_round_trip()
    {
        var shared = new SharedValues();
        foreach (var entry in Samples.Logs())
        {
            var body = Rows.Encode(entry);
            AssertSame(entry, Rows.DecodeLog(body));
            AssertSame(Rows.Of(entry, shared), Rows.ReadLog(body, shared));
        }
    }

    [Fact]
    public void Cached_values_round_trip()
    {
        foreach (var (row, value) in Samples.CacheEntries())
        {
            var body = Rows.Encode(row, value);
            AssertSame(row, Rows.ReadCache(body));
            Assert.Equal(Rows.HeadOfCache(body).ToArray(), Rows.HeadOf(row).ToArray());
            Assert.Equal(value, Rows.DecodeCache(body));
        }
    }

    [Fact]
    public void Participants_round_trip()
    {
        foreach (var row in Samples.Participants()) AssertSame(row, Rows.ReadParticipant(Rows.Encode(row)));
    }

    [Fact]
    public void Dimensions_round_trip()
    {
        foreach (var row in Samples.Dimensions()) AssertSame(row, Rows.ReadDimension(Rows.Encode(row)));
    }

    [Fact]
    public void Fields_that_a_later_version_added_are_left_alone()
    {
        var shared = new SharedValues();
        var state = new DatabaseState().EditableBy(1);
        foreach (var (kind, body, decode) in Samples.Bodies())
        {
            var longer = WithThreeMoreFields(body);
            decode(longer);
            AssertSame(Read(body), Read(longer));

            Row Read(ReadOnlyMemory<byte> bytes) => Assert.IsType<PutRow>(Effect.Read(kind, bytes, state, shared)).Row;
        }
    }

    [Fact]
    public void A_body_with_too_few_fields_is_refused()
    {
        var body = Rows.Encode(Samples.Dimensions().First());
        body[0]--;
        Assert.Throws<MessagePackSerializationException>(() => Rows.ReadDimension(body));
    }

    [Fact]
    public void A_huge_row_does_not_leave_its_buffer_behind_and_the_next_one_is_right()
    {
        var huge = Samples.Memories().Last();
        var small = Samples.Memories().First();
        var before = Rows.Encode(small);
        for (var i = 0; i < 3; i++)
        {
            Rows.Encode(huge);
            Assert.Equal(before, Rows.Encode(small));
        }
    }

    private static void AssertRoundTrip<TRecord, TRow>(
        IEnumerable<TRecord> records, Func<TRecord, byte[]> encode, Func<byte[], TRecord> decode, Func<TRecord, TRow> rowOf)
        where TRecord : notnull
        where TRow : Row
    {
        var count = 0;
        foreach (var record in records)
        {
            var decoded = decode(encode(record));
            AssertSame(record, decoded);
            // Recovery makes the row of the decoded record.
            AssertSame(rowOf(record), rowOf(decoded));
            count++;
        }
        Assert.True(count > 0);
    }

    // Every property, lists by their items, so that a field that a codec forgets is found here.
    internal static void AssertSame(object expected, object actual)
    {
        Assert.Equal(expected.GetType(), actual.GetType());
        foreach (var property in expected.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var (left, right) = (property.GetValue(expected), property.GetValue(actual));
            if (left is IReadOnlyList<string> texts) Assert.Equal(texts, Assert.IsAssignableFrom<IReadOnlyList<string>>(right));
            else Assert.True(Equals(left, right), $"{property.Name}: {left} came back as {right}");
        }
    }

    private static byte[] WithThreeMoreFields(byte[] body)
    {
        var reader = new MessagePackReader(body);
        var fields = reader.ReadArrayHeader();
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(fields + 3);
        writer.WriteRaw(body.AsSpan((int)reader.Consumed));
        writer.WriteNil();
        writer.WriteArrayHeader(2);
        writer.Write("later");
        writer.Write(1.5);
        writer.Write(long.MaxValue);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
