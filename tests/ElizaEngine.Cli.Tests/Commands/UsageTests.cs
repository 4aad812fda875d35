using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

public sealed class UsageTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("remember")]
    [InlineData("stats --dir")]
    [InlineData("stats --dir x --nonsense")]
    [InlineData("recall --dir x")]
    [InlineData("recall text --dir x --count many")]
    [InlineData("recall text --dir x --count 0")]
    [InlineData("recall text --dir x --count -1")]
    [InlineData("recall text --dir x --threshold 1.5")]
    [InlineData("recall text --dir x --threshold NaN")]
    [InlineData("ingest --dir x")]
    [InlineData("ingest file --dir x --table documents")]
    [InlineData("demo extra")]
    [InlineData("stats --postgres")]
    [InlineData("stats --dir x --postgres postgres://h/db")]
    [InlineData("recall text --dir x --postgres postgres://h/db")]
    [InlineData("ingest file --dir x --postgres postgres://h/db")]
    [InlineData("demo --dir x --postgres postgres://h/db")]
    [InlineData("migrate --dir x --postgres postgres://h/db")]
    [InlineData("migrate --postgres postgres://h/db --dry-run --script")]
    [InlineData("migrate database --postgres postgres://h/db")]
    [InlineData("backup --dir x")]
    [InlineData("backup y --postgres postgres://h/db")]
    [InlineData("restore --dir x")]
    [InlineData("restore y --postgres postgres://h/db")]
    [InlineData("verify x")]
    [InlineData("compact x")]
    [InlineData("compact --postgres postgres://h/db")]
    [InlineData("verify --postgres postgres://h/db")]
    [InlineData("repair --dir x --force")]
    [InlineData("repair --postgres postgres://h/db")]
    [InlineData("stats --postgres env:")]
    [InlineData("stats --postgres env:NOT_SET")]
    [InlineData("stats --dir postgres://h/db")]
    [InlineData("stats --dir mysql://x")]
    [InlineData("stats --postgres mysql://x")]
    [InlineData("backup s3://bucket/nightly --dir x")]
    [InlineData("backup :memory: --dir x")]
    [InlineData("restore s3://bucket/nightly --dir x")]
    [InlineData("restore y --dir s3://bucket/nightly")]
    public async Task Wrong_usage_is_one_line_and_exit_code_2(string line)
    {
        var outcome = await _world.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("eliza: ", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
        Assert.Empty(outcome.Out);
    }

    [Theory]
    [InlineData("recall text --count many", "--count must be a whole number from 1 to 2147483647, but was many. Try 'eliza recall --help'.")]
    [InlineData("recall text --count 3000000000", "--count must be a whole number from 1 to 2147483647, but was 3000000000. Try 'eliza recall --help'.")]
    [InlineData("recall text --count 0", "--count must be a whole number from 1 to 2147483647, but was 0. Try 'eliza recall --help'.")]
    [InlineData("recall-check --queries 1.5", "--queries must be a whole number from 1 to 2147483647, but was 1.5. Try 'eliza recall-check --help'.")]
    [InlineData("recall text --threshold much", "--threshold must be a number from -1 to 1, but was much. Try 'eliza recall --help'.")]
    [InlineData("recall text --threshold 1.5", "--threshold must be a number from -1 to 1, but was 1.5. Try 'eliza recall --help'.")]
    public async Task A_number_that_is_none_is_told_what_it_must_be(string line, string said) =>
        Assert.Equal($"eliza: {said}", (await _world.RunAsync(line.Split(' '))).Error.Trim());

    [Fact]
    public async Task An_unknown_command_is_told_which_there_are() =>
        Assert.Equal(
            "eliza: There is no command 'recal'. Commands: backup, compact, demo, ingest, migrate, recall, recall-check, repair, restore, stats, verify. Try 'eliza --help'.",
            (await _world.RunAsync("recal", "tea", "--dir", _world.Data)).Error.Trim());

    [Fact]
    public async Task Wrong_usage_with_json_gives_a_document_too()
    {
        var outcome = await _world.RunAsync("recall", "--json");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal("UsageException", outcome.Json.GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Blank_values_are_refused()
    {
        Assert.Equal(2, (await _world.RunAsync("stats", "--dir", " ")).ExitCode);
        Assert.Equal(2, (await _world.RunAsync("stats", "--postgres", " ")).ExitCode);
        Assert.Equal(2, (await _world.RunAsync("recall", " ", "--dir", _world.Data)).ExitCode);
        Assert.Equal(2, (await _world.RunAsync("recall-check", "--agent", " ", "--dir", _world.Data)).ExitCode);
        Assert.Equal(2, (await _world.RunAsync("recall", "x", "--dir", _world.Data, "--table", "")).ExitCode);
        Assert.Equal(2, (await _world.RunAsync("recall", "x", "--dir", _world.Data, "--table", new string('x', 257))).ExitCode);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("demo --help")]
    [InlineData("ingest --help")]
    [InlineData("backup --help")]
    [InlineData("restore --help")]
    [InlineData("verify --help")]
    [InlineData("compact --help")]
    [InlineData("repair --help")]
    [InlineData("migrate --help")]
    [InlineData("recall --help")]
    [InlineData("stats --help")]
    [InlineData("--version")]
    public async Task Help_and_version_go_to_stdout_with_exit_code_0(string line)
    {
        var outcome = await _world.RunAsync(line.Split(' '));
        Assert.Equal(0, outcome.ExitCode);
        Assert.NotEmpty(outcome.Out);
        Assert.Empty(outcome.Error);
        Assert.DoesNotContain("demo-writer", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_may_start_with_an_at_sign_or_a_dash()
    {
        await _world.RunAsync("ingest", _world.Write("a.txt", "@bob likes tea"), "--dir", _world.Data);
        Assert.Equal("@bob", (await _world.RunAsync("recall", "@bob", "--dir", _world.Data, "--json")).Json.GetProperty("query").GetString());
        Assert.Equal("-tea", (await _world.RunAsync("recall", "--dir", _world.Data, "--json", "--", "-tea")).Json.GetProperty("query").GetString());
    }

    [Fact]
    public async Task Without_a_terminal_there_is_no_escape_byte_and_with_one_there_is()
    {
        var path = _world.Write("a.txt", "Tea at four.");
        string[][] commands = [["ingest", path], ["recall", "tea"], ["stats"]];
        foreach (var command in commands)
        {
            var plain = await _world.RunAsync([.. command, "--dir", _world.Data]);
            Assert.Equal(0, plain.ExitCode);
            Assert.NotEmpty(plain.Out);
            Assert.DoesNotContain('\u001B', plain.Out);
        }
        _world.IsTerminal = true;
        foreach (var command in commands) Assert.Contains('\u001B', (await _world.RunAsync([.. command, "--dir", _world.Data])).Out);
        foreach (var command in commands) Assert.DoesNotContain('\u001B', (await _world.RunAsync([.. command, "--dir", _world.Data, "--json"])).Out);
    }

    [Fact]
    public async Task Stats_counts_rows_and_bytes()
    {
        await _world.RunAsync("ingest", _world.Write("a.txt", "Tea at four."), "--dir", _world.Data);
        var json = (await _world.RunAsync("stats", "--dir", _world.Data, "--json")).Json;
        foreach (var name in (string[])["memories", "embeddings", "rooms", "entities", "logs", "bytes"])
            Assert.True(json.GetProperty(name).GetInt64() >= 0, name);
        Assert.Contains("memories", (await _world.RunAsync("stats", "--dir", _world.Data)).Out, StringComparison.Ordinal);
    }
}
