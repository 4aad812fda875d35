using System.Text.Json;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

public sealed class MigrateTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("migrate")]
    [InlineData("migrate --dry-run")]
    [InlineData("migrate --script")]
    public async Task A_local_database_has_nothing_to_migrate(string line)
    {
        var named = await _world.RunAsync([.. line.Split(' '), "--dir", _world.Data]);
        Assert.Equal((2, ""), (named.ExitCode, named.Out));
        Assert.Equal("eliza: A local database has no schema that could be behind: it is read as it was written. Give --postgres.\n", named.Error);

        _world.Variables["ELIZA_DATA_DIR"] = _world.Data;
        Assert.Equal(named, await _world.RunAsync(line.Split(' ')));
        Assert.False(Directory.Exists(_world.Data));
    }

    [Fact]
    [Trait("Stage", "Postgres")]
    public async Task What_a_dry_run_names_is_done_once()
    {
        await using var database = await ServerDatabase.CreateAsync();
        _world.Variables["MY_DATABASE"] = database.Url;
        var planned = await StepsAsync("--dry-run");
        Assert.Equal("extension vector", planned[0]);
        Assert.Equal(planned, await StepsAsync("--dry-run"));

        Assert.Equal(planned, await StepsAsync());
        Assert.Empty(await StepsAsync());
        Assert.Empty(await StepsAsync("--dry-run"));
        Assert.Equal(0, (await _world.RunAsync("stats", "--postgres", database.Url)).ExitCode);
    }

    [Fact]
    [Trait("Stage", "Postgres")]
    public async Task The_script_is_printed_whole_and_does_what_the_command_does()
    {
        await using var database = await ServerDatabase.CreateAsync();
        string[] line = ["migrate", "--script", "--postgres", database.Url];
        var script = (await _world.RunAsync([.. line, "--json"])).Json.GetProperty("script").GetString()!;
        Assert.Equal(new Outcome(0, script, ""), await _world.RunAsync(line));

        await database.ExecuteAsync(script);

        Assert.Equal(new Outcome(0, "", "eliza: The schema is up to date: the script is empty.\n"), await _world.RunAsync(line));
        Assert.Equal(0, (await _world.RunAsync("stats", "--postgres", database.Url)).ExitCode);
    }

    [Fact]
    [Trait("Stage", "Postgres")]
    public async Task An_index_that_is_missing_is_a_warning_of_every_command_until_it_is_made()
    {
        await using var database = await ServerDatabase.CreateAsync();
        _world.Variables["MY_DATABASE"] = database.Url;
        await StepsAsync();
        await database.ExecuteAsync("DROP INDEX eliza_rooms_world");
        string[][] commands = [["stats"], ["recall", "tea"]];
        foreach (var command in commands)
        {
            var outcome = await _world.RunAsync([.. command, "--postgres", database.Url, "--json"]);
            Assert.StartsWith("eliza: warning: Some calls are slow without index eliza_rooms_world.", ServerDatabase.WithoutItsVersion(outcome.Error), StringComparison.Ordinal);
            Assert.Equal((0, JsonValueKind.Object), (outcome.ExitCode, outcome.Json.ValueKind));
        }

        Assert.Equal(["index eliza_rooms_world"], await StepsAsync());

        foreach (var command in commands)
            Assert.Empty(ServerDatabase.WithoutItsVersion((await _world.RunAsync([.. command, "--postgres", database.Url])).Error));
    }

    [Fact]
    [Trait("Stage", "Postgres")]
    public async Task A_failure_that_an_administrator_can_mend_says_how()
    {
        await using var database = await ServerDatabase.CreateAsync();
        _world.Variables["MY_DATABASE"] = database.Url;
        await StepsAsync();
        await database.ExecuteAsync("UPDATE pg_extension SET extversion = '0.7.0' WHERE extname = 'vector'");
        foreach (var command in (string[])["migrate", "stats"])
        {
            var outcome = await _world.RunAsync(command, "--postgres", database.Url);
            Assert.Equal((1, ""), (outcome.ExitCode, outcome.Out));
            Assert.EndsWith(" then update the extension in the database. ALTER EXTENSION vector UPDATE;\n", outcome.Error, StringComparison.Ordinal);
            Assert.Equal(1, outcome.Error.Split("ALTER EXTENSION").Length - 1);
            Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
        }
    }

    private async Task<string[]> StepsAsync(params string[] options)
    {
        var outcome = await _world.RunAsync(["migrate", "--postgres", "env:MY_DATABASE", "--json", .. options]);
        Assert.Equal((0, ""), (outcome.ExitCode, ServerDatabase.WithoutItsVersion(outcome.Error)));
        Assert.DoesNotContain(ServerDatabase.Password, outcome.Out, StringComparison.Ordinal);
        Assert.Equal(options.Contains("--dry-run"), outcome.Json.GetProperty("dryRun").GetBoolean());
        return [.. outcome.Json.GetProperty("steps").EnumerateArray().Select(step => step.GetString()!)];
    }
}
