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

        Small tables are searched exactly anyhow. The local backend builds the index of a large one first.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var table = CommandOptions.Table("The table to search.");
        var queries = CommandOptions.Count("--queries", "N", "Vectors to search for.", 100);
        var count = CommandOptions.Count("--count", "K", "How many of the nearest count.", 10);
        var command = new Command("recall-check", Description) { table, queries, count };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            output => RunAsync(
                output, location.Read(result, output.Environment), result.GetRequiredValue(table), result.GetValue(queries), result.GetValue(count), token),
            token));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandOutput output, DatabaseLocation location, string table, int queries, int count, CancellationToken cancellationToken)
    {
        await using var database = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        if (database.Database is LocalDatabase local) await local.BuildVectorIndexAsync(ToolAgent.Id, table, cancellationToken);
        var report = await database.Database.CheckRecallAsync(ToolAgent.Id, table, queries, count, cancellationToken);
        output.Line(
            report.Queries == 0
                ? $"Table {table} has no vectors."
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"Recall@{count} of {Quantity.Of(report.Queries, "stored vector")} among {Quantity.Of(report.Memories, "row")} of {table}: {report.Recall:0.000}, the worst {report.Lowest:0.000}; {Quantity.Of(report.Approximate)} approximate."));
        output.Result(new JsonObject
        {
            ["table"] = report.TableName,
            ["rows"] = report.Memories,
            ["queries"] = report.Queries,
            ["count"] = report.Count,
            ["approximate"] = report.Approximate,
            ["recall"] = report.Recall,
            ["lowest"] = report.Lowest,
        });
        return ExitCodes.Done;
    }
}
