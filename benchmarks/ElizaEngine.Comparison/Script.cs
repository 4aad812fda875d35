using System.Diagnostics;

namespace ElizaEngine.Comparison;

/// <summary>A script of the checkout, run to its end. Of its output the last line of each stream is its answer.</summary>
internal sealed record Script(int Code, string Output, string Error)
{
    /// <param name="path">Under tools.</param>
    /// <param name="arguments">As the script takes them.</param>
    /// <param name="environment">Variables that it gets besides those of this process.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<Script> RunAsync(
        string path, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null,
        CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo("bash", [Repository.Script(path), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using var script = Process.Start(start)!;
        var output = script.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = script.StandardError.ReadToEndAsync(cancellationToken);
        await script.WaitForExitAsync(cancellationToken);
        return new Script(script.ExitCode, LastLine(await output), LastLine(await error));
    }

    private static string LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("");
}
