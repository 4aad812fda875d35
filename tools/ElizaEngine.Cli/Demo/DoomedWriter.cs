using System.Diagnostics;
using ElizaEngine.Cli.Commands;
using ElizaEngine.Cli.Database;

namespace ElizaEngine.Cli.Demo;

/// <summary>
/// A second process of this tool that writes the conversation, and is killed in the middle of it: no handler of its runs, no
/// buffer is flushed, no file is closed. What it was told is stored, it had passed on before.
/// </summary>
internal static class DoomedWriter
{
    private const string UrlVariable = "ELIZA_DEMO_POSTGRES_URL";

    /// <summary>
    /// Starts the writer, kills it after so many acknowledgements, and returns all that came through the pipe, those after the
    /// kill included: they had been given before it.
    /// </summary>
    public static async Task<IReadOnlyList<Guid>> RunAsync(
        CliEnvironment environment, DatabaseLocation location, int killAfter, Action<Guid> onAcknowledged, CancellationToken cancellationToken)
    {
        using var process = Start(environment, location);
        try
        {
            var acknowledged = new List<Guid>();
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                if (!Guid.TryParseExact(line, "D", out var id)) continue; // The last line may be cut off.
                acknowledged.Add(id);
                onAcknowledged(id);
                if (acknowledged.Count == killAfter) process.Kill(); // SIGKILL
            }
            await process.WaitForExitAsync(cancellationToken);
            if (acknowledged.Count >= killAfter) return acknowledged;
            var reason = await process.StandardError.ReadToEndAsync(cancellationToken);
            throw new CliException($"The writing process ended by itself after {acknowledged.Count} writes: {reason}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None); // Until then it may own the directory.
            }
        }
    }

    private static Process Start(CliEnvironment environment, DatabaseLocation location)
    {
        var start = new ProcessStartInfo(environment.SelfCommand[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in environment.SelfCommand.Skip(1)) start.ArgumentList.Add(argument);
        start.ArgumentList.Add(DemoWriterCommand.Name);
        if (location is PostgresLocation postgres)
        {
            // Arguments are seen by everybody on the machine.
            start.Environment[UrlVariable] = postgres.ConnectionString;
            start.ArgumentList.Add("--postgres");
            start.ArgumentList.Add($"env:{UrlVariable}");
        }
        else
        {
            start.ArgumentList.Add("--dir");
            start.ArgumentList.Add(((LocalLocation)location).Directory);
        }
        return Process.Start(start) ?? throw new CliException("The writing process could not be started.");
    }
}
