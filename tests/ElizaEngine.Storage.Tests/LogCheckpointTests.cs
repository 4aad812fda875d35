namespace ElizaEngine.Storage.Tests;

/// <summary>The file of a checkpoint, whatever stands in it.</summary>
public sealed class LogCheckpointTests
{
    [Theory]
    [InlineData(99)]
    [InlineData(101)]
    public async Task One_that_gets_another_length_than_was_said_takes_no_name_and_the_one_of_before_stays(int written)
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        await log.Append("before");
        using var pin = log.Log.Pin();
        var snapshot = SnapshotOf(log.Log);
        log.Log.WriteCheckpoint(snapshot, 100, static writer => writer.Write(new byte[100]));
        var before = Read(directory);
        Assert.Equal(LogCheckpoint.BytesOf(snapshot, 100), before.Length);
        Assert.Throws<InvalidOperationException>(() => log.Log.WriteCheckpoint(snapshot, 100, writer => writer.Write(new byte[written])));
        Assert.Equal(before, Read(directory));
        Assert.DoesNotContain(FileNames.Checkpoint + FileNames.Temporary, directory.Files.List(directory.Path));
    }

    [Fact]
    public async Task One_that_is_too_large_to_be_mapped_is_not_begun()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        await log.Append("before");
        using var pin = log.Log.Pin();
        var snapshot = SnapshotOf(log.Log);
        var room = LogCheckpoint.MaxBytes - LogCheckpoint.BytesOf(snapshot, payloadBytes: 0);
        log.Log.WriteCheckpoint(snapshot, room + 1, static _ => Assert.Fail("it was begun"));
        Assert.DoesNotContain(FileNames.Checkpoint, directory.Files.List(directory.Path));
    }

    private static LogSnapshot SnapshotOf(WriteAheadLog log)
    {
        lock (log.Gate)
            return log.TakeSnapshotLocked();
    }

    private static byte[] Read(TestDirectory directory)
    {
        using var file = directory.Files.Open(directory.File(FileNames.Checkpoint));
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        return bytes;
    }
}
