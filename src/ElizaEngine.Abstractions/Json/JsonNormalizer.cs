using System.Text;
using System.Text.Json;

namespace ElizaEngine;

/// <summary>
/// Turns JSON text into the form <see cref="Json"/> promises. Text that is in that form already, nearly all of it, is
/// validated in one pass and copied; other text is written anew, in one pass too.
/// </summary>
internal static class JsonNormalizer
{
    // Up to so many keys are compared each with each, more are sorted.
    private const int FewKeys = 16;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = Limits.MaxJsonDepth };

    /// <param name="utf8">Copied.</param>
    /// <exception cref="InvalidJsonException">The text is not JSON, or nests too deep.</exception>
    public static byte[] Normalize(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > Limits.MaxRowBytes) throw new RowTooLargeException(utf8.Length);
        // Bytes that are not UTF-8 become U+FFFD by way of UTF-16.
        return NormalizeOwn(System.Text.Unicode.Utf8.IsValid(utf8) ? utf8.ToArray() : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8)));
    }

    /// <param name="text">Valid UTF-8, the caller's no more.</param>
    /// <exception cref="InvalidJsonException">The text is not JSON, or nests too deep.</exception>
    public static byte[] NormalizeOwn(byte[] text)
    {
        if (text.Length > Limits.MaxRowBytes) throw new RowTooLargeException(text.Length);
        try
        {
            return IsNormal(text) ? text : Rewrite(text);
        }
        catch (JsonException error)
        {
            throw new InvalidJsonException(error);
        }
    }

    /// <param name="utf8">Valid JSON.</param>
    /// <param name="maxDepth">Levels that it may have.</param>
    /// <exception cref="InvalidJsonException">The text nests too deep.</exception>
    public static void CheckDepth(ReadOnlySpan<byte> utf8, int maxDepth)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = maxDepth });
            while (reader.Read())
            {
            }
        }
        catch (JsonException error)
        {
            throw new InvalidJsonException($"more than {Limits.MaxJsonDepth} levels", $"JSON of at most {Limits.MaxJsonDepth} levels", error);
        }
    }

    /// <summary>Whether valid UTF-8 is well-formed JSON without U+0000, lone surrogates and repeated keys. False too when a key is escaped: it may be repeated.</summary>
    /// <exception cref="JsonException">The text is not JSON, or nests too deep.</exception>
    internal static bool IsNormal(byte[] text)
    {
        var keys = new OpenKeys(stackalloc Key[64], stackalloc int[Limits.MaxJsonDepth]);
        Comparison<Key>? order = null;
        var reader = new Utf8JsonReader(text, ReaderOptions);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    keys.Open(reader.CurrentDepth);
                    break;
                case JsonTokenType.EndObject:
                    var closed = keys.Close(reader.CurrentDepth);
                    if (closed.Length <= FewKeys ? HasEqual(closed, text) : HasEqualSorted(closed, text, order ??= Order(text))) return false;
                    break;
                case JsonTokenType.PropertyName when reader.ValueIsEscaped:
                case JsonTokenType.String when reader.ValueIsEscaped && JsonText.HidesUnstorable(reader.ValueSpan):
                    return false;
                case JsonTokenType.PropertyName:
                    keys.Add(new((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length));
                    break;
            }
        }
        return true;
    }

    /// <summary>Valid UTF-8, JSON without U+0000, lone surrogates and repeated keys, every string in the one spelling of <see cref="JsonText"/>.</summary>
    /// <exception cref="JsonException">The text is not JSON, or nests too deep.</exception>
    internal static byte[] Rewrite(byte[] text)
    {
        // Never more than was read: every escape is longer than what it names, or stays.
        var written = new JsonText(text.Length);
        var keys = new OpenKeys(stackalloc Key[64], stackalloc int[Limits.MaxJsonDepth]);
        var reader = new Utf8JsonReader(text, ReaderOptions);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray)) written.Separate();
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    keys.Open(reader.CurrentDepth);
                    written.Raw((byte)'{');
                    break;
                case JsonTokenType.EndObject:
                    KeepLast(keys.Close(reader.CurrentDepth), written);
                    written.Raw((byte)'}');
                    break;
                case JsonTokenType.StartArray:
                    written.Raw((byte)'[');
                    break;
                case JsonTokenType.EndArray:
                    written.Raw((byte)']');
                    break;
                case JsonTokenType.PropertyName:
                    var start = written.Length + 1;
                    written.Respell(reader.ValueSpan);
                    keys.Add(new(start, written.Length - 1 - start));
                    written.Raw((byte)':');
                    break;
                case JsonTokenType.String:
                    written.Respell(reader.ValueSpan);
                    break;
                default:
                    written.Raw(reader.ValueSpan);
                    break;
            }
        }
        return written.ToArray();
    }

    // Leaves out all but the last of the members with the same key, of the object whose end is about to be written.
    // A byte moves at most once for every object around it, of which there are MaxJsonDepth at most.
    private static void KeepLast(Span<Key> keys, JsonText written)
    {
        var text = written.Buffer;
        if (keys.Length <= FewKeys && !HasEqual(keys, text)) return;
        if (!HasEqualSorted(keys, text, Order(text))) return;
        for (var i = 0; i < keys.Length - 1; i++)
        {
            if (keys[i].In(text).SequenceEqual(keys[i + 1].In(text))) keys[i] = keys[i] with { IsRepeated = true };
        }
        keys.Sort(static (left, right) => left.Start.CompareTo(right.Start));
        var from = keys[0].Start - 1;
        var to = from;
        for (var i = 0; i < keys.Length; i++)
        {
            var end = i + 1 < keys.Length ? keys[i + 1].Start - 2 : written.Length; // Up to the comma, or to the last value's end.
            if (!keys[i].IsRepeated)
            {
                if (to > from) text[to++] = (byte)',';
                var member = text.AsSpan((keys[i].Start - 1)..end);
                member.CopyTo(text.AsSpan(to));
                to += member.Length;
            }
        }
        written.CutTo(to);
    }

    private static bool HasEqual(ReadOnlySpan<Key> keys, byte[] text)
    {
        for (var i = 1; i < keys.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (keys[i].In(text).SequenceEqual(keys[j].In(text))) return true;
            }
        }
        return false;
    }

    // Sorting needs no hashes, for which keys that collide could be made up, and no memory.
    private static bool HasEqualSorted(Span<Key> keys, byte[] text, Comparison<Key> order)
    {
        keys.Sort(order);
        for (var i = 1; i < keys.Length; i++)
        {
            if (keys[i].In(text).SequenceEqual(keys[i - 1].In(text))) return true;
        }
        return false;
    }

    // By key, equal ones as they stand in the text.
    private static Comparison<Key> Order(byte[] text) => (left, right) =>
        left.In(text).SequenceCompareTo(right.In(text)) is var order and not 0 ? order : left.Start.CompareTo(right.Start);

    private readonly record struct Key(int Start, int Length, bool IsRepeated = false)
    {
        public ReadOnlySpan<byte> In(byte[] text) => text.AsSpan(Start, Length);
    }

    // The keys of the objects that are open, those of the innermost last; a closed object leaves its room to the next.
    private ref struct OpenKeys(Span<Key> room, Span<int> firstAtDepth)
    {
        private readonly Span<int> _firstAtDepth = firstAtDepth;
        private Span<Key> _keys = room;
        private int _count;

        public readonly void Open(int depth) => _firstAtDepth[depth] = _count;

        public void Add(Key key)
        {
            if (_count == _keys.Length)
            {
                var more = new Key[_count * 2];
                _keys.CopyTo(more);
                _keys = more;
            }
            _keys[_count++] = key;
        }

        // The keys of the object, valid until the next is added.
        public Span<Key> Close(int depth)
        {
            var closed = _keys[_firstAtDepth[depth].._count];
            _count = _firstAtDepth[depth];
            return closed;
        }
    }
}
