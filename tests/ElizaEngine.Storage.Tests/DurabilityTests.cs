namespace ElizaEngine.Storage.Tests;

public sealed class DurabilityTests
{
    [Fact]
    public async Task Every_commit_is_flushed_at_power_loss()
    {
        using var directory = new TestDirectory();
        await using var log = TestLog.Open(directory);
        for (var i = 1; i <= 10; i++)
        {
            await log.Append("x");
            Assert.Equal(i, log.Log.Statistics.Flushes);
            Assert.Equal((ulong)i * 4096, log.Log.Statistics.DurableLsn);
        }
    }

    [Fact]
    public async Task A_flush_on_request_makes_everything_durable_at_process_crash()
    {
        using var directory = new TestDirectory();
        var options = directory.Options with { Durability = Durability.ProcessCrash, FlushInterval = TimeSpan.FromHours(1) };
        await using var log = TestLog.Open(directory, options);
        for (var i = 0; i < 10; i++)
            await log.Append("x");
        Assert.Equal(0ul, log.Log.Statistics.DurableLsn);
        await log.Log.FlushAsync();
        Assert.Equal(10ul * (48 + 24), log.Log.Statistics.DurableLsn);
        Assert.Equal(1, log.Log.Statistics.Flushes);
    }

    [Fact]
    public async Task A_flush_follows_within_the_interval_at_process_crash()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var flushed = new TaskCompletionSource();
        var faulty = new FaultyFileSystem(directory.Files);
        var options = directory.Options with { Durability = Durability.ProcessCrash, FlushInterval = TimeSpan.FromMilliseconds(1) };
        await using var log = WriteAheadLog.Open(directory.Path, faulty, options, new ReplayedRecords(), static _ => { });
        await log.BackgroundWork;
        faulty.Fault = (call, path) =>
        {
            if (call == "flush")
                flushed.TrySetResult();
            return null;
        };
        await PoisonTests.Append(log, "x");
        await flushed.Task;
    }

    [Fact]
    public async Task A_log_in_memory_never_waits_for_a_flush()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory, directory.Options with { Durability = Durability.None });
        await log.Append("x");
        Assert.Equal(0, log.Log.Statistics.Flushes);
    }

    [Fact]
    public async Task A_state_that_cannot_be_published_poisons_the_log()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = WriteAheadLog.Open(
            directory.Path, directory.Files, directory.Options, new ReplayedRecords(), static _ => throw new InvalidOperationException("no")))
        {
            await Assert.ThrowsAsync<LogOutcomeUnknownException>(async () => await PoisonTests.Append(log, "x"));
            Assert.Equal("no", log.Fault?.Reason);
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(["x"], reopened.Replayed.Texts);
    }
}
