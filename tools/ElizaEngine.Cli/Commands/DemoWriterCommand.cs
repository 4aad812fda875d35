using System.CommandLine;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Demo;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Commands;

/// <summary>
/// <c>eliza demo-writer</c>, hidden: the process that the demo kills. Writes the conversation message by message and prints
/// each one's id once it is acknowledged. Then it waits, with the database open, until it is killed or its input ends.
/// </summary>
internal static class DemoWriterCommand
{
    /// <summary>Its name on the command line.</summary>
    public const string Name = "demo-writer";

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var command = new Command(Name, "Writes the demo's conversation, to be killed while it does.") { Hidden = true };
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(result, output => RunAsync(output, location.Read(result, output.Environment), token), token));
        return command;
    }

    private static async Task<int> RunAsync(CommandOutput output, DatabaseLocation location, CancellationToken cancellationToken)
    {
        var environment = output.Environment;
        await using var database = await ExistingDatabase.OpenAsync(environment.OpenDatabase, location, cancellationToken);
        await using var adapter = database.Database.ForAgent(ToolAgent.Id);
        foreach (var message in Conversation.Messages)
        {
            var memory = await DemoScene.MemoryAsync(message, environment.Generator, cancellationToken);
            await adapter.CreateMemoryAsync(memory, DemoScene.MessageTable, cancellationToken: cancellationToken);
            await environment.Out.WriteLineAsync(memory.Id.ToString("D").AsMemory(), cancellationToken);
            await environment.Out.FlushAsync(cancellationToken);
        }
        await Task.Run(environment.In.ReadToEnd, cancellationToken).WaitAsync(cancellationToken); // Reading a console blocks, and hears no token.
        return ExitCodes.Done;
    }
}
