using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza recall</c>: what the agent remembers that is most like a text.</summary>
internal static class RecallCommand
{
    private const string Description = """
        Find what the agent remembers that is most like a text, best first.

        Similarity is the cosine of the embeddings, from -1 to 1. The built-in embeddings are lexical: they see words and parts of
        words, not meaning.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var words = new Argument<string[]>("TEXT") { Description = "What to look for; several words need no quotes.", Arity = ArgumentArity.OneOrMore };
        var room = CommandOptions.Room("Only this room, by name or id.");
        var table = CommandOptions.Table("The table to search.");
        var count = CommandOptions.Count("--count", "N", "Results at most.", 5);
        var threshold = new Option<float?>("--threshold")
        {
            Description = "Similarity at least, -1 to 1.",
            HelpName = "T",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (float.TryParse(text, CultureInfo.InvariantCulture, out var number) && number is >= -1 and <= 1) return number;
                result.AddError($"--threshold must be a number from -1 to 1, but was {text}.");
                return null;
            },
        };
        var explain = new Option<bool>("--explain") { Description = "Say how the search was done, and why." };
        var command = new Command("recall", Description) { words, room, table, count, threshold, explain };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            output => RunAsync(
                output,
                string.Join(' ', result.GetRequiredValue(words)),
                location.Read(result, output.Environment),
                result.GetValue(room),
                new Limit(result.GetRequiredValue(table), result.GetValue(count), result.GetValue(threshold)),
                result.GetValue(explain),
                token),
            token));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandOutput output, string text, DatabaseLocation location, string? roomName, Limit limit, bool explains, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(text)) throw new UsageException("TEXT must not be blank.");
        await using var database = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        await using var adapter = database.Database.ForAgent(ToolAgent.Id);
        var room = roomName is null ? null : await ToolAgent.FindRoomAsync(adapter, roomName, cancellationToken);

        var watch = Stopwatch.StartNew();
        var embedding = await output.Environment.Generator.GenerateVectorAsync(text, cancellationToken: cancellationToken);
        var search = new MemorySearch(limit.TableName, embedding)
        {
            RoomId = room?.Id,
            Count = limit.Count,
            Threshold = limit.Threshold,
            IncludeEmbeddings = false,
        };
        var found = await adapter.SearchMemoriesAsync(search, cancellationToken);
        watch.Stop();
        var reason = found.Count > 0 ? null : await DatabaseAgents.WhyNothingAsync(adapter, cancellationToken);
        var plan = explains ? await database.Database.ExplainSearchAsync(ToolAgent.Id, search, cancellationToken) : null;

        Show(output, found, text, watch.Elapsed, limit.TableName, room, database.Name);
        if (reason is not null) output.Line(reason);
        if (plan is not null) Show(output, plan);
        output.Result(new JsonObject
        {
            ["query"] = text,
            ["table"] = limit.TableName,
            ["room"] = room is null ? null : NameOf(room),
            ["database"] = database.Name,
            ["elapsedMs"] = Math.Round(watch.Elapsed.TotalMilliseconds, 3),
            ["results"] = new JsonArray([.. found.Select(ToJson)]),
            ["plan"] = plan is null ? null : ToJson(plan),
        });
        return ExitCodes.Done;
    }

    private static void Show(CommandOutput output, IReadOnlyList<Memory> found, string text, TimeSpan elapsed, string tableName, Room? room, string database)
    {
        if (found.Count > 0)
        {
            var table = CommandOutput.NewTable("Similarity", "Time", "Source", "Text");
            table.Columns[0].RightAligned().NoWrap();
            table.Columns[1].NoWrap();
            var width = Math.Max(100, output.Screen.Profile.Width);
            foreach (var memory in found)
            {
                table.AddRow(
                    new Text(Quantity.OfSimilarity(memory.Similarity), new Style(Color.Green)),
                    new Text(memory.CreatedAt?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? ""),
                    new Text(Snippet.OneLine(SourceOf(memory)), new Style(Color.Grey)),
                    new Text(Snippet.Of(memory.Content.Text ?? "", text, 2 * width - 80)));
            }
            output.Screen.Write(table);
        }
        var where = room is null ? tableName : $"{tableName}, room {Snippet.OneLine(NameOf(room))}";
        output.Line($"{(found.Count == 0 ? "Nothing found" : Quantity.Of(found.Count, "result"))} in {where}, in {Quantity.Of(elapsed)}.");
        output.Line($"Database: {database}");
    }

    private static void Show(CommandOutput output, SearchPlan plan)
    {
        output.Line(plan.Reason);
        var compared = plan.ComparedRows is { } rows ? $"{Quantity.Of(rows, "vector")} compared, " : "";
        var index = plan.Index is null ? "" : $", by {plan.Index}";
        output.Line($"{(plan.IsExact ? "Exact" : "Approximate")}: {compared}{Quantity.Of(plan.EligibleRows, "row")} to choose from{index}.");
        if (plan.Details.Length > 0) output.Line(plan.Details);
    }

    private static JsonNode ToJson(SearchPlan plan) => new JsonObject
    {
        ["exact"] = plan.IsExact,
        ["eligibleRows"] = plan.EligibleRows,
        ["comparedRows"] = plan.ComparedRows,
        ["index"] = plan.Index,
        ["reason"] = plan.Reason,
        ["details"] = plan.Details,
    };

    private static JsonNode ToJson(Memory memory) => new JsonObject
    {
        ["id"] = memory.Id.ToString("D"),
        ["similarity"] = memory.Similarity,
        ["text"] = memory.Content.Text,
        ["createdAt"] = memory.CreatedAt?.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        ["roomId"] = memory.RoomId?.ToString("D"),
        ["entityId"] = memory.EntityId?.ToString("D"),
        ["metadata"] = JsonObject.Create((memory.Metadata ?? new MemoryMetadata()).Json.ToElement()),
    };

    // The file, by its name and line; else where the memory says that it comes from.
    private static string SourceOf(Memory memory)
    {
        if (memory.Metadata?.Source is not { } source) return memory.Content.Source ?? "";
        var name = source.Contains('/', StringComparison.Ordinal) ? Path.GetFileName(source) : source;
        return memory.Metadata.Json.GetNumber("line") is { } line ? string.Create(CultureInfo.InvariantCulture, $"{name}:{line}") : name;
    }

    private static string NameOf(Room room) => room.Name ?? room.Id.ToString("D");

    private sealed record Limit(string TableName, int Count, float? Threshold);
}
