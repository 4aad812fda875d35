namespace ElizaEngine.Storage.Tests;

public sealed class FileGrowthTests
{
    [Fact]
    public async Task Files_double_up_to_their_maximum()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        for (var i = 0; i < 60; i++)
            await log.Append(new string('x', 1000));
        var sizes = (await DiskImage.Take(log, directory)).Files
            .Where(file => FileNames.TryLog(file.Key, out _)).OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => file.Value.Length >> 10);
        Assert.Equal([16, 32, 64, 64, 64, 64], sizes.Take(6));
    }

    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task A_record_larger_than_the_largest_file_gets_a_file_of_its_own(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        var large = new byte[300_000];
        large.AsSpan().Fill(7);
        await using (var log = TestLog.Open(directory))
        {
            await log.Append("before");
            await log.AppendBytes(large);
            await log.Append("after");
        }

        await using var reopened = TestLog.Open(directory);
        Assert.Equal([6, 300_000, 5], reopened.Replayed.Records.Select(record => record.Body.Length));
        Assert.Equal(large, reopened.Replayed.Records[1].Body);
        await reopened.Append("goes on");
    }

    [Fact]
    public async Task A_record_above_the_limit_is_refused()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        lock (log.Log.Gate)
        {
            log.Log.BeginLocked(100);
            var error = Assert.Throws<LogRecordTooLargeException>(() => log.Log.AppendLocked(1, LogFormat.MaxRecordBytes + 1, out _).Length);
            Assert.Equal(LogFormat.MaxRecordBytes, error.Limit);
            log.Log.AbandonLocked();
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(4096)]
    public async Task A_body_lies_where_its_alignment_asks(int alignment)
    {
        using var directory = new TestDirectory();
        var options = directory.Options with { Durability = Durability.ProcessCrash, FrameBytes = 64 << 10 };
        var locations = new List<(RecordLocation Location, int AlignedOffset)>();
        await using (var log = TestLog.Open(directory, options))
        {
            for (var i = 0; i < 40; i++)
            {
                ValueTask done;
                lock (log.Log.Gate)
                {
                    log.Log.BeginLocked(WriteAheadLog.RecordBytes(100, alignment) + WriteAheadLog.RecordBytes(i));
                    log.Log.AppendLocked(1, i, out _).Clear();
                    log.Log.AppendLocked(2, 100, out var location, alignment, i % 3 * 8).Fill((byte)i);
                    locations.Add((location, i % 3 * 8));
                    done = log.Log.CommitLocked(i);
                }

                await done;
            }
        }

        Assert.All(locations, entry => Assert.Equal(0, (entry.Location.Offset + entry.AlignedOffset) % alignment));
        await using var reopened = TestLog.Open(directory, options);
        Assert.Equal(locations.Select(entry => entry.Location), reopened.Replayed.Records.Where(record => record.Kind == 2).Select(record => record.Location));
        Assert.All(reopened.Replayed.Records.Where(record => record.Kind == 2), (record, i) => Assert.Equal((byte)i, record.Body[99]));
    }

    [Fact]
    public async Task A_log_opened_for_more_durability_goes_on_in_a_file_with_whole_blocks()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory, directory.Options with { Durability = Durability.ProcessCrash }))
            await log.Append("small blocks");
        for (var round = 0; round < 2; round++)
        {
            await using var log = TestLog.Open(directory);
            ValueTask done;
            lock (log.Log.Gate)
            {
                log.Log.BeginLocked(100);
                log.Log.AppendLocked(1, 1, out var location).Clear();
                Assert.Equal(64, location.Offset % 4096);
                done = log.Log.CommitLocked("x");
            }

            await done;
            Assert.Equal(round + 1, log.Replayed.Records.Count);
        }
    }
}
