namespace ElizaEngine;

/// <summary>Which database is opened, and how. At most one of the two is set; with neither, the environment decides.</summary>
public sealed record ElizaDatabaseOptions
{
    /// <summary>Where a local database lies when nothing is said: <c>.eliza/engine</c> in the current directory, beside elizaOS' own.</summary>
    public const string DefaultDirectory = "./.eliza/engine";

    /// <summary>What a text that names a directory may be, for an error.</summary>
    internal const string DirectoryExpected =
        "a directory, or :memory: (a PostgreSQL database is named by POSTGRES_URL or by PostgresDatabaseOptions)";

    // elizaOS' names after ours. Its directories hold PGlite's files, which the local backend refuses to touch.
    private static readonly string[] DirectoryVariables = ["ELIZA_DATA_DIR", "PGLITE_DATA_DIR", "SQLITE_DATA_DIR"];

    /// <summary>A PostgreSQL database.</summary>
    public PostgresDatabaseOptions? Postgres { get; init; }

    /// <summary>A local database.</summary>
    public LocalDatabaseOptions? Local { get; init; }

    /// <summary>
    /// What the environment says. <c>POSTGRES_URL</c>: that PostgreSQL database. Else a local one in the directory that the first of
    /// <c>ELIZA_DATA_DIR</c>, <c>PGLITE_DATA_DIR</c>, <c>SQLITE_DATA_DIR</c> names, else in <see cref="DefaultDirectory"/>. A blank
    /// variable counts as not set. Of a directory, <c>:memory:</c> and <c>memory://</c> mean in memory, and a leading <c>~</c>
    /// is the home directory (elizaOS takes the current one).
    /// </summary>
    /// <param name="read">The value of a variable, null when it is not set. Null: the environment of this process.</param>
    /// <exception cref="InvalidInputException">
    /// The directory is a URL, such as <c>idb://</c> or <c>pglite://</c>, or begins with <c>~</c>, and there is no home directory.
    /// </exception>
    public static ElizaDatabaseOptions FromEnvironment(Func<string, string?>? read = null)
    {
        var variable = read ?? Environment.GetEnvironmentVariable;
        if (Said("POSTGRES_URL") is { } url) return new ElizaDatabaseOptions { Postgres = new PostgresDatabaseOptions { ConnectionString = url } };
        foreach (var name in DirectoryVariables)
        {
            if (Said(name) is { } directory)
                return new ElizaDatabaseOptions { Local = DataDirectory.Read(directory, name, DirectoryExpected, variable) };
        }
        return new ElizaDatabaseOptions { Local = new LocalDatabaseOptions { Directory = DefaultDirectory } };

        string? Said(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;
    }
}
