using System.Globalization;
using System.Text;
using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>JSON comes back structurally equal from every place it can be put. Key order and the spelling of numbers may change.</summary>
public abstract class JsonConformance : ConformanceTest
{
    // Puts an object everywhere at once and reads it back from each place.
    private async Task<List<(string Place, Json? Found)>> RoundTripAsync(Json json)
    {
        var entity = new Entity { Metadata = json };
        await Adapter.CreateEntityAsync(entity);
        var room = await Adapter.CreateRoomAsync(new Room { Source = "s", Type = "t", Metadata = json });
        var world = await Adapter.CreateWorldAsync(new World { Metadata = new WorldMetadata(json) });
        var memory = new Memory { RoomId = room, Content = new Content(json), Metadata = new MemoryMetadata(json) };
        await Adapter.CreateMemoryAsync(memory, "messages");
        var upserted = new Memory { RoomId = room };
        await Adapter.CreateMemoryAsync(upserted, "messages");
        await Adapter.UpdateMemoryAsync(new MemoryUpdate(upserted.Id) { Content = new Content(json), Metadata = new MemoryMetadata(json) });
        var component = new Component { EntityId = entity.Id, RoomId = room, Type = "t", Data = json };
        await Adapter.CreateComponentAsync(component);
        await Adapter.UpsertRelationshipAsync(new Relationship { SourceEntityId = entity.Id, TargetEntityId = entity.Id, Metadata = json });
        var task = await Adapter.CreateTaskAsync(new AgentTask { Name = "n", WorldId = world, Metadata = new TaskMetadata(json) });
        await Adapter.LogAsync(new LogEntry { EntityId = entity.Id, RoomId = room, Type = "t", Body = new LogBody(json) });
        await Adapter.SetCacheAsync("json", json);
        await Adapter.UpsertAgentAsync(
            new Agent { Id = Id(1), Name = "a", Settings = json, Style = json, Bio = json, Topics = Json.From([json]), Knowledge = Json.From([json, Json.Null]) });
        var agent = await Adapter.GetAgentAsync(Id(1));

        var stored = await Adapter.GetMemoryByIdAsync(memory.Id);
        var changed = await Adapter.GetMemoryByIdAsync(upserted.Id);
        return
        [
            ("entities.metadata", (await Adapter.GetEntityByIdAsync(entity.Id))?.Metadata),
            ("rooms.metadata", (await Adapter.GetRoomAsync(room))?.Metadata),
            ("worlds.metadata", (await Adapter.GetWorldAsync(world))?.Metadata?.Json),
            ("memories.content", stored?.Content.Json),
            ("memories.metadata", stored?.Metadata?.Json),
            ("memories.content, updated", changed?.Content.Json),
            ("memories.metadata, updated", changed?.Metadata?.Json),
            ("components.data", (await Adapter.GetComponentAsync(entity.Id, "t"))?.Data),
            ("relationships.metadata", (await Adapter.GetRelationshipAsync(entity.Id, entity.Id))?.Metadata),
            ("tasks.metadata", (await Adapter.GetTaskAsync(task))?.Metadata?.Json),
            ("logs.body", Assert.Single(await Adapter.GetLogsAsync(new LogQuery { RoomId = room })).Body.Json),
            ("cache.value", await Adapter.GetCacheAsync("json")),
            ("agents.settings", agent?.Settings),
            ("agents.style", agent?.Style),
            ("agents.bio", agent?.Bio),
            ("agents.topics", agent?.Topics?.Items()[0]),
            ("agents.knowledge", agent?.Knowledge?.Items()[0]),
        ];
    }

    private async Task ExpectAsync(Json expected, Json given, string message = "")
    {
        foreach (var (place, found) in await RoundTripAsync(given))
            Assert.True(expected == found, $"{place} gave back {found} for {expected}. {message}");
    }

