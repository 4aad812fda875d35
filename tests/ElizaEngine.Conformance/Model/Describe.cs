using System.Buffers;
using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ElizaEngine.Conformance.Model;

/// <summary>
/// The canonical text of an answer or an argument: equal answers have equal texts, and a person can read them. Ids have their
/// short names (<see cref="Pool"/>), keys of JSON are sorted, what is null is left out, similarities have four decimals.
/// </summary>
internal static class Describe
{
    // Whole databases are described some thousand times a second: nothing is looked up twice, and no part becomes a string of its own.
    private static readonly ConcurrentDictionary<Type, Property[]> Properties = new();

    public static string Value(object? value)
    {
        var text = new ArrayBufferWriter<char>(256);
        Append(text, value);
        return text.WrittenSpan.ToString();
    }

    /// <summary>Writes the text behind what is there.</summary>
    public static void Append(ArrayBufferWriter<char> text, object? value)
    {
        switch (value)
        {
            case null:
                text.Write("null");
                break;
            case string words:
                Quote(text, words);
                break;
            case bool flag:
                text.Write(flag ? "true" : "false");
                break;
            case Guid id:
                text.Write(Pool.NameOf(id));
                break;
            case DateTimeOffset time:
                Append(text, time);
                break;
            case Json json:
                AppendJson(text, json);
                break;
            case OpenObject json:
                AppendJson(text, json.Json);
                break;
            case ReadOnlyMemory<float> vector:
                Append(text, vector.Span);
                break;
            case Type type:
                text.Write(type.Name);
                break;
            case Enum or TimeSpan:
                text.Write(value.ToString());
                break;
            case IFormattable number:
                Append(text, number, null);
                break;
            case IReadOnlyDictionary<string, Json> map:
                Append(text, map);
                break;
            case IEnumerable items:
                Append(text, items);
                break;
            default:
                AppendRecord(text, value);
                break;
        }
    }

    private static void Quote(ArrayBufferWriter<char> text, ReadOnlySpan<char> words)
    {
        text.Write("\"");
        text.Write(words);
        text.Write("\"");
    }

    private static void Append(ArrayBufferWriter<char> text, DateTimeOffset time)
    {
        Span<char> digits = stackalloc char[32];
        time.UtcDateTime.TryFormat(digits, out var length, "yyyy-MM-dd HH:mm:ss.fffffff", CultureInfo.InvariantCulture);
        text.Write(digits[..length].TrimEnd('0').TrimEnd('.'));
        if (time.Offset != TimeSpan.Zero) text.Write($" (offset {time.Offset})");
    }

    private static void Append(ArrayBufferWriter<char> text, ReadOnlySpan<float> vector)
    {
        text.Write("<");
        for (var i = 0; i < vector.Length; i++)
        {
            if (i > 0) text.Write(" ");
            AppendDigits(text, vector[i], "R");
        }
        text.Write(">");
    }

    private static void Append(ArrayBufferWriter<char> text, IFormattable number, string? format)
    {
        if (number is ISpanFormattable digits) AppendDigits(text, digits, format);
        else text.Write(number.ToString(format, CultureInfo.InvariantCulture));
    }

    private static void AppendDigits<T>(ArrayBufferWriter<char> text, T number, string? format)
        where T : ISpanFormattable
    {
        if (number.TryFormat(text.GetSpan(64), out var length, format, CultureInfo.InvariantCulture)) text.Advance(length);
        else text.Write(number.ToString(format, CultureInfo.InvariantCulture));
    }

    private static void Append(ArrayBufferWriter<char> text, IReadOnlyDictionary<string, Json> map)
    {
        text.Write("{");
        var isFirst = true;
        foreach (var (key, json) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Separate(text, ref isFirst, ", ");
            Quote(text, key);
            text.Write(": ");
            Append(text, json);
        }
        text.Write("}");
    }

    private static void Append(ArrayBufferWriter<char> text, IEnumerable items)
    {
        text.Write("[");
        var isFirst = true;
        foreach (var item in items)
        {
            Separate(text, ref isFirst, ", ");
            Append(text, item);
        }
        text.Write("]");
    }

