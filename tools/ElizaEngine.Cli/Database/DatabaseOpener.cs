namespace ElizaEngine.Cli.Database;

/// <summary>Opens a database, which is made when it is missing.</summary>
internal delegate Task<OpenDatabase> DatabaseOpener(DatabaseLocation location, CancellationToken cancellationToken);

/// <summary>An open database, and what a backend can tell about it beyond the contract. Disposing it closes the database.</summary>
internal sealed record OpenDatabase(IDatabase Database) : IAsyncDisposable
{
    /// <summary>Where it is: a directory, or a URL without the password.</summary>
    public required string Name { get; init; }

    /// <summary><c>local</c> or <c>postgres</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>What is in it, counted now.</summary>
    public required Func<CancellationToken, Task<DatabaseContents>> CountAsync { get; init; }

    /// <summary>The tables that have an index of vectors, or would have one if they were searched: in order of agent and name.</summary>
    public required Func<CancellationToken, Task<IReadOnlyList<IndexedTable>>> GetIndexedTablesAsync { get; init; }

    /// <summary>What an acknowledged write survives, in words.</summary>
    public required string Durability { get; init; }

    /// <summary>What opening found, in words; null when there is nothing to say.</summary>
    public string? OpenReport { get; init; }

    /// <summary>Product and version of the server; null when there is none.</summary>
    public string? Server { get; init; }

    /// <summary>What does not keep it from being used, but should be known: sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Database.DisposeAsync();
}

/// <summary>The vectors of an agent in a table, of its active dimension, that searches find by an index.</summary>
internal sealed record IndexedTable(Guid AgentId, string TableName, int Dimension);

/// <summary>What is in a database.</summary>
/// <param name="Rows">How many rows.</param>
/// <param name="Bytes">Bytes of its files, or of its tables and indexes.</param>
/// <param name="Files">Its files; null for tables of a server.</param>
internal sealed record DatabaseContents(DatabaseStatistics Rows, long Bytes, long? Files)
{
    /// <summary>Rows by kind, in the order to show them; names in camel case.</summary>
    public IReadOnlyList<(string Name, long Count)> Counts { get; } =
    [
        ("agents", Rows.Agents),
        ("entities", Rows.Entities),
        ("components", Rows.Components),
        ("worlds", Rows.Worlds),
        ("rooms", Rows.Rooms),
        ("participants", Rows.Participants),
        ("relationships", Rows.Relationships),
        ("memories", Rows.Memories),
        ("embeddings", Rows.Embeddings),
        ("tasks", Rows.Tasks),
        ("logs", Rows.Logs),
        ("cacheEntries", Rows.CacheEntries),
    ];
}

/// <summary>Opens a database that is there already: a question about a database must not make one, or change its schema.</summary>
internal static class ExistingDatabase
{
    /// <exception cref="CliException">There is no such directory, or no database in it.</exception>
    public static Task<OpenDatabase> OpenAsync(DatabaseOpener open, DatabaseLocation location, CancellationToken cancellationToken)
    {
        if (location is PostgresLocation postgres) return open(postgres with { Migrate = false }, cancellationToken);
        var local = (LocalLocation)location;
        var directory = local.Directory;
        if (File.Exists(directory)) throw new CliException($"{directory} is a file, not a data directory.");
        if (!Directory.Exists(directory)) throw new CliException($"There is no directory {directory}. 'eliza ingest' makes one.");
        if (local.IsBlank) throw new CliException($"There is no database in the directory {directory}. 'eliza ingest' makes one.");
        return open(location, cancellationToken);
    }
}
