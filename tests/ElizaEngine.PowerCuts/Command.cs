using System.Diagnostics;

namespace ElizaEngine.PowerCuts;

/// <summary>Programs of the system.</summary>
internal static class Command
{
    /// <summary>Runs one to its end, and returns what it said.</summary>
    /// <exception cref="InvalidOperationException">It failed; what it said about that.</exception>
    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult().Trim()}");
    }
}
