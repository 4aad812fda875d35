namespace ElizaEngine;

/// <summary>The front door.</summary>
public static class ElizaDatabase
{
    /// <summary>Opens the database in a directory, which is created when it is missing.</summary>
    /// <exception cref="DirectoryInUseException">Another process, or this one, has the directory open.</exception>
    /// <exception cref="ForeignDirectoryException">The directory holds another program's files.</exception>
    /// <exception cref="DirectoryAccessException">The directory cannot be created, read or written.</exception>
    /// <exception cref="CorruptDataException">Acknowledged bytes are missing or changed.</exception>
    public static Task<IDatabase> OpenAsync(string directory) => OpenAsync(directory, CancellationToken.None);

    /// <inheritdoc cref="OpenAsync(string)"/>
    public static async Task<IDatabase> OpenAsync(string directory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return await OpenAsync(new LocalDatabaseOptions { Directory = directory }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a local database: see <see cref="LocalDatabase.OpenAsync"/>.</summary>
    public static Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options) => OpenAsync(options, CancellationToken.None);

    /// <inheritdoc cref="OpenAsync(LocalDatabaseOptions)"/>
    public static Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options, CancellationToken cancellationToken) =>
        LocalDatabase.OpenAsync(options, cancellationToken);
}
