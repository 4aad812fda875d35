namespace ElizaEngine.Storage.Tests;

public sealed class CommitTests
{
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task Sixty_four_committers_are_published_and_replayed_in_the_order_of_the_gate(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        var order = new List<string>();
        await using (var log = TestLog.Open(directory))
        {
            var sequence = 0;
            await Task.WhenAll(Enumerable.Range(0, 64).Select(committer => Task.Run(async () =>
            {
                for (var i = 0; i < 50; i++)
                {
                    ValueTask done;
                    int mine;
                    lock (log.Log.Gate)
                    {
                        var text = $"{committer}:{i}";
                        order.Add(text);
                        mine = sequence++;
                        log.Log.BeginLocked(WriteAheadLog.RecordBytes(text.Length));
                        System.Text.Encoding.ASCII.GetBytes(text, log.Log.AppendLocked(1, text.Length, out _));
                        done = log.Log.CommitLocked(mine);
                    }

                    await done;
                    lock (log.Log.Gate)
                        _ = mine;
                }
            })));
            Assert.Equal(log.Published.Order(), log.Published);
            Assert.Equal(64 * 50, log.Log.Statistics.Commits);
            Assert.Equal((64 * 50) - 1, log.Published[^1]);
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(order, reopened.Replayed.Texts);
    }

    [Fact]
    public async Task Batches_of_one_frame_share_its_id_and_only_the_last_state_is_published()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        var done = new List<ValueTask>();
        var ids = new HashSet<long>();
        lock (log.Log.Gate)
        {
            // The writer may take the first frame away at any moment, so there are at most as many frames as states.
            for (var i = 0; i < 100; i++)
            {
                log.Log.BeginLocked(WriteAheadLog.RecordBytes(8));
                ids.Add(log.Log.FrameIdLocked);
                log.Log.AppendLocked(1, 8, out _).Clear();
                done.Add(log.Log.CommitLocked(i));
            }
        }

        foreach (var task in done)
            await task;
        Assert.Equal(ids.Count, log.Published.Count);
        Assert.Equal(99, log.Published[^1]);
    }

    [Fact]
    public async Task A_state_is_published_before_its_commit_is_acknowledged()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        for (var i = 1; i <= 100; i++)
        {
            await log.Append("x");
            Assert.Equal(i, log.Published.Count);
        }
    }

    [Fact]
    public async Task A_record_is_readable_under_the_gate_before_it_is_published()
    {
        using var directory = new TestDirectory();
        await using var log = TestLog.Open(directory);
        ValueTask done = default;
        for (var i = 0; i < 50; i++)
        {
            lock (log.Log.Gate)
            {
                log.Log.BeginLocked(WriteAheadLog.RecordBytes(8));
                log.Log.AppendLocked(1, 8, out var location).Fill((byte)i);
                Assert.Equal(Enumerable.Repeat((byte)i, 8), log.Log.ReadLocked(location).ToArray());
                done = log.Log.CommitLocked(i);
                Assert.Equal(Enumerable.Repeat((byte)i, 8), log.Log.ReadLocked(location).ToArray());
            }
        }

        await done;
    }

    [Fact]
    public async Task Waiting_for_room_can_be_cancelled()
    {
        var pending = new PendingBytes(100);
        pending.Add(100);
        using var source = new CancellationTokenSource();
        var cancelled = pending.WaitAsync(10, source.Token).AsTask();
        var patient = pending.WaitAsync(10, CancellationToken.None).AsTask();
        Assert.False(cancelled.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(patient.IsCompleted);
        pending.Remove(100);
        await patient;
    }

    [Fact]
    public async Task Waiting_for_room_lets_in_those_that_fit_in_the_order_they_came()
    {
        var pending = new PendingBytes(100);
        pending.Add(100);
        var first = pending.WaitAsync(60, CancellationToken.None).AsTask();
        var second = pending.WaitAsync(60, CancellationToken.None).AsTask();
        var third = pending.WaitAsync(10, CancellationToken.None).AsTask();
        pending.Remove(70);
        await first;
        Assert.False(second.IsCompleted || third.IsCompleted);
        pending.Remove(30);
        await second;
        await third;
        Assert.True(pending.WaitAsync(1000, CancellationToken.None).IsCompletedSuccessfully);
    }

    /// <summary>Both wait for a write; what was let in first writes nothing, so nothing else would let in the next.</summary>
    [Fact]
    public async Task A_caller_that_was_let_in_and_commits_nothing_hands_its_place_on()
    {
        using var directory = new TestDirectory(Disk.Memory);
        using var entered = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var files = new FaultyFileSystem(directory.Files);
        await using var log = TestLog.Open(directory, files: files);
        await log.Log.BackgroundWork;
        files.Fault = (call, _) =>
        {
            if (call == "flush")
            {
                entered.Set();
                leave.Wait();
            }

            return null;
        };
        var flushing = log.Append("flushing").AsTask();
        entered.Wait(TestContext.Current.CancellationToken);
        var pending = log.Append("pending").AsTask();
        var limit = directory.Options.MaxPendingBytes;
        var first = log.Log.ReserveAsync(limit, CancellationToken.None).AsTask();
        var second = log.Log.ReserveAsync(limit / 2, CancellationToken.None).AsTask();
        var third = log.Log.ReserveAsync(10, CancellationToken.None).AsTask();
        var isAnyIn = first.IsCompleted || second.IsCompleted || third.IsCompleted;
        leave.Set();
        Assert.False(isAnyIn);
        await Task.WhenAll(flushing, pending, first);
        Assert.False(second.IsCompleted || third.IsCompleted);

        log.Log.Unreserve();

        await second;
        await third;
        Assert.True(log.Log.ReserveAsync(10, CancellationToken.None).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_batch_that_appends_more_than_it_announced_is_refused()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        lock (log.Log.Gate)
        {
            log.Log.BeginLocked(WriteAheadLog.RecordBytes(8));
            Assert.Throws<InvalidOperationException>(() => log.Log.AppendLocked(1, 9, out _).Length);
            log.Log.AbandonLocked();
        }

        await log.Append("works");
    }

    [Fact]
    public async Task An_empty_batch_is_acknowledged()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        await log.AppendBytes();
        await log.Append("x");
        Assert.Equal([0, 1], log.Published);
    }
}
