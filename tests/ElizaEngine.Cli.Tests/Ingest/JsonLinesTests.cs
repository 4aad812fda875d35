using System.Text;
using ElizaEngine.Cli.Ingest;
using Xunit;

namespace ElizaEngine.Cli.Tests.Ingest;

public class JsonLinesTests
{
    [Fact]
    public async Task Text_is_found_under_text_content_or_message()
    {
        var lines = await ReadAsync("""
            {"text": "one"}
            {"content": "two"}
            {"content": {"text": "three", "source": "x"}}
            {"message": "four"}
            {"message": {"text": "five"}}
            {"text": 1, "content": "six"}
            {"content": {"no": "text"}, "message": "seven"}
            """);
        Assert.Equal(["one", "two", "three", "four", "five", "six", "seven"], lines.Select(line => line.Text));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], lines.Select(line => line.Number));
    }

    [Fact]
    public async Task Bad_lines_are_named_by_number_and_reason_and_blank_ones_are_not()
    {
        var lines = await ReadAsync("{\"text\": \"good\"}\r\n\n   \nnot json\n[1]\n{\"text\": \"\"}\n{\"other\": 1}\n{\"text\": \"cut off");
        Assert.Equal(
            [(1, null), (4, "not JSON"), (5, "not a JSON object"), (6, "no text under text, content or message"), (7, "no text under text, content or message"), (8, "not JSON")],
            lines.Select(line => (line.Number, line.Problem)));
    }

    [Fact]
    public async Task A_byte_order_mark_at_the_beginning_is_no_part_of_the_line() =>
        Assert.Equal(["one"], (await ReadAsync("\uFEFF{\"text\": \"one\"}\n")).Select(line => line.Text));

    [Fact]
    public async Task Half_a_surrogate_pair_and_bytes_that_are_no_text_are_reported()
    {
        byte[] bytes = [.. "{\"text\": \"\\uD800\"}\n{\"text\": \""u8, 0xFF, 0xFE, .. "\"}\n{\"text\": \"good\"}"u8];
        var lines = await ReadAsync(new MemoryStream(bytes));
        Assert.Equal(3, lines.Count);
        Assert.NotNull(lines[0].Problem);
        Assert.NotNull(lines[1].Problem);
        Assert.Equal("good", lines[2].Text);
    }

    [Fact]
    public async Task A_line_over_the_limit_is_reported_and_the_next_one_is_read()
    {
        var huge = new string('x', JsonLinesReader.MaxLineBytes + 1000);
        var lines = await ReadAsync($"{{\"text\": \"one\"}}\n{{\"text\": \"{huge}\"}}\n{{\"text\": \"three\"}}\n{{\"text\": \"{huge}");
        Assert.Equal([(1, "one"), (2, null), (3, "three"), (4, null)], lines.Select(line => (line.Number, line.Text)));
        Assert.Equal("longer than 16 MiB", lines[1].Problem);
        Assert.Equal("longer than 16 MiB", lines[3].Problem);
    }

    private static Task<List<JsonLine>> ReadAsync(string text) => ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)));

    private static async Task<List<JsonLine>> ReadAsync(Stream stream)
    {
        var lines = new List<JsonLine>();
        await foreach (var line in JsonLinesReader.ReadAsync(stream, TestContext.Current.CancellationToken)) lines.Add(line);
        return lines;
    }
}