    private Task ExpectAsync(string text) => ExpectAsync(Json.Parse(text), Json.Parse(text));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"a":{},"b":[],"c":[{}],"d":[[]],"e":{"f":{}}}""")]
    [InlineData("""{"":0}""")]
    [InlineData("""{"":{"":{"":[""]}}," ":1}""")]
    [InlineData("""{"t":true,"f":false,"n":null,"s":"","array":[true,false,null,""]}""")]
    [InlineData("""{"mixed":[1,"1",true,null,{"1":1},[1]]}""")]
    public Task Nested_and_empty_values_come_back(string text) => ExpectAsync(text);

    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("-1")]
    [InlineData("0.1")]
    [InlineData("1.10")]
    [InlineData("1e0")]
    [InlineData("1E+2")]
    [InlineData("1e-7")]
    [InlineData("123456.789e3")]
    [InlineData("9007199254740993")]
    [InlineData("9223372036854775807")]
    [InlineData("-9223372036854775808")]
    [InlineData("18446744073709551616")]
    [InlineData("12345678901234567890123456789012345678901234567890")]
    [InlineData("0.12345678901234567890123456789012345678901234567890")]
    [InlineData("1.7976931348623157e308")]
    [InlineData("4.9406564584124654e-324")]
    [InlineData("1e400")]
    [InlineData("-1e-400")]
    public Task Numbers_come_back_with_every_digit(string number) => ExpectAsync($$"""{"n":{{number}},"a":[{{number}}]}""");

    [Theory]
    [InlineData("""{"s":"\"\\\/\b\f\n\r\t"}""")]
    [InlineData("""{"s":"\u0001\u001f\u007f\u0080\u2028\u2029\ufeff\uffff"}""")]
    [InlineData("""{"s":"\u00e9 é e\u0301 \ud83d\ude00 😀"}""")]
    [InlineData("""{"s":"\\u0000 \\ud800 \\x"}""")]
    [InlineData("""{"s":"<script>&amp;'+`</script>"}""")]
    [InlineData("""{"s":"'; DROP TABLE memories; -- $1 :name @p {0} %s"}""")]
    [InlineData("""{"s":"{\"not\":\"an object\"}"}""")]
    [InlineData("""{"quote\"":1,"back\\slash":2,"line\nbreak":3,"a.b":4,"a[0]":5,"$":6,"é":7,"e\u0301":8,"鍵":9,"😀":10,"__proto__":11,"A":12,"a":13}""")]
    public Task Texts_and_keys_come_back(string text) => ExpectAsync(text);

    [Fact]
    public Task Of_duplicate_keys_the_last_wins() =>
        ExpectAsync(Json.Parse("""{"a":{"x":3},"b":2}"""), Json.Parse("""{"a":1,"b":1,"a":{"x":1,"x":3},"b":2}"""));

    [Fact]
    public Task U0000_and_lone_surrogates_come_back_as_replacement_characters() =>
        ExpectAsync(Json.Parse("""{"a�":["�","x�y","�😀","��"]}"""), Json.Parse("""{"a\u0000":["\u0000","x\ud800y","\ude00\ud83d\ude00","\udfff\ud800"]}"""));

    [Fact]
    public async Task A_thousand_keys_come_back()
    {
        var members = Enumerable.Range(0, 1000).Select(i => ($"key {i} é{(char)('a' + (i % 26))}", Json.From(i))).ToArray();
        await ExpectAsync(Json.ObjectOf(members), Json.ObjectOf([.. members.Reverse()]));
    }

    [Fact]
    public Task Long_texts_and_arrays_come_back() => ExpectAsync(
        Json.ObjectOf(("text", Json.From(new string('é', 20_000))), ("array", Json.From(Enumerable.Range(0, 5_000).Select(i => Json.From(i))))),
        Json.ObjectOf(("text", Json.From(new string('é', 20_000))), ("array", Json.From(Enumerable.Range(0, 5_000).Select(i => Json.From(i))))));

    [Fact]
    public Task Sixty_two_levels_come_back_from_wherever_they_stand()
    {
        // Two levels less than the limit: an array around it in two of the places.
        var text = string.Concat(Enumerable.Repeat("{\"a\":[", 31)) + "1" + string.Concat(Enumerable.Repeat("]}", 31));
        return ExpectAsync(text);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"text\"")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("false")]
    public async Task Columns_of_any_JSON_take_any_value(string text)
    {
        var json = Json.Parse(text);
        await Adapter.CreateAgentAsync(new Agent { Id = Id(1), Name = "a", Bio = json, Topics = json, Knowledge = json });

        var agent = (await Adapter.GetAgentAsync(Id(1)))!;

        Assert.Equal((json, json, json), (agent.Bio, agent.Topics, agent.Knowledge));
    }

    [Fact]
    public async Task Random_values_come_back()
    {
        const int Seed = 20260104;
        var random = new Random(Seed);
        for (var round = 0; round < 40; round++)
        {
            var json = Json.Parse(RandomObject(random, 0));
            await ExpectAsync(json, json, $"Seed {Seed}, round {round}.");
        }
    }

    [Fact]
    public async Task Everything_is_there_after_reopening()
    {
        if (!Backend.Persists) return;
        var json = Json.Parse("""{"":[12345678901234567890,1e400,"\u0001é😀",{"a":null}],"e\u0301":1,"é":2}""");
        var room = await NewRoomAsync();
        var memory = await Adapter.CreateMemoryAsync(new Memory { RoomId = room, Content = new Content(json), Metadata = new MemoryMetadata(json) }, "messages");
        await Adapter.SetCacheAsync("json", json);

        await ReopenAsync();

        var found = (await Adapter.GetMemoryByIdAsync(memory))!;
        Assert.Equal((json, json, json), (found.Content.Json, found.Metadata!.Json, await Adapter.GetCacheAsync("json")));
    }

    private static string RandomObject(Random random, int depth) =>
        "{" + string.Join(',', Enumerable.Range(0, random.Next(6)).Select(i => RandomText(random) + ":" + RandomValue(random, depth + 1))) + "}";

    private static string RandomValue(Random random, int depth) => random.Next(depth > 5 ? 5 : 7) switch
    {
        0 => RandomText(random),
        1 => random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
        2 => ((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-300, 300))).ToString("R", CultureInfo.InvariantCulture),
        3 => "true",
        4 => random.Next(2) == 0 ? "null" : "false",
        5 => "[" + string.Join(',', Enumerable.Range(0, random.Next(5)).Select(_ => RandomValue(random, depth + 1))) + "]",
        _ => RandomObject(random, depth),
    };

    // Escaped throughout, so that escapes of every kind, surrogates in any order among them, are read too.
    private static string RandomText(Random random)
    {
        var text = new StringBuilder("\"");
        for (var i = random.Next(8); i > 0; i--)
        {
            var unit = random.Next(4) switch { 0 => random.Next(0x80), 1 => random.Next(0xD800, 0xE000), _ => random.Next(0x10000) };
            text.Append(CultureInfo.InvariantCulture, $"\\u{unit:x4}");
        }
        return text.Append('"').ToString();
    }
}
