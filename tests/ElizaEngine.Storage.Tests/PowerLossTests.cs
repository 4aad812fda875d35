namespace ElizaEngine.Storage.Tests;

/// <summary>The power goes after every single call of a scenario, several times, with other sectors lost each time.</summary>
public sealed class PowerLossTests
{
    private const int TossesPerCall = 6;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Power_lost_after_any_call_loses_nothing_acknowledged(bool leads) => await Sweep(Durability.PowerLoss, leads);

    /// <summary>What was not flushed may go, but only from the end: what is left is a prefix, and the log opens.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Power_lost_at_process_crash_leaves_whole_batches_from_the_start(bool leads) => await Sweep(Durability.ProcessCrash, leads);

    private static async Task Sweep(Durability durability, bool leads)
    {
        for (var calls = 1; ; calls++)
        {
            using var directory = new TestDirectory(Disk.Memory);
            using var disk = new SimulatedDisk(directory.Path) { CallsMax = calls };
            var acknowledged = new List<int>();
            var options = directory.Options with { Durability = durability, FlushInterval = TimeSpan.FromHours(1) };
            var isComplete = await Run(disk, directory.Path, options, acknowledged, leads);
            if (durability != Durability.PowerLoss)
                acknowledged.Clear();
            for (var toss = 0; toss < TossesPerCall; toss++)
            {
                var seed = (calls * 1000) + toss;
                await AssertRecovers(disk.Cut(new Random(seed)), options, acknowledged, $"calls {calls}, seed {seed}");
            }

            if (isComplete)
                return;
        }
    }

    /// <summary>
    /// After a failed flush the page cache still shows the frame, and says that it is clean. A log that is opened again builds on that
    /// frame, so it must bring it to the disk first.
    /// </summary>
    [Fact]
    public async Task A_commit_that_came_back_after_a_failed_flush_survives_a_later_power_loss()
    {
        using var directory = new TestDirectory(Disk.Memory);
        using var disk = new SimulatedDisk(directory.Path);
        var log = WriteAheadLog.Open(directory.Path, disk, directory.Options, new ReplayedRecords(), static _ => { });
        await log.BackgroundWork;
        await Append(log, 1, 100);
        disk.FailNextFlush = true;
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(async () => await Append(log, 2, 100));
        await log.DisposeAsync();

        var replayed = new ReplayedRecords();
        log = WriteAheadLog.Open(directory.Path, disk, directory.Options, replayed, static _ => { });
        Assert.Equal(6, replayed.Records.Count);
        await log.BackgroundWork;
        await Append(log, 3, 100);
        for (var seed = 0; seed < 20; seed++)
            await AssertRecovers(disk.Cut(new Random(seed)), directory.Options, [1, 2, 3], $"seed {seed}");
        await log.DisposeAsync();
    }

    /// <summary>
    /// A manifest whose name could not be flushed is the newest for who opens the log again, but not for a power cut. What only older ones
    /// list must stay until it is.
    /// </summary>
    [Fact]
    public async Task What_a_manifest_does_not_list_that_was_never_flushed_stays_until_it_is()
    {
        using var directory = new TestDirectory(Disk.Memory);
        using var disk = new SimulatedDisk(directory.Path);
        var options = directory.Options with { FirstFileBytes = 8192, MaxFileBytes = 1 << 20 };
        var log = WriteAheadLog.Open(directory.Path, disk, options, new ReplayedRecords(), static _ => { });
        await log.BackgroundWork;
        await Append(log, 1, 100);
        await log.BackgroundWork;
        // The file ahead is larger than 8 KiB: it is given up for a small one, in a manifest whose name is not flushed.
        var flushes = 0;
        disk.BeforeCall = call => call.Operation == "flush-directory" && ++flushes == 2 ? DiskFault.IoError : DiskFault.None;
        Assert.Throws<LogPoisonedException>(() => log.ShrinkNextFile(8192));
        disk.BeforeCall = null;
        await log.DisposeAsync();

        var images = new List<DiskImage>();
        disk.BeforeCall = _ =>
        {
            for (var seed = 0; seed < 20; seed++)
                images.Add(disk.Cut(new Random((images.Count * 100) + seed)));
            return DiskFault.None;
        };
        log = WriteAheadLog.Open(directory.Path, disk, options, new ReplayedRecords(), static _ => { });
        await log.BackgroundWork;
        disk.BeforeCall = null;
        await log.DisposeAsync();
        Assert.True(images.Count > 100);
        for (var i = 0; i < images.Count; i++)
            await AssertRecovers(images[i], options, [1], $"image {i}");
    }

