using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

/// <summary>Which database a command takes, and that it tells nobody the password.</summary>
public sealed class SelectionTests : IDisposable
{
    private const string BadUrl = "postgres://u:Tr0ub4dor@h:port/db";

    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Without_options_the_environment_names_the_directory()
    {
        _world.Variables["ELIZA_DATA_DIR"] = _world.Data;
        var ingested = await _world.RunAsync("ingest", _world.Write("a.txt", "Tea at four."), "--json");
        Assert.Equal((0, _world.Data), (ingested.ExitCode, ingested.Json.GetProperty("database").GetString()));

        var recalled = await _world.RunAsync("recall", "tea");
        Assert.Contains("Tea at four.", recalled.Out, StringComparison.Ordinal);
        Assert.Contains($"Database: {_world.Data}", recalled.Out, StringComparison.Ordinal);
        var statistics = (await _world.RunAsync("stats", "--json")).Json;
        Assert.Equal(("local", _world.Data), (statistics.GetProperty("backend").GetString(), statistics.GetProperty("directory").GetString()));
    }

    [Fact]
    public async Task With_nothing_said_it_is_the_default_directory_of_the_front_door()
    {
        var outcome = await _world.RunAsync("stats");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal($"eliza: There is no directory {ElizaDatabaseOptions.DefaultDirectory}. 'eliza ingest' makes one.", outcome.Error.Trim());
    }

    [Theory]
    [InlineData("stats")]
    [InlineData("recall tea")]
    [InlineData("ingest {file}")]
    [InlineData("migrate")]
    public async Task Without_options_a_url_in_the_environment_wins_over_its_directories(string line)
    {
        _world.Variables["ELIZA_DATA_DIR"] = _world.Data;
        _world.Variables["POSTGRES_URL"] = BadUrl;
        await RefusedAsync(line);
        Assert.False(Directory.Exists(_world.Data));
    }

    [Theory]
    [InlineData("stats --postgres {url}")]
    [InlineData("recall tea --postgres {url}")]
    [InlineData("ingest {file} --postgres {url}")]
    [InlineData("demo --postgres {url}")]
    [InlineData("migrate --postgres {url}")]
    [InlineData("migrate --postgres {url} --dry-run")]
    [InlineData("migrate --postgres {url} --script")]
    [InlineData("stats --postgres env:MY_DATABASE")]
    public async Task A_bad_url_is_one_line_without_the_password(string line)
    {
        _world.Variables["MY_DATABASE"] = BadUrl;
        await RefusedAsync(line);
    }

    [Fact]
    public async Task Dir_wins_over_the_environment()
    {
        _world.Variables["POSTGRES_URL"] = BadUrl;
        Assert.Equal(0, (await _world.RunAsync("ingest", _world.Write("a.txt", "Tea at four."), "--dir", _world.Data)).ExitCode);
        Assert.Equal(0, (await _world.RunAsync("stats", "--dir", _world.Data)).ExitCode);
    }

