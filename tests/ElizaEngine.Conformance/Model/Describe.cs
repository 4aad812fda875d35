using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace ElizaEngine.Conformance.Model;

/// <summary>
/// The canonical text of an answer or an argument: equal answers have equal texts, and a person can read them. Ids have their
/// short names (<see cref="Pool"/>), keys of JSON are sorted, what is null is left out, similarities have four decimals.
/// </summary>
internal static class Describe
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Properties = new();

    public static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        Guid id => Pool.NameOf(id),
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fffffff", CultureInfo.InvariantCulture).TrimEnd('0').TrimEnd('.')
            + (time.Offset == TimeSpan.Zero ? "" : $" (offset {time.Offset})"),
        Json json => JsonText(json.ToElement()),
        OpenObject json => JsonText(json.Json.ToElement()),
        ReadOnlyMemory<float> vector => $"<{string.Join(' ', vector.ToArray().Select(x => x.ToString("R", CultureInfo.InvariantCulture)))}>",
        Type type => type.Name,
        Enum or TimeSpan => value.ToString()!,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IReadOnlyDictionary<string, Json> map => $"{{{string.Join(", ", map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"\"{pair.Key}\": {Value(pair.Value)}"))}}}",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Value))}]",
        _ => $"{value.GetType().Name}({Parts(value)})",
    };

    private static string Parts(object record) => string.Join(", ",
        Properties.GetOrAdd(record.GetType(), PropertiesOf)
            .Select(property => (property.Name, Value: property.GetValue(record)))
            .Where(part => part.Value is not null)
            .Select(part => $"{part.Name}: {Part(part.Name, part.Value)}"));

    private static string Part(string name, object? value) => name == nameof(Memory.Similarity) && value is float similarity
        ? (Math.Round(similarity, 4) + 0.0).ToString("0.0000", CultureInfo.InvariantCulture)
        : Value(value);

    private static PropertyInfo[] PropertiesOf(Type type) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0)];

    private static string JsonText(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(",", json.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => $"\"{member.Name}\":{JsonText(member.Value)}"))}}}",
        JsonValueKind.Array => $"[{string.Join(",", json.EnumerateArray().Select(JsonText))}]",
        JsonValueKind.Number => json.GetDouble().ToString("R", CultureInfo.InvariantCulture),
        JsonValueKind.String => $"\"{(Guid.TryParseExact(json.GetString(), "D", out var id) ? Pool.NameOf(id) : json.GetString())}\"",
        _ => json.GetRawText(),
    };
}
