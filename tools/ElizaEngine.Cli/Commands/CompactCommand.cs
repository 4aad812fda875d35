using System.CommandLine;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza compact</c>: what counts no more leaves the disk.</summary>
internal static class CompactCommand
{
    private const string Description = """
        Give the room back that older versions of rows, deleted rows and values whose time is over take in the files of a local database.
        Afterwards no file holds any of them, and lost+found is as it was. A crash on the way loses nothing.

        A database that another process has open is compacted by that process: LocalDatabase.CompactAsync.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var command = new Command("compact", Description);
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(result, output => RunAsync(output, LocalOnly.Require(location.Read(result, output.Environment)), token), token));
        return command;
    }

    private static async Task<int> RunAsync(CommandOutput output, LocalLocation location, CancellationToken cancellationToken)
    {
        await using var opened = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        var database = (LocalDatabase)opened.Database;
        // Nobody else is at work here.
        var report = await MaintenanceBar.RunAsync(
            output, progress => database.CompactAsync(new CompactOptions { BytesPerSecond = 0, Progress = progress }, cancellationToken));
        output.Markup($"[green]Compacted[/] {report.Directory}: {Quantity.OfBytes(report.BytesBefore)} in {Quantity.Of(report.FilesBefore, "log file")} before, {Quantity.OfBytes(report.BytesAfter)} in {Quantity.Of(report.FilesAfter, "log file")} now.");
        output.Line($"{Quantity.Of(report.RecordsAfter)} of {Quantity.Of(report.RecordsBefore, "record")} still count. It took {Quantity.Of(report.Duration)}.");
        output.Result(new JsonObject
        {
            ["directory"] = report.Directory,
            ["filesBefore"] = report.FilesBefore,
            ["filesAfter"] = report.FilesAfter,
            ["bytesBefore"] = report.BytesBefore,
            ["bytesAfter"] = report.BytesAfter,
            ["recordsBefore"] = report.RecordsBefore,
            ["recordsAfter"] = report.RecordsAfter,
            ["elapsedMs"] = Math.Round(report.Duration.TotalMilliseconds, 1),
        });
        return ExitCodes.Done;
    }
}
