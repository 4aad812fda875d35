using System.CommandLine;
using System.Diagnostics;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Demo;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza demo</c>: shows in a few seconds what the database does, and proves what it promises.</summary>
internal static class DemoCommand
{
    private const string Description = """
        Show the database at work: an agent, its world, a conversation; a writer killed in the middle of it; what survived, what it
        answers, how fast it was. In the same database it can be run again: it tells its conversation anew and touches nothing else.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var keep = new Option<bool>("--keep") { Description = "Keep the temporary directory." };
        var command = new Command("demo", Description) { keep };
        var location = new LocationOptions(command, "Without --dir and --postgres: a temporary directory, removed afterwards. The environment is not asked.");
        command.SetAction((result, token) => run(result, output => RunAsync(output, location.Given(result, output.Environment), result.GetValue(keep), token), token));
        return command;
    }

    private static async Task<int> RunAsync(CommandOutput output, DatabaseLocation? given, bool keep, CancellationToken cancellationToken)
    {
        var isKept = keep || given is not null;
        var temporary = given is null ? Directory.CreateTempSubdirectory("eliza-demo-").FullName : "";
        var location = given ?? new LocalLocation(temporary);
        try
        {
            var watch = Stopwatch.StartNew();
            var story = new DemoStory(output, location);
            await story.TellAsync(cancellationToken);
            output.Line();
            output.Line(isKept
                ? $"Done in {Quantity.Of(watch.Elapsed)}. Look around:"
                : $"Done in {Quantity.Of(watch.Elapsed)}. The directory is removed; keep it with --dir DIR or --keep.");
            if (isKept) output.Command($"eliza recall \"oven thermostat\" {location.Hint} --table {DemoScene.MessageTable}");
            output.Result(story.Report.ToJson(location, isKept, watch.Elapsed));
            return ExitCodes.Done;
        }
        finally
        {
            if (!isKept) Directory.Delete(temporary, recursive: true);
        }
    }
}
