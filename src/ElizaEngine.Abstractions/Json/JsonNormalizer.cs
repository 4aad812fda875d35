using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ElizaEngine;

/// <summary>
/// Turns JSON text into the form <see cref="Json"/> promises. Text that is in that form already, nearly all of it, is
/// validated in one pass and copied; other text is read into a DOM and written again.
/// </summary>
internal static class JsonNormalizer
{
    public static JsonWriterOptions WriterOptions { get; } = new()
    {
        // Only what JSON itself demands is escaped: text stays readable, and half as long outside ASCII.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
        MaxDepth = 1000,
    };

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = Limits.MaxJsonDepth };

    /// <exception cref="InvalidJsonException">The text is not JSON, or nests too deep.</exception>
    public static byte[] Normalize(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > Limits.MaxRowBytes) throw new RowTooLargeException(utf8.Length);
        try
        {
            return IsNormal(utf8) ? utf8.ToArray() : Rewrite(utf8);
        }
        catch (JsonException error)
        {
            throw new InvalidJsonException(error);
        }
    }

    /// <exception cref="InvalidJsonException">The text nests too deep.</exception>
    public static void CheckDepth(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, ReaderOptions);
            while (reader.Read())
            {
            }
        }
        catch (JsonException error)
        {
            throw new InvalidJsonException(error);
        }
    }

    // One pass: well-formed, valid UTF-8, no escape that could hide U+0000 or a surrogate, no escaped or repeated key.
    private static bool IsNormal(ReadOnlySpan<byte> utf8)
    {
        if (!System.Text.Unicode.Utf8.IsValid(utf8)) return false;
        var isNormal = utf8.IndexOf("\\u"u8) < 0;
        var keys = new HashSet<(int Object, string Key)>();
        Span<int> objectAtDepth = stackalloc int[Limits.MaxJsonDepth + 1];
        var objects = 0;
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.StartObject) objectAtDepth[reader.CurrentDepth + 1] = ++objects;
            else if (isNormal && reader.TokenType == JsonTokenType.PropertyName)
                isNormal = keys.Add((objectAtDepth[reader.CurrentDepth], reader.GetString()!));
        }
        return isNormal;
    }

    private static byte[] Rewrite(ReadOnlySpan<byte> utf8)
    {
        // Bytes that are not UTF-8 become U+FFFD by way of UTF-16; so do lone surrogates, which the encoder replaces.
        if (!System.Text.Unicode.Utf8.IsValid(utf8)) utf8 = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8));
        var reader = new Utf8JsonReader(utf8, ReaderOptions);
        reader.Read();
        var buffer = new ArrayBufferWriter<byte>(utf8.Length);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions)) Copy(ref reader, writer);
        reader.Read(); // Throws if anything but white space follows the value.
        return buffer.WrittenSpan.ToArray();
    }

    // Depth is bounded by the reader's MaxDepth, so recursion is.
    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var members = new Dictionary<string, byte[]>();
                var order = new List<string>();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = Unescape(ref reader);
                    reader.Read();
                    var value = new ArrayBufferWriter<byte>();
                    using (var nested = new Utf8JsonWriter(value, WriterOptions)) Copy(ref reader, nested);
                    if (!members.ContainsKey(key)) order.Add(key);
                    members[key] = value.WrittenSpan.ToArray();
                }
                writer.WriteStartObject();
                foreach (var key in order)
                {
                    writer.WritePropertyName(key);
                    writer.WriteRawValue(members[key], skipInputValidation: true);
                }
                writer.WriteEndObject();
                break;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) Copy(ref reader, writer);
                writer.WriteEndArray();
                break;
            case JsonTokenType.String:
                writer.WriteStringValue(Unescape(ref reader));
                break;
            default:
                writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                break;
        }
    }

    // Utf8JsonReader.GetString refuses lone surrogates; here every escape is taken as the UTF-16 unit it names.
    private static string Unescape(ref Utf8JsonReader reader)
    {
        var raw = Encoding.UTF8.GetString(reader.ValueSpan);
        if (!reader.ValueIsEscaped) return CleanText.Normalize(raw);
        var text = new StringBuilder(raw.Length);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }
            switch (raw[++i])
            {
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'n': text.Append('\n'); break;
                case 'r': text.Append('\r'); break;
                case 't': text.Append('\t'); break;
                case 'u':
                    text.Append((char)Convert.ToUInt16(raw.Substring(i + 1, 4), 16));
                    i += 4;
                    break;
                default: text.Append(raw[i]); break;
            }
        }
        return CleanText.Normalize(text.ToString());
    }
}
