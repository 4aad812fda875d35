using System.Collections.Concurrent;

namespace ElizaEngine.Storage.Tests;

/// <summary>A caller that waits alone writes and flushes by itself; as soon as there are others the writer thread does it for all.</summary>
public sealed class LeaderTests : IDisposable
{
    private readonly TestDirectory _directory = new(Disk.Memory);
    private readonly FaultyFileSystem _files;
    private readonly List<object> _published = [];
    private readonly ConcurrentQueue<int> _writers = [];

    public LeaderTests()
    {
        _files = new FaultyFileSystem(_directory.Files) { Fault = NoteWriter };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_alone_writes_on_its_own_thread_and_is_done_when_it_returns(bool flushes)
    {
        await using var log = await OpenAsync(flushes ? Durability.PowerLoss : Durability.ProcessCrash);
        for (var i = 0; i < 5; i++)
        {
            var (done, leads) = LoneCaller.Commit(log, $"batch {i}");
            Assert.True(leads);
            log.Lead();
            Assert.True(done.IsCompletedSuccessfully);
            await done;
        }

        Assert.Equal(["batch 0", "batch 1", "batch 2", "batch 3", "batch 4"], _published);
        Assert.Equal([Environment.CurrentManagedThreadId], _writers.Distinct());
    }

    [Fact]
    public async Task Until_the_leader_has_written_nobody_does_and_then_it_writes_for_all_who_came()
    {
        await using var log = await OpenAsync();
        var (mine, leads) = LoneCaller.Commit(log, "mine");
        Assert.True(leads);
        var others = Enumerable.Range(0, 3).Select(i => LoneCaller.Commit(log, $"other {i}")).ToArray();

        Assert.All(others, other => Assert.False(other.Leads));
        Assert.Empty(_writers);
        Assert.Empty(_published);
        log.Lead();
        await mine;
        foreach (var (done, _) in others)
            await done;
        Assert.Equal([Environment.CurrentManagedThreadId], _writers.Distinct());
        Assert.Equal("other 2", _published[^1]);
    }

    [Fact]
    public async Task Those_who_come_while_the_leader_flushes_are_served_by_the_writer_thread()
    {
        await using var log = await OpenAsync();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        _files.Fault = (call, path) =>
        {
            if (call == "flush" && !entered.IsSet)
            {
                entered.Set();
                leave.Wait(TestContext.Current.CancellationToken);
            }

            return NoteWriter(call, path);
        };
        var (mine, leads) = LoneCaller.Commit(log, "mine");
        Assert.True(leads);
        var leading = Task.Run(log.Lead, TestContext.Current.CancellationToken);
        entered.Wait(TestContext.Current.CancellationToken);
        var (others, othersLead) = LoneCaller.Commit(log, "others");
        var isDone = mine.IsCompleted;
        // First: closing the log waits for its leader.
        leave.Set();
        Assert.False(othersLead);
        Assert.False(isDone);

        await mine;
        await others;
        await leading;
        Assert.Equal(["mine", "others"], _published);
        Assert.Equal(2, _writers.Distinct().Count());
    }

    [Fact]
    public async Task A_batch_of_others_that_was_begun_before_the_leader_wrote_is_lost_to_nobody()
    {
        await using var log = await OpenAsync();
        var (mine, leads) = LoneCaller.Commit(log, "mine");
        Assert.True(leads);
        ValueTask theirs;
        lock (log.Gate)
        {
            // The frame that the leader's batch is in is in the hands of the gate's holder.
            log.BeginLocked(WriteAheadLog.RecordBytes(6));
            "theirs"u8.CopyTo(log.AppendLocked(1, 6, out _));
            log.Lead();
            theirs = log.CommitLocked("theirs");
        }

        await mine;
        await theirs;
        Assert.Equal("theirs", _published[^1]);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("flush")]
    public async Task A_leader_whose_write_or_flush_fails_is_told_like_everybody_and_nothing_is_tried_again(string operation)
    {
        await using var log = await OpenAsync();
        await LoneCaller.CommitAndLeadAsync(log, "good");
        var failures = 0;
        _files.Fault = (call, path) => call == operation && path.EndsWith(".seg", StringComparison.Ordinal) && Interlocked.Increment(ref failures) == 1
            ? FaultyFileSystem.IoError(call, path) : null;

        await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => LoneCaller.CommitAndLeadAsync(log, "bad"));

        Assert.NotNull(log.Fault);
        Assert.Throws<LogPoisonedException>(() => LoneCaller.Commit(log, "later"));
        await log.DisposeAsync();
        Assert.Equal(["good"], _published);
        Assert.Equal(1, failures);
    }

