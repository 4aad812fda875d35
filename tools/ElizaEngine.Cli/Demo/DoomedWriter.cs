using System.Diagnostics;
using System.Globalization;
using ElizaEngine.Cli.Commands;

namespace ElizaEngine.Cli.Demo;

/// <summary>A write that was acknowledged.</summary>
/// <param name="Id">Id of the row.</param>
/// <param name="Time">From the call to the acknowledgement.</param>
internal readonly record struct Acknowledgement(Guid Id, TimeSpan Time)
{
    /// <summary>One line of the pipe. The dot at its end tells a whole line from one that was cut off.</summary>
    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Id:D} {(long)Time.TotalMicroseconds} .");

    /// <summary>Reads a line of the pipe; null when it was cut off.</summary>
    public static Acknowledgement? Parse(string line) =>
        line.Split(' ') is [var id, var microseconds, "."] && Guid.TryParseExact(id, "D", out var parsed)
        && long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time)
            ? new Acknowledgement(parsed, TimeSpan.FromMicroseconds(time)) : null;
}

/// <summary>
/// A second process of this tool that writes the conversation, and is killed in the middle of it: no handler of its runs, no
/// buffer is flushed, no file is closed. What it was told is stored, it had passed on before.
/// </summary>
internal static class DoomedWriter
{
    /// <summary>
    /// Starts the writer, kills it after so many acknowledgements, and returns all that came through the pipe, those after the
    /// kill included: they had been given before it.
    /// </summary>
    public static async Task<IReadOnlyList<Acknowledgement>> RunAsync(
        CliEnvironment environment, string directory, int killAfter, Action<Acknowledgement> onAcknowledged, CancellationToken cancellationToken)
    {
        using var process = Start(environment, directory);
        try
        {
            var acknowledged = new List<Acknowledgement>();
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                if (Acknowledgement.Parse(line) is not { } acknowledgement) continue;
                acknowledged.Add(acknowledgement);
                onAcknowledged(acknowledgement);
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

    private static Process Start(CliEnvironment environment, string directory)
    {
        var start = new ProcessStartInfo(environment.SelfCommand[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in environment.SelfCommand.Skip(1)) start.ArgumentList.Add(argument);
        start.ArgumentList.Add(DemoWriterCommand.Name);
        start.ArgumentList.Add("--dir");
        start.ArgumentList.Add(directory);
        return Process.Start(start) ?? throw new CliException("The writing process could not be started.");
    }
}
