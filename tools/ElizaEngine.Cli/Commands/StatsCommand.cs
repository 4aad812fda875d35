using System.CommandLine;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;
using Spectre.Console;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza stats</c>: what is in a database, and how large it is.</summary>
internal static class StatsCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var directory = CommandOptions.Directory();
        var command = new Command("stats", "Count what is in a database: rows of all agents, by kind, and bytes on the disk.") { directory };
        command.SetAction((result, token) => run(result, output => RunAsync(output, result.GetRequiredValue(directory), token), token));
        return command;
    }

    private static async Task<int> RunAsync(CommandOutput output, string directory, CancellationToken cancellationToken)
    {
        await using var database = await ExistingDatabase.OpenAsync(output.Environment.OpenDatabase, directory, cancellationToken);
        var statistics = database.GetStatistics();

        var table = CommandOutput.NewTable("", "Count");
        table.Columns[1].RightAligned();
        foreach (var (name, count) in statistics.Counts) table.AddRow(new Text(Words(name)), new Text(Quantity.Of(count)));
        output.Screen.Write(table);
        output.Line($"{Quantity.OfBytes(statistics.Bytes)} in {Quantity.Of(statistics.Files, "file")}. A write is acknowledged when it survives {database.Durability}.");
        if (database.OpenReport is { } report) output.Line($"Opened: {report}.");

        var document = new JsonObject { ["directory"] = Path.GetFullPath(directory) };
        foreach (var (name, count) in statistics.Counts) document[name] = count;
        document["bytes"] = statistics.Bytes;
        document["files"] = statistics.Files;
        document["durability"] = database.Durability;
        document["opened"] = database.OpenReport;
        output.Result(document);
        return ExitCodes.Done;
    }

    // cacheEntries -> cache entries
    private static string Words(string name) => string.Concat(name.Select(letter => char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : letter.ToString()));
}