    [Fact]
    public async Task The_demo_asks_no_environment()
    {
        _world.Variables["POSTGRES_URL"] = BadUrl;
        _world.Variables["ELIZA_DATA_DIR"] = _world.Data;
        var outcome = await _world.RunAsync("demo", "--json");
        Assert.Equal(0, outcome.ExitCode);
        Assert.StartsWith(Path.GetTempPath(), outcome.Json.GetProperty("directory").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_world.Data));
    }

    [Fact]
    public async Task A_database_in_memory_is_no_place_for_a_command()
    {
        _world.Variables["ELIZA_DATA_DIR"] = ":memory:";
        foreach (var command in (string[][])[["stats"], ["recall", "tea"], ["ingest", _world.Write("a.txt", "Tea at four.")]])
        {
            var outcome = await _world.RunAsync(command);
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains("in memory", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_variable_that_names_no_directory_is_wrong_usage()
    {
        _world.Variables["PGLITE_DATA_DIR"] = "idb://x";
        var outcome = await _world.RunAsync("stats", "--json");
        Assert.Equal((2, "UsageException"), (outcome.ExitCode, outcome.Json.GetProperty("error").GetProperty("type").GetString()));
        Assert.StartsWith("eliza: PGLITE_DATA_DIR must be a directory", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dir_takes_no_database_in_memory()
    {
        foreach (var command in (string[][])[["stats"], ["recall", "tea"], ["ingest", _world.Write("a.txt", "Tea at four.")]])
        {
            var outcome = await _world.RunAsync([.. command, "--dir", ":memory:"]);
            Assert.Equal(2, outcome.ExitCode);
            Assert.Contains("in memory", outcome.Error, StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(":memory:"));
    }

    [Fact]
    public async Task A_url_in_the_place_of_a_directory_is_not_repeated()
    {
        var given = await _world.RunAsync("stats", "--dir", "postgres://u:Tr0ub4dor@h/db");
        Assert.Equal(2, given.ExitCode);
        Assert.DoesNotContain("Tr0ub4dor", given.Error, StringComparison.Ordinal);
        _world.Variables["PGLITE_DATA_DIR"] = "postgres://u:Tr0ub4dor@h/db";
        var found = await _world.RunAsync("stats");
        Assert.Equal(2, found.ExitCode);
        Assert.DoesNotContain("Tr0ub4dor", found.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_url_in_the_place_of_a_backup_makes_no_directory_and_is_not_repeated()
    {
        Assert.Equal(0, (await _world.RunAsync("ingest", _world.Write("a.txt", "Tea at four."), "--dir", _world.Data)).ExitCode);
        foreach (var command in (string[])["backup", "restore"])
        {
            var directory = command == "backup" ? _world.Data : _world.PathOf("new");
            var outcome = await _world.RunAsync(command, "s3://u:Tr0ub4dor@bucket/nightly", "--dir", directory);
            Assert.Equal((2, "eliza: BACKUP must be a directory, but was \"s3://...\"."), (outcome.ExitCode, outcome.Error.Trim()));
        }
        Assert.False(Directory.Exists("s3:"));
        Assert.False(Directory.Exists(_world.PathOf("new")));
    }

    [Fact]
    public async Task A_leading_tilde_is_the_home_directory_of_the_environment()
    {
        _world.Variables["HOME"] = _world.Root;
        Assert.Equal(0, (await _world.RunAsync("ingest", _world.Write("a.txt", "Tea at four."), "--dir=~/data")).ExitCode);
        Assert.Equal(0, (await _world.RunAsync("backup", "~/backup", "--dir", _world.Data)).ExitCode);
        Assert.Equal(0, (await _world.RunAsync("restore", "~/backup", "--dir", "~/restored")).ExitCode);
        var recalled = await _world.RunAsync("recall", "tea", "--dir", _world.PathOf("restored"));
        Assert.Contains("Tea at four.", recalled.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists("~"));
    }

    [Theory]
    [InlineData("stats")]
    [InlineData("migrate")]
    [InlineData("migrate --dry-run")]
    [InlineData("migrate --script")]
    public async Task A_server_that_is_not_there_is_one_line_without_the_password(string line)
    {
        var outcome = await _world.RunAsync([.. line.Split(' '), "--postgres", "postgres://u:Tr0ub4dor@127.0.0.1:1/db?connect_timeout=1"]);
        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith("eliza: ", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Unexpected", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
        Assert.DoesNotContain("Tr0ub4dor", outcome.Error, StringComparison.Ordinal);
    }

    private async Task RefusedAsync(string line)
    {
        var file = _world.Write("a.txt", "Tea at four.");
        string[] args = [.. line.Split(' ').Select(word => word.Replace("{url}", BadUrl, StringComparison.Ordinal).Replace("{file}", file, StringComparison.Ordinal)), "--json"];
        var outcome = await _world.RunAsync(args);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal("InvalidConnectionStringException", outcome.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Contains("postgres://u:***@", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
        Assert.DoesNotContain("Tr0ub4dor", outcome.Error + outcome.Out, StringComparison.Ordinal);
    }
}
