using ElizaEngine.Storage;
using Xunit;
namespace ElizaEngine.Local.Tests;

/// <summary>What a data directory can be, and what opening it says.</summary>
public sealed class DirectoryTests
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerDirectory = OwnerFile | UnixFileMode.UserExecute;

    [Fact]
    public async Task Whoever_closes_first_of_two_finds_the_directory_free()
    {
        using var folder = new TestFolder();
        for (var round = 0; round < 20; round++)
        {
            var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = folder.Data });
            var closing = new[] { database.CloseAsync(), Task.Run(() => database.CloseAsync()), database.DisposeAsync().AsTask() };
            await await Task.WhenAny(closing);
            await using (await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = folder.Data }))
            {
            }

            await Task.WhenAll(closing);
        }
    }

    [Fact]
    public async Task A_missing_directory_is_created_with_its_parents_for_the_owner_alone()
    {
        using var folder = new TestFolder();
        var path = folder.In("a/b/c");
        await using (var database = await ElizaDatabase.OpenAsync(path))
            await database.ForAgent(Guid.NewGuid()).CreateAgentAsync(new Agent { Name = "Ada" });
        Assert.All([folder.In("a"), folder.In("a/b"), path], directory => Assert.Equal(OwnerDirectory, File.GetUnixFileMode(directory)));
        var files = System.IO.Directory.GetFiles(path);
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Equal(OwnerFile, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task An_empty_directory_is_taken_and_stays_empty_of_rows_when_opened_again()
    {
        using var folder = new TestFolder();
        System.IO.Directory.CreateDirectory(folder.Data);
        await using (var database = await folder.OpenAsync())
            Assert.True(database.OpenReport is { IsNew: true, Frames: 0, Records: 0, CutBytes: 0, KeptTails.Count: 0 });
        await using (var database = await folder.OpenAsync())
        {
            Assert.True(database.OpenReport is { IsNew: false, WasClean: true, Frames: 0, Records: 0 });
            Assert.Equal(0, database.GetStatistics().Memories);
        }
    }

    [Theory]
    [InlineData("память агента")]
    [InlineData("記憶 🧠")]
    [InlineData("-rf")]
    [InlineData(" ")]
    [InlineData("tab\tand\nnewline")]
    public async Task A_directory_may_have_any_name(string name)
    {
        using var folder = new TestFolder();
        await using (var database = await ElizaDatabase.OpenAsync(folder.In(name)))
            await database.ForAgent(Guid.NewGuid()).CreateAgentAsync(new Agent { Name = name });
        await using var again = await ElizaDatabase.OpenAsync(folder.In(name));
        Assert.Equal(name, Assert.Single(await again.ForAgent(Guid.NewGuid()).GetAgentsAsync()).Name);
        Assert.True(System.IO.Directory.Exists(folder.In(name)));
    }

    [Theory]
    [InlineData("postgres://u:Tr0ub4dor@h/db", "postgres://...", "postgres:")]
    [InlineData("s3://bucket/nightly", "s3://...", "s3:")]
    [InlineData("memory://", "memory://...", "memory:")]
    [InlineData(":memory:", ":memory:", ":memory:")]
    public async Task What_names_another_kind_of_database_is_no_directory_and_not_repeated(string text, string shown, string folder)
    {
        foreach (var door in DoorsOf(text))
        {
            var error = await Assert.ThrowsAsync<InvalidInputException>(door);
            Assert.Equal(shown, error.Value);
            Assert.DoesNotContain("Tr0ub4dor", error.ToString(), StringComparison.Ordinal);
        }
        Assert.False(System.IO.Directory.Exists(folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\t\n")]
    [InlineData("with\0zero")]
    public async Task What_is_no_path_is_refused_at_every_door(string text)
    {
        foreach (var door in DoorsOf(text).Prepend(() => ElizaDatabase.OpenAsync(text)))
        {
            var error = await Assert.ThrowsAsync<InvalidInputException>(door);
            Assert.Equal(text, error.Value);
            Assert.Contains(error.Parameter, (string[])["directory", "backup"]);
        }
        Assert.False(System.IO.Directory.Exists(text));
    }

    [Fact]
    public async Task A_slash_at_the_end_of_a_directory_is_not_kept_at_any_door()
    {
        using var folder = new TestFolder();
        await using (var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = folder.In("a/") }))
        {
            Assert.Equal(folder.In("a"), (await database.VerifyAsync()).Directory);
            Assert.Equal(folder.In("b"), (await database.BackupAsync(folder.In("b/"))).Directory);
        }
        Assert.Equal(folder.In("c"), (await LocalDatabase.RestoreAsync(folder.In("b/"), folder.In("c/"))).Directory);
        Assert.Equal(folder.In("c"), (await LocalDatabase.VerifyDirectoryAsync(folder.In("c/"))).Directory);
        Assert.Equal(folder.In("c"), (await LocalDatabase.RepairAsync(folder.In("c/"))).Directory);
    }

    /// <summary>Every call that is given a directory, with this one; to the front door a text may mean a database in memory, too.</summary>
    private static Func<Task>[] DoorsOf(string directory) =>
    [
        () => LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory }),
        async () =>
        {
            await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
            await database.BackupAsync(directory);
        },
        () => LocalDatabase.RestoreAsync(directory, "restored"),
        () => LocalDatabase.RestoreAsync("backup", directory),
        () => LocalDatabase.VerifyDirectoryAsync(directory),
        () => LocalDatabase.RepairAsync(directory),
    ];

    [Fact]
    public async Task A_relative_directory_is_the_one_under_the_working_directory()
    {
        using var folder = new TestFolder();
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, folder.Data);
        Assert.False(Path.IsPathRooted(relative));
        await using (await ElizaDatabase.OpenAsync(relative + "/"))
        {
            var error = await Assert.ThrowsAsync<DirectoryInUseException>(folder.OpenAsync);
            Assert.Equal(Environment.ProcessId, error.OwnerProcessId);
        }
        await using var database = await folder.OpenAsync();
        Assert.False(database.OpenReport.IsNew);
    }

    [Fact]
    public async Task A_symbolic_link_to_a_directory_is_that_directory()
    {
        using var folder = new TestFolder();
        await using var database = await folder.OpenAsync();
        System.IO.Directory.CreateSymbolicLink(folder.In("link"), folder.Data);
        await Assert.ThrowsAsync<DirectoryInUseException>(() => ElizaDatabase.OpenAsync(folder.In("link")));
    }

    [Theory]
    [InlineData("file")] // A file where the directory should be.
    [InlineData("file/below")]
    [InlineData("dangling")] // A link to nothing.
    [InlineData("dangling/below")]
    public async Task A_path_that_cannot_be_a_directory_is_refused_by_name(string name)
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.In("file"), "text");
        File.CreateSymbolicLink(folder.In("dangling"), folder.In("nowhere/at/all"));
        var error = await Assert.ThrowsAsync<DirectoryAccessException>(() => ElizaDatabase.OpenAsync(folder.In(name)));
        Assert.StartsWith(folder.In(name.Split('/')[0]), error.Path, StringComparison.Ordinal);
        Assert.Equal("text", await File.ReadAllTextAsync(folder.In("file")));
    }

    [Fact]
    public async Task A_directory_on_a_file_system_that_takes_no_files_is_refused()
    {
        // Not even root creates a directory in the kernel's own.
        var error = await Assert.ThrowsAsync<DirectoryAccessException>(() => ElizaDatabase.OpenAsync("/proc/eliza/data"));
        Assert.StartsWith("/proc/eliza", error.Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_longer_than_the_file_system_takes_is_refused()
    {
        using var folder = new TestFolder();
        await Assert.ThrowsAsync<DirectoryAccessException>(() => ElizaDatabase.OpenAsync(folder.In(new string('x', 300))));
    }

    [Theory]
    [InlineData("PG_VERSION")]
    [InlineData("memories.sqlite")]
    [InlineData("notes.txt")]
    [InlineData(".hidden")]
    public async Task A_directory_of_another_program_is_refused_with_a_hint_and_not_touched(string name)
    {
        using var folder = new TestFolder();
        System.IO.Directory.CreateDirectory(folder.Data);
        var file = Path.Combine(folder.Data, name);
        await File.WriteAllTextAsync(file, name.EndsWith("sqlite", StringComparison.Ordinal) ? "SQLite format 3\0" : "17");
        var error = await Assert.ThrowsAsync<ForeignDirectoryException>(() => ElizaDatabase.OpenAsync(folder.Data));
        Assert.Equal((folder.Data, name), (error.Path, error.Evidence));
        Assert.EndsWith(
            $"it holds {name}. Nothing was written to it. A new database takes an empty or missing directory.",
            error.Message, StringComparison.Ordinal);
        Assert.Equal([file], System.IO.Directory.GetFileSystemEntries(folder.Data));
        Assert.Equal(name.EndsWith("sqlite", StringComparison.Ordinal) ? 16 : 2, new FileInfo(file).Length);
    }

    [Fact]
    public async Task Closing_twice_and_at_the_same_time_is_harmless()
    {
        using var folder = new TestFolder();
        var database = await folder.OpenAsync();
        var adapter = database.ForAgent(Guid.NewGuid());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => database.CloseAsync())));
        await database.CloseAsync();
        await database.DisposeAsync();
        await Assert.ThrowsAsync<DatabaseClosedException>(() => adapter.GetAgentsAsync());
        await Assert.ThrowsAsync<DatabaseClosedException>(() => adapter.CreateAgentAsync(new Agent { Name = "Ada" }));
        Assert.Throws<DatabaseClosedException>(() => database.GetStatistics());
        await using var again = await folder.OpenAsync();
        Assert.True(again.OpenReport.WasClean);
    }

    [Fact]
    public async Task A_database_in_memory_touches_no_directory_and_is_gone_when_closed()
    {
        var options = new LocalDatabaseOptions { Directory = null };
        await using (var database = await ElizaDatabase.OpenAsync(options))
            await database.ForAgent(Guid.NewGuid()).CreateAgentAsync(new Agent { Name = "Ada" });
        await using var again = await ElizaDatabase.OpenAsync(options);
        Assert.Empty(await again.ForAgent(Guid.NewGuid()).GetAgentsAsync());
        Assert.False(System.IO.Directory.Exists("/memory"));
    }

    public static TheoryData<LocalDatabaseOptions, string> WrongOptions(string directory) => new()
    {
        { new() { Directory = directory, Durability = 0 }, "durability" },
        { new() { Directory = directory, Durability = (Durability)3 }, "durability" },
        { new() { Directory = directory, RecordCacheBytes = -1 }, "recordCacheBytes" },
        { new() { Directory = directory, SearchMemoryLimit = -1 }, "searchMemoryLimit" },
        { new() { Directory = "" }, "directory" },
        { new() { Directory = "with\0zero" }, "directory" },
        { new() { Directory = directory, MaxLogFileBytes = 0 }, "maxLogFileBytes" },
        { new() { Directory = directory, MaxLogFileBytes = -4096 }, "maxLogFileBytes" },
        { new() { Directory = directory, MaxLogFileBytes = 4096 }, "maxLogFileBytes" },
        { new() { Directory = directory, MaxLogFileBytes = (64 << 10) + 1 }, "maxLogFileBytes" },
        { new() { Directory = directory, MaxLogFileBytes = 2L << 30 }, "maxLogFileBytes" },
        { new() { Directory = directory, TimeProvider = null! }, "timeProvider" },
    };

    [Fact]
    public async Task A_directory_on_a_network_file_system_is_refused_and_not_touched_and_opened_when_asked_for()
    {
        using var folder = new TestFolder();
        var files = new PosixFileSystem(isLinux: true, static _ => "nfs");
        var options = new LocalDatabaseOptions { Directory = folder.Data };
        var error = await Assert.ThrowsAsync<DirectoryAccessException>(() => LocalDatabase.OpenAsync(options, files, static log => log));
        Assert.Equal(folder.Data, error.Path);
        Assert.IsType<LogNetworkFileSystemException>(error.InnerException);
        Assert.Contains(nameof(LocalDatabaseOptions.AllowNetworkFileSystem), error.Message, StringComparison.Ordinal);
        Assert.False(System.IO.Directory.Exists(folder.Data));
        await using var database = await LocalDatabase.OpenAsync(options with { AllowNetworkFileSystem = true }, files, static log => log);
        await database.ForAgent(Guid.NewGuid()).CreateAgentAsync(new Agent { Name = "Ada" });
    }

    [Fact]
    public async Task A_directory_on_another_system_than_Linux_is_refused_and_not_touched()
    {
        using var folder = new TestFolder();
        var files = new PosixFileSystem(isLinux: false, static _ => null);
        var options = new LocalDatabaseOptions { Directory = folder.Data };
        var error = await Assert.ThrowsAsync<PlatformNotSupportedException>(
            () => LocalDatabase.OpenAsync(options, files, static log => log));
        Assert.Equal($"A data directory needs Linux, whose calls write it: {folder.Data} cannot be used on this system.", error.Message);
        Assert.False(System.IO.Directory.Exists(folder.Data));
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused_by_name_before_anything_is_touched()
    {
        using var folder = new TestFolder();
        foreach (var row in WrongOptions(folder.Data))
        {
            var (options, parameter) = row.Data;
            var error = await Assert.ThrowsAnyAsync<Exception>(() => ElizaDatabase.OpenAsync(options));
            Assert.True(error is InvalidInputException input && input.Parameter == parameter, $"{parameter} of {options}: {error}");
        }
        Assert.False(System.IO.Directory.Exists(folder.Data));
        await Assert.ThrowsAsync<ArgumentNullException>(() => ElizaDatabase.OpenAsync((string)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => ElizaDatabase.OpenAsync((LocalDatabaseOptions)null!));
    }
}
