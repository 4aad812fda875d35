using System.Diagnostics;

namespace ElizaEngine.Comparison.Engines;

/// <summary>What a script under tools/comparison made ready.</summary>
/// <param name="Folder">Where it lies; null: it cannot be had.</param>
/// <param name="WhyNot">Why.</param>
internal sealed record Installed(string? Folder, string? WhyNot)
{
    /// <summary>Runs the script, which does nothing when everything is there already.</summary>
    public static async Task<Installed> FindAsync(string name, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("bash", [Repository.Script("comparison/install.sh"), name]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var script = Process.Start(start)!;
        var output = script.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = script.StandardError.ReadToEndAsync(cancellationToken);
        await script.WaitForExitAsync(cancellationToken);
        return script.ExitCode == 0 ? new Installed(LastLine(await output), null) : new Installed(null, LastLine(await error) ?? $"install.sh {name} ended with {script.ExitCode}");
    }

    private static string? LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
}
