namespace ElizaEngine.Storage.Tests;

public sealed class CloseTests
{
    [Fact]
    public async Task Closing_finishes_the_commits_in_flight()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var log = TestLog.Open(directory);
        var commits = Enumerable.Range(0, 200).Select(i => log.Append($"{i}").AsTask()).ToArray();
        await log.DisposeAsync();
        await Task.WhenAll(commits);
        await using var reopened = TestLog.Open(directory);
        Assert.Equal(200, reopened.Replayed.Records.Count);
        Assert.True(reopened.Log.OpenReport.WasClean);
    }

    [Fact]
    public async Task Closing_twice_and_at_the_same_time_is_harmless()
    {
        using var directory = new TestDirectory();
        var log = TestLog.Open(directory);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await log.DisposeAsync())));
        await log.DisposeAsync();
        await TestLog.Open(directory).DisposeAsync();
    }

    [Fact]
    public async Task A_closed_log_refuses_everything_with_a_type()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var log = TestLog.Open(directory);
        await log.DisposeAsync();
        Assert.Throws<LogClosedException>(() => log.Append("late"));
        Assert.Throws<LogClosedException>(() => log.Log.Pin());
        await Assert.ThrowsAsync<LogClosedException>(log.Log.FlushAsync);
        await Assert.ThrowsAsync<LogClosedException>(async () => await log.Log.ReserveAsync(1, CancellationToken.None));
    }

    [Fact]
    public async Task A_pin_keeps_the_files_mapped_until_it_is_let_go()
    {
        using var directory = new TestDirectory();
        var log = TestLog.Open(directory);
        RecordLocation location;
        ValueTask done;
        lock (log.Log.Gate)
        {
            log.Log.BeginLocked(100);
            "pinned"u8.CopyTo(log.Log.AppendLocked(1, 6, out location));
            done = log.Log.CommitLocked("x");
        }

        await done;
        var pin = log.Log.Pin();
        var closing = log.DisposeAsync().AsTask();
        while (Closed(log.Log))
            await Task.Yield();
        Assert.Equal("pinned"u8.ToArray(), log.Log.Read(location).ToArray());
        Assert.False(closing.IsCompleted);
        pin.Dispose();
        await closing;
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Log.Read(location).Length);
    }

    private static bool Closed(WriteAheadLog log)
    {
        try
        {
            log.Pin().Dispose();
            return true;
        }
        catch (LogClosedException)
        {
            return false;
        }
    }
}
