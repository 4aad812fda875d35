using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed partial class JsonTests
{
    [Theory]
    [InlineData("{}", JsonValueKind.Object)]
    [InlineData(" \t\r\n {\"a\":1}", JsonValueKind.Object)]
    [InlineData("[1]", JsonValueKind.Array)]
    [InlineData("\"\"", JsonValueKind.String)]
    [InlineData("-1.5e3", JsonValueKind.Number)]
    [InlineData("0", JsonValueKind.Number)]
    [InlineData("true", JsonValueKind.True)]
    [InlineData("false", JsonValueKind.False)]
    [InlineData("null", JsonValueKind.Null)]
    public void Every_kind_of_value_is_known_by_its_first_character(string text, JsonValueKind kind)
    {
        var json = Json.Parse(text);

        Assert.Equal(kind, json.Kind);
        Assert.Equal(kind == JsonValueKind.Null, json.IsNull);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[1,]")]
    [InlineData("[1 2]")]
    [InlineData("{a:1}")]
    [InlineData("'a'")]
    [InlineData("\"a")]
    [InlineData("\"a\nb\"")]
    [InlineData("\"\\x\"")]
    [InlineData("\"\\u12\"")]
    [InlineData("01")]
    [InlineData("+1")]
    [InlineData(".5")]
    [InlineData("1.")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("undefined")]
    [InlineData("tru")]
    [InlineData("1 2")]
    [InlineData("{} {}")]
    [InlineData("null x")]
    [InlineData("// note\n1")]
    [InlineData("\uFEFF{}")]
    public void Malformed_text_is_refused(string text) => Assert.Throws<InvalidJsonException>(() => Json.Parse(text));

    [Theory]
    [InlineData("{\"a\":\"\\u0000\"} x")]
    [InlineData("{\"a\":1,\"a\":2} {}")]
    [InlineData("[\"\\ud800\"")]
    [InlineData("[\"\\u0041\",]")]
    public void Malformed_text_that_also_needs_rewriting_is_refused(string text) => Assert.Throws<InvalidJsonException>(() => Json.Parse(text));

    [Fact]
    public void Bytes_that_are_not_UTF8_do_not_hide_what_follows_the_value()
    {
        // Such bytes send the text down the rewriting path, which once stopped reading after the first value.
        byte[] text = [.. "{\"a\":\""u8, 0xFF, .. "\"} trailing"u8];

        Assert.Throws<InvalidJsonException>(() => Json.Parse(text));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_become_replacement_characters()
    {
        byte[] text = [.. "{\"a\":\"x"u8, 0xFF, .. "y\"}"u8];

        Assert.Equal("x\uFFFDy", Json.Parse(text).GetString("a"));
    }

    [Fact]
    public void An_error_tells_line_and_byte()
    {
        var error = Assert.Throws<InvalidJsonException>(() => Json.Parse("{\n\"a\": 1,\n  !}"));

        Assert.Equal(2, error.Line);
        Assert.Equal(2, error.BytePositionInLine);
        Assert.IsType<JsonException>(error.InnerException, exactMatch: false);
        Assert.Contains("well-formed JSON", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('[', ']', "")]
    [InlineData('{', '}', "\"a\":")]
    public void Sixty_four_levels_are_accepted_and_sixty_five_are_refused(char open, char close, string key)
    {
        string Nested(int levels) => string.Concat(Enumerable.Repeat(open + key, levels - 1)) + open + new string(close, levels);

        var text = Nested(Limits.MaxJsonDepth);
        Assert.Equal(text, Json.Parse(text).ToString());
        Assert.Throws<InvalidJsonException>(() => Json.Parse(Nested(Limits.MaxJsonDepth + 1)));
    }

    [Fact]
    public void Values_built_from_values_keep_the_limit_of_depth()
    {
        var deepest = Json.Parse(new string('[', Limits.MaxJsonDepth) + new string(']', Limits.MaxJsonDepth));

        Assert.Throws<InvalidJsonException>(() => Json.From([deepest]));
        Assert.Throws<InvalidJsonException>(() => Json.ObjectOf(("a", deepest)));
        var error = Assert.Throws<InvalidJsonException>(() => Json.EmptyObject.With("a", deepest));
        Assert.DoesNotContain("63", error.Message, StringComparison.Ordinal);
        Assert.IsNotType<InvalidJsonException>(Assert.ThrowsAny<InvalidInputException>(() => Json.EmptyArray.With("a", deepest)));
    }

    // What elizaOS stored nests as deep as it likes, and readers of it threw a JsonException of their own.
    [Theory]
    [InlineData(100)]
    [InlineData(10_000)]
    public void A_value_that_was_stored_elsewhere_is_read_however_deep_it_is(int levels)
    {
        Json Deep(char open, char close, string key, string core) =>
            Json.FromTrusted(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(open + key, levels)) + core + new string(close, levels)));
        var (array, members) = (Deep('[', ']', "", "1"), Deep('{', '}', "\"a\":", "1"));
        var json = Json.FromTrusted(Encoding.UTF8.GetBytes($$"""{"array":{{array}},"members":{{members}},"texts":["x",{{array}}],"text":"t"}"""));

        Assert.Equal(("t", 4, levels - 1), (json.GetString("text"), json.Members().Count, json["array"]!.Items()[0].Utf8.Length / 2));
        Assert.Equal(["x"], json.GetStrings("texts")!);
        Assert.Equal((null, null, null), (json.GetNumber("array"), json.GetBoolean("members"), json.GetGuid("none")));
        Assert.Equal(json["members"]!.ToString(), json.ToElement().GetProperty("members").GetRawText());
        Assert.Equal("other", json.With("text", Json.From("other")).With("array", Json.EmptyArray).GetString("text"));
        Assert.Equal("t", (new Content(json) with { Thought = "h" }).Text);
        Assert.Throws<InvalidJsonException>(() => Json.From([json]));
        Assert.Throws<InvalidJsonException>(() => json.With("text", array));
        Assert.Throws<InvalidJsonException>(() => Json.ObjectOf(("a", json)));
    }

    // With little stack, too: the library's own comparison calls itself at every level, until there is none left.
    [Theory]
    [InlineData(100)]
    [InlineData(2_000)]
    public void Values_that_were_stored_elsewhere_are_compared_however_deep_they_are(int levels)
    {
        const int stackBytes = 256 << 10;
        Json Deep(string core) => Json.FromTrusted(Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Repeat("[{\"a\":", levels)) + core + string.Concat(Enumerable.Repeat("}]", levels))));
        var one = Deep("""{"x":1,"y":[true,null,"s"]}""");
        var other = Deep("""{ "y": [true, null, "\u0073"], "x": 1.0 }""");
        string[] others = ["""{"x":1,"y":[true,null,"t"]}""", """{"x":1,"y":[true,null]}""", """{"x":1,"z":[true,null,"s"]}""", """{"x":1}""", "1"];
        var (equal, unequal) = (false, 0);
        Exception? error = null;

        var thread = new Thread(() => error = Record.Exception(() => (equal, unequal) = (one == other, others.Count(text => one != Deep(text)))), stackBytes);
        thread.Start();
        thread.Join();

        Assert.Null(error);
        Assert.True(equal);
        Assert.Equal(others.Length, unequal);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
    }

    [Fact]
    public void Sixty_four_levels_are_accepted_when_the_text_must_be_rewritten()
    {
        var text = new string('[', Limits.MaxJsonDepth) + "\"\\u0000\"" + new string(']', Limits.MaxJsonDepth);

        Assert.Equal(text.Replace("\\u0000", "\uFFFD", StringComparison.Ordinal), Json.Parse(text).ToString());
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}", "{\"a\":2}")]
    [InlineData("{\"a\":1,\"b\":0,\"a\":{\"a\":1,\"a\":3}}", "{\"b\":0,\"a\":{\"a\":3}}")]
    [InlineData("[{\"a\":1},{\"a\":2}]", "[{\"a\":1},{\"a\":2}]")]
    [InlineData("{\"\":1,\"\":2}", "{\"\":2}")]
    [InlineData("{\"\\u0061\":1,\"a\":2}", "{\"a\":2}")]
    [InlineData("{\"a\":{\"b\":1},\"b\":2}", "{\"a\":{\"b\":1},\"b\":2}")]
    [InlineData("{\"\\u0000\":1,\"\\ud800\":2}", "{\"\uFFFD\":2}")]
    public void Of_duplicate_keys_in_one_object_the_last_wins(string text, string expected) => Assert.Equal(Json.Parse(expected), Json.Parse(text));

    [Theory]
    [InlineData("\"\\u0000\"", "\uFFFD")]
    [InlineData("\"a\\ud83d\"", "a\uFFFD")]
    [InlineData("\"\\ude00\\ud83d\"", "\uFFFD\uFFFD")]
    [InlineData("\"\\ud83d\\ude00\"", "\U0001F600")]
    [InlineData("\"\\ud83d\\ud83d\\ude00\"", "\uFFFD\U0001F600")]
    [InlineData("\"\\u00e9 \\n\\t\\\"\\\\\\/\\b\\f\\r\"", "\u00e9 \n\t\"\\/\b\f\r")]
    [InlineData("\"\\uFFFF\\uFFFE\"", "\uFFFF\uFFFE")]
    [InlineData("\"\\\\u0000\"", "\\u0000")]
    public void Escapes_are_read_as_what_they_name_and_U0000_and_lone_surrogates_are_replaced(string text, string expected)
    {
        Assert.Equal(expected, Json.Parse(text).ToElement().GetString());
        Assert.Equal(expected, Json.Parse($$"""{"k":{{text}}}""").GetString("k"));
        Assert.Equal(expected, Json.Parse($$"""{{{text}}:1}""").Members()[0].Key);
    }

    [Fact]
    public void Raw_lone_surrogates_in_the_text_are_replaced() => Assert.Equal("a\uFFFDb", Json.Parse("{\"k\":\"a\ud800b\"}").GetString("k"));

    [Fact]
    public void The_bytes_given_are_copied()
    {
        var bytes = "{\"a\":1}"u8.ToArray();
        var json = Json.Parse(bytes);
        bytes[5] = (byte)'9';

        Assert.Equal(1, json.GetNumber("a"));
    }

    [Theory]
    [InlineData("{\"a\":1,\"b\":2}", "{ \"b\" : 2, \"a\" : 1 }")]
    [InlineData("1.0", "1e0")]
    [InlineData("100", "1E+2")]
    [InlineData("0.1", "1e-1")]
    [InlineData("-0", "0")]
    [InlineData("\"\\u0041\"", "\"A\"")]
    [InlineData("[]", " [ ] ")]
    [InlineData("12345678901234567890123456789012345678901234567890", "12345678901234567890123456789012345678901234567890.0")]
    public void Equality_is_structural(string left, string right)
    {
        var (a, b) = (Json.Parse(left), Json.Parse(right));

        Assert.True(a == b);
        Assert.False(a != b);
        Assert.True(a.Equals((object)b));
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
    }

    [Theory]
    [InlineData("{\"a\":1}", "{\"a\":2}")]
    [InlineData("{\"a\":1}", "{\"A\":1}")]
    [InlineData("{\"a\":null}", "{}")]
    [InlineData("[1,2]", "[2,1]")]
    [InlineData("[]", "{}")]
    [InlineData("\"1\"", "1")]
    [InlineData("null", "false")]
    [InlineData("0.1", "0.10000000000000000001")]
    [InlineData("12345678901234567890", "12345678901234567891")]
    [InlineData("\"e\u0301\"", "\"\u00e9\"")]
    public void Different_values_are_not_equal(string left, string right)
    {
        Assert.False(Json.Parse(left) == Json.Parse(right));
        Assert.True(Json.Parse(left) != Json.Parse(right));
    }

    [Fact]
    public void Numbers_with_exponents_beyond_all_bounds_can_be_compared()
    {
        var (one, two) = (Json.Parse("1e99999999999"), Json.Parse("2e99999999999"));

        Assert.False(one == two);
        Assert.True(one == Json.Parse("1e99999999999"));
    }

    [Fact]
    public void Null_is_equal_to_null_only()
    {
        Json? none = null;

        Assert.True(none == null);
        Assert.False(none == Json.Null);
        Assert.False(Json.Null.Equals(none));
        Assert.False(Json.Null.Equals("null"));
    }

    [Fact]
    public void Values_are_made_from_texts_numbers_and_booleans()
    {
        Assert.Equal("\"a\\\"\u00e9\"", Json.From("a\"\u00e9").ToString());
        Assert.Equal("\uFFFD\uFFFD", Json.From("\0\ud800").ToElement().GetString());
        Assert.Equal("-9223372036854775808", Json.From(long.MinValue).ToString());
        Assert.Equal(0.1, Json.From(0.1).ToElement().GetDouble());
        Assert.Equal("true", Json.From(true).ToString());
        Assert.Equal("false", Json.From(false).ToString());
        Assert.Equal("[\"a\",\"\",\"\uFFFD\"]", Json.From(["a", "", "\0"]).ToString());
        Assert.Equal("[1,{},null]", Json.From([Json.From(1), Json.EmptyObject, Json.Null]).ToString());
        Assert.Equal("{\"a\":2,\"b\":[]}", Json.ObjectOf(("a", Json.From(1)), ("a", Json.From(2)), ("b", Json.EmptyArray)).ToString());
        Assert.Equal(Json.EmptyObject, Json.ObjectOf());
        Assert.Equal(Json.EmptyArray, Json.From(Array.Empty<string>()));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_JSON_cannot_say_is_refused(double number) => Assert.Throws<InvalidInputException>(() => Json.From(number));

    [Fact]
    public void Null_arguments_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => Json.Parse((string)null!));
        Assert.Throws<ArgumentNullException>(() => Json.From((string)null!));
        Assert.Throws<ArgumentNullException>(() => Json.From((IEnumerable<string>)null!));
        Assert.Throws<ArgumentNullException>(() => Json.From((IEnumerable<Json>)null!));
        Assert.Throws<ArgumentNullException>(() => Json.ObjectOf((null!, Json.Null)));
        Assert.Throws<ArgumentNullException>(() => Json.EmptyObject[null!]);
        Assert.Throws<ArgumentNullException>(() => Json.EmptyObject.With(null!, Json.Null));
    }

    [Fact]
    public void Keys_of_an_object_are_read_by_type()
    {
        var id = Guid.Parse("919108f7-52d1-4320-9bac-f847db4148a8");
        var json = Json.Parse("""{"s":"text","n":1.5,"t":true,"f":false,"z":null,"a":["x",1,["y"],"z"],"o":{"s":"inner"}}""").With("g", Json.From(id.ToString()));

        Assert.Equal("text", json.GetString("s"));
        Assert.Equal(1.5, json.GetNumber("n"));
        Assert.True(json.GetBoolean("t"));
        Assert.False(json.GetBoolean("f"));
        Assert.Equal(id, json.GetGuid("g"));
        Assert.Equal(["x", "z"], json.GetStrings("a")!);
        Assert.Equal(Json.Null, json["z"]);
        Assert.Equal("inner", json["o"]!.GetString("s"));
        Assert.Null(json["missing"]);
        Assert.Null(json["inner"]);
    }

    [Theory]
    [InlineData("s")]
    [InlineData("n")]
    [InlineData("t")]
    [InlineData("z")]
    [InlineData("a")]
    [InlineData("o")]
    [InlineData("missing")]
    public void A_key_of_another_type_reads_as_null(string key)
    {
        var json = Json.Parse("""{"s":"text","n":1,"t":true,"z":null,"a":["x"],"o":{"s":"inner"}}""");

        Assert.Equal(key == "s" ? "text" : null, json.GetString(key));
        Assert.Equal(key == "n" ? 1.0 : null, json.GetNumber(key));
        Assert.Equal(key == "t" ? true : null, json.GetBoolean(key));
        Assert.Equal(key == "a" ? ["x"] : null, json.GetStrings(key));
        Assert.Null(json.GetGuid(key));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("\"a\"")]
    [InlineData("null")]
    [InlineData("1")]
    public void A_value_that_is_no_object_has_no_keys(string text)
    {
        var json = Json.Parse(text);

        Assert.Null(json["a"]);
        Assert.Null(json.GetString("a"));
        Assert.Null(json.GetNumber("a"));
        Assert.Null(json.GetBoolean("a"));
        Assert.Null(json.GetStrings("a"));
        Assert.Null(json.GetGuid("a"));
        Assert.Empty(json.Members());
        Assert.Throws<InvalidInputException>(() => json.With("a", Json.Null));
    }

    [Theory]
    [InlineData("919108f7-52d1-4320-9bac-f847db4148a8", true)]
    [InlineData("919108F7-52D1-4320-9BAC-F847DB4148A8", true)]
    [InlineData("{919108f7-52d1-4320-9bac-f847db4148a8}", false)]
    [InlineData("919108f752d143209bacf847db4148a8", false)]
    [InlineData(" 919108f7-52d1-4320-9bac-f847db4148a8 ", false)]
    [InlineData("+19108f7-52d1-4320-9bac-f847db4148a8", false)]
    [InlineData("0x9108f7-52d1-4320-9bac-f847db4148a8", false)]
    [InlineData("", false)]
    public void Only_a_plain_UUID_is_read_as_one(string text, bool isUuid) =>
        Assert.Equal(isUuid, Json.ObjectOf(("g", Json.From(text))).GetGuid("g") is not null);

    [Fact]
    public void Items_and_members_come_in_their_order()
    {
        var array = Json.Parse(""" [ 1 , "two", [3], {"four":4}, null, true ] """);
        var json = Json.Parse("""{ "b" : 1, "a":{"x":[]}, "": "empty", "é\n":null }""");

        Assert.Equal(["1", "\"two\"", "[3]", "{\"four\":4}", "null", "true"], array.Items().Select(item => item.ToString()));
        Assert.Equal(["b", "a", "", "é\n"], json.Members().Select(member => member.Key));
        Assert.Equal(["1", "{\"x\":[]}", "\"empty\"", "null"], json.Members().Select(member => member.Value.ToString()));
        Assert.Empty(json.Items());
        Assert.Empty(array.Members());
        Assert.Empty(Json.EmptyArray.Items());
        Assert.Empty(Json.EmptyObject.Members());
    }

    [Fact]
    public void With_sets_replaces_and_removes_one_key_of_a_copy()
    {
        var json = Json.Parse("""{"a":1,"b":{"c":2}}""");

        Assert.Equal(Json.Parse("""{"a":1,"b":{"c":2},"d":null}"""), json.With("d", Json.Null));
        Assert.Equal(Json.Parse("""{"a":[],"b":{"c":2}}"""), json.With("a", Json.EmptyArray));
        Assert.Equal(Json.Parse("""{"b":{"c":2}}"""), json.With("a", null));
        Assert.Equal(json, json.With("missing", null));
        Assert.Equal(Json.Parse("""{"\"quoted\"\n":1}"""), Json.EmptyObject.With("\"quoted\"\n", Json.From(1)));
        Assert.Equal(Json.Parse("""{"�":1}"""), Json.EmptyObject.With("\0", Json.From(1)));
        Assert.Equal(Json.Parse("""{"a":1,"b":{"c":2}}"""), json);
    }

    [Fact]
    public void A_key_is_found_under_the_text_it_was_set_with()
    {
        // Keys are normalised when they are stored, so they must be when they are asked for.
        var json = Json.EmptyObject.With("a\0b", Json.From("x"));

        Assert.Equal("x", json.GetString("a\0b"));
        Assert.Equal(Json.From("x"), json["a\0b"]);
    }

    [Fact]
    public void Types_of_the_caller_are_written_and_read()
    {
        var json = Json.From(new Point(1, "a\0b"), PointContext.Default.Point);

        Assert.Equal(Json.Parse("""{"X":1,"Name":"a�b"}"""), json);
        Assert.Equal(new Point(1, "a\uFFFDb"), json.Deserialize(PointContext.Default.Point));
    }

    [Fact]
    public void Text_outside_ASCII_is_kept_readable()
    {
        var json = Json.ObjectOf(("ключ", Json.From("значение 😀 <&>")));

        Assert.Equal("{\"ключ\":\"значение 😀 <&>\"}", json.ToString());
    }

    [Fact]
    public void Random_values_are_equal_to_themselves_after_every_way_of_writing_them()
    {
        const int Seed = 20260102;
        var random = new Random(Seed);
        for (var round = 0; round < 300; round++)
        {
            var text = RandomJson(random, 0);
            var json = Json.Parse(text);

            Assert.True(json == Json.Parse(json.ToString()), $"seed {Seed}, round {round}: {text}");
            Assert.True(json == Json.Parse(json.Utf8.Span), $"seed {Seed}, round {round}: {text}");
            Assert.True(json.GetHashCode() == Json.Parse(json.ToString()).GetHashCode(), $"seed {Seed}, round {round}: {text}");
            Assert.True(json.Kind != JsonValueKind.Object || Json.ObjectOf([.. json.Members().Reverse().Select(member => (member.Key, member.Value))]) == json, $"seed {Seed}, round {round}: {text}");
            Assert.True(json.Kind != JsonValueKind.Array || Json.From(json.Items()) == json, $"seed {Seed}, round {round}: {text}");
        }
    }

    private static string RandomJson(Random random, int depth)
    {
        string Text() => JsonSerializer.Serialize(new string([.. Enumerable.Range(0, random.Next(6)).Select(_ => (char)random.Next(1, 0xD800))]), PointContext.Default.String);
        return random.Next(depth > 4 ? 4 : 6) switch
        {
            0 => Text(),
            1 => random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture),
            2 => random.NextDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            3 => new[] { "true", "false", "null" }[random.Next(3)],
            4 => "[" + string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => RandomJson(random, depth + 1))) + "]",
            _ => "{" + string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => Text() + ":" + RandomJson(random, depth + 1))) + "}",
        };
    }

    internal sealed record Point(int X, string Name);

    [JsonSerializable(typeof(Point))]
    [JsonSerializable(typeof(string))]
    internal sealed partial class PointContext : JsonSerializerContext;
}
