using System.Buffers;
using System.Text.Json;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// Reads the body of a row: one MessagePack array, field by field. Fields that a later version added at the end are left alone.
/// </summary>
/// <exception cref="MessagePackSerializationException">A body that is none; no other exception leaves here.</exception>
internal ref struct RowReader
{
    // 0001-01-01 and 9999-12-31, the first and the last day of DateTimeOffset.
    private const long MinTimeMs = -62_135_596_800_000;
    private const long MaxTimeMs = 253_402_300_799_999;

    private MessagePackReader _reader;

    public RowReader(ReadOnlyMemory<byte> body, int fields)
    {
        _reader = new MessagePackReader(body);
        var found = ArrayHeader();
        if (found < fields) throw new MessagePackSerializationException($"A row has {found} fields instead of {fields}.");
    }

    /// <summary>Bytes of the body read so far.</summary>
    public readonly int Consumed => (int)_reader.Consumed;

    public Id Id() => ReadId(Bytes() ?? throw Missing("id"));

    public Id? OptionalId() => Bytes() is { } bytes ? ReadId(bytes) : null;

    public string Text() => OptionalText() ?? throw Missing("text");

    public string? OptionalText()
    {
        try
        {
            return _reader.ReadString();
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged(error);
        }
    }

    public long Int64()
    {
        try
        {
            return _reader.ReadInt64();
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged(error);
        }
    }

    public long? OptionalInt64() => IsNil() ? null : Int64();

    /// <summary>A moment in Unix milliseconds, one that a calendar has.</summary>
    public long TimeMs() => CheckTime(Int64());

    public static long CheckTime(long ms) =>
        ms is >= MinTimeMs and <= MaxTimeMs ? ms : throw new MessagePackSerializationException($"There is no moment {ms} ms from 1970.");

    public DateTimeOffset Time() => DateTimeOffset.FromUnixTimeMilliseconds(TimeMs());

    public bool Boolean()
    {
        try
        {
            return _reader.ReadBoolean();
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged(error);
        }
    }

    public Json Json() => OptionalJson() ?? throw Missing("JSON value");

    /// <summary>JSON was valid when it was written, and checksums guard it since: only what readers rest on is looked at.</summary>
    public Json? OptionalJson()
    {
        if (Bytes() is not { } bytes) return null;
        return AsJson(bytes.ToArray());
    }

    public Json JsonObject() => OptionalJsonObject() ?? throw Missing("JSON object");

    public Json? OptionalJsonObject() => OptionalJson() is { } json ? AsObject(json) : null;

    /// <summary>A JSON value that was valid when it was written; the bytes become part of it.</summary>
    public static Json AsJson(byte[] utf8) =>
        utf8.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) >= 0 ? ElizaEngine.Json.FromTrusted(utf8) : throw Missing("JSON value");

    public static Json AsObject(Json json) => json.Kind == JsonValueKind.Object
        ? json
        : throw new MessagePackSerializationException($"A JSON {json.Kind} stands where an object must be.");

    public string[] Texts()
    {
        // The header is believed as far as there are bytes: each text has one at least.
        var texts = new string[ArrayHeader()];
        for (var i = 0; i < texts.Length; i++) texts[i] = Text();
        return texts;
    }

    /// <summary>Binary data, in place.</summary>
    public ReadOnlySpan<byte> Binary() => (Bytes() ?? throw Missing("binary data")).FirstSpan;

    /// <summary>Steps over binary data and returns its length.</summary>
    public int SkipBytes() => (int)(Bytes()?.Length ?? 0);

    private int ArrayHeader()
    {
        try
        {
            return _reader.ReadArrayHeader();
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged(error);
        }
    }

    private ReadOnlySequence<byte>? Bytes()
    {
        try
        {
            return _reader.ReadBytes();
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged(error);
        }
    }

    private bool IsNil()
    {
        try
        {
            return _reader.TryReadNil();
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged(error);
        }
    }

    private static Id ReadId(ReadOnlySequence<byte> bytes) => bytes.Length == Local.Id.Bytes
        ? Local.Id.Read(bytes.FirstSpan)
        : throw new MessagePackSerializationException($"An id has {bytes.Length} bytes.");

    private static MessagePackSerializationException Missing(string what) => new($"There is no {what} where one must be.");

    // What MessagePack throws for bytes that end early, for lengths beyond Int32 and for integers beyond Int64.
    private static bool IsDamage(Exception error) => error is EndOfStreamException or ArgumentOutOfRangeException or OverflowException;

    private static MessagePackSerializationException Damaged(Exception error) => new("The body ends early, or claims what cannot be.", error);
}
