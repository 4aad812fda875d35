using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza recall-check</c>: how much of the exact answer searches find.</summary>
internal static class RecallCheckCommand
{
    private const string Description = """
        Search for vectors that are stored, as always and exactly, and say how much of the exact answer was found.

        Without --table: in every table of every agent that has an index of its vectors. Other tables are searched exactly anyhow. The
        local backend builds the index first, of each table that is large enough.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var table = CommandOptions.AnyTable("The table to search, of the tool's own agent; without it, all that have an index.");
        var queries = CommandOptions.Count("--queries", "N", "Vectors to search for.", 100);
        var count = CommandOptions.Count("--count", "K", "How many of the nearest count.", 10);
        var command = new Command("recall-check", Description) { table, queries, count };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            output =>
            {
                var sample = new Sample(result.GetValue(queries), result.GetValue(count));
                var place = location.Read(result, output.Environment);
                var name = result.GetValue(table);
                return name is null ? CheckAllAsync(output, place, sample, token) : CheckTableAsync(output, place, name, sample, token);
            },
            token));
        return command;
    }

    private static async Task<int> CheckTableAsync(
        CommandOutput output, DatabaseLocation location, string table, Sample sample, CancellationToken cancellationToken)
    {
        await using var database = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        var report = await CheckAsync(database, ToolAgent.Id, table, sample, cancellationToken);
        output.Line(report.Queries == 0 ? $"Table {table} has no vectors of the active dimension." : InWords(report, table));
        output.Result(ToJson(report));
        return ExitCodes.Done;
    }

    private static async Task<int> CheckAllAsync(
        CommandOutput output, DatabaseLocation location, Sample sample, CancellationToken cancellationToken)
    {
        await using var database = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        var partitions = new JsonArray();
        foreach (var (agent, table, dimension) in await database.GetIndexedTablesAsync(cancellationToken))
        {
            var report = await CheckAsync(database, agent, table, sample, cancellationToken);
            // An index of the server is of a dimension: this table may have none of its vectors.
            if (report.Queries == 0) continue;
            output.Line(InWords(report, string.Create(CultureInfo.InvariantCulture, $"{table}, agent {agent:D}, {dimension} components")));
            var partition = ToJson(report);
            partition.Insert(0, "agent", agent.ToString("D"));
            partition.Insert(2, "dimension", dimension);
            partitions.Add(partition);
        }
        if (partitions.Count == 0) output.Line("No table has an index of its vectors: searches are exact.");
        output.Result(new JsonObject { ["partitions"] = partitions });
        return ExitCodes.Done;
    }

    private static async Task<RecallReport> CheckAsync(
        OpenDatabase database, Guid agent, string table, Sample sample, CancellationToken cancellationToken)
    {
        if (database.Database is LocalDatabase local) await local.BuildVectorIndexAsync(agent, table, cancellationToken);
        return await database.Database.CheckRecallAsync(agent, table, sample.Queries, sample.Count, cancellationToken);
    }

    private static string InWords(RecallReport report, string where)
    {
        var what = $"{Quantity.Of(report.Queries, "stored vector")} among {Quantity.Of(report.Memories, "row")} of {where}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Recall@{report.Count} of {what}: {report.Recall:0.000}, the worst {report.Lowest:0.000}; {Quantity.Of(report.Approximate)} approximate.");
    }

    private static JsonObject ToJson(RecallReport report) => new()
    {
        ["table"] = report.TableName,
        ["rows"] = report.Memories,
        ["queries"] = report.Queries,
        ["count"] = report.Count,
        ["approximate"] = report.Approximate,
        // Of nothing that was asked nothing is known.
        ["recall"] = report.Queries == 0 ? null : report.Recall,
        ["lowest"] = report.Queries == 0 ? null : report.Lowest,
    };

    private readonly record struct Sample(int Queries, int Count);
}
