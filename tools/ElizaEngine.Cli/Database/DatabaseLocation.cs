using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Database;

/// <summary>Which database a command works on.</summary>
internal abstract record DatabaseLocation
{
    /// <summary>Arguments that lead another command to the same database, as a person would type them. No secrets.</summary>
    public abstract string Hint { get; }

    /// <summary>The one that the environment names, as for every program that opens its database through the front door.</summary>
    /// <exception cref="UsageException">It says in memory, where a command would leave nothing, or what is no directory.</exception>
    public static DatabaseLocation OfEnvironment(Func<string, string?> variable)
    {
        try
        {
            var options = ElizaDatabaseOptions.FromEnvironment(variable);
            if (options.Postgres?.ConnectionString is { } url) return new PostgresLocation(url, "env:POSTGRES_URL");
            return new LocalLocation(options.Local?.Directory ?? throw new UsageException("The environment asks for a database in memory, which is gone when the command ends. Give --dir or --postgres."));
        }
        catch (InvalidInputException error)
        {
            throw new UsageException(error.Message);
        }
    }
}

/// <summary>A local database.</summary>
/// <param name="Directory">Its data directory.</param>
internal sealed record LocalLocation(string Directory) : DatabaseLocation
{
    /// <inheritdoc/>
    public override string Hint => $"--dir {ShellWord.Of(Directory)}";

    /// <summary>There is no database, and none of another program's files: opening would make a database.</summary>
    /// <exception cref="ForeignDirectoryException">It holds other files; opening says the same.</exception>
    public bool IsBlank => !File.Exists(Directory) && LocalDatabase.WouldBeNew(Directory);

    /// <summary>The directory that an argument says, read as by every program that opens its database through the front door.</summary>
    /// <param name="text">What is said.</param>
    /// <param name="argument">Its name.</param>
    /// <param name="expected">What would be right, for the error.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="UsageException">It says in memory, where a command would leave nothing, or is a URL.</exception>
    public static LocalLocation Of(string text, string argument, string expected, Func<string, string?> variable)
    {
        try
        {
            if (DataDirectory.Read(text, argument, expected, variable).Directory is { } directory) return new LocalLocation(directory);
            throw new UsageException($"{argument} must be {expected}: a database in memory is gone when the command ends.");
        }
        catch (InvalidInputException error)
        {
            throw new UsageException(error.Message);
        }
    }
}

/// <summary>A PostgreSQL database.</summary>
/// <param name="ConnectionString">A URL or Npgsql's keywords, with the password: never to be shown.</param>
/// <param name="Said">How it was given, if not as itself: <c>env:NAME</c>.</param>
internal sealed record PostgresLocation(string ConnectionString, string? Said = null) : DatabaseLocation
{
    /// <summary>Whether opening may bring the schema up to date.</summary>
    public bool Migrate { get; init; } = true;

    /// <inheritdoc/>
    public override string Hint => $"--postgres {Said ?? "URL"}";

    /// <inheritdoc/>
    public override string ToString() => Hint;
}
