using System.Diagnostics;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>A process of the program ElizaEngine.Postgres.Opener, which lies beside the tests: it opens a database when it is told to.</summary>
internal sealed class OpeningProcess : IDisposable
{
    private readonly Process _process;

    private OpeningProcess(Process process) => _process = process;

    /// <summary>Starts it and waits until only the opening is left to do.</summary>
    public static async Task<OpeningProcess> StartAsync(string connectionString)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ElizaEngine.Postgres.Opener");
        var process = new OpeningProcess(Process.Start(
            new ProcessStartInfo(program, [connectionString]) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
        var line = await process._process.StandardOutput.ReadLineAsync();
        if (line == "ready") return process;
        process.Dispose();
        throw new InvalidOperationException($"The opener said {line ?? "nothing"}.");
    }

    /// <summary>Lets it open the database.</summary>
    public void Go()
    {
        _process.StandardInput.WriteLine("go");
        _process.StandardInput.Flush();
    }

    /// <summary>All it says after that, when it has ended.</summary>
    public async Task<string> OutcomeAsync()
    {
        var said = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return said.Trim();
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Kills it if it has not ended.</summary>
    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
