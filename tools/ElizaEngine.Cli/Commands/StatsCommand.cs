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
        var command = new Command("stats", "Count what is in a database: rows of all agents, by kind, and bytes on the disk.");
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(result, output => RunAsync(output, location.Read(result, output.Environment), token), token));
        return command;
    }

    private static async Task<int> RunAsync(CommandOutput output, DatabaseLocation location, CancellationToken cancellationToken)
    {
        await using var database = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        var contents = await database.CountAsync(cancellationToken);

        var table = CommandOutput.NewTable("", "Count");
        table.Columns[1].RightAligned();
        foreach (var (name, count) in contents.Counts) table.AddRow(new Text(Words(name)), new Text(Quantity.Of(count)));
        output.Screen.Write(table);
        var where = contents.Files is { } files ? Quantity.Of(files, "file") : "tables and indexes";
        output.Line($"{Quantity.OfBytes(contents.Bytes)} in {where}. A write is acknowledged when it survives {database.Durability}.");
        output.Line($"Database: {database.Name}{(database.Server is { } server ? $" ({server})" : "")}");
        if (database.OpenReport is { } report) output.Line($"Opened: {report}.");

        var document = new JsonObject { ["backend"] = database.Backend, [location is LocalLocation ? "directory" : "database"] = location is LocalLocation local ? Path.GetFullPath(local.Directory) : database.Name };
        foreach (var (name, count) in contents.Counts) document[name] = count;
        document["bytes"] = contents.Bytes;
        if (contents.Files is not null) document["files"] = contents.Files;
        document["durability"] = database.Durability;
        if (database.Server is not null) document["server"] = database.Server;
        if (database.OpenReport is not null) document["opened"] = database.OpenReport;
        output.Result(document);
        return ExitCodes.Done;
    }

    // cacheEntries -> cache entries
    private static string Words(string name) => string.Concat(name.Select(letter => char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : letter.ToString()));
}