    /// <summary>
    /// The story: after a fault from elsewhere the writer thread ended at once, beside a leader inside its write; closing let go of the
    /// directory, and the late write came over what its next owner had written to the same place.
    /// </summary>
    [Theory]
    [InlineData("write")]
    [InlineData("flush")]
    public async Task Closing_a_poisoned_log_waits_for_its_leader_and_keeps_the_directory_until_then(string operation)
    {
        var log = await OpenAsync();
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        _files.Fault = (call, path) =>
        {
            if (call == operation && path.EndsWith(".seg", StringComparison.Ordinal) && !entered.IsSet)
            {
                entered.Set();
                leave.Wait();
            }

            return null;
        };
        var (mine, leads) = LoneCaller.Commit(log, "mine");
        Assert.True(leads);
        var leading = Task.Run(log.Lead, TestContext.Current.CancellationToken);
        entered.Wait(TestContext.Current.CancellationToken);
        lock (log.Gate)
        {
            log.BeginLocked(100);
            log.PoisonLocked(new InvalidOperationException("half changed"));
        }

        var closing = log.DisposeAsync().AsTask();
        try
        {
            for (var i = 0; i < 1000; i++)
            {
                Assert.Throws<LogDirectoryInUseException>(() => TestLog.Open(_directory));
                Assert.False(closing.IsCompleted);
                await Task.Yield();
            }
        }
        finally
        {
            leave.Set();
        }

        await leading;
        await closing;
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(() => mine.AsTask());
        Assert.Empty(_published);
        await using var next = TestLog.Open(_directory);
        await next.Append("next");
    }

    [Fact]
    public async Task A_disk_that_flushes_slowly_is_left_to_the_writer_thread()
    {
        await using var log = await OpenAsync(leaderFlushMax: TimeSpan.FromMilliseconds(1));
        var never = new ManualResetEventSlim();
        _files.Fault = (call, _) =>
        {
            if (call == "flush")
                never.Wait(20, TestContext.Current.CancellationToken);
            return null;
        };
        await LoneCaller.CommitAndLeadAsync(log, "the first finds out");
        await LoneCaller.CommitAndLeadAsync(log, "the second knows");

        var (done, leads) = LoneCaller.Commit(log, "alone");

        Assert.False(leads);
        await done;
    }

    [Fact]
    public async Task What_a_leader_left_unflushed_is_flushed_in_time_without_anybody_asking()
    {
        using var flushed = new ManualResetEventSlim();
        await using var log = await OpenAsync(Durability.ProcessCrash, TimeSpan.FromMilliseconds(20));
        await LoneCaller.CommitAndLeadAsync(log, "first");
        _files.Fault = (call, _) =>
        {
            if (call == "flush")
                flushed.Set();
            return null;
        };
        await LoneCaller.CommitAndLeadAsync(log, "second");

        Assert.True(flushed.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Many_callers_and_lone_ones_by_turns_lose_nothing_and_keep_the_order()
    {
        const int rounds = 200;
        await using (var log = await OpenAsync())
        {
            for (var round = 0; round < rounds; round++)
            {
                var callers = round % 3 == 0 ? 8 : 1;
                await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => LoneCaller.CommitAndLeadAsync(log, $"{round}:{caller}"))));
            }
        }

        await using var reopened = TestLog.Open(_directory);
        var found = reopened.Replayed.Texts.ToArray();
        Assert.Equal(Enumerable.Range(0, rounds).Sum(round => round % 3 == 0 ? 8 : 1), found.Distinct().Count());
        var order = found.Select(text => int.Parse(text.Split(':')[0])).ToArray();
        Assert.Equal(order.Order(), order);
    }

    public void Dispose() => _directory.Dispose();

    private async Task<WriteAheadLog> OpenAsync(Durability durability = Durability.PowerLoss, TimeSpan? flushInterval = null, TimeSpan? leaderFlushMax = null)
    {
        var options = _directory.Options with
        {
            Durability = durability,
            FlushInterval = flushInterval ?? TimeSpan.FromHours(1),
            LeaderFlushMax = leaderFlushMax ?? TimeSpan.MaxValue,
            // So that no other file is prepared, by other threads, while a test looks who writes.
            FirstFileBytes = 1 << 20,
            MaxFileBytes = 1 << 20,
        };
        var log = WriteAheadLog.Open(_directory.Path, _files, options, new ReplayedRecords(), _published.Add);
        await log.BackgroundWork;
        _writers.Clear();
        return log;
    }

    private Exception? NoteWriter(string call, string path)
    {
        if (call is "write" or "flush" && path.EndsWith(".seg", StringComparison.Ordinal))
            _writers.Enqueue(Environment.CurrentManagedThreadId);
        return null;
    }
}
