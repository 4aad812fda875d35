using System.Diagnostics;
using ElizaEngine.Cli.Database;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

/// <summary>What a command tells its user to do next leads to the same database, typed as it is printed.</summary>
public sealed class HintTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("./memory", "./memory")]
    [InlineData("/srv/ada-2/Grüße_1.0", "/srv/ada-2/Grüße_1.0")]
    [InlineData("my data", "\"my data\"")]
    [InlineData("~ada/memory", "\"~ada/memory\"")]
    [InlineData("Ada's; (old) & *", "\"Ada's; (old) & *\"")]
    [InlineData("#1|<2>", "\"#1|<2>\"")]
    [InlineData("$HOME and `id`", "'$HOME and `id`'")]
    [InlineData("a\"b'c\\d!", "'a\"b'\\''c\\d!'")]
    public async Task A_directory_is_one_word_of_a_shell(string directory, string word)
    {
        Assert.Equal($"--dir {word}", new LocalLocation(directory).Hint);
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"printf %s {word}"]) { RedirectStandardOutput = true })!;
        Assert.Equal(directory, await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Verify_and_repair_name_the_directory_that_they_were_given()
    {
        var directory = await WithoutManifestAsync();
        var repair = $"eliza repair --dir \"{directory}\"";
        Assert.Contains($"{repair}\n", (await _world.RunAsync("verify", "--dir", directory)).Out, StringComparison.Ordinal);
        Assert.Contains($"{repair} --accept-loss\n", (await _world.RunAsync("repair", "--dir", directory)).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, 10)]
    [InlineData(120, 30)]
    public async Task A_command_to_be_typed_is_whole_on_a_line_of_its_own(int width, int words)
    {
        _world.Width = width;
        var directory = await WithoutManifestAsync(string.Join(' ', Enumerable.Repeat("data", words)));
        var hint = $"--dir \"{directory}\"";
        Assert.Contains($"eliza repair {hint}", Lines(await _world.RunAsync("verify", "--dir", directory)));
        Assert.Contains($"eliza repair {hint} --accept-loss", Lines(await _world.RunAsync("repair", "--dir", directory)));
        Assert.Equal(0, (await _world.RunAsync("repair", "--dir", directory, "--accept-loss")).ExitCode);
        var recall = $"eliza recall \"oven thermostat\" {hint} --table messages";
        Assert.Contains(recall, Lines(await _world.RunAsync("demo", "--dir", directory)));

        static string[] Lines(Outcome outcome) => outcome.Out.Split('\n');
    }

    [Fact]
    public async Task A_repair_that_has_nothing_to_keep_says_nothing_of_it()
    {
        var directory = await WithoutManifestAsync();
        var outcome = await _world.RunAsync("repair", "--dir", directory, "--accept-loss");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("Repaired in ", outcome.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("are kept:", outcome.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _world.RunAsync("verify", "--dir", directory)).ExitCode);
    }

    // All of the log is there: damaged, but not a byte of it.
    private async Task<string> WithoutManifestAsync(string name = "my data")
    {
        var directory = _world.PathOf(name);
        Assert.Equal(0, (await _world.RunAsync("ingest", _world.Write("a.txt", "Tea at four."), "--dir", directory)).ExitCode);
        TestWorld.DeleteManifests(directory);
        return directory;
    }
}
