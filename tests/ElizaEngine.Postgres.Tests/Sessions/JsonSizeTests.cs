using System.Globalization;
using System.Text;
using ElizaEngine.Postgres.Tests.Resilience;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Sessions;

/// <summary>
/// PostgreSQL writes the numbers of JSON out. 8,192 times 1e131071, 74 KB, was stored, and was 1 GiB when it was to be read: more than the
/// server can send, so that every read failed that met the row.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class JsonSizeTests : FaultTest
{
    private static Json Numbers(int count, string number) => Json.Parse($$"""{"x":[{{string.Join(',', Enumerable.Repeat(number, count))}}]}""");

    [Fact]
    public async Task Numbers_are_as_long_as_the_server_writes_them()
    {
        string[] numbers =
        [
            "1e0", "1e1", "1E+2", "-1e2", "12.5e1", "12.50e1", "12.50e2", "12.50e3", "1.5e-3", "-1.5e-3", "0.001e3", "0.00120e2", "0.001e-2", "100e-2", "100e-3",
            "0e5", "-0e5", "0e-5", "0.00e1", "0.00e7", "1e-05", "1e00007", "1e131071", "0.1e131072", "12e131070", "1e-16383", "10e-16383", "1.5e-16382",
        ];

        foreach (var number in numbers)
        {
            var length = await ReadAsync<int>($"SELECT octet_length('{number}'::jsonb::text)");
            var counted = JsonSize.WrittenOut(Encoding.UTF8.GetBytes(number));
            Assert.True(length == counted, $"{number} has {length} bytes, and was counted as {counted}.");
        }
    }

    [Fact]
    public void A_number_that_the_server_refuses_is_left_to_it()
    {
        foreach (var number in new[] { "1e131072", "0.1e131073", "1e-16384", "1.5e-16383", "1e99999999999999999999", "1e-99999999999999999999" })
        {
            Assert.Equal(number.Length, JsonSize.WrittenOut(Encoding.UTF8.GetBytes(number)));
            JsonSize.Check(Numbers(100_000, number));
        }
    }

    [Fact]
    public void What_only_looks_like_a_number_is_none()
    {
        var random = new Random(20261127);
        var hexadecimal = string.Concat(Enumerable.Range(0, 1 << 20).Select(_ => random.Next(16).ToString("x", CultureInfo.InvariantCulture)));
        foreach (var text in new[] { hexadecimal, string.Concat(Enumerable.Repeat("1e131071,", 100_000)) })
        {
            var json = Json.ObjectOf((text, Json.From(text)));
            Assert.Equal(json.Utf8.Length, JsonSize.WrittenOut(json.Utf8.Span));
            JsonSize.Check(json);
        }
    }

    [Theory]
    [InlineData("1e131071", 131_072)]
    [InlineData("-1e99999", 100_001)]
    [InlineData("1E+99999", 100_000)]
    [InlineData("1e-16383", 16_385)]
    [InlineData("123456789e99991", 100_000)]
    public void The_limit_is_that_of_a_row(string number, int writtenOut)
    {
        // {"x":[...]} and a comma for each but the first.
        var most = (Limits.MaxRowBytes - 7) / (writtenOut + 1);
        JsonSize.Check(Numbers(most, number));

        var error = Assert.Throws<RowTooLargeException>(() => JsonSize.Check(Numbers(most + 1, number)));

        Assert.Equal(7 + ((most + 1L) * (writtenOut + 1)), error.Bytes);
        Assert.Contains($"{Limits.MaxRowBytes}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JSON_that_the_server_could_not_give_back_is_refused_and_nothing_of_the_call_is_stored()
    {
        var adapter = await OpenAdapterAsync();
        var numbers = Numbers(8_192, "1e131071");
        var (small, large) = (NewMemory(), NewMemory() with { Content = new Content(numbers) });

        var error = await FailsAsync<RowTooLargeException>(() => adapter.CreateMemoriesAsync([small, large], "messages"));
        Assert.True(error.Bytes > 1 << 30);
        await FailsAsync<RowTooLargeException>(() => adapter.SetCacheAsync("key", numbers));
        await FailsAsync<RowTooLargeException>(() => adapter.UpdateRoomAsync(new RoomUpdate(RoomId) { Metadata = numbers }));
        await FailsAsync<RowTooLargeException>(() => adapter.UpdateAgentAsync(new AgentUpdate(AgentId) { Settings = numbers }));
        await FailsAsync<RowTooLargeException>(() => adapter.TransactionAsync(
            (session, token) => session.UpsertWorldsAsync([new World { Metadata = new WorldMetadata(numbers) }], token)));

        Assert.Empty(await adapter.GetMemoriesAsync(new MemoryQuery("messages")));
        Assert.Null(await adapter.GetCacheAsync("key"));
        Assert.Null((await adapter.GetRoomAsync(RoomId))!.Metadata);
        Assert.Empty(await adapter.GetAllWorldsAsync());
    }

    [Fact]
    public async Task Numbers_that_are_long_but_not_too_many_come_back()
    {
        var adapter = await OpenAdapterAsync();
        var numbers = Numbers(400, "1e400");

        var id = await adapter.CreateMemoryAsync(NewMemory() with { Content = new Content(numbers) }, "messages");

        Assert.Equal(numbers, (await adapter.GetMemoryByIdAsync(id))!.Content.Json);
    }
}
