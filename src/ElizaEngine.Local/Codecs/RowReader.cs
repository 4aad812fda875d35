using System.Buffers;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// Reads the body of a row: one MessagePack array, field by field. Fields that a later version added at the end are left alone.
/// </summary>
/// <exception cref="MessagePackSerializationException">A body that is none.</exception>
internal ref struct RowReader
{
    private MessagePackReader _reader;

    public RowReader(ReadOnlyMemory<byte> body, int fields)
    {
        _reader = new MessagePackReader(body);
        var found = _reader.ReadArrayHeader();
        if (found < fields) throw new MessagePackSerializationException($"A row has {found} fields instead of {fields}.");
    }

    public Id Id() => ReadId(_reader.ReadBytes() ?? throw new MessagePackSerializationException("An id is missing."));

    public Id? OptionalId() => _reader.ReadBytes() is { } bytes ? ReadId(bytes) : null;

    public string Text() => _reader.ReadString() ?? throw new MessagePackSerializationException("A text is missing.");

    public string? OptionalText() => _reader.ReadString();

    public long Int64() => _reader.ReadInt64();

    public long? OptionalInt64() => _reader.TryReadNil() ? null : _reader.ReadInt64();

    public bool Boolean() => _reader.ReadBoolean();

    public Json Json() => OptionalJson() ?? throw new MessagePackSerializationException("A JSON value is missing.");

    public Json? OptionalJson() => _reader.ReadBytes() is { } bytes ? ElizaEngine.Json.FromTrusted(bytes.ToArray()) : null;

    public string[] Texts()
    {
        var texts = new string[_reader.ReadArrayHeader()];
        for (var i = 0; i < texts.Length; i++) texts[i] = Text();
        return texts;
    }

    /// <summary>Steps over binary data and returns its length.</summary>
    public int SkipBytes() => (int)(_reader.ReadBytes()?.Length ?? 0);

    private static Id ReadId(ReadOnlySequence<byte> bytes) => bytes.Length == Local.Id.Bytes
        ? Local.Id.Read(bytes.FirstSpan)
        : throw new MessagePackSerializationException($"An id has {bytes.Length} bytes.");
}
