using System.CommandLine;
using System.CommandLine.Parsing;
using ElizaEngine.Cli.Database;

namespace ElizaEngine.Cli.Commands;

/// <summary>The options by which every command is told its database: <c>--dir</c> or <c>--postgres</c>, not both.</summary>
internal sealed class LocationOptions
{
    private const string VariablePrefix = "env:";

    private readonly Option<string?> _directory = new("--dir")
    {
        Description = "A local database: its data directory. A leading ~ is the home directory.",
        HelpName = "DIR",
        Validators = { RefuseBlank },
    };

    private readonly Option<string?> _postgres = new("--postgres")
    {
        Description = "A PostgreSQL database: postgres://user:password@host/name, or Npgsql's keywords. With env:NAME the variable NAME says it, and no list of processes shows the password.",
        HelpName = "URL",
        Validators = { RefuseBlank },
    };

    /// <summary>Gives a command the two options, and says in its help what happens without.</summary>
    public LocationOptions(Command command, string withoutEither)
    {
        command.Options.Add(_directory);
        command.Options.Add(_postgres);
        command.Description = $"{command.Description}\n\n{withoutEither}";
        command.Validators.Add(result =>
        {
            if (result.GetResult(_directory) is not null && result.GetResult(_postgres) is not null)
                result.AddError("--dir and --postgres name two databases: give one of them.");
        });
    }

    /// <summary>What a command's help says when the environment decides.</summary>
    public const string EnvironmentDecides = $"""
        Without --dir and --postgres the environment names the database, as in a program: POSTGRES_URL, else the directory of
        ELIZA_DATA_DIR, PGLITE_DATA_DIR or SQLITE_DATA_DIR, else {ElizaDatabaseOptions.DefaultDirectory}.
        """;

    /// <summary>The database that the options name; null when they name none.</summary>
    /// <exception cref="UsageException">
    /// The directory is a URL or in memory, or <c>env:NAME</c> names a variable that is not set.
    /// </exception>
    public DatabaseLocation? Given(ParseResult result, CliEnvironment environment)
    {
        if (result.GetValue(_directory) is { } directory)
            return LocalLocation.Of(directory, "--dir", "a directory (PostgreSQL has --postgres)", environment.Variable);
        if (result.GetValue(_postgres) is not { } text) return null;
        if (!text.StartsWith(VariablePrefix, StringComparison.Ordinal)) return new PostgresLocation(text);
        var name = text[VariablePrefix.Length..];
        return environment.Variable(name) is { } value && !string.IsNullOrWhiteSpace(value)
            ? new PostgresLocation(value, text)
            : throw new UsageException($"--postgres {VariablePrefix}{name}: the variable {name} is not set.");
    }

    /// <summary>The database that the options name, else the one of the environment.</summary>
    public DatabaseLocation Read(ParseResult result, CliEnvironment environment) => Given(result, environment) ?? DatabaseLocation.OfEnvironment(environment.Variable);

    private static void RefuseBlank(OptionResult result) => CommandOptions.RefuseBlank(result, result.Option.Name);
}
