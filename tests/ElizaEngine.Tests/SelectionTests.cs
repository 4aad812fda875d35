using Xunit;

namespace ElizaEngine.Tests;

/// <summary>Which database it is, by options and by environment.</summary>
public sealed class SelectionTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData("", "./.eliza/engine")]
    [InlineData("ELIZA_DATA_DIR=/a", "/a")]
    [InlineData("PGLITE_DATA_DIR=/b", "/b")]
    [InlineData("SQLITE_DATA_DIR=/c", "/c")]
    [InlineData("SQLITE_DATA_DIR=/c;PGLITE_DATA_DIR=/b", "/b")]
    [InlineData("SQLITE_DATA_DIR=/c;PGLITE_DATA_DIR=/b;ELIZA_DATA_DIR=/a", "/a")]
    [InlineData("ELIZA_DATA_DIR= ;PGLITE_DATA_DIR=;SQLITE_DATA_DIR=/c", "/c")]
    [InlineData("POSTGRES_URL=;ELIZA_DATA_DIR=/a", "/a")]
    [InlineData("POSTGRES_URL= \t;ELIZA_DATA_DIR= relative/path ", "relative/path")]
    [InlineData("ELIZA_DATA_DIR=:memory:", null)]
    [InlineData("PGLITE_DATA_DIR=memory://", null)]
    [InlineData("HOME=/srv/ada;ELIZA_DATA_DIR=~", "/srv/ada")]
    [InlineData("HOME=/srv/ada;ELIZA_DATA_DIR=~/agents/x", "/srv/ada/agents/x")]
    [InlineData("HOME=/;ELIZA_DATA_DIR=~/agents", "/agents")]
    [InlineData("HOME=/srv/ada;ELIZA_DATA_DIR=~bob/x", "~bob/x")]
    [InlineData("DATABASE_URL=postgres://u:pw@h/db", "./.eliza/engine")]
    public void Without_a_url_it_is_the_first_directory_that_is_named(string environment, string? directory)
    {
        var options = ElizaDatabaseOptions.FromEnvironment(Variables(environment));
        Assert.Null(options.Postgres);
        Assert.Equal(directory, options.Local!.Directory);
    }

    [Theory]
    [InlineData("POSTGRES_URL=postgres://u:pw@h/db")]
    [InlineData("POSTGRES_URL=postgres://u:pw@h/db;ELIZA_DATA_DIR=/a")]
    [InlineData("PGLITE_DATA_DIR=idb://x;POSTGRES_URL= postgres://u:pw@h/db ")]
    public void A_url_selects_Postgres(string environment)
    {
        var options = ElizaDatabaseOptions.FromEnvironment(Variables(environment));
        Assert.Null(options.Local);
        Assert.Equal("postgres://u:pw@h/db", options.Postgres!.ConnectionString);
        Assert.DoesNotContain("pw", options.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ELIZA_DATA_DIR", "pglite://data", "pglite://...")]
    [InlineData("PGLITE_DATA_DIR", "idb://agents", "idb://...")]
    [InlineData("SQLITE_DATA_DIR", "file:///agents.db", "file://...")]
    [InlineData("ELIZA_DATA_DIR", "postgres://u:Tr0ub4dor@h/db", "postgres://...")]
    public void A_url_is_no_directory_and_is_not_repeated_in_the_error(string name, string value, string shown)
    {
        var error = Assert.Throws<InvalidInputException>(() => ElizaDatabaseOptions.FromEnvironment(Variables($"{name}={value}")));
        Assert.Equal((name, shown), (error.Parameter, error.Value));
        Assert.DoesNotContain("Tr0ub4dor", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_holds_for_a_directory_in_code()
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => ElizaDatabase.OpenAsync("postgres://u:Tr0ub4dor@h/db"));
        Assert.Equal("directory", error.Parameter);
        Assert.DoesNotContain("Tr0ub4dor", error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists("postgres:"));

        await using var database = await ElizaDatabase.OpenAsync(":memory:");
        Assert.False(Directory.Exists(":memory:"));
        Assert.IsType<LocalDatabase>(database);
    }

    [Fact]
    public async Task Options_win_over_the_environment_and_must_name_one_database()
    {
        await using (var database = await ElizaDatabase.OpenAsync(new ElizaDatabaseOptions { Local = new LocalDatabaseOptions { Directory = _directory } }))
            Assert.True(Directory.Exists(_directory));

        var both = new ElizaDatabaseOptions { Local = new LocalDatabaseOptions(), Postgres = new PostgresDatabaseOptions() };
        Assert.Equal("options", (await Assert.ThrowsAsync<InvalidInputException>(() => ElizaDatabase.OpenAsync(both))).Parameter);
        await Assert.ThrowsAsync<ArgumentNullException>(() => ElizaDatabase.OpenAsync((ElizaDatabaseOptions)null!));
    }

    // The only test here that reads the environment of the process, which is everybody's.
    [Fact]
    public async Task Without_arguments_the_environment_of_the_process_decides()
    {
        var before = (Url: Environment.GetEnvironmentVariable("POSTGRES_URL"), Directory: Environment.GetEnvironmentVariable("ELIZA_DATA_DIR"));
        try
        {
            Environment.SetEnvironmentVariable("POSTGRES_URL", "");
            Environment.SetEnvironmentVariable("ELIZA_DATA_DIR", _directory);
            await using (var database = await ElizaDatabase.OpenAsync()) Assert.IsType<LocalDatabase>(database);
            Assert.True(Directory.Exists(_directory));

            Environment.SetEnvironmentVariable("POSTGRES_URL", "postgres://u:pw@h:port/db");
            await Assert.ThrowsAsync<InvalidConnectionStringException>(() => ElizaDatabase.OpenAsync());
        }
        finally
        {
            Environment.SetEnvironmentVariable("POSTGRES_URL", before.Url);
            Environment.SetEnvironmentVariable("ELIZA_DATA_DIR", before.Directory);
        }
    }

    [Fact]
    public async Task A_bad_url_is_a_typed_error_without_the_password()
    {
        var options = ElizaDatabaseOptions.FromEnvironment(Variables("POSTGRES_URL=postgres://u:Tr0ub4dor@h:port/db"));
        var error = await Assert.ThrowsAsync<InvalidConnectionStringException>(() => ElizaDatabase.OpenAsync(options));
        Assert.Equal("postgres://u:***@***/db", error.Value);
        Assert.DoesNotContain("Tr0ub4dor", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_of_PGlite_named_by_elizaOS_variable_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(_directory);
        await File.WriteAllTextAsync(Path.Combine(_directory, "PG_VERSION"), "17\n");
        var options = ElizaDatabaseOptions.FromEnvironment(Variables($"PGLITE_DATA_DIR={_directory}"));
        await Assert.ThrowsAsync<ForeignDirectoryException>(() => ElizaDatabase.OpenAsync(options));
        Assert.Equal(["PG_VERSION"], Directory.EnumerateFileSystemEntries(_directory).Select(Path.GetFileName));
    }

    private static Func<string, string?> Variables(string environment)
    {
        var variables = environment.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=', 2)).ToDictionary(entry => entry[0], entry => entry[1]);
        return variables.GetValueOrDefault;
    }
}
