namespace ElizaEngine;

/// <summary>The front door.</summary>
public static class ElizaDatabase
{
    /// <summary>Opens the database in a directory, which is created when it is missing.</summary>
    /// <exception cref="DirectoryInUseException">Another process, or this one, has the directory open.</exception>
    /// <exception cref="ForeignDirectoryException">The directory holds another program's files.</exception>
    /// <exception cref="DirectoryAccessException">The directory cannot be created, read or written.</exception>
    /// <exception cref="CorruptDataException">Acknowledged bytes are missing or changed.</exception>
    public static Task<IDatabase> OpenAsync(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        return OpenAsync(new LocalDatabaseOptions { Directory = directory });
    }

    /// <summary>Opens a local database: see <see cref="LocalDatabase.OpenAsync"/>.</summary>
    public static async Task<IDatabase> OpenAsync(LocalDatabaseOptions options, CancellationToken cancellationToken = default) =>
        await LocalDatabase.OpenAsync(options, cancellationToken).ConfigureAwait(false);
}
