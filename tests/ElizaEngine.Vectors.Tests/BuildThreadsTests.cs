using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>Threads that work together end together.</summary>
public class BuildThreadsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void When_one_fails_the_others_are_told_to_end_and_are_waited_for(int failing)
    {
        using var everybody = new Barrier(3);
        var ended = 0;
        var error = Record.Exception(() => BuildThreads.Run(
            3,
            (number, stop) =>
            {
                everybody.SignalAndWait(TimeSpan.FromMinutes(1), CancellationToken.None);
                if (number == failing)
                    throw new InvalidOperationException("no memory");
                if (stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(1)))
                    Interlocked.Increment(ref ended);
            },
            CancellationToken.None));

        Assert.Equal("no memory", (error as AggregateException)?.InnerException?.Message ?? error?.Message);
        Assert.Equal(2, ended);
    }

    [Fact]
    public void Who_cancels_ends_all_of_them_and_nothing_fails()
    {
        using var cancel = new CancellationTokenSource();
        var ended = 0;
        BuildThreads.Run(
            3,
            (number, stop) =>
            {
                if (number == 2)
                    cancel.Cancel();
                if (stop.WaitHandle.WaitOne(TimeSpan.FromMinutes(1)))
                    Interlocked.Increment(ref ended);
            },
            cancel.Token);

        Assert.Equal(3, ended);
    }

    /// <summary>The story: a process at the limit of its threads had no index, though one thread builds all of it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Where_there_are_fewer_threads_those_that_there_are_do_the_work(int others)
    {
        var scheduler = new FewThreads(others);
        var (left, done) = (100, 0);
        BuildThreads.Run(
            4,
            (_, _) =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                    Interlocked.Increment(ref done);
            },
            CancellationToken.None,
            scheduler);

        Assert.Equal((100, others + 1), (done, scheduler.Asked));
    }

    private sealed class FewThreads(int threads) : TaskScheduler
    {
        public int Asked { get; private set; }

        protected override void QueueTask(Task task)
        {
            // What the runtime throws, whatever it was that the system had none of.
            if (++Asked > threads)
                throw new OutOfMemoryException();
            new Thread(() => TryExecuteTask(task)).Start();
        }

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
