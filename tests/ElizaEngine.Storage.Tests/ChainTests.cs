namespace ElizaEngine.Storage.Tests;

public sealed class ChainTests
{
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task A_batch_larger_than_a_frame_is_there_whole_after_reopening(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        var bodies = Bodies(200);
        await using (var log = TestLog.Open(directory))
        {
            await log.Append("before");
            await log.AppendBytes(bodies);
            await log.Append("after");
            Assert.Equal([1, bodies.Length, 1], log.Published);
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(bodies.Length + 2, reopened.Replayed.Records.Count);
        Assert.Equal(bodies, reopened.Replayed.Records.Skip(1).SkipLast(1).Select(record => record.Body));
    }

    [Fact]
    public async Task A_chain_without_its_last_frame_counts_as_nothing()
    {
        using var directory = new TestDirectory(Disk.Memory);
        DiskImage image;
        await using (var log = TestLog.Open(directory))
        {
            await log.Append("before");
            await log.AppendBytes(Bodies(100));
            image = await DiskImage.Take(log, directory);
        }

        var name = image.NewestLog;
        var (start, end) = image.LastFrame(name);
        using var torn = image.With(name, bytes => bytes.AsSpan(start, end - start).Clear()).Restore();
        await using (var log = TestLog.Open(torn))
        {
            Assert.Equal(["before"], log.Replayed.Texts);
            Assert.Equal(1, log.Log.OpenReport.UnfinishedChains);
            await log.Append("after");
        }

        await using var again = TestLog.Open(torn);
        Assert.Equal(["before", "after"], again.Replayed.Texts);
    }

    [Fact]
    public async Task An_abandoned_chain_counts_as_nothing()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory))
        {
            await log.Append("before");
            lock (log.Log.Gate)
            {
                log.Log.BeginLocked(100_000);
                for (var i = 0; i < 50; i++)
                    log.Log.AppendLocked(1, 1000, out _).Fill(1);
                log.Log.AbandonLocked();
            }

            await log.Append("after");
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(["before", "after"], reopened.Replayed.Texts);
    }

    [Fact]
    public async Task An_abandoned_batch_leaves_the_others_of_its_frame()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory))
        {
            ValueTask first;
            lock (log.Log.Gate)
            {
                first = log.Append("first");
                log.Log.BeginLocked(1000);
                log.Log.AppendLocked(1, 500, out _).Fill(9);
                log.Log.AbandonLocked();
            }

            await first;
            await log.Append("second");
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal(["first", "second"], reopened.Replayed.Texts);
    }

    [Fact]
    public async Task All_frames_of_a_chain_have_one_id()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        ValueTask done;
        lock (log.Log.Gate)
        {
            log.Log.BeginLocked(100_000);
            var id = log.Log.FrameIdLocked;
            for (var i = 0; i < 50; i++)
            {
                log.Log.AppendLocked(1, 1000, out _).Clear();
                Assert.Equal(id, log.Log.FrameIdLocked);
            }

            done = log.Log.CommitLocked("chain");
            log.Log.BeginLocked(10);
            Assert.NotEqual(id, log.Log.FrameIdLocked);
            log.Log.AbandonLocked();
        }

        await done;
    }

    private static byte[][] Bodies(int count)
    {
        var bodies = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            bodies[i] = new byte[1 + (i * 37 % 3000)];
            bodies[i].AsSpan().Fill((byte)i);
        }

        return bodies;
    }
}
