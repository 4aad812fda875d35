using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

public sealed class BackupCommandTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_database_is_backed_up_renewed_lost_and_restored()
    {
        await IngestAsync("a.txt", "Tea at four.");
        var first = await _world.RunAsync("backup", _world.PathOf("backup"), "--dir", _world.Data, "--json");
        Assert.Equal(0, first.ExitCode);
        Assert.True(first.Json.GetProperty("files").GetInt32() > 0);
        Assert.True(first.Json.GetProperty("frames").GetInt64() > 0);
        await IngestAsync("b.txt", "Coffee at five.");
        var second = await _world.RunAsync("backup", _world.PathOf("backup"), "--dir", _world.Data, "--copy");
        Assert.Equal(0, second.ExitCode);
        Assert.Contains("every checksum is right", second.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _world.RunAsync("verify", "--dir", _world.PathOf("backup"))).ExitCode);

        Directory.Delete(_world.Data, recursive: true);
        var restored = await _world.RunAsync("restore", _world.PathOf("backup"), "--dir", _world.Data);
        Assert.Equal(0, restored.ExitCode);
        Assert.Contains(_world.Data, restored.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await _world.RowsAsync("knowledge")).Count);
    }

    [Fact]
    public async Task Compacting_gives_room_back_and_loses_nothing()
    {
        // More than the files that are filled with zeros ahead.
        foreach (var hour in (string[])["four", "five", "six"])
            await IngestAsync("a.txt", string.Join('\n', Enumerable.Range(0, 400).Select(line => $"Tea at {hour}, says line {line}.")));
        var compacted = await _world.RunAsync("compact", "--dir", _world.Data, "--json");
        Assert.Equal(0, compacted.ExitCode);
        Assert.True(compacted.Json.GetProperty("bytesAfter").GetInt64() < compacted.Json.GetProperty("bytesBefore").GetInt64());
        Assert.True(compacted.Json.GetProperty("recordsAfter").GetInt64() > 0);
        Assert.Contains("still count", (await _world.RunAsync("compact", "--dir", _world.Data)).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _world.RunAsync("verify", "--dir", _world.Data)).ExitCode);
        Assert.Equal(0, (await _world.RunAsync("recall", "tea", "--dir", _world.Data)).ExitCode);
    }

    [Fact]
    public async Task A_refusal_is_one_line_and_exit_code_1()
    {
        await IngestAsync("a.txt", "Tea at four.");
        string[][] commands =
        [
            ["backup", _world.Root, "--dir", _world.Data],
            ["backup", _world.PathOf("data/inside"), "--dir", _world.Data],
            ["backup", _world.PathOf("backup"), "--dir", _world.PathOf("nowhere")],
            ["restore", _world.PathOf("nowhere"), "--dir", _world.PathOf("new")],
            ["restore", _world.Data, "--dir", _world.Data],
            ["compact", "--dir", _world.PathOf("nowhere")],
            ["verify", "--dir", _world.PathOf("nowhere")],
            ["repair", "--dir", _world.PathOf("nowhere")],
        ];
        foreach (var command in commands)
        {
            var outcome = await _world.RunAsync(command);
            Assert.True(outcome.ExitCode == 1, string.Join(' ', command));
            Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
        }

        Assert.False(Directory.Exists(_world.PathOf("new")));
        Assert.False(Directory.Exists(_world.PathOf("nowhere")));
    }

    [Fact]
    public async Task Damage_is_found_said_and_repaired_only_when_the_loss_is_accepted()
    {
        await IngestAsync("a.txt", "Tea at four.");
        var sound = await _world.RunAsync("verify", "--dir", _world.Data, "--json");
        Assert.Equal(0, sound.ExitCode);
        Assert.True(sound.Json.GetProperty("isSound").GetBoolean());
        Assert.True(sound.Json.GetProperty("frames").GetInt64() > 0);
        Assert.Equal(0, (await _world.RunAsync("repair", "--dir", _world.Data)).ExitCode);
        Damage("Tea at four."u8);

        var verified = await _world.RunAsync("verify", "--dir", _world.Data, "--json");
        Assert.Equal(1, verified.ExitCode);
        Assert.False(verified.Json.GetProperty("isSound").GetBoolean());
        Assert.EndsWith(".seg", verified.Json.GetProperty("findings")[0].GetProperty("file").GetString(), StringComparison.Ordinal);
        var readable = await _world.RunAsync("verify", "--dir", _world.Data);
        Assert.Contains("Damaged.", readable.Out, StringComparison.Ordinal);

        var plan = await _world.RunAsync("repair", "--dir", _world.Data, "--json");
        Assert.Equal(1, plan.ExitCode);
        Assert.False(plan.Json.GetProperty("isDone").GetBoolean());
        Assert.True(plan.Json.GetProperty("losses").GetArrayLength() > 0);
        Assert.Contains("--accept-loss", (await _world.RunAsync("repair", "--dir", _world.Data)).Out, StringComparison.Ordinal);
        Assert.Equal(1, (await _world.RunAsync("stats", "--dir", _world.Data)).ExitCode);

        var done = await _world.RunAsync("repair", "--dir", _world.Data, "--accept-loss", "--json");
        Assert.Equal(0, done.ExitCode);
        Assert.Equal(plan.Json.GetProperty("losses").GetRawText(), done.Json.GetProperty("losses").GetRawText());
        Assert.True(File.Exists(done.Json.GetProperty("keptFiles")[0].GetString()));
        Assert.Equal(0, (await _world.RunAsync("verify", "--dir", _world.Data)).ExitCode);
        Assert.Equal(0, (await _world.RunAsync("stats", "--dir", _world.Data)).ExitCode);
    }

    [Fact]
    public async Task A_terminal_sees_how_far_it_is()
    {
        await IngestAsync("a.txt", "Tea at four.");
        _world.IsTerminal = true;
        foreach (var command in (string[][])[["backup", _world.PathOf("backup")], ["compact"], ["verify"], ["repair"]])
        {
            var outcome = await _world.RunAsync([.. command, "--dir", _world.Data]);
            Assert.Equal(0, outcome.ExitCode);
            Assert.Contains('\u001B', outcome.Out);
        }
    }

    private async Task IngestAsync(string name, string text) =>
        Assert.Equal(0, (await _world.RunAsync("ingest", _world.Write(name, text), "--dir", _world.Data)).ExitCode);

    private void Damage(ReadOnlySpan<byte> text)
    {
        foreach (var path in Directory.GetFiles(_world.Data, "*.seg"))
        {
            var at = File.ReadAllBytes(path).AsSpan().IndexOf(text);
            if (at < 0) continue;
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            RandomAccess.Write(handle, "tea"u8, at);
            return;
        }
        Assert.Fail("The text is in no log file.");
    }
}
