using ElizaEngine.Cli.Demo;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

public sealed class DemoTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task The_demo_keeps_what_was_acknowledged_and_answers_its_questions_again_and_again()
    {
        for (var run = 1; run <= 2; run++)
        {
            var outcome = await ToolProcess.RunAsync("demo", "--dir", _world.Data, "--json");
            Assert.Equal("", outcome.Error);
            Assert.Equal(0, outcome.ExitCode);
            var crash = outcome.Json.GetProperty("crash");
            Assert.InRange(crash.GetProperty("acknowledged").GetInt32(), Conversation.Messages.Count / 2, Conversation.Messages.Count);
            Assert.Equal(crash.GetProperty("acknowledged").GetInt32(), crash.GetProperty("survived").GetInt32());
            var questions = outcome.Json.GetProperty("questions").EnumerateArray().ToList();
            Assert.Equal(5, questions.Count);
            Assert.All(questions, question => Assert.True(question.GetProperty("isRight").GetBoolean(), question.GetRawText()));
        }

        var statistics = (await _world.RunAsync("stats", "--dir", _world.Data, "--json")).Json;
        foreach (var (name, count) in (ReadOnlySpan<(string, int)>)[("memories", 60), ("embeddings", 60), ("rooms", 3), ("entities", 5), ("participants", 15), ("relationships", 4), ("tasks", 1), ("cacheEntries", 2)])
            Assert.Equal(count, statistics.GetProperty(name).GetInt32());
        var recalled = await _world.RunAsync("recall", "the thermostat of the oven", "--dir", _world.Data, "--table", "messages", "--room", "kitchen");
        Assert.Contains("thermostat", recalled.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_leaves_other_memories_of_the_directory_alone()
    {
        await _world.RunAsync("ingest", _world.Write("notes.txt", "Tea at four."), "--dir", _world.Data, "--room", "kitchen");
        Assert.Equal(0, (await _world.RunAsync("demo", "--dir", _world.Data)).ExitCode);
        Assert.Equal("Tea at four.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
    }

    [Fact]
    public async Task Without_a_directory_the_demo_leaves_nothing_behind()
    {
        var directory = (await _world.RunAsync("demo", "--json")).Json.GetProperty("directory").GetString()!;
        Assert.False(Directory.Exists(directory));
        var kept = (await _world.RunAsync("demo", "--json", "--keep")).Json.GetProperty("directory").GetString()!;
        Assert.True(Directory.Exists(kept));
        Directory.Delete(kept, recursive: true);
    }

    [Fact]
    public async Task Redirected_the_demo_prints_no_escape_byte_and_in_a_terminal_it_is_coloured()
    {
        var redirected = await ToolProcess.RunAsync("demo", "--dir", _world.Data);
        Assert.Equal(0, redirected.ExitCode);
        Assert.DoesNotContain('\u001B', redirected.Out);
        Assert.Contains("acknowledged messages are there", redirected.Out, StringComparison.Ordinal);
        _world.IsTerminal = true;
        Assert.Contains('\u001B', (await _world.RunAsync("demo", "--dir", _world.Data)).Out);
    }
}
