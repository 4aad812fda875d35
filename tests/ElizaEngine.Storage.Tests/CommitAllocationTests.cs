using System.Diagnostics;

namespace ElizaEngine.Storage.Tests;

/// <summary>
/// What a commit allocates when the log is warm: its frame, one small object, which the commits of others share. Only of the thread that
/// commits and of the one that writes, so other tests do not count.
/// </summary>
[Collection(nameof(Alone))]
public sealed class CommitAllocationTests
{
    private const int Commits = 500;
    private const int RecordBytes = 400;

    /// <summary>Of one object, its header included; what a frame takes is some of it.</summary>
    private const int SmallBytes = 128;

    /// <summary>What the runtime takes to continue a caller on the thread pool.</summary>
    private const int WorkItemBytes = 64;

    [Fact]
    public Task A_caller_that_writes_on_its_own_thread_allocates_one_small_object() => WhenCompiledAsync(SmallBytes, LeadAsync);

    // Whoever of the two comes second hands the caller to the thread pool.
    [Fact]
    public Task A_caller_that_waits_asynchronously_takes_one_small_object_and_what_continues_it() =>
        WhenCompiledAsync(SmallBytes + WorkItemBytes, WaitAsync);

    // Code that is new to the runtime boxes what it does not once it is compiled for good, in the background.
    private static async Task WhenCompiledAsync(int most, Func<Task<double>> bytesPerCommit)
    {
        var began = Stopwatch.GetTimestamp();
        var (rounds, fewest) = (0, double.MaxValue);
        while (fewest > most && rounds < 100_000 && Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(5))
        {
            fewest = Math.Min(fewest, await bytesPerCommit());
            rounds++;
        }

        Assert.True(fewest is >= 1 && fewest <= most, $"{fewest} bytes a commit, the fewest of {rounds} times {Commits}; at most {most}");
    }

    private static async Task<double> LeadAsync()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = Open(directory, static _ => { });
        for (var i = 0; i < Commits / 10; i++) CommitAndLead(log);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Commits; i++) CommitAndLead(log);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Commits;
    }

    private static async Task<double> WaitAsync()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var (writer, first, last) = (0, 0L, 0L);
        var published = 0;
        await using var log = Open(directory, _ =>
        {
            // On the writer's thread, before the commit is acknowledged.
            writer = Environment.CurrentManagedThreadId;
            last = GC.GetAllocatedBytesForCurrentThread();
            if (++published == Commits / 10) first = last;
        });
        var waiting = new Waiting();
        for (var i = 0; i < Commits / 10; i++) CommitAndWait(log, waiting);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Commits; i++) CommitAndWait(log, waiting);
        var mine = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.NotEqual(Environment.CurrentManagedThreadId, writer);
        return (double)(mine + last - first) / Commits;
    }

    // One file holds all of it, and nothing is flushed meanwhile.
    private static WriteAheadLog Open(TestDirectory directory, Action<object> published) => WriteAheadLog.Open(
        directory.Path,
        directory.Files,
        new LogOptions { Durability = Durability.ProcessCrash, FirstFileBytes = 8 << 20, FlushInterval = TimeSpan.FromHours(1) },
        new ReplayedRecords(),
        published);

    private static ValueTask Commit(WriteAheadLog log, bool mayLead)
    {
        ValueTask done;
        var leads = false;
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(RecordBytes));
            log.AppendLocked(1, RecordBytes, out _).Clear();
            done = mayLead ? log.CommitLocked("state", out leads) : log.CommitLocked("state");
        }

        Assert.True(leads == mayLead);
        return done;
    }

    private static void CommitAndLead(WriteAheadLog log)
    {
        var done = Commit(log, mayLead: true);
        log.Lead();
        Assert.True(done.IsCompletedSuccessfully);
        done.GetAwaiter().GetResult();
    }

    private static void CommitAndWait(WriteAheadLog log, Waiting waiting)
    {
        var done = Commit(log, mayLead: false).ConfigureAwait(false).GetAwaiter();
        done.UnsafeOnCompleted(waiting.Continue);
        waiting.Wait();
        done.GetResult();
    }

    /// <summary>Stands for an async method that goes on when its commit is done. Allocates nothing.</summary>
    private sealed class Waiting
    {
        private readonly object _sync = new();
        private bool _isDone;

        public Waiting() => Continue = () =>
        {
            lock (_sync)
            {
                _isDone = true;
                Monitor.Pulse(_sync);
            }
        };

        public Action Continue { get; }

        public void Wait()
        {
            lock (_sync)
            {
                while (!_isDone) Assert.True(Monitor.Wait(_sync, TimeSpan.FromMinutes(1)));
                _isDone = false;
            }
        }
    }
}
