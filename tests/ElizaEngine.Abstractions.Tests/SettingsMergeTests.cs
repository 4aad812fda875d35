using System.Text;
using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class SettingsMergeTests
{
    [Theory]
    [InlineData("""{"x":{"y":1,"z":2},"k":[1]}""", """{"x":{"y":null},"k":[2,3]}""", """{"x":{"z":2},"k":[2,3]}""")]
    [InlineData("{}", "{}", "{}")]
    [InlineData("""{"a":1}""", "{}", """{"a":1}""")]
    [InlineData("{}", """{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":1}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":1}""", """{"b":null}""", """{"a":1}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{"b":null}}""", "{}")]
    [InlineData("""{"a":{"b":{"c":1}},"d":1}""", """{"a":{"b":{"c":null}}}""", """{"d":1}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{}}""", """{"a":{"b":1}}""")]
    [InlineData("{}", """{"a":{}}""", """{"a":{}}""")]
    [InlineData("""{"a":1}""", """{"a":{}}""", """{"a":{}}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":2}""", """{"a":2}""")]
    [InlineData("""{"a":2}""", """{"a":{"b":1}}""", """{"a":{"b":1}}""")]
    [InlineData("""{"a":[1,2,3]}""", """{"a":[]}""", """{"a":[]}""")]
    [InlineData("""{"a":[{"b":1}]}""", """{"a":[{"c":null}]}""", """{"a":[{"c":null}]}""")]
    [InlineData("""{"a":{"b":1,"c":{"d":1}}}""", """{"a":{"c":{"e":2}}}""", """{"a":{"b":1,"c":{"d":1,"e":2}}}""")]
    [InlineData("{}", """{"a":{"b":null,"c":1}}""", """{"a":{"c":1}}""")]
    [InlineData("{}", """{"a":{"b":null}}""", "{}")]
    [InlineData("""{"a":false,"b":"","c":0}""", """{"a":true,"b":"x","c":null}""", """{"a":true,"b":"x"}""")]
    [InlineData("""{"secrets":{"K1":"v1","K2":"v2"}}""", """{"secrets":{"K1":null,"K3":"v3"}}""", """{"secrets":{"K2":"v2","K3":"v3"}}""")]
    public void A_change_is_merged_key_by_key(string stored, string change, string expected) =>
        Assert.Equal(Json.Parse(expected), SettingsMerge.Merge(Json.Parse(stored), Json.Parse(change)));

    // elizaOS has no limit of depth.
    [Fact]
    public void Stored_settings_may_be_deeper_than_a_change_can_be()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);
        var stored = Json.FromTrusted(Encoding.UTF8.GetBytes($$$"""{"a":{"deep":{{{deep}}},"b":1}}"""));

        var merged = SettingsMerge.Merge(stored, Json.Parse("""{"a":{"b":null,"c":{"d":2}}}"""));

        Assert.Equal($$$$"""{"a":{"deep":{{{{deep}}}},"c":{"d":2}}}""", merged.ToString());
        Assert.Throws<InvalidJsonException>(() => Complete.Check(new AgentUpdate(Guid.Empty) { Settings = stored }));
    }

    // Key by key all of the settings were read and copied again, under the lock of all writers: minutes for 40,000, hours for 200,000.
    [Fact]
    public void Very_many_keys_are_merged_in_one_pass()
    {
        const int Keys = 40_000;
        Json Settings(int first) => Json.Parse($"{{{string.Join(',', Enumerable.Range(first, Keys).Select(number => $"\"k{number}\":{number}"))}}}");

        var merged = SettingsMerge.Merge(Settings(0), Settings(Keys / 2));

        Assert.Equal(Enumerable.Range(0, Keys + (Keys / 2)).Select(number => $"k{number}"), merged.Members().Select(member => member.Key));
    }
}
