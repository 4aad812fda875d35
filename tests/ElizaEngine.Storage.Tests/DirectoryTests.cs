using System.Diagnostics;

namespace ElizaEngine.Storage.Tests;

public sealed class DirectoryTests
{
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task A_second_open_in_the_same_process_is_refused_until_the_first_is_closed(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        await using (TestLog.Open(directory))
        {
            var error = Assert.Throws<LogDirectoryInUseException>(() => TestLog.Open(directory));
            Assert.Equal(Environment.ProcessId, error.ProcessId);
            Assert.Equal(directory.Path, error.Path);
        }

        await using var again = TestLog.Open(directory);
    }

    [Fact]
    public async Task A_second_open_through_another_path_is_refused()
    {
        using var directory = new TestDirectory();
        await using var log = TestLog.Open(directory);
        var link = directory.Path + "-link";
        Directory.CreateSymbolicLink(link, directory.Path);
        Assert.Throws<LogDirectoryInUseException>(
            () => WriteAheadLog.Open(link, directory.Files, directory.Options, new ReplayedRecords(), _ => { }));
    }

    [Fact]
    public async Task A_directory_that_another_process_has_locked_is_refused_with_its_id()
    {
        using var directory = new TestDirectory();
        await TestLog.Open(directory).DisposeAsync();
        // The other process writes its id like an owner would, says that it has the lock, and holds it until its input ends.
        var script = "printf 'pid 4242\\nprocess other\\n' > \"$0\"; echo locked; cat > /dev/null";
        var start = new ProcessStartInfo("flock", [directory.File("LOCK"), "sh", "-c", script, directory.File("LOCK")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var other = Process.Start(start)!;
        Assert.Equal("locked", await other.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        var error = Assert.Throws<LogDirectoryInUseException>(() => TestLog.Open(directory));
        Assert.Equal(4242, error.ProcessId);
        other.StandardInput.Close();
        await other.WaitForExitAsync(TestContext.Current.CancellationToken);
        await using var log = TestLog.Open(directory);
    }

    [Theory]
    [InlineData("PG_VERSION")]
    [InlineData("memories.sqlite")]
    [InlineData("MANIFEST-000004")]
    public void A_directory_with_other_files_is_refused_and_not_touched(string name)
    {
        using var directory = new TestDirectory();
        Directory.CreateDirectory(directory.Path);
        File.WriteAllText(directory.File(name), "17");
        var error = Assert.Throws<LogDirectoryForeignException>(() => TestLog.Open(directory));
        Assert.Equal(name, error.Evidence);
        Assert.Equal([directory.File(name)], Directory.GetFileSystemEntries(directory.Path));
    }

    [Fact]
    public async Task A_missing_directory_is_created_with_its_parents_for_the_owner_alone()
    {
        using var directory = new TestDirectory();
        var path = directory.Path + "/a/b";
        await using var log = WriteAheadLog.Open(path, directory.Files, directory.Options, new ReplayedRecords(), _ => { });
        await log.BackgroundWork; // While a file is prepared a manifest comes and goes under another name.
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.All(Directory.GetFiles(path), file => Assert.Equal(Owner, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Leftovers_of_an_interrupted_creation_are_removed()
    {
        using var directory = new TestDirectory();
        Directory.CreateDirectory(directory.File("lost+found"));
        File.WriteAllText(directory.File("LOCK"), "");
        File.WriteAllText(directory.File("MANIFEST-0000000001.tmp"), "half");
        File.WriteAllText(directory.File("log-0000000001.seg"), "half");
        await using var log = TestLog.Open(directory);
        Assert.True(log.Log.OpenReport.IsNew);
        await log.Append("works");
    }

    /// <summary>
    /// The story: a copy is as large as its frames, and one of less than a block was taken for what an interrupted creation had left. Opening
    /// deleted it, and began an empty database.
    /// </summary>
    [Fact]
    public async Task A_small_copy_without_a_manifest_is_no_leftover()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory))
        {
            await log.Append("kept");
            await log.CompactAsync();
        }

        var image = DiskImage.Take(directory);
        foreach (var manifest in image.Files.Keys.Where(static name => FileNames.TryManifest(name, out _)).ToList())
            image = image.Without(manifest);
        var copy = Assert.Single(image.Files, static file => file.Value.AsSpan(LogFormat.FileHeaderBytes..).ContainsAnyExcept((byte)0));
        Assert.InRange(copy.Value.Length, LogFormat.FileHeaderBytes + 1, (2 * LogFormat.FileHeaderBytes) - 1);
        using var without = image.Restore();
        var before = DiskImage.Take(without).Files;
        Assert.Equal(copy.Key, Assert.Throws<LogDirectoryForeignException>(() => TestLog.Open(without)).Evidence);
        Assert.Equal(copy.Key, Assert.Throws<LogDirectoryForeignException>(() => BackupTarget.ForBackup(without.Files, without.Path)).Evidence);
        Assert.Equal(before, DiskImage.Take(without).Files);
        // Repair makes the manifest anew.
        Assert.Empty(Examined.Run(without, repair: true).Lost);
        await using var repaired = TestLog.Open(without);
        Assert.Equal(["kept"], repaired.Replayed.Texts);
    }

    [Fact]
    public async Task Leftovers_of_an_interrupted_preparation_are_removed()
    {
        using var directory = new TestDirectory();
        await using (var log = TestLog.Open(directory))
            await log.Append("kept");
        File.WriteAllText(directory.File("log-0000000077.seg"), "half");
        File.WriteAllText(directory.File("MANIFEST-0000000077.tmp"), "half");
        await using var reopened = TestLog.Open(directory);
        Assert.Equal(["kept"], reopened.Replayed.Texts);
        Assert.False(File.Exists(directory.File("log-0000000077.seg")));
        Assert.False(File.Exists(directory.File("MANIFEST-0000000077.tmp")));
    }

    /// <summary>What lies under a path is asked of its nearest part that exists.</summary>
    [Fact]
    public async Task A_network_file_system_is_refused_and_not_touched_and_opened_when_asked_for()
    {
        using var directory = new TestDirectory();
        var root = Path.GetDirectoryName(directory.Path);
        var files = new PosixFileSystem(isLinux: true, path => path == root ? "nfs" : null);
        var error = Assert.Throws<LogNetworkFileSystemException>(() => TestLog.Open(directory, files: files));
        Assert.Equal(directory.Path, error.Path);
        Assert.Contains("(nfs)", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(LogOptions.AllowNetworkFileSystem), error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.Path));

        await using (var log = TestLog.Open(directory, directory.Options with { AllowNetworkFileSystem = true }, files))
            await log.Append("kept");
        await using (var log = TestLog.Open(directory))
            Assert.Equal(["kept"], log.Replayed.Texts);
        // One that is there already is refused as well.
        files = new PosixFileSystem(isLinux: true, path => path == directory.Path ? "nfs" : null);
        Assert.Throws<LogNetworkFileSystemException>(() => TestLog.Open(directory, files: files));
    }

    [Fact]
    public async Task Another_operating_system_than_Linux_is_refused_by_whatever_takes_a_directory()
    {
        using var directory = new TestDirectory();
        await using (var log = TestLog.Open(directory))
            await log.Append("kept");
        var target = directory.Path + "-restored";
        var files = new PosixFileSystem(isLinux: false, static _ => throw new InvalidOperationException("statfs is Linux'."));
        var options = directory.Options with { AllowNetworkFileSystem = true };
        Action[] calls =
        [
            () => TestLog.Open(directory, options, files),
            () => LogRestore.Run(files, directory.Path, target, options, new ReplayedRecords(), null, CancellationToken.None),
            () => LogDirectory.CheckIsOurs(files, directory.Path),
        ];
        foreach (var call in calls)
            Assert.Contains(directory.Path, Assert.Throws<PlatformNotSupportedException>(call).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(target));
    }

    [Fact]
    public void Network_file_systems_are_known_by_their_magic()
    {
        Assert.Equal("nfs", NetworkFileSystem.Name(0x6969));
        Assert.Null(NetworkFileSystem.Name(0xEF53));
        Assert.Null(NetworkFileSystem.Find("/"));
    }
}
