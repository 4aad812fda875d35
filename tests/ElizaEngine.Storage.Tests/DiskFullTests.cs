using System.Runtime.InteropServices;
using System.Text;

namespace ElizaEngine.Storage.Tests;

public sealed class DiskFullTests
{
    [Fact]
    public async Task A_full_disk_refuses_the_batch_that_does_not_fit_and_no_other()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        var accepted = new List<string>();
        await using (var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { }))
        {
            await log.BackgroundWork;
            faulty.Fault = (call, path) => call == "fill" ? FaultyFileSystem.DiskFull(call, path) : null;
            LogDiskFullException? full = null;
            for (var i = 0; full is null; i++)
            {
                Assert.True(i < 1000);
                try
                {
                    await PoisonTests.Append(log, $"{i}");
                    accepted.Add($"{i}");
                }
                catch (LogDiskFullException error)
                {
                    full = error;
                }
            }

            Assert.Equal(28, full.Errno);
            Assert.True(accepted.Count > 3);
            Assert.Null(log.Fault);
            Assert.Throws<LogDiskFullException>(() => PoisonTests.Append(log, "still full"));

            faulty.Fault = (_, _) => null;
            await PoisonTests.Append(log, "space again");
            accepted.Add("space again");
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(accepted, reopened.Replayed.Texts);
        Assert.True(reopened.Log.OpenReport.WasClean);
    }

    [Theory]
    [InlineData("open", 24)]
    [InlineData("open", 23)]
    [InlineData("mmap", 12)]
    public void A_file_that_cannot_be_opened_for_a_moment_is_as_a_disk_without_room(string operation, int errno)
    {
        Marshal.SetLastPInvokeError(errno);
        Assert.False(Assert.IsType<LogDiskFullException>(PosixFileSystem.Failure(operation, "/data")).IsOfDisk);
        // A flush that failed for want of memory has failed for good.
        Marshal.SetLastPInvokeError(errno);
        Assert.IsType<StorageIOException>(PosixFileSystem.Failure("fdatasync", "/data"));
    }

    /// <summary>No file and no directory can be opened, by any of the calls that open one; what is open stays so.</summary>
    /// <param name="errno">EMFILE, of the process; ENFILE, of the system.</param>
    /// <param name="leads">Whether the caller writes on its own thread.</param>
    [Theory]
    [InlineData(24, false)]
    [InlineData(24, true)]
    [InlineData(23, false)]
    public async Task Where_no_more_files_may_be_opened_a_batch_is_refused_reads_go_on_and_writes_do_again(int errno, bool leads)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        var accepted = new List<string>();
        await using (var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { }))
        {
            await log.BackgroundWork;
            faulty.Fault = (call, path) => call is "create" or "open" or "open-directory" or "flush-directory" ? NoMoreFiles(path, errno) : null;
            var locations = new List<RecordLocation>();
            LogDiskFullException? refused = null;
            for (var i = 0; refused is null; i++)
            {
                Assert.True(i < 1000);
                try
                {
                    locations.Add(await CommitAsync(log, $"{i}", leads));
                    accepted.Add($"{i}");
                }
                catch (LogDiskFullException error)
                {
                    refused = error;
                }
            }

            Assert.Equal(errno, refused.Errno);
            Assert.False(refused.IsOfDisk);
            Assert.True(accepted.Count > 3);
            Assert.Null(log.Fault);
            await Assert.ThrowsAsync<LogDiskFullException>(() => CommitAsync(log, "still none", leads));
            using (log.Pin())
                Assert.Equal(accepted, locations.Select(location => Encoding.UTF8.GetString(log.ReadVerified(location))));

            faulty.Fault = (_, _) => null;
            for (var i = 0; i < 20; i++)
            {
                await CommitAsync(log, $"again {i}", leads);
                accepted.Add($"again {i}");
            }
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(accepted, reopened.Replayed.Texts);
        Assert.True(reopened.Log.OpenReport.WasClean);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("write")]
    [InlineData("flush")]
    public async Task A_disk_that_is_full_for_the_manifest_refuses_the_batch_too(string operation)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        await using var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { });
        await log.BackgroundWork;
        faulty.Fault = (call, path) => call == operation && path.EndsWith(".tmp", StringComparison.Ordinal) ? FaultyFileSystem.DiskFull(call, path) : null;
        Assert.Throws<LogDiskFullException>(() => AppendLarge(log));
        Assert.Null(log.Fault);
        faulty.Fault = (_, _) => null;
        await AppendLarge(log);
    }

    /// <summary>The story: a batch that did not fit was refused, and all that the disk had left was files prepared for it.</summary>
    [Theory]
    [InlineData("nothing else")]
    [InlineData("no manifest either")]
    [InlineData("one manifest")]
    public async Task A_large_batch_that_is_refused_gives_back_the_files_that_were_prepared_for_it(string what)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { });
        await log.BackgroundWork;
        await PoisonTests.Append(log, "before");
        await log.BackgroundWork;
        var before = Sizes();
        var (fills, manifests) = (0, 0);
        var manifestsLeft = what switch { "nothing else" => int.MaxValue, "one manifest" => 1, _ => 0 };
        faulty.Fault = (call, path) =>
        {
            var isManifest = call == "write" && path.EndsWith(".tmp", StringComparison.Ordinal);
            var isFull = (call == "fill" && ++fills > 2) || (isManifest && fills > 2 && ++manifests > manifestsLeft);
            return isFull ? FaultyFileSystem.DiskFull(call, path) : null;
        };

        Assert.Throws<LogDiskFullException>(() => AppendLarge(log));

        Assert.Equal(3, fills);
        Assert.Null(log.Fault);
        if (what != "no manifest either")
            Assert.Equal(before, Sizes());
        // A smaller one is welcome as before, and so is the same one when there is room.
        await PoisonTests.Append(log, "small");
        await log.BackgroundWork;
        using (var killed = DiskImage.Take(directory).Restore())
        {
            await using var other = TestLog.Open(killed);
            Assert.Equal(["before", "small"], other.Replayed.Texts);
        }

        faulty.Fault = (_, _) => null;
        await AppendLarge(log);
        await log.DisposeAsync();
        await using var reopened = TestLog.Open(directory);
        Assert.Equal(3, reopened.Replayed.Records.Count);

        List<(string, int)> Sizes() => [.. DiskImage.Take(directory).Files
            .Where(static file => file.Key.EndsWith(".seg", StringComparison.Ordinal))
            .Select(static file => (file.Key, file.Value.Length))
            .Order()];
    }

    /// <summary>
    /// The story: behind the rename of a manifest the directory was opened to be flushed; a process that had as many files open as it may
    /// could not, and took no more writes.
    /// </summary>
    [Fact]
    public async Task A_process_that_may_open_no_more_files_refuses_the_batch_and_is_not_poisoned()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var (renamed, failed) = (false, false);
        var faulty = new FaultyFileSystem(directory.Files);
        await using var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { });
        await log.BackgroundWork;
        faulty.Fault = (call, path) =>
        {
            renamed |= call == "rename" && path.Contains("MANIFEST", StringComparison.Ordinal);
            if (call != "open-directory" || !renamed || failed)
                return null;
            failed = true;
            return new LogDiskFullException(call, path, 24, "Too many open files");
        };

        Assert.Throws<LogDiskFullException>(() => AppendLarge(log));

        Assert.True(failed);
        Assert.Null(log.Fault);
        await AppendLarge(log);
    }

    [Fact]
    public async Task A_full_disk_at_the_first_open_is_reported_and_the_directory_stays_usable()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files) { Fault = (call, path) => call == "fill" ? FaultyFileSystem.DiskFull(call, path) : null };
        Assert.Throws<LogDiskFullException>(() => WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { }));
        faulty.Fault = (_, _) => null;
        await WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { }).DisposeAsync();
    }

    /// <summary>What the file system of the operating system throws when a call to open fails so.</summary>
    private static Exception NoMoreFiles(string path, int errno)
    {
        Marshal.SetLastPInvokeError(errno);
        return PosixFileSystem.Failure("open", path);
    }

    private static async Task<RecordLocation> CommitAsync(WriteAheadLog log, string text, bool leads)
    {
        ValueTask done;
        RecordLocation location;
        var isLeader = false;
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(text.Length));
            Encoding.UTF8.GetBytes(text, log.AppendLocked(1, text.Length, out location));
            done = leads ? log.CommitLocked(text, out isLeader) : log.CommitLocked(text);
        }

        if (isLeader)
            log.Lead();
        await done;
        return location;
    }

    private static ValueTask AppendLarge(WriteAheadLog log)
    {
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(500_000));
            log.AppendLocked(1, 500_000, out _).Clear();
            return log.CommitLocked("large");
        }
    }
}
