using System.CommandLine;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza backup</c> and <c>eliza restore</c>: a database in one directory becomes one in another.</summary>
internal static class BackupCommand
{
    private const string BackupDescription = """
        Make a backup of a local database in a directory, or renew the one that is there: only what is new is copied. It is read back
        before it counts; until then an older backup stays as it was.

        Files that never change are linked where the file system can, which costs no room; bytes that go bad on the disk then go bad in
        both. --copy copies everything, and another disk always does. A database that another process has open is backed up by that
        process: LocalDatabase.BackupAsync.
        """;

    private const string RestoreDescription = """
        Make a database out of a backup, in a directory that is missing or empty. Every byte is copied and read back before the directory
        counts as a database. The backup is not changed.
        """;

    /// <summary>The command <c>backup</c>.</summary>
    public static Command CreateBackup(CommandRunner run)
    {
        var target = DirectoryArgument("backup", "The directory of the backup. Made when it is missing.");
        var copy = new Option<bool>("--copy") { Description = "Copy every byte: share none with the database." };
        var command = new Command("backup", BackupDescription) { target, copy };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            output => BackupAsync(
                output,
                LocalOnly.Require(location.Read(result, output.Environment)),
                ReadDirectory(result, target, output.Environment),
                result.GetValue(copy),
                token),
            token));
        return command;
    }

    /// <summary>The command <c>restore</c>.</summary>
    public static Command CreateRestore(CommandRunner run)
    {
        var source = DirectoryArgument("backup", "The directory of the backup.");
        var command = new Command("restore", RestoreDescription) { source };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            output => RestoreAsync(
                output,
                LocalOnly.Require(location.Read(result, output.Environment)),
                ReadDirectory(result, source, output.Environment),
                token),
            token));
        return command;
    }

    private static Argument<string> DirectoryArgument(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "BACKUP",
        Validators =
        {
            result =>
            {
                if (result.Tokens is [var value] && string.IsNullOrWhiteSpace(value.Value)) result.AddError("BACKUP must not be blank.");
            },
        },
    };

    private static string ReadDirectory(ParseResult result, Argument<string> argument, CliEnvironment environment) =>
        LocalLocation.Of(result.GetRequiredValue(argument), "BACKUP", "a directory", environment.Variable).Directory;

    private static async Task<int> BackupAsync(CommandOutput output, LocalLocation location, string target, bool copy, CancellationToken cancellationToken)
    {
        await using var opened = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        var database = (LocalDatabase)opened.Database;
        var report = await MaintenanceBar.RunAsync(
            output, progress => database.BackupAsync(target, new BackupOptions { CopyAll = copy, Progress = progress }, cancellationToken));
        output.Markup($"[green]Backed up[/] {Path.GetFullPath(location.Directory)} to {report.Directory}.");
        Print(output, report);
        return ExitCodes.Done;
    }

    private static async Task<int> RestoreAsync(CommandOutput output, LocalLocation location, string source, CancellationToken cancellationToken)
    {
        var report = await MaintenanceBar.RunAsync(output, progress => LocalDatabase.RestoreAsync(source, location.Directory, progress, cancellationToken));
        output.Markup($"[green]Restored[/] {Path.GetFullPath(source)} to {report.Directory}.");
        Print(output, report);
        return ExitCodes.Done;
    }

    private static void Print(CommandOutput output, BackupReport report)
    {
        output.Line($"{Quantity.Of(report.Files, "log file")}: {report.CopiedFiles} copied ({Quantity.OfBytes(report.CopiedBytes)}), {report.LinkedFiles} linked, {report.KeptFiles} there already.");
        output.Line($"Read back in {Quantity.Of(report.Duration)}: {Quantity.Of(report.Records, "record")} of {Quantity.Of(report.Frames, "frame")}, every checksum is right.");
        output.Result(new JsonObject
        {
            ["directory"] = report.Directory,
            ["sequence"] = report.Sequence,
            ["files"] = report.Files,
            ["copiedFiles"] = report.CopiedFiles,
            ["linkedFiles"] = report.LinkedFiles,
            ["keptFiles"] = report.KeptFiles,
            ["copiedBytes"] = report.CopiedBytes,
            ["frames"] = report.Frames,
            ["records"] = report.Records,
            ["elapsedMs"] = Math.Round(report.Duration.TotalMilliseconds, 1),
        });
    }
}

/// <summary>For commands that work on the files of a database.</summary>
internal static class LocalOnly
{
    /// <exception cref="UsageException">The database is on a server.</exception>
    public static LocalLocation Require(DatabaseLocation location) => location as LocalLocation
        ?? throw new UsageException("This works on the files of a local database: give --dir. PostgreSQL has pg_dump, pg_basebackup and pg_amcheck.");
}
