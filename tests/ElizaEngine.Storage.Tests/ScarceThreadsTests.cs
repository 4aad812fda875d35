namespace ElizaEngine.Storage.Tests;

/// <summary>
/// What goes on in the background cannot be begun, or fails. The story: the process was at the limit of its threads, the commit that went
/// on in the next file failed when that file had already taken the place of the one before, and the next commit went behind the end of
/// that one, was acknowledged, and was lost with all that followed.
/// </summary>
public sealed class ScarceThreadsTests
{
    // Large enough that the next one is prepared by a thread of its own.
    private static readonly LogOptions s_options = new()
    {
        FirstFileBytes = 1 << 20,
        MaxFileBytes = 1 << 20,
        FrameBytes = 256 << 10,
        MaxPendingBytes = 1 << 20,
    };

    [Fact]
    public async Task Without_a_thread_to_prepare_a_file_everything_acknowledged_is_there()
    {
        using var directory = new TestDirectory(Disk.Memory) { Options = s_options };
        var threads = new ScarceThreads();
        OwnThread.Scheduler = threads;
        var log = TestLog.Open(directory);
        await log.Log.BackgroundWork;
        threads.AreNone = true;
        var (acknowledged, errors) = await FillAsync(log);
        await log.DisposeAsync();

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(acknowledged, reopened.Replayed.Texts);
        Assert.Empty(errors);
        Assert.True(threads.Refused > 0, "no file was to be prepared");
    }

    [Fact]
    public async Task When_there_are_threads_again_files_are_prepared_again()
    {
        using var directory = new TestDirectory(Disk.Memory) { Options = s_options };
        var threads = new ScarceThreads();
        OwnThread.Scheduler = threads;
        await using var log = TestLog.Open(directory);
        await log.Log.BackgroundWork;
        threads.AreNone = true;
        await FillAsync(log);
        var refused = threads.Refused;
        threads.AreNone = false;
        var files = log.Log.Statistics.Files;
        var (_, errors) = await FillAsync(log);
        await log.Log.BackgroundWork;

        Assert.Empty(errors);
        Assert.True(log.Log.Statistics.Files > files);
        // The one behind it is there as well.
        Assert.Equal(log.Log.EndedFiles().Count + 2, log.Log.Statistics.Files);
        Assert.Equal(refused, threads.Refused);
    }

    [Fact]
    public async Task What_fails_after_the_log_went_on_in_the_next_file_fails_no_commit_but_its_own()
    {
        using var directory = new TestDirectory(Disk.Memory) { Options = s_options };
        var log = TestLog.Open(directory);
        await log.Log.BackgroundWork;
        log.Log.FileEnded = () =>
        {
            if (log.Log.Gate.IsHeldByCurrentThread)
                throw new OutOfMemoryException();
        };
        var (acknowledged, errors) = await FillAsync(log);
        await log.DisposeAsync();

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(acknowledged, reopened.Replayed.Texts);
        Assert.NotEmpty(errors);
        Assert.All(errors, static error => Assert.IsType<OutOfMemoryException>(error));
    }

    [Fact]
    public async Task Whatever_failed_in_the_background_closing_lets_go_of_the_directory()
    {
        using var directory = new TestDirectory { Options = s_options };
        var log = TestLog.Open(directory);
        await log.Log.BackgroundWork;
        log.Log.FileEnded = () =>
        {
            if (!log.Log.Gate.IsHeldByCurrentThread)
                throw new OutOfMemoryException();
        };
        var (acknowledged, errors) = await FillAsync(log);
        Assert.Empty(errors);
        await Assert.ThrowsAsync<OutOfMemoryException>(async () => await log.DisposeAsync());

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(acknowledged, reopened.Replayed.Texts);
    }

    /// <summary>
    /// Commits that do not fit into what is left of a file, and small ones that do, over some files; each waits for the one before.
    /// </summary>
    private static async Task<(List<string> Acknowledged, List<Exception> Errors)> FillAsync(TestLog log)
    {
        var acknowledged = new List<string>();
        var errors = new List<Exception>();
        for (var i = 0; i < 20; i++)
        {
            foreach (var text in (string[])[$"{i} {new string('x', 200_000)}", $"{i} small"])
            {
                try
                {
                    await log.Append(text);
                    acknowledged.Add(text);
                }
                catch (Exception error) when (error is not LogPoisonedException)
                {
                    errors.Add(error);
                }
            }
        }

        return (acknowledged, errors);
    }
}
