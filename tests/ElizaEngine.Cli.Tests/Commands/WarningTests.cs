using ElizaEngine.Cli.Database;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

/// <summary>What a database warns of reaches the user, of every command and only once.</summary>
public sealed class WarningTests : IDisposable
{
    private readonly TestWorld _world = new()
    {
        OpenDatabase = async (location, token) => await BackendOpener.OpenAsync(location, token) with { Warnings = ["The roof\nleaks.", "The roof\nleaks."] },
    };

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("ingest {file}")]
    [InlineData("recall tea")]
    [InlineData("stats")]
    [InlineData("demo")]
    public async Task A_warning_is_one_line_on_stderr_and_nothing_on_stdout(string line)
    {
        var file = _world.Write("a.txt", "Tea at four.");
        await _world.RunAsync("ingest", file, "--dir", _world.Data);
        string[] args = [.. line.Split(' ').Select(word => word == "{file}" ? file : word), "--dir", _world.Data];
        foreach (var outcome in new[] { await _world.RunAsync(args), await _world.RunAsync([.. args, "--json"]) })
        {
            Assert.Equal((0, "eliza: warning: The roof leaks.\n"), (outcome.ExitCode, outcome.Error));
            Assert.DoesNotContain("leaks", outcome.Out, StringComparison.Ordinal);
        }
    }
}
