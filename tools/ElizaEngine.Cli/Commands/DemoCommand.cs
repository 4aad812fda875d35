using System.CommandLine;
using System.Diagnostics;
using ElizaEngine.Cli.Demo;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza demo</c>: shows in a few seconds what the database does, and proves what it promises.</summary>
internal static class DemoCommand
{
    private const string Description = """
        Show the database at work: an agent, its world, a conversation; a writer killed in the middle of it; what survived, what it
        answers, how fast it was. In the same directory it can be run again: it tells its conversation anew and touches nothing else.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var directory = CommandOptions.Directory(isRequired: false);
        var keep = new Option<bool>("--keep") { Description = "Keep the temporary directory." };
        var command = new Command("demo", Description) { directory, keep };
        command.SetAction((result, token) => run(result, output => RunAsync(output, result.GetValue(directory), result.GetValue(keep), token), token));
        return command;
    }

    private static async Task<int> RunAsync(CommandOutput output, string? given, bool keep, CancellationToken cancellationToken)
    {
        var isKept = keep || given is not null;
        var directory = given ?? Directory.CreateTempSubdirectory("eliza-demo-").FullName;
        try
        {
            var watch = Stopwatch.StartNew();
            var story = new DemoStory(output, directory);
            await story.TellAsync(cancellationToken);
            output.Line();
            output.Line(isKept
                ? $"Done in {Quantity.Of(watch.Elapsed)}. Look around: eliza recall \"oven thermostat\" --dir {directory} --table {DemoScene.MessageTable}"
                : $"Done in {Quantity.Of(watch.Elapsed)}. The directory is removed; keep it with --dir DIR or --keep.");
            output.Result(story.Report.ToJson(directory, isKept, watch.Elapsed));
            return ExitCodes.Done;
        }
        finally
        {
            if (!isKept) Directory.Delete(directory, recursive: true);
        }
    }
}
