using System.Text.Json;
using System.Text.Json.Serialization;
using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>The cache: any JSON value but null under a key of one agent, for ever or for a time.</summary>
public abstract partial class CacheConformance : ConformanceTest
{
    [Theory]
    [InlineData("\"text\"")]
    [InlineData("\"\"")]
    [InlineData("0")]
    [InlineData("-1.5e-3")]
    [InlineData("12345678901234567890")]
    [InlineData("false")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("[1,\"a\",null,[],{}]")]
    [InlineData("{}")]
    [InlineData("{\"a\":null,\"b\":{\"c\":[null]},\"\":0}")]
    [InlineData("\"null\"")]
    [InlineData("\"é 😀 \\u0001 \\\\ \\\" \\n\"")]
    public async Task Every_kind_of_value_comes_back_as_it_was_set(string text)
    {
        Assert.True(await Adapter.SetCacheAsync("key", Json.Parse(text)));

        Assert.Equal(Json.Parse(text), await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_value_comes_back_as_a_type_of_the_callers_own()
    {
        await Adapter.SetCacheAsync("key", Json.Parse("""{"Name": "Ada", "Visits": 3}"""));

        Assert.Equal(new Visitor("Ada", 3), await Adapter.GetCachedValueAsync("key", Types.Default.Visitor));
        await Assert.ThrowsAsync<JsonException>(() => Adapter.GetCachedValueAsync("key", Types.Default.Int32));
        Assert.Null(await Adapter.GetCachedValueAsync("other key", Types.Default.Visitor));
        Assert.Equal(0, await Adapter.GetCachedValueAsync("other key", Types.Default.Int32));
        Assert.Null(await Adapter.GetCachedValueAsync("other key", Types.Default.NullableInt32));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Adapter.GetCachedValueAsync<Visitor>("other key", null!));
    }

    [Fact]
    public async Task JSON_null_is_refused_with_the_whole_batch()
    {
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SetCacheAsync([new("a", Json.From(1)), new("b", Json.Null)]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SetCacheAsync([new("a", Json.From(1)), new("b", null!)]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SetCacheAsync([new("a", Json.From(1)), null!]));

        Assert.Empty(await Adapter.GetCacheAsync(["a", "b"]));
    }

    [Fact]
    public async Task Setting_a_key_again_replaces_its_value()
    {
        await Adapter.SetCacheAsync("key", Json.Parse("""{"a":1}"""));
        await Adapter.SetCacheAsync("key", Json.Parse("""{"b":2}"""));

        Assert.Equal(Json.Parse("""{"b":2}"""), await Adapter.GetCacheAsync("key"));
        Assert.Equal(1, await Adapter.DeleteCacheAsync(["key"]));
    }

    [Fact]
    public async Task Of_equal_keys_in_one_call_the_last_wins()
    {
        await Adapter.SetCacheAsync([new("a", Json.From(1)), new("b", Json.From(2)), new("a", Json.From(3)) { TimeToLive = TimeSpan.FromSeconds(1) }]);

        Assert.Equal(Json.From(3), await Adapter.GetCacheAsync("a"));
        Assert.Equal(Json.From(2), await Adapter.GetCacheAsync("b"));
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await Adapter.GetCacheAsync("a"));
    }

    [Fact]
    public async Task Each_agent_has_its_own_cache()
    {
        await Adapter.SetCacheAsync("key", Json.From("mine"));
        await Other.SetCacheAsync("key", Json.From("other"));

        Assert.Equal(Json.From("mine"), await Adapter.GetCacheAsync("key"));
        Assert.Equal(Json.From("other"), await Other.GetCacheAsync("key"));
        Assert.True(await Other.DeleteCacheAsync("key"));
        Assert.Null(await Other.GetCacheAsync("key"));
        Assert.Equal(Json.From("mine"), await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_missing_key_is_not_in_the_answer()
    {
        await Adapter.SetCacheAsync([new("a", Json.From(1)), new("b", Json.From(2))]);

        var found = await Adapter.GetCacheAsync(["b", "missing", "a", "b"]);

        Assert.Equal(["a", "b"], found.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((Json.From(1), Json.From(2)), (found["a"], found["b"]));
        Assert.Empty(await Adapter.GetCacheAsync([]));
        Assert.Null(await Adapter.GetCacheAsync("missing"));
    }

    [Fact]
    public async Task Keys_are_compared_character_by_character()
    {
        await Adapter.SetCacheAsync("key", Json.From(1));

        foreach (var other in new[] { "Key", "key ", " key", "ke", "key%", "k_y", "%", "kéy" }) Assert.Null(await Adapter.GetCacheAsync(other));
        await Adapter.SetCacheAsync("e\u0301", Json.From(2));
        Assert.Null(await Adapter.GetCacheAsync("\u00e9"));
        Assert.Equal(1, await Adapter.DeleteCacheAsync(["KEY", "key"]));
    }

    [Theory]
    [InlineData("a key with spaces ")]
    [InlineData(" ")]
    [InlineData("é/ключ/鍵/😀")]
    [InlineData("100%_")]
    [InlineData("it's \"quoted\" `so` \\")]
    [InlineData("line\nbreak\r\n\ttab")]
    [InlineData("'; DROP TABLE cache; --")]
    [InlineData("{\"json\":true}")]
    [InlineData("\u0001\u007f\uFFFF")]
    public async Task Any_text_is_a_key(string key)
    {
        await Adapter.SetCacheAsync([new("neighbour", Json.From(0)), new(key, Json.From(1))]);

        Assert.Equal(Json.From(1), (await Adapter.GetCacheAsync([key]))[key]);
        Assert.True(await Adapter.DeleteCacheAsync(key));
        Assert.False(await Adapter.DeleteCacheAsync(key));
        Assert.Equal(Json.From(0), await Adapter.GetCacheAsync("neighbour"));
    }

    [Fact]
    public async Task A_key_has_1_to_1024_bytes()
    {
        foreach (var key in new[] { new string('x', 1024), new string('é', 512), new string('鍵', 341) })
        {
            await Adapter.SetCacheAsync(key, Json.From(1));
            Assert.Equal(Json.From(1), await Adapter.GetCacheAsync(key));
        }
        foreach (var key in new[] { "", new string('x', 1025), new string('é', 513) })
        {
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.SetCacheAsync([new("good", Json.From(1)), new(key, Json.From(1))]));
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.GetCacheAsync(key));
            await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.DeleteCacheAsync(key));
        }
        Assert.Null(await Adapter.GetCacheAsync("good"));
    }

    [Fact]
    public async Task Deleting_tells_how_many_live_values_there_were()
    {
        await Adapter.SetCacheAsync([new("a", Json.From(1)), new("b", Json.From(2)), new("c", Json.From(3)) { TimeToLive = TimeSpan.FromSeconds(1) }]);
        Time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(2, await Adapter.DeleteCacheAsync(["a", "missing", "b", "a", "c"]));
        Assert.Equal(0, await Adapter.DeleteCacheAsync(["a", "b", "c"]));
        Assert.Equal(0, await Adapter.DeleteCacheAsync([]));
        Assert.False(await Adapter.DeleteCacheAsync("c"));
    }

    [Fact]
    public async Task A_value_lives_until_its_time_is_over_and_no_longer()
    {
        await Adapter.SetCacheAsync("key", Json.From(1), TimeSpan.FromSeconds(10));

        Time.Advance(TimeSpan.FromMilliseconds(9_999));
        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await Adapter.GetCacheAsync("key"));
        Assert.Empty(await Adapter.GetCacheAsync(["key"]));
        Assert.Equal(0, await Adapter.DeleteCacheAsync(["key"]));
    }

