using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class JsonNormalizerTests
{
    private const int Seed = 20260103;

    [Theory]
    [InlineData("\"\\u00e9 \\u20AC \\uFFFD \\u0001 \\ud83d\\uDE00 \\n\"")]
    [InlineData("\"\\\\u0000 \\\\ud800\"")]
    [InlineData("{\"a\":{\"a\":{\"a\":1},\"b\":1},\"b\":{\"a\":1}}")]
    [InlineData("[{\"a\":1},{\"a\":1}]")]
    public void Text_that_needs_no_change_is_kept_byte_for_byte(string text)
    {
        Assert.True(JsonNormalizer.IsNormal(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(text, Json.Parse(text).ToString());
    }

    [Theory]
    [InlineData("\"\\u0000\"", "\"\uFFFD\"")]
    [InlineData("\"\\uFFFD\\ud800x\"", "\"\uFFFD\uFFFDx\"")]
    [InlineData("\"\\udc00\\ud800\"", "\"\uFFFD\uFFFD\"")]
    [InlineData("\"\\ud800\\u0041\"", "\"\uFFFDA\"")]
    [InlineData("\"\\ud800\\n\"", "\"\uFFFD\\n\"")]
    [InlineData("\"\\u0000\\ud83d\\ude00\"", "\"\uFFFD\U0001F600\"")]
    [InlineData("[\"\\u0000\", \"\\u0022\\u005C\\u002f\\/\\u000A\\u001f\\u007f\"]", "[\"\uFFFD\",\"\\\"\\\\//\\n\\u001f\u007f\"]")]
    [InlineData("{ \"\\u0061\" : [ 1.0 , -1E5, true , null ] , \"\\\"\" : { } }", "{\"a\":[1.0,-1E5,true,null],\"\\\"\":{}}")]
    [InlineData("{\"a\":1,\"b\":2,\"a\":3}", "{\"b\":2,\"a\":3}")]
    [InlineData("{\"a\":1,\"a\":2,\"b\":3,\"b\":4,\"a\":5}", "{\"b\":4,\"a\":5}")]
    [InlineData("{\"\\n\":1,\"\\u000a\":2}", "{\"\\n\":2}")]
    [InlineData("[{\"a\":{\"b\":1,\"b\":{\"c\":1,\"c\":2}},\"d\":1,\"a\":{\"b\":2,\"b\":3}},{}]", "[{\"d\":1,\"a\":{\"b\":3}},{}]")]
    public void Other_text_is_written_anew(string text, string expected)
    {
        Assert.False(JsonNormalizer.IsNormal(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(expected, Json.Parse(text).ToString());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(1000)]
    public void Repeated_keys_are_found_among_few_and_many(int count)
    {
        var keys = Enumerable.Range(0, count).Select(i => "k" + i.ToString(CultureInfo.InvariantCulture)).ToList();
        string Object(IEnumerable<string> keys, int from) => "{" + string.Join(',', keys.Select((key, i) => $"\"{key}\":{i + from}")) + "}";

        var unique = Object(keys, 0);
        Assert.Equal(unique, Json.Parse(unique).ToString());
        Assert.Equal(unique.Length, JsonNormalizer.Rewrite(Encoding.UTF8.GetBytes(unique)).Length);
        Assert.Equal(Object(keys, count), Json.Parse(Object(keys.Concat(keys), 0)).ToString());
        Assert.Equal("[1," + Object(keys[1..].Append("k0"), 1) + ",2]", Json.Parse("[1," + Object(keys.Append("k0"), 0) + ",2]").ToString());
    }

    [Fact]
    public void Random_text_reads_as_its_model_whichever_way_it_is_normalised()
    {
        var random = new Random(Seed);
        var normal = 0;
        for (var round = 0; round < 3000; round++)
        {
            var (text, node) = RandomValue(random, 0);
            var message = $"seed {Seed}, round {round}: {text}";
            var utf8 = Encoding.UTF8.GetBytes(text);
            using var model = JsonDocument.Parse(node?.ToJsonString() ?? "null");

            var rewritten = JsonNormalizer.Rewrite(utf8);
            Assert.True(AreEqual(model, rewritten), message);
            Assert.True(AreEqual(model, Json.Parse(text).Utf8), message);
            Assert.True(rewritten.AsSpan().SequenceEqual(JsonNormalizer.Rewrite(rewritten)), message);
            if (!JsonNormalizer.IsNormal(utf8)) continue;
            Assert.True(AreEqual(model, utf8), message);
            normal++;
        }
        Assert.InRange(normal, 300, 2700); // Both ways were taken.
    }

    [Fact]
    public void Random_damage_is_refused_alike_whichever_way_it_is_normalised()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 3000; round++)
        {
            var utf8 = Encoding.UTF8.GetBytes(RandomValue(random, 0).Text);
            for (var i = random.Next(3); i >= 0; i--) utf8[random.Next(utf8.Length)] = (byte)random.Next(1, 0x80);
            var message = $"seed {Seed}, round {round}: {Encoding.UTF8.GetString(utf8)}";

            if (!System.Text.Unicode.Utf8.IsValid(utf8))
            {
                // Not for these two, which ask for UTF-8, but it must come out valid or be refused.
                var refused = Record.Exception(() => Json.Parse(utf8.AsSpan()));
                Assert.True(refused is null or InvalidJsonException, message);
                continue;
            }
            var fast = Record.Exception(() => JsonNormalizer.IsNormal(utf8)) as JsonException;
            var slow = Record.Exception(() => JsonNormalizer.Rewrite(utf8)) as JsonException;
            var whole = Record.Exception(() => Json.Parse(utf8.AsSpan()));
            Assert.True(whole is null == slow is null && whole is null or InvalidJsonException, message);
            if (fast is not null) Assert.Equal((fast.LineNumber, fast.BytePositionInLine), (slow?.LineNumber, slow?.BytePositionInLine));
        }
    }

    [Fact]
    public void Random_strings_are_written_short_and_read_back()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 1000; round++)
        {
            var text = RandomText(random);
            var json = Json.From(text);
            var clean = CleanText.Normalize(text);

            Assert.Equal(clean, json.ToElement().GetString());
            Assert.Equal(clean, Json.From([text]).Items()[0].ToElement().GetString());
            Assert.Equal(clean, Json.ObjectOf((text, Json.Null)).Members()[0].Key);
            Assert.Equal(Encoding.UTF8.GetByteCount(clean) + 2 + clean.Sum(unit => unit is '"' or '\\' or '\b' or '\f' or '\n' or '\r' or '\t' ? 1 : unit < ' ' ? 5 : 0), json.Utf8.Length);
            Assert.True(json.Utf8.Span.SequenceEqual(JsonNormalizer.Rewrite(json.Utf8.ToArray())), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void Emoji_take_the_four_bytes_they_have_in_UTF8() => Assert.Equal("\"😀\""u8, Json.From("😀").Utf8.Span);

    [Theory]
    [InlineData("\"plain\"", 2)]
    [InlineData("\"\\u00e9\\ud83d\\ude00\"", 2)]
    [InlineData("\"\\u0000\"", 4)]
    [InlineData("{\"a\":1,\"a\":2}", 4)]
    public void Memory_taken_is_a_few_times_the_text(string first, int times)
    {
        var text = Encoding.UTF8.GetBytes($"[{first}," + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $$"""{"id":{{i}},"name":"n{{i % 10}}"}""")) + "]");
        Json.Parse(text.AsSpan());

        var before = GC.GetAllocatedBytesForCurrentThread();
        Json.Parse(text.AsSpan());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, text.Length, (long)times * text.Length);
    }

    private static bool AreEqual(JsonDocument model, ReadOnlyMemory<byte> utf8)
    {
        using var document = JsonDocument.Parse(utf8);
        return JsonElement.DeepEquals(model.RootElement, document.RootElement);
    }

    // A text, and the value it must read as. Half of all texts use nothing that must be rewritten.
    private static (string Text, JsonNode? Node) RandomValue(Random random, int depth, bool? plain = null)
    {
        var isPlain = plain ?? random.Next(2) == 0;
        string Space() => random.Next(4) == 0 ? new string(" \t\r\n"[random.Next(4)], random.Next(3)) : "";
        (string Text, JsonNode? Node) Bare()
        {
            switch (random.Next(depth > 4 ? 4 : 6))
            {
                case 0:
                    var value = isPlain ? PlainText(random) : RandomText(random);
                    return (Spell(random, value, isKey: false, isPlain), JsonValue.Create(CleanText.Normalize(value)));
                case 1:
                    var number = random.Next(-1000, 1000) / 8.0;
                    return (number.ToString("R", CultureInfo.InvariantCulture), JsonValue.Create(number));
                case 2:
                    var flag = random.Next(2) == 0;
                    return (flag ? "true" : "false", JsonValue.Create(flag));
                case 3:
                    return ("null", null);
                case 4:
                    var array = new JsonArray();
                    var items = new List<string>();
                    for (var i = random.Next(5); i > 0; i--)
                    {
                        var (text, node) = RandomValue(random, depth + 1, isPlain);
                        items.Add(text);
                        array.Add(node);
                    }
                    return ("[" + Space() + string.Join(',', items) + "]", array);
                default:
                    var model = new JsonObject();
                    var members = new List<string>();
                    for (var i = random.Next(10) == 0 ? random.Next(40) : random.Next(6); i > 0; i--)
                    {
                        var key = random.Next(3) == 0 ? RandomText(random) : "k" + random.Next(200).ToString(CultureInfo.InvariantCulture);
                        if (isPlain) key = "k" + random.Next(10_000).ToString(CultureInfo.InvariantCulture);
                        if (isPlain && model.ContainsKey(key)) continue;
                        var (text, node) = RandomValue(random, depth + 1, isPlain);
                        members.Add(Space() + Spell(random, key, isKey: true, isPlain) + Space() + ":" + text);
                        model[CleanText.Normalize(key)] = node;
                    }
                    return ("{" + string.Join(',', members) + Space() + "}", model);
            }
        }
        var (bare, value) = Bare();
        return (Space() + bare + Space(), value);
    }

    private static string PlainText(Random random) => CleanText.Normalize(RandomText(random));

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(6); i > 0; i--)
        {
            switch (random.Next(8))
            {
                case 0: text.Append("\0\u0001\b\t\n\f\r\u001F \"\\/\u007F"[random.Next(13)]); break;
                case 1: text.Append((char)random.Next(0xD800, 0xE000)); break;
                case 2: text.Append(char.ConvertFromUtf32(random.Next(0x10000, 0x110000))); break;
                case 3: text.Append((char)random.Next(0x10000)); break;
                default: text.Append((char)random.Next('a', 'e')); break;
            }
        }
        return text.ToString();
    }

    // A JSON string in one of its many spellings. What is not clean can only be spelled by an escape.
    private static string Spell(Random random, string text, bool isKey, bool isPlain)
    {
        var spelled = new StringBuilder("\"");
        for (var i = 0; i < text.Length; i++)
        {
            var unit = text[i];
            var isPair = char.IsHighSurrogate(unit) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            string Escape(char unit) => "\\u" + ((int)unit).ToString(random.Next(2) == 0 ? "x4" : "X4", CultureInfo.InvariantCulture);
            var escapes = !(isKey && isPlain) && random.Next(4) == 0;
            if (isPair)
            {
                spelled.Append(escapes ? Escape(unit) + Escape(text[i + 1]) : text.Substring(i, 2));
                i++;
            }
            else if (escapes || unit == '\0' || char.IsSurrogate(unit)) spelled.Append(Escape(unit));
            else if ("\"\\\b\f\n\r\t".IndexOf(unit, StringComparison.Ordinal) is >= 0 and var at) spelled.Append('\\').Append("\"\\bfnrt"[at]);
            else if (unit == '/' && random.Next(2) == 0) spelled.Append("\\/");
            else if (unit < ' ') spelled.Append(Escape(unit));
            else spelled.Append(unit);
        }
        return spelled.Append('"').ToString();
    }
}