    private static async Task<bool> Run(SimulatedDisk disk, string path, LogOptions options, List<int> acknowledged, bool leads)
    {
        WriteAheadLog? log = null;
        try
        {
            log = WriteAheadLog.Open(path, disk, options, new ReplayedRecords(), static _ => { });
            for (var batch = 0; batch < 20; batch += 2)
            {
                await log.BackgroundWork;
                ValueTask first, second;
                bool isLeader;
                // Two frames, often in one flush: a chain or a large batch, and a small one.
                lock (log.Gate)
                {
                    first = Append(log, batch, batch == 8 ? 9_000 : 2_500, leads, out isLeader);
                    second = Append(log, batch + 1, 600);
                }

                if (isLeader)
                    log.Lead();
                await first;
                acknowledged.Add(batch);
                await second;
                acknowledged.Add(batch + 1);
            }

            await log.DisposeAsync();
            return disk.Calls < disk.CallsMax;
        }
        catch (Exception error) when (error is StorageException or IOException)
        {
            if (log is not null)
                await log.DisposeAsync();
            return false;
        }
    }

    private static async Task AssertRecovers(DiskImage image, LogOptions options, List<int> acknowledged, string story)
    {
        using var directory = image.Restore(options);
        var expected = acknowledged;
        for (var round = 0; round < 2; round++)
        {
            var replayed = new ReplayedRecords();
            WriteAheadLog log;
            try
            {
                log = WriteAheadLog.Open(directory.Path, directory.Files, options, replayed, static _ => { });
            }
            catch (StorageException error)
            {
                throw new InvalidOperationException(story, error);
            }

            var batches = replayed.Records.Select(record => BitConverter.ToInt32(record.Body)).Chunk(3).ToList();
            Assert.All(batches, batch => Assert.True(batch.Length == 3 && batch.Distinct().Count() == 1, story));
            var found = batches.Select(batch => batch[0]).ToList();
            Assert.True(found.SequenceEqual(found.Order()) && found.Distinct().Count() == found.Count, story);
            var written = found.Where(batch => batch < 1000).ToList();
            Assert.True(written.Count == 0 || written[^1] - written[0] == written.Count - 1, $"{story}: found {string.Join(' ', found)}");
            Assert.True(expected.TrueForAll(found.Contains),
                $"{story}: acknowledged {string.Join(' ', expected)}, found {string.Join(' ', found)}");
            expected = [.. found, 1000 + round];
            await Append(log, 1000 + round, 100);
            await log.DisposeAsync();
        }
    }

    private static ValueTask Append(WriteAheadLog log, int batch, int recordBytes) => Append(log, batch, recordBytes, leads: false, out _);

    private static ValueTask Append(WriteAheadLog log, int batch, int recordBytes, bool leads, out bool isLeader)
    {
        isLeader = false;
        lock (log.Gate)
        {
            try
            {
                log.BeginLocked(3 * WriteAheadLog.RecordBytes(recordBytes));
                for (var i = 0; i < 3; i++)
                {
                    var body = log.AppendLocked(1, recordBytes, out _);
                    body.Fill((byte)(batch + 1));
                    BitConverter.TryWriteBytes(body, batch);
                }

                return leads ? log.CommitLocked(batch, out isLeader) : log.CommitLocked(batch);
            }
            catch
            {
                log.AbandonLocked();
                throw;
            }
        }
    }
}
