namespace ElizaEngine.Cli.Database;

/// <summary>Opens the local backend. The only place of the tool that knows which backend there is.</summary>
internal static class LocalOpener
{
    /// <summary>A <see cref="DatabaseOpener"/>.</summary>
    public static Task<OpenDatabase> OpenAsync(string directory, CancellationToken cancellationToken) =>
        throw new CliException("This build has no local backend yet.");
}
