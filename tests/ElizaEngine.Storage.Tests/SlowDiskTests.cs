namespace ElizaEngine.Storage.Tests;

/// <summary>
/// On a disk whose flushes take long, callers share them. Counted, not timed: how many waited when a flush began, and how many it served.
/// Callers whose processors have other work do not come back in the short time that a flush waits for them, so it is the median of some runs
/// that counts: with much other work each took 26 to 29 flushes where 25 are the fewest, and 25 to 51, mostly twice as many, without that wait.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SlowDiskTests(ITestOutputHelper output)
{
    private const int Callers = 32;
    private const int CommitsOfEach = 25;
    private const int Commits = Callers * CommitsOfEach;
    private const int Runs = 9;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_flush_serves_most_of_those_who_wait(int milliseconds)
    {
        var runs = new List<(long Flushes, long Waiting)>();
        for (var run = 0; run < Runs; run++)
            runs.Add(await RunAsync(milliseconds));

        var (flushes, waiting) = (Median(runs.Select(static run => run.Flushes)), Median(runs.Select(static run => run.Waiting)));
        Assert.True(Commits > 0.5 * waiting, $"{waiting} waited, {Commits} were served");
        Assert.True(flushes * Callers < 1.6 * Commits, $"{flushes} flushes for {Commits} commits");

        static long Median(IEnumerable<long> numbers) => numbers.Order().ElementAt(Runs / 2);
    }

    private async Task<(long Flushes, long Waiting)> RunAsync(int milliseconds)
    {
        using var directory = new TestDirectory(Disk.Memory);
        using var never = new ManualResetEventSlim();
        var (committed, waiting, most) = (0L, 0L, 0L);
        WriteAheadLog? log = null;
        var slow = new FaultyFileSystem(directory.Files)
        {
            Fault = (call, path) =>
            {
                if (call != "flush" || !path.EndsWith(".seg", StringComparison.Ordinal) || log is null)
                    return null;
                // Those who have committed and have not been told, on the one thread that tells them.
                var now = Interlocked.Read(ref committed) - log.Statistics.Commits;
                waiting += now;
                most = Math.Max(most, now);
                never.Wait(milliseconds, TestContext.Current.CancellationToken);
                return null;
            },
        };
        // One file, so that no other is prepared, and flushed, meanwhile.
        var options = directory.Options with { FirstFileBytes = 8 << 20, MaxFileBytes = 8 << 20 };
        await using var opened = WriteAheadLog.Open(directory.Path, slow, options, new ReplayedRecords(), static _ => { });
        await opened.BackgroundWork;
        log = opened;
        var before = opened.Statistics.Flushes;

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < CommitsOfEach; i++)
            {
                ValueTask done;
                lock (opened.Gate)
                {
                    opened.BeginLocked(WriteAheadLog.RecordBytes(8));
                    BitConverter.TryWriteBytes(opened.AppendLocked(1, 8, out _), ((long)caller << 32) | (uint)i);
                    done = opened.CommitLocked(i);
                    Interlocked.Increment(ref committed);
                }

                await done;
            }
        })));

        var flushes = opened.Statistics.Flushes - before;
        output.WriteLine($"{flushes} flushes for {Commits} commits of {Callers} callers; {waiting} times one waited as a flush began, {most} at most.");
        Assert.Equal(Commits, opened.Statistics.Commits);
        return (flushes, waiting);
    }
}
