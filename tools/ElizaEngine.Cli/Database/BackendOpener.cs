namespace ElizaEngine.Cli.Database;

/// <summary>Opens a database with the backend that its place asks for.</summary>
internal static class BackendOpener
{
    /// <summary>A <see cref="DatabaseOpener"/>.</summary>
    public static Task<OpenDatabase> OpenAsync(DatabaseLocation location, CancellationToken cancellationToken) => location switch
    {
        PostgresLocation postgres => PostgresOpener.OpenAsync(postgres, cancellationToken),
        _ => LocalOpener.OpenAsync(((LocalLocation)location).Directory, cancellationToken),
    };
}
