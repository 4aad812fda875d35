using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ElizaEngine;

/// <summary>
/// An immutable JSON value, validated once, when it is made.
/// <list type="bullet">
/// <item>Malformed text, or nesting deeper than <see cref="Limits.MaxJsonDepth"/>, is an <see cref="InvalidJsonException"/>. A value that
/// elizaOS stored in PostgreSQL may be deeper, and is read, and stored again, as it is. Comparing such values, and <see cref="ToElement"/>, take time
/// in proportion to their length times their depth.</item>
/// <item>Of duplicate keys in one object the last wins.</item>
/// <item>U+0000 and lone surrogates, which PostgreSQL cannot store, become U+FFFD, in keys and in strings.</item>
/// <item>Equality is structural: key order and the spelling of numbers (1.0, 1e0) do not count, and neither is promised to survive.</item>
/// </list>
/// Thread-safe. The bytes are the caller's no more: they are copied.
/// </summary>
public sealed class Json : IEquatable<Json>
{
    private const int InitialCapacity = 256;

    // The depth was looked at when a value came in. One that elizaOS stored may be deeper, and is read all the same.
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = int.MaxValue };
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = int.MaxValue };

    private readonly byte[] _utf8;

    private Json(byte[] utf8) => _utf8 = utf8;

    /// <summary>The JSON value <c>null</c>.</summary>
    public static Json Null { get; } = new("null"u8.ToArray());

    /// <summary>The empty object, <c>{}</c>.</summary>
    public static Json EmptyObject { get; } = new("{}"u8.ToArray());

    /// <summary>The empty array, <c>[]</c>.</summary>
    public static Json EmptyArray { get; } = new("[]"u8.ToArray());

    /// <summary>The value as UTF-8 JSON text: valid, without duplicate keys, U+0000 or lone surrogates.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8;

    /// <summary>Kind of the value: object, array, string, number, true, false or null.</summary>
    public JsonValueKind Kind => _utf8[FirstToken()] switch
    {
        (byte)'{' => JsonValueKind.Object,
        (byte)'[' => JsonValueKind.Array,
        (byte)'"' => JsonValueKind.String,
        (byte)'t' => JsonValueKind.True,
        (byte)'f' => JsonValueKind.False,
        (byte)'n' => JsonValueKind.Null,
        _ => JsonValueKind.Number,
    };

    /// <summary>True for the JSON value <c>null</c>.</summary>
    public bool IsNull => Kind == JsonValueKind.Null;

    /// <summary>Reads JSON text.</summary>
    /// <exception cref="InvalidJsonException">The text is not JSON, or nests too deep.</exception>
    /// <exception cref="RowTooLargeException">It has more than <see cref="Limits.MaxRowBytes"/>.</exception>
    public static Json Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // A lone surrogate in the text itself becomes U+FFFD here, as the encoder's replacement.
        return new(JsonNormalizer.NormalizeOwn(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Reads UTF-8 JSON text.</summary>
    /// <exception cref="InvalidJsonException">The text is not JSON, or nests too deep.</exception>
    /// <exception cref="RowTooLargeException">It has more than <see cref="Limits.MaxRowBytes"/>.</exception>
    public static Json Parse(ReadOnlySpan<byte> utf8) => new(JsonNormalizer.Normalize(utf8));

    /// <summary>Bytes that were a <see cref="Json"/> once, and whose checksum has been verified since: no second validation, no copy.</summary>
    internal static Json FromTrusted(byte[] utf8) => new(utf8);

    /// <summary>A JSON string.</summary>
    public static Json From(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var json = new JsonText(Encoding.UTF8.GetByteCount(text) + 2);
        json.String(text);
        return new(json.ToArray());
    }

    /// <summary>A JSON number.</summary>
    public static Json From(long number) => Number(number);

    /// <summary>A JSON number.</summary>
    /// <exception cref="InvalidInputException">NaN or infinite, which JSON cannot say.</exception>
    public static Json From(double number) => double.IsFinite(number)
        ? Number(number)
        : throw new InvalidInputException(nameof(number), number, "a finite number");

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public static Json From(bool value) => new(value ? "true"u8.ToArray() : "false"u8.ToArray());

    /// <summary>A JSON array of strings, in the order given.</summary>
    /// <exception cref="InvalidInputException">One of them is null.</exception>
    public static Json From(IEnumerable<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var json = new JsonText(InitialCapacity);
        json.Raw((byte)'[');
        foreach (var text in Door.List([.. texts], "texts"))
        {
            json.Separate();
            json.String(text);
        }
        json.Raw((byte)']');
        return new(json.ToArray());
    }

    /// <summary>A JSON array, in the order given.</summary>
    /// <exception cref="InvalidInputException">An item is null.</exception>
    /// <exception cref="InvalidJsonException">The array nests too deep.</exception>
    public static Json From(IEnumerable<Json> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        var json = new JsonText(InitialCapacity);
        json.Raw((byte)'[');
        foreach (var item in Door.List([.. items], "items"))
        {
            json.Separate();
            json.Raw(item._utf8);
        }
        json.Raw((byte)']');
        return Composed(json);
    }

    /// <summary>A JSON object of the given members; of equal keys the last wins.</summary>
    /// <exception cref="InvalidInputException">A value is null.</exception>
    /// <exception cref="InvalidJsonException">The object nests too deep.</exception>
    /// <exception cref="RowTooLargeException">It has more than <see cref="Limits.MaxRowBytes"/>.</exception>
    public static Json ObjectOf(params ReadOnlySpan<(string Key, Json Value)> members)
    {
        var json = new JsonText(InitialCapacity);
        json.Raw((byte)'{');
        foreach (var (key, value) in members)
        {
            ArgumentNullException.ThrowIfNull(key);
            if (value is null) throw new InvalidInputException($"the value of \"{key}\"", null, "a JSON value, Json.Null for null");
            Member(json, key, value);
        }
        json.Raw((byte)'}');
        return new(JsonNormalizer.NormalizeOwn(json.ToArray()));
    }

    /// <summary>Serializes a value of the caller's own type with its source-generated type information.</summary>
    /// <exception cref="JsonException">System.Text.Json refuses the value, such as one that nests deeper than the options of its type allow.</exception>
    /// <exception cref="InvalidJsonException">The result nests too deep.</exception>
    /// <exception cref="RowTooLargeException">It has more than <see cref="Limits.MaxRowBytes"/>.</exception>
    public static Json From<T>(T value, JsonTypeInfo<T> typeInfo) => Parse(JsonSerializer.SerializeToUtf8Bytes(value, typeInfo));

    /// <summary>Deserializes into a type of the caller's own with its source-generated type information.</summary>
    /// <exception cref="JsonException">The value is none of that type, or nests deeper than its options allow, which is 64 levels unless they say so.</exception>
    public T? Deserialize<T>(JsonTypeInfo<T> typeInfo) => JsonSerializer.Deserialize(_utf8, typeInfo);

    /// <summary>The value of a key of this object; null when this is no object or has no such key.</summary>
    public Json? this[string key]
    {
        get
        {
            var reader = new Utf8JsonReader(_utf8, ReaderOptions);
            return Seek(ref reader, key) ? Slice(ref reader) : null;
        }
    }

    /// <summary>The string under a key; null when the key is missing or holds no string.</summary>
    public string? GetString(string key)
    {
        var reader = new Utf8JsonReader(_utf8, ReaderOptions);
        return Seek(ref reader, key) && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
    }

    /// <summary>The UUID under a key; null when the key is missing or holds no UUID.</summary>
    public Guid? GetGuid(string key) => Uuids.TryParse(GetString(key), out var id) ? id : null;

    /// <summary>The number under a key; null when the key is missing or holds no number.</summary>
    public double? GetNumber(string key)
    {
        var reader = new Utf8JsonReader(_utf8, ReaderOptions);
        return Seek(ref reader, key) && reader.TokenType == JsonTokenType.Number ? reader.GetDouble() : null;
    }

    /// <summary>The boolean under a key; null when the key is missing or holds no boolean.</summary>
    public bool? GetBoolean(string key)
    {
        var reader = new Utf8JsonReader(_utf8, ReaderOptions);
        return Seek(ref reader, key) && reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : null;
    }

    /// <summary>The strings of the array under a key, other items left out; null when the key is missing or holds no array.</summary>
    public IReadOnlyList<string>? GetStrings(string key)
    {
        var reader = new Utf8JsonReader(_utf8, ReaderOptions);
        if (!Seek(ref reader, key) || reader.TokenType != JsonTokenType.StartArray) return null;
        var strings = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String) strings.Add(reader.GetString()!);
            else reader.Skip();
        }
        return strings;
    }

    /// <summary>The items of this array, in order; empty when this is no array.</summary>
    public IReadOnlyList<Json> Items()
    {
        var items = new List<Json>();
        var reader = new Utf8JsonReader(_utf8, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return items;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) items.Add(Slice(ref reader));
        return items;
    }

    /// <summary>The members of this object, in their stored order; empty when this is no object.</summary>
    public IReadOnlyList<KeyValuePair<string, Json>> Members()
    {
        var members = new List<KeyValuePair<string, Json>>();
        var reader = new Utf8JsonReader(_utf8, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return members;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            members.Add(new(key, Slice(ref reader)));
        }
        return members;
    }

    /// <summary>A copy of this object with one key set, or removed when <paramref name="value"/> is null (C# null, not JSON null).</summary>
    /// <exception cref="InvalidInputException">This is no object.</exception>
    /// <exception cref="InvalidJsonException">The value nests too deep for a member.</exception>
    public Json With(string key, Json? value)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Kind != JsonValueKind.Object) throw NoObject();
        if (value?.Kind is JsonValueKind.Object or JsonValueKind.Array) JsonNormalizer.CheckDepth(value._utf8, Limits.MaxJsonDepth - 1);
        var json = Without([(key, "")], value?._utf8.Length ?? 0);
        if (value is not null) Member(json, key, value);
        json.Raw((byte)'}');
        return new(json.ToArray());
    }

    /// <summary>An object of members whose keys differ, and which are known not to nest too deep.</summary>
    internal static Json OfMembers(IReadOnlyCollection<KeyValuePair<string, Json>> members)
    {
        var json = new JsonText(InitialCapacity);
        json.Raw((byte)'{');
        foreach (var (key, value) in members) Member(json, key, value);
        json.Raw((byte)'}');
        return new(json.ToArray());
    }

    /// <summary>The same with some strings, under keys that differ, without a JSON value for each in between.</summary>
    internal Json WithTexts(ReadOnlySpan<(string Key, string Text)> texts)
    {
        var more = 0;
        foreach (var (_, text) in texts) more += text.Length;
        var json = Without(texts, more);
        foreach (var (key, text) in texts)
        {
            Key(json, key);
            json.String(text);
        }
        json.Raw((byte)'}');
        return new(json.ToArray());
    }

    /// <summary>A DOM view of the value; detached, may be kept.</summary>
    public JsonElement ToElement()
    {
        using var document = JsonDocument.Parse(_utf8, DocumentOptions);
        return document.RootElement.Clone();
    }

    /// <summary>The JSON text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_utf8);

    /// <summary>Structural equality: see the type.</summary>
    public bool Equals(Json? other)
    {
        if (other is null) return false;
        if (ReferenceEquals(this, other) || _utf8.AsSpan().SequenceEqual(other._utf8)) return true;
        using var left = JsonDocument.Parse(_utf8, DocumentOptions);
        using var right = JsonDocument.Parse(other._utf8, DocumentOptions);
        try
        {
            return DeepEquals(left.RootElement, right.RootElement);
        }
        catch (ArgumentOutOfRangeException)
        {
            return false; // It compares no exponents beyond Int32; values that hold one are equal only when spelled alike.
        }
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Json);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // Coarse but sound: equal values have the same kind, and the same number of members or items.
        var kind = Kind;
        return kind switch
        {
            JsonValueKind.Object => HashCode.Combine(kind, Members().Count),
            JsonValueKind.Array => HashCode.Combine(kind, Items().Count),
            JsonValueKind.String => HashCode.Combine(kind, ToElement().GetString()),
            _ => kind.GetHashCode(),
        };
    }

    /// <summary>Structural equality.</summary>
    public static bool operator ==(Json? left, Json? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Structural inequality.</summary>
    public static bool operator !=(Json? left, Json? right) => !(left == right);

    // As that of JsonElement, also of values that are too deep for it, which calls itself at every level.
    private static bool DeepEquals(JsonElement left, JsonElement right)
    {
        try
        {
            return JsonElement.DeepEquals(left, right);
        }
        catch (InsufficientExecutionStackException)
        {
            // Until this handler is left the stack stays as deep as it was where none was left.
        }
        return DeepEqualsOnHeap(left, right);
    }

    private static bool DeepEqualsOnHeap(JsonElement left, JsonElement right)
    {
        var pairs = new Stack<(JsonElement, JsonElement)>([(left, right)]);
        while (pairs.TryPop(out var pair))
        {
            (left, right) = pair;
            if (left.ValueKind != right.ValueKind) return false;
            switch (left.ValueKind)
            {
                case JsonValueKind.Array:
                    if (left.GetArrayLength() != right.GetArrayLength()) return false;
                    foreach (var (one, other) in left.EnumerateArray().Zip(right.EnumerateArray()))
                    {
                        if (IsOpen(one)) pairs.Push((one, other));
                        else if (!JsonElement.DeepEquals(one, other)) return false;
                    }
                    break;
                case JsonValueKind.Object:
                    if (left.GetPropertyCount() != right.GetPropertyCount()) return false;
                    var others = right.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
                    foreach (var member in left.EnumerateObject())
                    {
                        if (!others.TryGetValue(member.Name, out var other)) return false;
                        if (IsOpen(member.Value)) pairs.Push((member.Value, other));
                        else if (!JsonElement.DeepEquals(member.Value, other)) return false;
                    }
                    break;
                default:
                    if (!JsonElement.DeepEquals(left, right)) return false;
                    break;
            }
        }
        return true;

        static bool IsOpen(JsonElement element) => element.ValueKind is JsonValueKind.Array or JsonValueKind.Object;
    }

    private int FirstToken() => _utf8.AsSpan().IndexOfAnyExcept(" \t\r\n"u8);

    // Moves the reader onto the value of a top-level key.
    private bool Seek(ref Utf8JsonReader reader, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!MayHold(key) || !reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
        key = CleanText.Normalize(key);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(key);
            reader.Read();
            if (found) return true;
            reader.Skip();
        }
        return false;
    }

    // Most keys that are asked for are not there, which a search for their bytes says sooner than a reader: an ASCII key has one spelling.
    private bool MayHold(string key)
    {
        const int longest = 62;
        Span<byte> quoted = stackalloc byte[longest + 2];
        if (key.Length > longest || JsonText.IsEscaped(key) || Ascii.FromUtf16(key, quoted[1..], out _) != OperationStatus.Done) return true;
        quoted[0] = quoted[key.Length + 1] = (byte)'"';
        return _utf8.AsSpan().IndexOf(quoted[..(key.Length + 2)]) >= 0;
    }

    // This object without some keys, open for members of some length.
    private JsonText Without(ReadOnlySpan<(string Key, string Text)> members, int more)
    {
        if (Kind != JsonValueKind.Object) throw NoObject();
        var json = new JsonText(_utf8.Length + more + InitialCapacity);
        json.Raw((byte)'{');
        var reader = new Utf8JsonReader(_utf8, ReaderOptions);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isReplaced = false;
            foreach (var (key, _) in members) isReplaced |= reader.ValueTextEquals(CleanText.Normalize(key));
            reader.Read();
            reader.Skip();
            if (isReplaced) continue;
            json.Separate();
            json.Raw(_utf8.AsSpan(start, (int)reader.BytesConsumed - start));
        }
        return json;
    }

    private InvalidInputException NoObject() => new("json", Kind, "a JSON object");

    private Json Slice(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new(_utf8.AsSpan(start, (int)reader.BytesConsumed - start).ToArray());
    }

    private static Json Number<T>(T number)
        where T : IUtf8SpanFormattable
    {
        Span<byte> text = stackalloc byte[32]; // The longest double has 24.
        number.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        return new(text[..length].ToArray());
    }

    private static void Member(JsonText json, string key, Json value)
    {
        Key(json, key);
        json.Raw(value._utf8);
    }

    private static void Key(JsonText json, string key)
    {
        json.Separate();
        json.String(key);
        json.Raw((byte)':');
    }

    // A value made of other values: every part is valid, only the depth may have grown too far.
    private static Json Composed(JsonText json)
    {
        JsonNormalizer.CheckDepth(json.Written, Limits.MaxJsonDepth);
        return new(json.ToArray());
    }
}
