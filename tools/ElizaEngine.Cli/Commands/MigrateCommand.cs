using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Commands;

/// <summary><c>eliza migrate</c>: brings the schema of a PostgreSQL database up to date, or tells what that would take.</summary>
internal static class MigrateCommand
{
    private const string Description = """
        Bring the schema of a PostgreSQL database up to date. A program that opens it does so too; this is for those who want it done
        before, or by another role. Several may do it at once, and one that was interrupted is completed by doing it again.

        With --dry-run it names the steps that are missing. With --script it prints them as SQL for psql, for an administrator to
        read and run; the script of a database that is up to date is empty. Neither changes anything.
        """;

    /// <summary>The command.</summary>
    public static Command Create(CommandRunner run)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and do nothing." };
        var script = new Option<bool>("--script") { Description = "Print the SQL that would do it, and do nothing." };
        var command = new Command("migrate", Description) { dryRun, script };
        command.Validators.Add(result =>
        {
            if (result.GetValue(dryRun) && result.GetValue(script)) result.AddError("--dry-run and --script are two ways to look: give one of them.");
        });
        var location = new LocationOptions(command, LocationOptions.EnvironmentDecides);
        command.SetAction((result, token) => run(
            result,
            output =>
            {
                var postgres = Require(location.Read(result, output.Environment));
                return result.GetValue(script) ? PrintScriptAsync(output, postgres, token)
                    : result.GetValue(dryRun) ? LookAsync(output, postgres, token)
                    : MigrateAsync(output, postgres, token);
            },
            token));
        return command;
    }

    // Its directory is not named: the environment may have said a URL with a password in its place.
    private static PostgresLocation Require(DatabaseLocation location) => location as PostgresLocation
        ?? throw new UsageException("A local database has no schema that could be behind: it is read as it was written. Give --postgres.");

    private static async Task<int> MigrateAsync(CommandOutput output, PostgresLocation location, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var steps = await PostgresDatabase.MigrateAsync(PostgresOpener.OptionsOf(location), dryRun: false, cancellationToken);
        var elapsed = watch.Elapsed;
        await using var database = await ExistingDatabase.OpenAsync(output.OpenDatabaseAsync, location, cancellationToken);
        foreach (var step in steps) output.Markup($"[green]made[/]  {step}");
        output.Line(steps.Count == 0 ? "The schema is up to date; there was nothing to do." : $"The schema is up to date after {Quantity.Of(steps.Count, "step")} in {Quantity.Of(elapsed)}.");
        output.Line($"Database: {database.Name} ({database.Server})");
        var document = ToJson(steps, isDryRun: false);
        document["database"] = database.Name;
        document["warnings"] = new JsonArray([.. database.Warnings.Select(warning => JsonValue.Create(warning))]);
        document["elapsedMs"] = Math.Round(elapsed.TotalMilliseconds, 1);
        output.Result(document);
        return ExitCodes.Done;
    }

    private static async Task<int> LookAsync(CommandOutput output, PostgresLocation location, CancellationToken cancellationToken)
    {
        var steps = await PostgresDatabase.MigrateAsync(PostgresOpener.OptionsOf(location), dryRun: true, cancellationToken);
        foreach (var step in steps) output.Markup($"[yellow]missing[/]  {step}");
        output.Line(steps.Count == 0 ? "The schema is up to date." : $"{Quantity.Of(steps.Count, "step")} to take. Nothing was changed.");
        output.Result(ToJson(steps, isDryRun: true));
        return ExitCodes.Done;
    }

    private static async Task<int> PrintScriptAsync(CommandOutput output, PostgresLocation location, CancellationToken cancellationToken)
    {
        var script = await PostgresDatabase.GetMigrationScriptAsync(PostgresOpener.OptionsOf(location), cancellationToken);
        output.Verbatim(script);
        output.Result(new JsonObject { ["script"] = script });
        return script.Length > 0 ? ExitCodes.Done : output.Complain("The schema is up to date: the script is empty.", ExitCodes.Done);
    }

    private static JsonObject ToJson(IReadOnlyList<string> steps, bool isDryRun) => new()
    {
        ["dryRun"] = isDryRun,
        ["steps"] = new JsonArray([.. steps.Select(step => JsonValue.Create(step))]),
    };
}
