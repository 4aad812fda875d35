using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace ElizaEngine.Cli;

/// <summary>The tool as a process of its own, with its real standard streams. Killed, if it still runs, when disposed.</summary>
internal sealed class ToolProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    private ToolProcess(Process process)
    {
        _process = process;
        _patience.CancelAfter(TimeSpan.FromMinutes(2)); // A process that hangs fails its test, and no other.
    }

    /// <summary>Program and first arguments that start the tool.</summary>
    public static IReadOnlyList<string> Command { get; } = ["dotnet", Path.Combine(AppContext.BaseDirectory, "eliza.dll")];

    public int Id => _process.Id;

    /// <summary>The next line it prints, or null when it prints no more.</summary>
    public async Task<string?> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync(_patience.Token);

    public static ToolProcess Start(params string[] args)
    {
        var start = new ProcessStartInfo(Command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in Command.Skip(1).Concat(args)) start.ArgumentList.Add(argument);
        return new ToolProcess(Process.Start(start)!);
    }

    public static async Task<Outcome> RunAsync(params string[] args)
    {
        await using var process = Start(args);
        return await process.EndAsync();
    }

    /// <summary>Sends a signal, by name, such as <c>INT</c>.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for the end.</summary>
    public async Task<Outcome> EndAsync()
    {
        var error = _process.StandardError.ReadToEndAsync(_patience.Token);
        var output = await _process.StandardOutput.ReadToEndAsync(_patience.Token);
        await _process.WaitForExitAsync(_patience.Token);
        return new Outcome(_process.ExitCode, output, await error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _patience.Dispose();
    }
}
