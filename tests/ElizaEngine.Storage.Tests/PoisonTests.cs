namespace ElizaEngine.Storage.Tests;

public sealed class PoisonTests
{
    [Theory]
    [InlineData("write")]
    [InlineData("flush")]
    public async Task A_failed_write_or_flush_fails_the_commit_and_refuses_later_ones(string operation)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        var published = new List<object>();
        await using var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), published.Add);
        await log.BackgroundWork;
        await Append(log, "good");
        var calls = 0;
        faulty.Fault = (call, path) => call == operation && path.EndsWith(".seg", StringComparison.Ordinal)
            && Interlocked.Increment(ref calls) == 1
            ? FaultyFileSystem.IoError(call, path) : null;

        var unknown = await Assert.ThrowsAsync<LogOutcomeUnknownException>(async () => await Append(log, "bad"));
        Assert.IsType<StorageIOException>(unknown.InnerException);
        var poisoned = Assert.Throws<LogPoisonedException>(() => Append(log, "later"));
        Assert.Contains("Input/output error", poisoned.Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LogPoisonedException>(async () => await log.ReserveAsync(1, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<LogPoisonedException>(log.FlushAsync);
        Assert.NotNull(log.Fault);
        Assert.Equal(["good"], published);
        Assert.Equal(1, calls); // Never tried again.
    }

    [Fact]
    public async Task Every_commit_in_flight_fails_with_the_flush()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        await using var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { });
        await log.BackgroundWork;
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        faulty.Fault = (call, path) =>
        {
            if (call != "flush")
                return null;
            entered.Set();
            leave.Wait();
            return FaultyFileSystem.IoError(call, path);
        };
        var first = Append(log, "first").AsTask();
        entered.Wait(TestContext.Current.CancellationToken);
        var later = Enumerable.Range(0, 20).Select(i => Append(log, $"later {i}").AsTask()).ToArray();
        leave.Set();
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => first);
        foreach (var task in later)
            await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => task);
    }

    [Fact]
    public async Task A_poisoned_log_reads_on_and_checks_what_it_reads()
    {
        using var directory = new TestDirectory(Disk.Posix);
        var faulty = new FaultyFileSystem(directory.Files);
        await using var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { });
        RecordLocation good, damaged;
        ValueTask done;
        lock (log.Gate)
        {
            log.BeginLocked(1000);
            log.AppendLocked(1, 4, out good).Fill((byte)'a');
            log.AppendLocked(1, 4, out damaged).Fill((byte)'b');
            done = log.CommitLocked("x");
        }

        await done;
        await log.BackgroundWork;
        faulty.Fault = (call, path) => call == "flush" ? FaultyFileSystem.IoError(call, path) : null;
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(async () => await Append(log, "bad"));
        using (var file = directory.Files.Open(directory.File(FileNames.Log(damaged.File))))
            file.Write(damaged.Offset, "x"u8);

        using var pin = log.Pin();
        Assert.Equal("aaaa"u8.ToArray(), log.Read(good).ToArray());
        Assert.Throws<LogDamagedException>(() => log.Read(damaged).Length);
    }

    [Fact]
    public async Task What_was_acknowledged_before_the_poison_is_there_after_reopening()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), _ => { });
        await log.BackgroundWork;
        await Append(log, "good");
        faulty.Fault = (call, path) => call == "write" ? FaultyFileSystem.IoError(call, path) : null;
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(async () => await Append(log, "bad"));
        await log.DisposeAsync();
        await using var reopened = TestLog.Open(directory);
        Assert.Equal(["good"], reopened.Replayed.Texts);
        Assert.False(reopened.Log.OpenReport.WasClean);
    }

    /// <summary>The next file is prepared in the background: its failure meets the writer at any point of a commit.</summary>
    [Theory]
    [InlineData("write")]
    [InlineData("flush")]
    public async Task A_fault_from_the_background_during_a_write_or_flush_keeps_the_commit_from_being_published(string operation)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        var published = new List<object>();
        var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), published.Add);
        await log.BackgroundWork;
        await Append(log, "good");
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var flushes = 0;
        faulty.Fault = (call, path) =>
        {
            if (call == "fill")
                return FaultyFileSystem.IoError(call, path);
            if (call == "flush")
                flushes++;
            if (call != operation)
                return null;
            entered.Set();
            leave.Wait();
            return null;
        };
        var bad = Append(log, "bad").AsTask();
        entered.Wait(TestContext.Current.CancellationToken);
        lock (log.Gate)
        {
            // Takes the file prepared ahead, so another is prepared, which fails.
            log.BeginLocked(8000);
            log.AbandonLocked();
        }

        await log.BackgroundWork;
        Assert.NotNull(log.Fault);
        leave.Set();
        var unknown = await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => bad);
        Assert.IsType<StorageIOException>(unknown.InnerException);
        await log.DisposeAsync(); // The writer has ended.
        Assert.Equal(["good"], published);
        Assert.Equal(operation == "flush" ? 1 : 0, flushes);
        Assert.Equal(1, log.Statistics.Commits);
        await using var reopened = TestLog.Open(directory);
        Assert.Equal("good", reopened.Replayed.Texts.First());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // The batch is a chain with a link handed over, behind the frame of the other commit.
    public async Task Poisoning_in_the_middle_of_a_batch_drops_its_frame_with_the_commits_of_others(bool isChain)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var faulty = new FaultyFileSystem(directory.Files);
        var published = new List<object>();
        var log = WriteAheadLog.Open(directory.Path, faulty, directory.Options, new ReplayedRecords(), published.Add);
        await log.BackgroundWork;
        var good = await RecordReadTests.Append(log, "good");
        await log.BackgroundWork;
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var reached = log.Statistics.BytesWritten;
        faulty.Fault = (call, path) =>
        {
            if (call != "flush" || !path.EndsWith(FileNames.Log(good.File), StringComparison.Ordinal))
                return null;
            entered.Set();
            leave.Wait();
            return null;
        };
        var written = Append(log, "written").AsTask();
        entered.Wait(TestContext.Current.CancellationToken);

        var reason = new InvalidOperationException("half changed");
        Task waiting;
        lock (log.Gate)
        {
            log.BeginLocked(100);
            var frame = log.FrameIdLocked;
            log.AppendLocked(1, 7, out var unwritten).Fill((byte)'w');
            waiting = log.CommitLocked("waiting").AsTask();
            log.BeginLocked(isChain ? 20_000 : 100);
            Assert.Equal(isChain, frame != log.FrameIdLocked);
            for (var i = 0; i < (isChain ? 3 : 1); i++)
                log.AppendLocked(1, isChain ? 5000 : 50, out _).Fill((byte)'b');
            log.PoisonLocked(reason);
            Assert.Throws<LogPoisonedException>(() => log.BeginLocked(8));
            Assert.Throws<LogPoisonedException>(() => log.ReadLocked(unwritten).Length);
            Assert.Equal("good"u8.ToArray(), log.ReadLocked(good).ToArray());
            log.PoisonLocked(new InvalidOperationException("again"));
            log.AbandonLocked();
        }

        // The writer is still inside its flush.
        Assert.Same(reason, (await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => waiting)).InnerException);
        Assert.Same(reason, log.Fault!.Error);
        await Assert.ThrowsAsync<LogPoisonedException>(async () => await log.ReserveAsync(1, TestContext.Current.CancellationToken));
        leave.Set();
        Assert.Same(reason, (await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => written)).InnerException);
        using (log.Pin())
            Assert.Equal("good"u8.ToArray(), log.Read(good).ToArray());
        await log.DisposeAsync();
        Assert.Equal(["good"], published);
        Assert.Equal(reached + 4096, log.Statistics.BytesWritten); // Only the frame that the writer held.
        await using var reopened = TestLog.Open(directory);
        Assert.Equal(["good", "written"], reopened.Replayed.Texts);
        await reopened.Append("goes on");
    }

    [Fact]
    public async Task Poisoning_without_a_batch_refuses_writes_and_keeps_what_was_acknowledged()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var log = TestLog.Open(directory);
        await log.Append("good");
        lock (log.Log.Gate)
            log.Log.PoisonLocked(new InvalidOperationException("broken"));
        Assert.Equal("broken", Assert.Throws<LogPoisonedException>(() => log.Append("late")).Reason);
        await log.DisposeAsync();
        Assert.Equal([1], log.Published);
        await using var reopened = TestLog.Open(directory);
        Assert.Equal(["good"], reopened.Replayed.Texts);
        Assert.False(reopened.Log.OpenReport.WasClean);
    }

    internal static ValueTask Append(WriteAheadLog log, string text)
    {
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(text.Length));
            System.Text.Encoding.ASCII.GetBytes(text, log.AppendLocked(1, text.Length, out _));
            return log.CommitLocked(text);
        }
    }
}