    [Fact]
    public async Task A_life_of_less_than_a_millisecond_more_ends_with_that_millisecond()
    {
        (string Key, TimeSpan Life)[] lives = [("tick", TimeSpan.FromTicks(1)), ("half", TimeSpan.FromMilliseconds(0.5)), ("more", TimeSpan.FromMilliseconds(1.5))];
        Task SetAsync() => Adapter.SetCacheAsync([.. lives.Select(one => new CacheEntry(one.Key, Json.From(1)) { TimeToLive = one.Life })]);
        async Task AssertAliveAsync(params string[] expected) =>
            Assert.Equal(expected, (await Adapter.GetCacheAsync(["tick", "half", "more"])).Keys.Order(StringComparer.Ordinal));

        await SetAsync();
        await AssertAliveAsync("half", "more", "tick");
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await AssertAliveAsync("more");
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await AssertAliveAsync();

        // Nothing lives shorter than it was told to, when the clock is between two milliseconds too.
        Time.Advance(TimeSpan.FromMilliseconds(0.9));
        await SetAsync();
        Time.Advance(TimeSpan.FromMilliseconds(0.1));
        await AssertAliveAsync("half", "more");
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await AssertAliveAsync("more");
        Time.Advance(TimeSpan.FromMilliseconds(1));
        await AssertAliveAsync();
    }

