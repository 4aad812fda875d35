using System.CommandLine;
using ElizaEngine.Cli.Commands;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli;

/// <summary>
/// The <c>eliza</c> command: reads the arguments, runs the command, turns what went wrong into one line and an exit code.
/// Exit codes: see <see cref="ExitCodes"/>.
/// </summary>
internal static class Cli
{
    private const string Description = """
        ElizaEngine, the database that AI agents run on.

        Exit codes: 0 done; 1 failed, the reason is on stderr; 2 wrong usage; 130 interrupted by Ctrl-C.
        With --json every command prints one JSON document on stdout, and nothing else there; so does a failure. Warnings go to stderr.
        """;

    /// <summary>Runs one command and returns its exit code. Throws nothing.</summary>
    public static async Task<int> RunAsync(string[] args, CliEnvironment environment, CancellationToken cancellationToken = default)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document on stdout.", Recursive = true };
        var root = new RootCommand(Description) { json };
        root.Subcommands.Add(BackupCommand.CreateBackup(Run));
        root.Subcommands.Add(CompactCommand.Create(Run));
        root.Subcommands.Add(DemoCommand.Create(Run));
        root.Subcommands.Add(DemoWriterCommand.Create(Run));
        root.Subcommands.Add(IngestCommand.Create(Run));
        root.Subcommands.Add(MigrateCommand.Create(Run));
        root.Subcommands.Add(RecallCommand.Create(Run));
        root.Subcommands.Add(RecallCheckCommand.Create(Run));
        root.Subcommands.Add(VerifyCommand.CreateRepair(Run));
        root.Subcommands.Add(BackupCommand.CreateRestore(Run));
        root.Subcommands.Add(StatsCommand.Create(Run));
        root.Subcommands.Add(VerifyCommand.CreateVerify(Run));

        try
        {
            return await InvokeAsync(root, args, environment, cancellationToken);
        }
        catch (IOException)
        {
            return ExitCodes.Failed; // Nobody reads the output any more, as in "eliza --help | head -1".
        }

        Task<int> Run(ParseResult result, Func<CommandOutput, Task<int>> command, CancellationToken token) =>
            RunCommandAsync(new CommandOutput(environment, result.GetValue(json)), command, token);
    }

    private static async Task<int> InvokeAsync(RootCommand root, string[] args, CliEnvironment environment, CancellationToken cancellationToken)
    {
        // A question may start with @: it is no response file.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is null or System.CommandLine.Invocation.ParseErrorAction) return Usage(parsed, args, environment);
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = environment.Out,
                Error = environment.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            },
            cancellationToken);
    }

    private static async Task<int> RunCommandAsync(CommandOutput output, Func<CommandOutput, Task<int>> command, CancellationToken cancellationToken)
    {
        try
        {
            return await command(output);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return output.Fail("Interrupted. What was acknowledged is stored.", nameof(OperationCanceledException), ExitCodes.Interrupted);
        }
        catch (UsageException error)
        {
            return output.Fail(error.Message, nameof(UsageException), ExitCodes.WrongUsage);
        }
        catch (InvalidConnectionStringException error)
        {
            return output.Fail(error.Message, nameof(InvalidConnectionStringException), ExitCodes.WrongUsage);
        }
#pragma warning disable CA1031 // The last line of defence: a user gets the reason, not a stack trace.
        catch (Exception error)
#pragma warning restore CA1031
        {
            var isExpected = error is DatabaseException or CliException or IOException or System.Data.Common.DbException or UnauthorizedAccessException or PlatformNotSupportedException;
            var message = isExpected ? error.Message : $"Unexpected {error.GetType().Name}: {error.Message}";
            if (error is SchemaException { Remedy: { } remedy } && !message.Contains(remedy, StringComparison.Ordinal)) message += $" For an administrator: {remedy}";
            return output.Fail(message, error.GetType().Name, ExitCodes.Failed);
        }
    }

    private static int Usage(ParseResult parsed, string[] args, CliEnvironment environment)
    {
        var command = parsed.CommandResult.Command;
        var message = command is not RootCommand ? $"{parsed.Errors[0].Message} Try 'eliza {command.Name} --help'."
            : (parsed.UnmatchedTokens is [var unknown, ..] ? $"There is no command '{unknown}'. " : "A command is missing. ")
                + $"Commands: {string.Join(", ", command.Subcommands.Where(known => !known.Hidden).Select(known => known.Name))}. Try 'eliza --help'.";
        return new CommandOutput(environment, args.Contains("--json")).Fail(message, nameof(UsageException), ExitCodes.WrongUsage);
    }
}

/// <summary>Runs the body of a command with its output, and turns errors into exit codes.</summary>
internal delegate Task<int> CommandRunner(ParseResult result, Func<CommandOutput, Task<int>> command, CancellationToken cancellationToken);

/// <summary>What the process says when it ends.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The operation failed; the reason is on stderr.</summary>
    public const int Failed = 1;

    /// <summary>The arguments, or the environment in their place, make no sense; nothing was opened.</summary>
    public const int WrongUsage = 2;

    /// <summary>Ctrl-C or a termination signal; the database was closed in order.</summary>
    public const int Interrupted = 130;
}
