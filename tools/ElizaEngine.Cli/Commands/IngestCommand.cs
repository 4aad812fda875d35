using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Ingest;
using ElizaEngine.Cli.Output;
using Spectre.Console;

namespace ElizaEngine.Cli.Commands;

/// <summary>
/// <c>eliza ingest</c>: stores text files as documents that <c>eliza recall</c> can search. Doing it again changes nothing;
/// interrupted, it is completed by doing it again.
/// </summary>
internal static class IngestCommand
{
    private const int RowsShown = 12;

    private const string Description = """
        Store text files as documents that can be recalled.

        Files: .txt .text .md .markdown, and .jsonl .ndjson with one JSON object a line, whose text stands under text, content,
        content.text, message or message.text. Folders are searched with all their folders; other extensions, hidden files and
        links are left out. A file named itself is taken whatever its extension, unless it is binary. Texts are cut into
        fragments of about 500 tokens (of four letters each) that overlap by about 100.

        A file that is stored already is not stored again; one that changed replaces its old document. The document of a file that
        has become empty, or has no text in it any more, is removed; of one that is binary now, or has bad lines only, it stays. Bad
        lines are reported and left out. Where there is no text at all, no local database is made. Exit code 0 if anything was
        ingested, removed or there already, and no file failed; else 1.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var paths = new Argument<string[]>("PATH") { Description = "Files and folders.", Arity = ArgumentArity.OneOrMore };
        var room = CommandOptions.Room($"The room to store them in, made if it is missing. Without it: the agent's own, '{ToolAgent.KnowledgeRoom}'.");
        var table = CommandOptions.Table("The table of the fragments.");
        var command = new Command("ingest", Description) { paths, room, table };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            output => RunAsync(
                output, result.GetRequiredValue(paths), location.Read(result, output.Environment), result.GetValue(room) ?? ToolAgent.KnowledgeRoom, result.GetRequiredValue(table), token),
            token));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandOutput output, string[] paths, DatabaseLocation location, string roomName, string tableName, CancellationToken cancellationToken)
    {
        if (tableName == DocumentRows.DocumentTable) throw new UsageException($"--table must not be {tableName}: whole documents lie there.");
        var files = SourceFiles.Find(paths);
        var watch = Stopwatch.StartNew();
        if (location is LocalLocation { IsBlank: true } && await FirstLook.FindNothingAsync(files, cancellationToken) is { } nothing)
            return Report(output, nothing, roomName, tableName, database: null, watch.Elapsed);
        await using var database = await output.OpenDatabaseAsync(location, cancellationToken);
        await using var adapter = database.Database.ForAgent(ToolAgent.Id);
        await ToolAgent.EnsureExistsAsync(adapter, cancellationToken);
        var roomId = await ToolAgent.EnsureRoomAsync(adapter, roomName, cancellationToken);
        var ingester = await DocumentIngester.CreateAsync(adapter, output.Environment, roomId, tableName, cancellationToken);
        var results = await IngestProgress.RunAsync(output, files, ingester, cancellationToken);
        return Report(output, results, roomName, tableName, database.Name, watch.Elapsed);
    }

    private static int Report(CommandOutput output, IReadOnlyList<IngestResult> results, string roomName, string tableName, string? database, TimeSpan elapsed)
    {
        var fragments = results.Sum(result => (long)result.Fragments);
        var byOutcome = Enum.GetValues<IngestOutcome>().Select(outcome => (Outcome: outcome, Count: results.Count(result => result.Outcome == outcome))).ToList();
        Show(output, results);
        var outcomes = string.Join(", ", byOutcome.Where(entry => entry.Count > 0).Select(entry => $"{entry.Count} {Word(entry.Outcome)}"));
        output.Line($"{Quantity.Of(results.Count, "file")}: {(outcomes.Length > 0 ? outcomes : "nothing to ingest")}. {Quantity.Of(fragments, "fragment")} into {tableName}, room {Snippet.OneLine(roomName)}, in {Quantity.Of(elapsed)}.");
        output.Line($"Database: {database ?? "none was made"}");

        var document = new JsonObject { ["room"] = roomName, ["table"] = tableName, ["database"] = database, ["files"] = new JsonArray([.. results.Select(ToJson)]) };
        foreach (var (outcome, count) in byOutcome) document[Word(outcome)] = count;
        document["fragments"] = fragments;
        document["elapsedMs"] = Math.Round(elapsed.TotalMilliseconds, 1);
        output.Result(document);

        if (results.FirstOrDefault(result => result.Outcome == IngestOutcome.Failed) is { } failed)
            return output.Complain($"{failed.Path}: {failed.Note}", ExitCodes.Failed);
        return results.Any(result => result.Outcome != IngestOutcome.Skipped) ? ExitCodes.Done : output.Complain("Nothing could be ingested.", ExitCodes.Failed);
    }

    private static void Show(CommandOutput output, IReadOnlyList<IngestResult> results)
    {
        var shown = results.Count <= RowsShown ? results : [.. results.Where(result => result.Outcome != IngestOutcome.Unchanged || result.ProblemCount > 0).Take(RowsShown)];
        if (shown.Count > 0)
        {
            var table = CommandOutput.NewTable("File", "", "Fragments", "Note");
            table.Columns[2].RightAligned();
            foreach (var result in shown)
            {
                var note = result.ProblemCount > 0 ? $"{result.Note} {Quantity.Of(result.ProblemCount, "line")} left out".Trim() : result.Note ?? "";
                table.AddRow(
                    new Text(Snippet.OneLine(Path.GetRelativePath(".", result.Path))),
                    new Text(Word(result.Outcome), new Style(ColorOf(result.Outcome))),
                    new Text(result.Fragments > 0 ? Quantity.Of(result.Fragments) : ""),
                    new Text(Snippet.OneLine(note)));
            }
            output.Screen.Write(table);
        }
        if (results.Count > shown.Count) output.Line($"... and {Quantity.Of(results.Count - shown.Count, "more file")}.");
        foreach (var result in shown)
        {
            foreach (var problem in result.Problems.Take(5)) output.Line($"{Snippet.OneLine(Path.GetRelativePath(".", result.Path))}:{problem.Line}: {problem.Reason}");
            if (result.ProblemCount > 5) output.Line($"... and {Quantity.Of(result.ProblemCount - 5, "more line")}.");
        }
    }

    private static JsonNode ToJson(IngestResult result)
    {
        var json = new JsonObject { ["path"] = result.Path, ["outcome"] = Word(result.Outcome), ["fragments"] = result.Fragments };
        if (result.DocumentId is { } id) json["documentId"] = id.ToString("D");
        if (result.Note is { } note) json["note"] = note;
        if (result.ProblemCount == 0) return json;
        json["linesLeftOut"] = result.ProblemCount;
        json["problems"] = new JsonArray([.. result.Problems.Select(problem => new JsonObject { ["line"] = problem.Line, ["reason"] = problem.Reason })]);
        return json;
    }

    private static string Word(IngestOutcome outcome) => outcome.ToString().ToLowerInvariant();

    private static Color ColorOf(IngestOutcome outcome) => outcome switch
    {
        IngestOutcome.Added or IngestOutcome.Replaced => Color.Green,
        IngestOutcome.Failed => Color.Red,
        IngestOutcome.Removed or IngestOutcome.Skipped => Color.Yellow,
        _ => Color.Grey,
    };
}