    [Fact]
    public async Task Setting_a_key_anew_sets_its_life_anew()
    {
        await Adapter.SetCacheAsync([new("longer", Json.From(1)) { TimeToLive = TimeSpan.FromSeconds(10) }, new("for ever", Json.From(1)) { TimeToLive = TimeSpan.FromSeconds(10) }]);
        await Adapter.SetCacheAsync("shorter", Json.From(1));
        Time.Advance(TimeSpan.FromSeconds(9));

        await Adapter.SetCacheAsync("longer", Json.From(2), TimeSpan.FromSeconds(10));
        await Adapter.SetCacheAsync("for ever", Json.From(2));
        await Adapter.SetCacheAsync("shorter", Json.From(2), TimeSpan.FromSeconds(1));

        Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(["for ever", "longer"], (await Adapter.GetCacheAsync(["longer", "for ever", "shorter"])).Keys.Order(StringComparer.Ordinal));
        Time.Advance(TimeSpan.FromDays(10_000));
        Assert.Equal(["for ever"], (await Adapter.GetCacheAsync(["longer", "for ever", "shorter"])).Keys);
    }

    [Fact]
    public async Task A_value_whose_life_is_over_can_be_set_again()
    {
        await Adapter.SetCacheAsync("key", Json.From(1), TimeSpan.FromSeconds(1));
        Time.Advance(TimeSpan.FromSeconds(5));

        await Adapter.SetCacheAsync("key", Json.From(2), TimeSpan.FromSeconds(1));

        Assert.Equal(Json.From(2), await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_life_must_be_positive_and_may_be_endless()
    {
        foreach (var life in new[] { TimeSpan.Zero, TimeSpan.FromTicks(-1), TimeSpan.MinValue })
        {
            await Assert.ThrowsAsync<InvalidInputException>(() =>
                Adapter.SetCacheAsync([new("good", Json.From(1)), new("bad", Json.From(1)) { TimeToLive = life }]));
        }
        Assert.Empty(await Adapter.GetCacheAsync(["good", "bad"]));

        await Adapter.SetCacheAsync("key", Json.From(1), TimeSpan.MaxValue);
        Time.Advance(TimeSpan.FromDays(365_000));
        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task A_thousand_keys_go_in_one_call()
    {
        await Adapter.SetCacheAsync([.. Enumerable.Range(0, 1000).Select(i => new CacheEntry($"key {i}", Json.From(i)))]);

        var found = await Adapter.GetCacheAsync([.. Enumerable.Range(0, 1001).Select(i => $"key {i}")]);

        Assert.Equal(1000, found.Count);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(Json.From(i), found[$"key {i}"]));
        Assert.Equal(1000, await Adapter.DeleteCacheAsync([.. Enumerable.Range(0, 1001).Select(i => $"key {i}")]));
    }

    [Fact]
    public async Task A_large_value_comes_back_as_it_was_set()
    {
        var value = Json.ObjectOf(("text", Json.From(new string('é', 500_000))));

        await Adapter.SetCacheAsync("key", value);

        Assert.Equal(value, await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task The_agent_must_exist_to_set_and_need_not_to_read()
    {
        var stranger = Database.ForAgent(Guid.Parse("99999999-0000-4000-8000-000000000000"));

        var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => stranger.SetCacheAsync("key", Json.From(1)));

        Assert.Equal(("agents", stranger.AgentId), (error.Table, error.Id));
        Assert.Null(await stranger.GetCacheAsync("key"));
        Assert.False(await stranger.DeleteCacheAsync("key"));
        await stranger.SetCacheAsync([]);
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await Adapter.SetCacheAsync("key", Json.From(1));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.SetCacheAsync("key", Json.From(2), null, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteCacheAsync("key", cancelled));

        Assert.Equal(Json.From(1), await Adapter.GetCacheAsync("key"));
    }

    [Fact]
    public async Task Values_and_their_lives_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        await Adapter.SetCacheAsync(
            [new("a", Json.From("x")), new("b", Json.From(2)) { TimeToLive = TimeSpan.FromSeconds(10) }, new("c", Json.From(3)), new("d", Json.From(4)) { TimeToLive = TimeSpan.FromSeconds(1) }]);
        await Adapter.DeleteCacheAsync("c");
        Time.Advance(TimeSpan.FromSeconds(5));

        await ReopenAsync();

        Assert.Equal(["a", "b"], (await Adapter.GetCacheAsync(["a", "b", "c", "d"])).Keys.Order(StringComparer.Ordinal));
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["a"], (await Adapter.GetCacheAsync(["a", "b", "c", "d"])).Keys);
    }

    internal sealed record Visitor(string Name, int Visits);

    [JsonSerializable(typeof(Visitor))]
    [JsonSerializable(typeof(int))]
    [JsonSerializable(typeof(int?))]
    internal sealed partial class Types : JsonSerializerContext;
}
