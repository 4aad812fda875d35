using System.CommandLine;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;
using Spectre.Console;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza verify</c> and <c>eliza repair</c>: is every byte what was written, and what to do when not.</summary>
internal static class VerifyCommand
{
    private const int LinesShown = 50;

    private const string VerifyDescription = """
        Read everything in the files of a local database, or of a backup: every checksum, every record, every index against the rows.
        Nothing is changed. The exit code is 0 when nothing is damaged, else 1.
        """;

    private const string RepairDescription = """
        Say what repairing a damaged local database would lose, record by record, and change nothing. With --accept-loss it is done:
        everything that can still be read is kept, the damaged bytes go to lost+found, and the database opens again.

        Restoring a backup may lose less. Without --accept-loss the exit code is 0 when nothing is damaged, else 1.
        """;

    /// <summary>The command <c>verify</c>.</summary>
    public static Command CreateVerify(CommandRunner run)
    {
        var command = new Command("verify", VerifyDescription);
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(result, output => VerifyAsync(output, LocalOnly.Require(location.Read(result, output.Environment)), token), token));
        return command;
    }

    /// <summary>The command <c>repair</c>.</summary>
    public static Command CreateRepair(CommandRunner run)
    {
        var accept = new Option<bool>("--accept-loss") { Description = "Repair, and lose what was said to be lost." };
        var command = new Command("repair", RepairDescription) { accept };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result, output => RepairAsync(output, LocalOnly.Require(location.Read(result, output.Environment)), result.GetValue(accept), token), token));
        return command;
    }

    private static async Task<int> VerifyAsync(CommandOutput output, LocalLocation location, CancellationToken cancellationToken)
    {
        var report = await MaintenanceBar.RunAsync(output, progress => LocalDatabase.VerifyDirectoryAsync(location.Directory, progress, cancellationToken));
        PrintFindings(output, report.Findings);
        output.Line(
            $"Read {Quantity.Of(report.Records, "record")} of {Quantity.Of(report.Frames, "frame")} in {Quantity.Of(report.Files, "log file")}: "
            + $"{Quantity.Of(report.Rows, "row")}, {report.Indexes} indexes compared, in {Quantity.Of(report.Duration)}.");
        output.Markup(
            report.IsSound ? (FormattableString)$"[green]Nothing is damaged.[/]"
            : $"[red]Damaged.[/] This says what can be kept:");
        if (!report.IsSound) output.Command($"eliza repair {location.Hint}");
        output.Result(new JsonObject
        {
            ["directory"] = report.Directory,
            ["isSound"] = report.IsSound,
            ["findings"] = ToJson(report.Findings),
            ["sequence"] = report.Sequence,
            ["files"] = report.Files,
            ["frames"] = report.Frames,
            ["records"] = report.Records,
            ["rows"] = report.Rows,
            ["indexes"] = report.Indexes,
            ["elapsedMs"] = Math.Round(report.Duration.TotalMilliseconds, 1),
        });
        return report.IsSound ? ExitCodes.Done : output.Complain($"{report.Directory} is damaged.", ExitCodes.Failed);
    }

    private static async Task<int> RepairAsync(CommandOutput output, LocalLocation location, bool acceptLoss, CancellationToken cancellationToken)
    {
        var report = await MaintenanceBar.RunAsync(output, progress => LocalDatabase.RepairAsync(location.Directory, acceptLoss, progress, cancellationToken));
        PrintFindings(output, report.Findings);
        if (report.IsNeeded) PrintLosses(output, report);
        output.Line(
            !report.IsNeeded ? "Nothing is damaged; there is nothing to do."
            : !report.IsDone ? "Nothing was changed. This does it:"
            : report.KeptFiles.Count == 0 ? $"Repaired in {Quantity.Of(report.Duration)}."
            : $"Repaired in {Quantity.Of(report.Duration)}. The damaged bytes are kept: {string.Join(", ", report.KeptFiles)}.");
        if (report.IsNeeded && !report.IsDone) output.Command($"eliza repair {location.Hint} --accept-loss");
        output.Result(new JsonObject
        {
            ["directory"] = report.Directory,
            ["isNeeded"] = report.IsNeeded,
            ["isDone"] = report.IsDone,
            ["findings"] = ToJson(report.Findings),
            ["losses"] = new JsonArray([.. report.Losses.Select(ToJson)]),
            ["keptRecords"] = report.Records,
            ["writtenFiles"] = new JsonArray([.. report.WrittenFiles.Select(name => JsonValue.Create(name))]),
            ["keptFiles"] = new JsonArray([.. report.KeptFiles.Select(name => JsonValue.Create(name))]),
            ["elapsedMs"] = Math.Round(report.Duration.TotalMilliseconds, 1),
        });
        return !report.IsNeeded || report.IsDone ? ExitCodes.Done : output.Complain($"{report.Directory} is damaged.", ExitCodes.Failed);
    }

    private static void PrintFindings(CommandOutput output, IReadOnlyList<VerifyFinding> findings)
    {
        if (findings.Count == 0) return;
        var table = CommandOutput.NewTable("File", "Offset", "Sequence", "Found");
        foreach (var finding in findings.Take(LinesShown))
            table.AddRow(new Text(finding.File), new Text(Quantity.Of(finding.Offset)), new Text($"{finding.Sequence}"), new Text(Snippet.OneLine(finding.What)));
        output.Screen.Write(table);
        if (findings.Count > LinesShown) output.Line($"... and {Quantity.Of(findings.Count - LinesShown)} more: --json lists all.");
    }

    private static void PrintLosses(CommandOutput output, RepairReport report)
    {
        var verb = report.IsDone ? "Lost" : "Would be lost";
        if (report.Losses.Count == 0)
        {
            output.Line($"{verb}: no record.");
            return;
        }

        var table = CommandOutput.NewTable(verb, "Key", "Then", "File", "Offset", "Why");
        foreach (var loss in report.Losses.Take(LinesShown))
        {
            table.AddRow(
                new Text(Snippet.OneLine(loss.What)), new Text(Snippet.OneLine(loss.Key ?? "not known")), new Text(loss.Consequence), new Text(loss.File),
                new Text(Quantity.Of(loss.Offset)), new Text(Snippet.OneLine(loss.Why)));
        }
        output.Screen.Write(table);
        if (report.Losses.Count > LinesShown) output.Line($"... and {Quantity.Of(report.Losses.Count - LinesShown)} more: --json lists all.");
        output.Line($"{Quantity.Of(report.Records, "record")} kept.");
    }

    private static JsonArray ToJson(IReadOnlyList<VerifyFinding> findings) =>
    [
        .. findings.Select(finding => new JsonObject
        {
            ["file"] = finding.File,
            ["offset"] = finding.Offset,
            ["sequence"] = finding.Sequence,
            ["what"] = finding.What,
            ["isDamage"] = finding.IsDamage,
        }),
    ];

    private static JsonObject ToJson(LostRecord loss) => new()
    {
        ["what"] = loss.What,
        ["key"] = loss.Key,
        ["consequence"] = loss.Consequence,
        ["file"] = loss.File,
        ["offset"] = loss.Offset,
        ["bytes"] = loss.Bytes,
        ["firstSequence"] = loss.FirstSequence,
        ["endSequence"] = loss.EndSequence,
        ["why"] = loss.Why,
    };
}
