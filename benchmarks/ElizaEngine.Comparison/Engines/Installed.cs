namespace ElizaEngine.Comparison.Engines;

/// <summary>What a script under tools/comparison made ready.</summary>
/// <param name="Folder">Where it lies; null: it cannot be had.</param>
/// <param name="WhyNot">Why.</param>
internal sealed record Installed(string? Folder, string? WhyNot)
{
    /// <summary>Runs the script, which does nothing when everything is there already.</summary>
    public static async Task<Installed> FindAsync(string name, CancellationToken cancellationToken)
    {
        var script = await Script.RunAsync("comparison/install.sh", [name], cancellationToken: cancellationToken);
        return script.Code == 0 ? new Installed(script.Output, null) : new Installed(null, script.Error is { Length: > 0 } reason ? reason : $"install.sh {name} ended with {script.Code}");
    }
}
