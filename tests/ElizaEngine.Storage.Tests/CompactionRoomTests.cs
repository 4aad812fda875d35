namespace ElizaEngine.Storage.Tests;

/// <summary>Copies that do not fit into the lsns of their range are not made, and padding behind the range gives them the room.</summary>
public sealed class CompactionRoomTests
{
    private const int Records = 500;

    private static readonly LogOptions s_small = new()
    {
        FirstFileBytes = 16 << 10,
        MaxFileBytes = 16 << 10,
        FrameBytes = 1024,
        MaxPendingBytes = 64 << 10,
        Durability = Durability.ProcessCrash,
    };

    [Fact]
    public async Task A_range_that_is_too_small_for_its_copies_says_by_how_much_and_stays()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory, s_small))
        {
            for (var i = 0; i < Records; i++) await log.Append($"{i}");
            await EndFileAsync(log);
            await log.Log.BackgroundWork;
            var before = directory.Files.List(directory.Path);
            var missing = (await Assert.ThrowsAsync<LogRangeTooSmallException>(() => CompactAsync(log))).BytesMissing;
            Assert.True(missing > 2 * s_small.MaxFileBytes, $"only {missing} bytes are missing");
            Assert.Equal(before, directory.Files.List(directory.Path));

            // 8 bytes less than that, then these.
            await DropAsync(log, missing - 8);
            Assert.Equal(8, (await Assert.ThrowsAsync<LogRangeTooSmallException>(() => CompactAsync(log))).BytesMissing);
            await PadAsync(log, 8);
            var report = await CompactAsync(log);
            Assert.Equal((Records + 1, Records), (report.RecordsBefore, report.RecordsAfter));
            await log.Append("last");
        }

        await using var again = TestLog.Open(directory, s_small);
        Assert.Equal([.. Enumerable.Range(0, Records).Select(static i => $"{i}"), "last"], again.Replayed.Texts);
    }

    [Fact]
    public async Task With_exactly_the_bytes_that_were_missing_the_copies_fit()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory, s_small);
        for (var i = 0; i < Records; i++) await log.Append($"{i}");
        await EndFileAsync(log);
        var missing = (await Assert.ThrowsAsync<LogRangeTooSmallException>(() => CompactAsync(log))).BytesMissing;
        await DropAsync(log, missing);
        var report = await CompactAsync(log);
        Assert.Equal(Records, report.RecordsAfter);
        var copies = log.Log.EndedFiles();
        Assert.All(copies, static file => Assert.True(file.IsCopy));
        Assert.Equal(copies[^1].EndLsn, copies[^1].NextLsn);
    }

    /// <summary>A few bytes, a frame, a chain over several files.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    [InlineData(300_000, true)]
    [InlineData(300_000, false)]
    public async Task Padding_takes_its_bytes_and_nothing_is_read_of_it(int bytes, bool hasBlocks)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var options = directory.Options with { Durability = hasBlocks ? Durability.PowerLoss : Durability.ProcessCrash };
        await using (var log = TestLog.Open(directory, options))
        {
            await log.Append("before");
            var lsn = log.Log.Statistics.WrittenLsn;
            await PadAsync(log, bytes);
            Assert.InRange((long)(log.Log.Statistics.WrittenLsn - lsn), bytes, (2 * bytes) + (4 * 4096));
            Assert.Equal("padded", log.Published[^1]);
            await log.Append("after");
        }

        Assert.Empty(Examined.Run(directory).Findings);
        await using var again = TestLog.Open(directory, options);
        Assert.Equal(["before", "after"], again.Replayed.Texts);
    }

    [Fact]
    public async Task Padding_for_which_the_disk_has_no_room_leaves_the_log_as_it_was()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var files = new FaultyFileSystem(directory.Files);
        await using (var log = TestLog.Open(directory, files: files))
        {
            await log.Append("before");
            await log.Log.BackgroundWork;
            files.Fault = static (call, path) => call == "fill" ? FaultyFileSystem.DiskFull(call, path) : null;
            await Assert.ThrowsAsync<LogDiskFullException>(() => PadAsync(log, 300_000));
            files.Fault = static (_, _) => null;
            await log.Append("after");
            await PadAsync(log, 300_000);
        }

        await using var again = TestLog.Open(directory);
        Assert.Equal(["before", "after"], again.Replayed.Texts);
    }

    private static Task<LogCompactionReport> CompactAsync(TestLog log) => log.Log.CompactAsync(
        log.Log.EndedFiles(), new FarApart(), bytesPerSecond: 0, static _ => { }, TestContext.Current.CancellationToken);

    private static async Task EndFileAsync(TestLog log)
    {
        lock (log.Log.Gate) log.Log.EndFileLocked();
        await log.Log.FlushAsync();
    }

    /// <summary>A batch of exactly so many bytes of the log, whose only record is not copied.</summary>
    private static async Task DropAsync(TestLog log, long bytes)
    {
        var length = (int)bytes - LogFormat.FrameHeaderBytes - LogFormat.RecordHeaderBytes;
        ValueTask done;
        lock (log.Log.Gate)
        {
            log.Log.BeginLocked(WriteAheadLog.RecordBytes(length));
            log.Log.AppendLocked(FarApart.DroppedKind, length, out _).Clear();
            done = log.Log.CommitLocked("dropped");
        }
        await done;
        await EndFileAsync(log);
    }

    private static async Task PadAsync(TestLog log, long bytes)
    {
        ValueTask done;
        lock (log.Log.Gate) done = log.Log.CommitPaddingLocked(bytes, "padded");
        await done;
        await EndFileAsync(log);
    }

    /// <summary>Copies lie at multiples of 512.</summary>
    private sealed class FarApart : IRecordChoice
    {
        public const byte DroppedKind = 2;

        public int Families => 1;

        public int FamilyOf(byte kind) => 0;

        public void Choose(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ICopies copies)
        {
            if (kind != DroppedKind) copies.Add(kind, body, location, alignment: 512);
        }
    }
}
