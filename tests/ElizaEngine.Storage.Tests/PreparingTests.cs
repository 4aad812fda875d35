using System.Collections.Concurrent;

namespace ElizaEngine.Storage.Tests;

/// <summary>What happens to a log file that is being prepared when the disk fails: a manifest on the disk may list it already.</summary>
public sealed class PreparingTests
{
    /// <summary>
    /// The names could not be flushed after the manifest had its own, so a crash may leave either manifest. A caller that needed room was
    /// waiting for its turn to prepare. The story: it had it, wrote another file under the same number, and the crash left a manifest that
    /// listed a file that was gone.
    /// </summary>
    [Fact]
    public async Task Who_waits_while_preparing_fails_prepares_nothing_either()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var calls = new ConcurrentQueue<string>();
        var hasFailed = false;
        Exception? heard = null;
        using var isOpen = new ManualResetEventSlim();
        WriteAheadLog? log = null;
        var waiting = new Thread(() =>
        {
            try
            {
                lock (log!.Gate)
                    log.BeginLocked(500_000); // More than the first file holds.
            }
            catch (StorageException error)
            {
                heard = error;
            }
        });
        var faulty = new FaultyFileSystem(directory.Files)
        {
            Fault = (call, path) =>
            {
                if (hasFailed)
                    calls.Enqueue($"{call} {path}");
                if (hasFailed || call != "flush-directory" || !directory.Files.List(directory.Path).Contains(FileNames.Manifest(2)))
                    return null;
                // This thread prepares the second file, and has the turn.
                isOpen.Wait(TestContext.Current.CancellationToken);
                waiting.Start();
                Assert.True(SpinWait.SpinUntil(() => waiting.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(30)));
                hasFailed = true;
                return FaultyFileSystem.IoError(call, path);
            },
        };
        log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), static _ => { });
        isOpen.Set();
        await log.BackgroundWork;
        waiting.Join();

        Assert.IsType<LogPoisonedException>(heard);
        await log.DisposeAsync();
        Assert.DoesNotContain(calls, static call => call.StartsWith("create", StringComparison.Ordinal));

        using var copy = DiskImage.Take(directory).Restore(directory.Options);
        await using var reopened = TestLog.Open(copy);
        await reopened.Append("goes on");
    }

    /// <summary>A writer that waits takes a file as soon as it is there, while who prepared it is not done: the next one has to follow.</summary>
    [Fact]
    public async Task A_file_that_is_taken_before_its_preparing_is_done_is_followed_by_another()
    {
        using var directory = new TestDirectory(Disk.Memory);
        directory.Files.CreateDirectory(directory.Path);
        var id = Guid.NewGuid();
        var recovered = new RecoveredLog { DatabaseId = id, Used = [], Prepared = [], Tail = default, NextFileNumber = 1, Report = new LogOpenReport() };
        var set = new LogFileSet(directory.Files, directory.Path, directory.Options, id, recovered, new ManifestStore(directory.Files, directory.Path, null));
        var isTaken = false;
        set.Ended = () =>
        {
            if (isTaken)
                return;
            isTaken = true;
            set.Advance(0, LogFormat.FrameHeaderBytes);
        };

        set.PrepareAhead();
        await set.Ahead;

        Assert.True(isTaken);
        Assert.Equal((2, 1), (set.Size.Files, set.Used.Length));
        set.DisposeFiles();
    }

    /// <summary>A disk that has no room for the manifest's name says no more than that: it may have it all the same.</summary>
    [Fact]
    public async Task The_number_of_a_file_that_a_manifest_may_list_is_not_used_again()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var renames = 0;
        var created = new ConcurrentQueue<string>();
        var faulty = new FaultyFileSystem(directory.Files)
        {
            Fault = (call, path) =>
            {
                if (call == "create" && path.EndsWith(".seg", StringComparison.Ordinal))
                    created.Enqueue(Path.GetFileName(path));
                return call == "rename" && Interlocked.Increment(ref renames) == 2 ? FaultyFileSystem.DiskFull(call, path) : null;
            },
        };
        await using (var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), static _ => { }))
        {
            await log.BackgroundWork;
            Assert.Null(log.Fault);
            for (var i = 0; i < 30; i++)
                await PoisonTests.Append(log, $"{i}");
            await log.BackgroundWork;
        }

        Assert.Equal(created.Distinct(), created);
        Assert.True(created.Count > 2, string.Join(' ', created));
        await using var reopened = TestLog.Open(directory);
        Assert.Equal(Enumerable.Range(0, 30).Select(static i => $"{i}"), reopened.Replayed.Texts);
    }
}
