using System.Buffers;
using System.Text;

namespace ElizaEngine;

/// <summary>
/// JSON text as this library writes it: UTF-8, no white space, and nothing escaped but what JSON itself demands (the quote,
/// the backslash, control characters), so that text in every script and emoji stay readable and short. (Every encoder of
/// System.Text.Json escapes what lies outside the BMP.) U+0000 and lone surrogates become U+FFFD on the way.
/// One spelling for every string: equal strings are equal bytes.
/// It writes into a buffer of the shared pool: whoever makes one ends with <see cref="ToArray"/>.
/// </summary>
internal sealed class JsonText(int capacity)
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(unit => (char)unit), '"', '\\']);

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    /// <summary>What has been written, and room for more; another array once that room is used up.</summary>
    public byte[] Buffer => _bytes;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>What has been written. The buffer goes back: nothing may be written or read any more.</summary>
    public byte[] ToArray()
    {
        var text = Written.ToArray();
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
        return text;
    }

    public void CutTo(int length) => Length = length;

    public void Raw(byte unit)
    {
        if (Length == _bytes.Length) Grow(1);
        _bytes[Length++] = unit;
    }

    public void Raw(ReadOnlySpan<byte> units)
    {
        units.CopyTo(Room(units.Length));
        Length += units.Length;
    }

    /// <summary>A comma, unless the value or key to come is the first of its array or object, or follows its key.</summary>
    public void Separate()
    {
        if (Length > 0 && _bytes[Length - 1] is not ((byte)'[' or (byte)'{' or (byte)':')) Raw((byte)',');
    }

    /// <summary>A string of JSON, quotes and all.</summary>
    public void String(ReadOnlySpan<char> text)
    {
        Raw((byte)'"');
        while (true)
        {
            var end = text.IndexOfAny(Escaped);
            var run = end < 0 ? text : text[..end];
            // The encoder itself turns lone surrogates into U+FFFD. A run ends beside an ASCII character, never inside a pair.
            if (!Encoding.UTF8.TryGetBytes(run, _bytes.AsSpan(Length), out var count)) count = Encoding.UTF8.GetBytes(run, Room(Encoding.UTF8.GetByteCount(run)));
            Length += count;
            if (end < 0) break;
            Unit(text[end]);
            text = text[(end + 1)..];
        }
        Raw((byte)'"');
    }

    /// <summary>A string of JSON that a reader has found well-formed, given as it stands between its quotes.</summary>
    public void Respell(ReadOnlySpan<byte> raw)
    {
        Raw((byte)'"');
        while (true)
        {
            var end = raw.IndexOf((byte)'\\');
            Raw(end < 0 ? raw : raw[..end]);
            if (end < 0) break;
            var taken = 2;
            switch (raw[end + 1])
            {
                case (byte)'/': Raw((byte)'/'); break;
                case (byte)'u':
                    var rune = Escape(raw[end..], out taken);
                    if (rune.Value < 0x80) Unit((char)rune.Value);
                    else Length += rune.EncodeToUtf8(Room(4));
                    break;
                default: Raw(raw.Slice(end, 2)); break;
            }
            raw = raw[(end + taken)..];
        }
        Raw((byte)'"');
    }

    /// <summary>Whether a text is not spelled as it is.</summary>
    public static bool IsEscaped(ReadOnlySpan<char> text) => text.ContainsAny(Escaped);

    /// <summary>Whether a string, given as for <see cref="Respell"/>, holds an escape that names U+0000 or a lone surrogate.</summary>
    public static bool HidesUnstorable(ReadOnlySpan<byte> raw)
    {
        for (var at = raw.IndexOf((byte)'\\'); at >= 0; at = raw.IndexOf((byte)'\\'))
        {
            var taken = 2;
            // U+FFFD of an escape that does not say so itself is a replacement.
            if (raw[at + 1] == 'u' && Escape(raw[at..], out taken) == Rune.ReplacementChar && Unit16(raw[at..]) != '\uFFFD') return true;
            raw = raw[(at + taken)..];
        }
        return false;
    }

    // The character that an escape (\uXXXX, or two of them that make a pair) names, U+FFFD in place of one we do not store.
    private static Rune Escape(ReadOnlySpan<byte> raw, out int taken)
    {
        var unit = Unit16(raw);
        taken = 6;
        if (!char.IsSurrogate(unit)) return unit == '\0' ? Rune.ReplacementChar : new Rune(unit);
        if (raw.Length < 12 || raw[6] != '\\' || raw[7] != 'u' || !Rune.TryCreate(unit, Unit16(raw[6..]), out var pair)) return Rune.ReplacementChar;
        taken = 12;
        return pair;
    }

    private static char Unit16(ReadOnlySpan<byte> escape)
    {
        var unit = 0;
        foreach (var digit in escape.Slice(2, 4)) unit = (unit << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        return (char)unit;
    }

    // One ASCII character, escaped if it must be.
    private void Unit(char unit)
    {
        switch (unit)
        {
            case '\0': Raw("\uFFFD"u8); break;
            case '"': Raw("\\\""u8); break;
            case '\\': Raw("\\\\"u8); break;
            case '\b': Raw("\\b"u8); break;
            case '\f': Raw("\\f"u8); break;
            case '\n': Raw("\\n"u8); break;
            case '\r': Raw("\\r"u8); break;
            case '\t': Raw("\\t"u8); break;
            case < ' ':
                Raw(unit < 0x10 ? "\\u000"u8 : "\\u001"u8);
                Raw("0123456789abcdef"u8[unit & 0xF]);
                break;
            default: Raw((byte)unit); break;
        }
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count) Grow(count);
        return _bytes.AsSpan(Length);
    }

    private void Grow(int count)
    {
        var more = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)Length + count + 16)));
        Written.CopyTo(more);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = more;
    }
}
