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

        Without --table: in every table of every agent, or of the one of --agent, that has an index of its vectors. Other tables are
        searched exactly anyhow. The local backend builds the index first, of each table that is large enough.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var agent = CommandOptions.Agent($"The agent whose tables are searched, by name or id; with --table usually {ToolAgent.Name}, the tool's own.");
        var table = CommandOptions.AnyTable("The table to search; without it, all that have an index.");
        var queries = CommandOptions.Count("--queries", "N", "Vectors to search for.", 100);
        var count = CommandOptions.Count("--count", "K", "How many of the nearest count.", 10);
        var command = new Command("recall-check", Description) { agent, table, queries, count };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            async output =>
            {
                var sample = new Sample(result.GetValue(queries), result.GetValue(count));
                await using var database = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location.Read(result, output.Environment), token);
                await using var adapter = database.Database.ForAgent(ToolAgent.Id);
                var named = result.GetValue(agent) is { } name ? await DatabaseAgents.FindAsync(adapter, name, token) : null;
                await (result.GetValue(table) is { } only
                    ? CheckTableAsync(output, database, adapter, named, only, sample, token)
                    : CheckAllAsync(output, database, named, sample, token));
                return ExitCodes.Done;
            },
            token));
        return command;
    }

    private static async Task CheckTableAsync(
        CommandOutput output, OpenDatabase database, IDatabaseAdapter adapter, AgentSummary? agent, string table, Sample sample, CancellationToken cancellationToken)
    {
        var (id, name) = agent is null ? (ToolAgent.Id, ToolAgent.Name) : (agent.Id, agent.Name);
        var report = await CheckAsync(database, id, table, sample, cancellationToken);
        if (report.Queries > 0)
        {
            output.Line(InWords(report, table));
        }
        else
        {
            output.Line($"Table {table} has no vectors of the agent {Snippet.OneLine(name)} that are of its active dimension.");
            if (agent is null && await DatabaseAgents.WhyNothingAsync(adapter, cancellationToken) is { } reason) output.Line(reason);
        }
        output.Result(ToJson(report));
    }

    private static async Task CheckAllAsync(
        CommandOutput output, OpenDatabase database, AgentSummary? only, Sample sample, CancellationToken cancellationToken)
    {
        var partitions = new JsonArray();
        foreach (var (agent, table, dimension) in await database.GetIndexedTablesAsync(cancellationToken))
        {
            if (only is not null && agent != only.Id) continue;
            var report = await CheckAsync(database, agent, table, sample, cancellationToken);
            // An index of the server is of a dimension: this table may have none of its vectors.
            if (report.Queries == 0) continue;
            output.Line(InWords(report, string.Create(CultureInfo.InvariantCulture, $"{table}, agent {agent:D}, {dimension} components")));
            var partition = ToJson(report);
            partition.Insert(0, "agent", agent.ToString("D"));
            partition.Insert(2, "dimension", dimension);
            partitions.Add(partition);
        }
        if (partitions.Count == 0)
            output.Line($"No table{(only is null ? "" : $" of the agent {Snippet.OneLine(only.Name)}")} has an index of its vectors: searches are exact.");
        output.Result(new JsonObject { ["partitions"] = partitions });
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