    private static void AppendRecord(ArrayBufferWriter<char> text, object record)
    {
        var type = record.GetType();
        text.Write(type.Name);
        text.Write("(");
        var isFirst = true;
        foreach (var property in Properties.GetOrAdd(type, PropertiesOf))
        {
            if (property.Get(record) is not { } value) continue;
            Separate(text, ref isFirst, ", ");
            text.Write(property.Name);
            text.Write(": ");
            if (property.Name == nameof(Memory.Similarity) && value is float similarity) AppendDigits(text, Math.Round(similarity, 4) + 0.0, "0.0000");
            else Append(text, value);
        }
        text.Write(")");
    }

    private static void Separate(ArrayBufferWriter<char> text, ref bool isFirst, string by)
    {
        if (!isFirst) text.Write(by);
        isFirst = false;
    }

    private static Property[] PropertiesOf(Type type) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0).Select(Property.Of)];

    private static void AppendJson(ArrayBufferWriter<char> text, Json json)
    {
        var reader = new Utf8JsonReader(json.Utf8.Span, new JsonReaderOptions { MaxDepth = int.MaxValue });
        reader.Read();
        AppendJson(text, ref reader);
    }

    private static void AppendJson(ArrayBufferWriter<char> text, ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.StartObject:
                AppendObject(text, ref json);
                break;
            case JsonTokenType.StartArray:
                text.Write("[");
                for (var isFirst = true; json.Read() && json.TokenType != JsonTokenType.EndArray;)
                {
                    Separate(text, ref isFirst, ",");
                    AppendJson(text, ref json);
                }
                text.Write("]");
                break;
            case JsonTokenType.Number:
                AppendDigits(text, json.GetDouble(), "R");
                break;
            case JsonTokenType.String:
                AppendString(text, ref json);
                break;
            default:
                text.Write(json.TokenType switch { JsonTokenType.True => "true", JsonTokenType.False => "false", _ => "null" });
                break;
        }
    }

    private static void AppendString(ArrayBufferWriter<char> text, ref Utf8JsonReader json)
    {
        text.Write("\"");
        var words = text.GetSpan(json.ValueSpan.Length + 1);
        var length = json.CopyString(words);
        if (Guid.TryParseExact(words[..length], "D", out var id)) text.Write(Pool.NameOf(id));
        else text.Advance(length);
        text.Write("\"");
    }

    // Members are written as they come, and put in order afterwards if they were not.
    private static void AppendObject(ArrayBufferWriter<char> text, ref Utf8JsonReader json)
    {
        text.Write("{");
        var begin = text.WrittenCount;
        var members = new List<(string Name, int Start, int Length)>();
        var isSorted = true;
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            if (members.Count > 0) text.Write(",");
            var (name, start) = (json.GetString()!, text.WrittenCount);
            isSorted = isSorted && (members.Count == 0 || string.CompareOrdinal(members[^1].Name, name) <= 0);
            Quote(text, name);
            text.Write(":");
            json.Read();
            AppendJson(text, ref json);
            members.Add((name, start - begin, text.WrittenCount - start));
        }
        if (!isSorted) Sort(text, begin, members);
        text.Write("}");
    }

    private static void Sort(ArrayBufferWriter<char> text, int begin, List<(string Name, int Start, int Length)> members)
    {
        var unsorted = text.WrittenSpan[begin..].ToString();
        var sorted = string.Join(
            ',', members.OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => unsorted.Substring(member.Start, member.Length)));
        // What was written cannot be taken back, but it can be written over.
        MemoryMarshal.TryGetArray(text.WrittenMemory, out var written);
        sorted.CopyTo(written.AsSpan(begin));
    }

    private sealed record Property(string Name, Func<object, object?> Get)
    {
        public static Property Of(PropertyInfo property)
        {
            var record = Expression.Parameter(typeof(object));
            var value = Expression.Property(Expression.Convert(record, property.DeclaringType!), property);
            return new Property(property.Name, Expression.Lambda<Func<object, object?>>(Expression.Convert(value, typeof(object)), record).Compile());
        }
    }
}
