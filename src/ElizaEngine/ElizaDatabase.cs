namespace ElizaEngine;

/// <summary>The front door.</summary>
public static class ElizaDatabase
{
    /// <summary>
    /// Opens the database that the environment names, as elizaOS does: PostgreSQL when <c>POSTGRES_URL</c> is set, else a local
    /// one. See <see cref="ElizaDatabaseOptions.FromEnvironment"/>. The other errors are those of
    /// <see cref="PostgresDatabase.OpenAsync"/> or <see cref="LocalDatabase.OpenAsync(LocalDatabaseOptions, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="InvalidInputException">The directory that the environment names is a URL, or begins with <c>~</c>, and there is no home directory.</exception>
    /// <exception cref="InvalidConnectionStringException"><c>POSTGRES_URL</c> cannot be understood. The error holds no password.</exception>
    public static Task<IDatabase> OpenAsync() => OpenAsync(CancellationToken.None);

    /// <inheritdoc cref="OpenAsync()"/>
    public static Task<IDatabase> OpenAsync(CancellationToken cancellationToken) => OpenAsync(new ElizaDatabaseOptions(), cancellationToken);

    /// <summary>Opens the database that the options name; with empty options, the one that the environment names.</summary>
    /// <exception cref="InvalidInputException">The options name two.</exception>
    public static Task<IDatabase> OpenAsync(ElizaDatabaseOptions options) => OpenAsync(options, CancellationToken.None);

    /// <inheritdoc cref="OpenAsync(ElizaDatabaseOptions)"/>
    public static async Task<IDatabase> OpenAsync(ElizaDatabaseOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options is { Postgres: not null, Local: not null }) throw new InvalidInputException("options", "both Postgres and Local", "one of the two");
        var chosen = options is { Postgres: null, Local: null } ? ElizaDatabaseOptions.FromEnvironment() : options;
        return chosen.Postgres is { } postgres
            ? await OpenAsync(postgres, cancellationToken).ConfigureAwait(false)
            : await OpenAsync(chosen.Local!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Opens the local database in a directory, which is created when it is missing. A leading <c>~</c> is the home directory;
    /// <c>:memory:</c> keeps everything in memory. The other errors are those of
    /// <see cref="LocalDatabase.OpenAsync(LocalDatabaseOptions, CancellationToken)"/>.
    /// </summary>
    /// <exception cref="InvalidInputException">It is a URL, or blank, or begins with <c>~</c>, and there is no home directory.</exception>
    /// <exception cref="DirectoryInUseException">Another process, or this one, has the directory open.</exception>
    /// <exception cref="ForeignDirectoryException">The directory holds another program's files.</exception>
    /// <exception cref="DirectoryAccessException">The directory cannot be created, read or written.</exception>
    /// <exception cref="CorruptDataException">Acknowledged bytes are missing or changed.</exception>
    public static Task<LocalDatabase> OpenAsync(string directory) => OpenAsync(directory, CancellationToken.None);

    /// <inheritdoc cref="OpenAsync(string)"/>
    public static async Task<LocalDatabase> OpenAsync(string directory, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(directory);
        var options = DataDirectory.Read(
            directory, nameof(directory), ElizaDatabaseOptions.DirectoryExpected, Environment.GetEnvironmentVariable);
        return await OpenAsync(options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a local database: see <see cref="LocalDatabase.OpenAsync(LocalDatabaseOptions, CancellationToken)"/>.</summary>
    public static Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options) => OpenAsync(options, CancellationToken.None);

    /// <inheritdoc cref="OpenAsync(LocalDatabaseOptions)"/>
    public static Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options, CancellationToken cancellationToken) =>
        LocalDatabase.OpenAsync(options, cancellationToken);

    /// <summary>Opens a PostgreSQL database: see <see cref="PostgresDatabase.OpenAsync"/>.</summary>
    public static Task<PostgresDatabase> OpenAsync(PostgresDatabaseOptions options) => OpenAsync(options, CancellationToken.None);

    /// <inheritdoc cref="OpenAsync(PostgresDatabaseOptions)"/>
    public static Task<PostgresDatabase> OpenAsync(PostgresDatabaseOptions options, CancellationToken cancellationToken) =>
        PostgresDatabase.OpenAsync(options, cancellationToken);
}
