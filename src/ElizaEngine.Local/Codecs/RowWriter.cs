using System.Buffers;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Writes the body of a row: one MessagePack array of fields, in the order of <c>RECORDS.md</c>.</summary>
internal ref struct RowWriter
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    private readonly ArrayBufferWriter<byte> _buffer;
    private MessagePackWriter _writer;

    public RowWriter(int fields)
    {
        _buffer = t_buffer ??= new ArrayBufferWriter<byte>(4096);
        _buffer.ResetWrittenCount();
        _writer = new MessagePackWriter(_buffer);
        _writer.WriteArrayHeader(fields);
    }

    public void Write(Id id)
    {
        _writer.WriteBinHeader(Id.Bytes);
        id.Write(_writer.GetSpan(Id.Bytes));
        _writer.Advance(Id.Bytes);
    }

    public void Write(Id? id)
    {
        if (id is { } present) Write(present);
        else _writer.WriteNil();
    }

    public void Write(string? text) => _writer.Write(text);

    public void Write(long number) => _writer.Write(number);

    public void Write(long? number)
    {
        if (number is { } present) _writer.Write(present);
        else _writer.WriteNil();
    }

    public void Write(bool value) => _writer.Write(value);

    public void Write(Json? json)
    {
        if (json is null) _writer.WriteNil();
        else _writer.Write(json.Utf8.Span);
    }

    public void Write(IReadOnlyList<string> texts)
    {
        _writer.WriteArrayHeader(texts.Count);
        foreach (var text in texts) _writer.Write(text);
    }

    /// <summary>The body.</summary>
    public byte[] ToArray() => Written().ToArray();

    /// <summary>The body, until the thread begins the next one.</summary>
    public ReadOnlySpan<byte> Written()
    {
        _writer.Flush();
        // One huge row must not hold its buffer for as long as the thread lives.
        if (_buffer.Capacity > 1 << 20) t_buffer = null;
        return _buffer.WrittenSpan;
    }
}
