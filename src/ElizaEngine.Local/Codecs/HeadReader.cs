using System.Buffers.Binary;
using System.Text;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Reads the fields of a head, which may be anything.</summary>
/// <exception cref="MessagePackSerializationException">It ends early, or claims what cannot be; no other exception leaves here.</exception>
internal ref struct HeadReader(ReadOnlySpan<byte> head)
{
    private ReadOnlySpan<byte> _rest = head;

    public byte Byte() => Take(1)[0];

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public Id Id() => Local.Id.Read(Take(Local.Id.Bytes));

    /// <summary>A moment in Unix milliseconds, one that a calendar has.</summary>
    public long TimeMs() => RowReader.CheckTime(BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long))));

    public string Text() => Encoding.UTF8.GetString(Take(Int32()));

    public static MessagePackSerializationException Damaged(string what) => new($"The head of a record is damaged: {what}.");

    private ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length) throw Damaged($"it ends {count} bytes early");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
