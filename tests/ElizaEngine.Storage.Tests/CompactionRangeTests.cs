namespace ElizaEngine.Storage.Tests;

/// <summary>A range of files is compacted only where it begins and ends with whole batches.</summary>
public sealed class CompactionRangeTests
{
    private static readonly LogOptions s_small = new() { FirstFileBytes = 16 << 10, MaxFileBytes = 16 << 10, FrameBytes = 1024 };

    [Fact]
    public async Task A_range_that_ends_in_the_middle_of_a_batch_is_refused()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory, s_small);
        await log.Append("before");
        await log.AppendBytes(Large());
        await log.Append("after");
        var ended = log.Log.EndedFiles();
        Assert.True(ended.Count >= 3, "the batch lies in several files");
        await log.Log.BackgroundWork; // A file that is being prepared comes by itself.
        var before = directory.Files.List(directory.Path);
        for (var count = 1; count < ended.Count; count++)
        {
            var error = await Assert.ThrowsAsync<LogRangeRefusedException>(() => CompactAsync(log, [.. ended.Take(count)]));
            Assert.Equal((ended[count - 1].Name, ended[count].FirstLsn), (error.File, error.Lsn));
        }
        Assert.Equal(before, directory.Files.List(directory.Path));
        Assert.Null(log.Log.Fault);
        await log.Append("still");
    }

    [Fact]
    public async Task A_range_that_begins_in_the_middle_of_a_batch_is_refused()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory, s_small);
        await log.AppendBytes(Large());
        await log.Append("after");
        ulong end;
        lock (log.Log.Gate) end = log.Log.EndFileLocked();
        await log.Log.FlushAsync();
        var ended = log.Log.EndedFiles(end);
        var error = await Assert.ThrowsAsync<LogRangeRefusedException>(() => CompactAsync(log, [.. ended.Skip(1)]));
        Assert.Equal((ended[1].Name, ended[1].FirstLsn), (error.File, error.Lsn));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_range_that_ends_with_a_batch_that_was_given_up_is_none(bool goesOn)
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory, s_small))
        {
            await log.Append("before");
            lock (log.Log.Gate)
            {
                log.Log.BeginLocked(100_000);
                for (var i = 0; i < 50; i++) log.Log.AppendLocked(1, 1000, out _).Fill(1);
                log.Log.AbandonLocked();
                log.Log.EndFileLocked();
            }
            await log.Log.FlushAsync();
            var ended = log.Log.EndedFiles();
            if (goesOn)
            {
                // Now only the frame behind it says so.
                await log.Append("after");
                lock (log.Log.Gate) log.Log.EndFileLocked();
            }
            Assert.Equal(1, (await CompactAsync(log, ended)).RecordsAfter);
            await log.Append("last");
        }

        await using var again = TestLog.Open(directory, s_small);
        Assert.Equal(goesOn ? ["before", "after", "last"] : ["before", "last"], again.Replayed.Texts);
    }

    /// <summary>A manifest names the newest 4,096 files that were replaced, and however many more the newest compaction replaced.</summary>
    [Fact]
    public async Task A_range_of_more_files_than_a_manifest_remembers_can_be_left_behind_by_a_kill()
    {
        const int batches = 4_300;
        using var directory = new TestDirectory(Disk.Memory);
        var files = new FaultyFileSystem(directory.Files);
        var tiny = new LogOptions { FirstFileBytes = 8 << 10, MaxFileBytes = 8 << 10, FrameBytes = 1024, Durability = Durability.None };
        await using (var log = TestLog.Open(directory, tiny, files))
        {
            for (var i = 0; i < batches; i++)
            {
                await log.AppendBytes(new byte[1]);
                lock (log.Log.Gate) log.Log.EndFileLocked();
            }
            await log.Log.FlushAsync();
            // As a kill between the manifest and the deleting of what it replaced.
            files.Fault = static (call, path) => call == "delete" && path.EndsWith(".seg", StringComparison.Ordinal) ? FaultyFileSystem.IoError(call, path) : null;
            var report = await CompactAsync(log, log.Log.EndedFiles());
            Assert.Equal((batches, batches), (report.FilesBefore, (int)report.RecordsAfter));
        }

        Assert.True(directory.Files.List(directory.Path).Count > batches);
        await using var again = TestLog.Open(directory, tiny);
        Assert.Equal(batches, again.Replayed.Records.Count);
        Assert.True(directory.Files.List(directory.Path).Count < 100);
    }

    /// <summary>
    /// A million crash images found this: the file after a copy was twice as long as the copy, which ends anywhere; its last frame, written
    /// in whole blocks, made it longer than its header says, and the next opening refused it.
    /// </summary>
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task Files_that_are_made_after_a_copy_keep_their_length_whatever_the_copy_has(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        var options = directory.Options with { FirstFileBytes = 8 << 10, MaxFileBytes = 1 << 20, FrameBytes = 4096 };
        var texts = Enumerable.Range(0, 250).Select(static i => $"{i} {new string('x', i < 50 ? 2_777 : 3)}").ToArray();
        await using (var log = TestLog.Open(directory, options))
        {
            foreach (var text in texts[..50]) await log.Append(text);
            // The copy will be the largest.
            log.Log.ShrinkNextFile(0);
            lock (log.Log.Gate) log.Log.EndFileLocked();
            await log.Log.FlushAsync();
            await CompactAsync(log, log.Log.EndedFiles());
            Assert.NotEqual(0, 2 * log.Log.EndedFiles().Max(static file => file.FileBytes) % 4096);
        }

        await using (var log = TestLog.Open(directory, options))
        {
            foreach (var text in texts[50..]) await log.Append(text);
            Assert.True(log.Log.EndedFiles().Count(static file => !file.IsCopy) > 1, "a file that was made after the copy is full");
        }

        await using var again = TestLog.Open(directory, options);
        Assert.Equal(texts, again.Replayed.Texts);
    }

    // As they were made after a copy once.
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task A_file_that_ends_within_a_block_takes_frames_up_to_that_block_only(Disk disk)
    {
        const int Block = LogFormat.MaxBlockBytes;
        const int FileBytes = (5 * Block) + 1920;
        var id = Guid.NewGuid();
        var image = new DiskImage();
        var manifest = new Manifest
        {
            DatabaseId = id,
            Generation = 1,
            WrittenMs = 0,
            IsClean = false,
            StartLsn = 0,
            DurableLsn = 0,
            NextFileNumber = 3,
            Files = [Listed(1), Listed(2)],
        };
        image.Files[FileNames.Manifest(1)] = ManifestCodec.Encode(manifest);
        foreach (var file in manifest.Files)
        {
            var header = new LogFileHeader(id, file.Number, file.Salt, FileBytes, Block, CreatedMs: 0);
            header.Encode((image.Files[FileNames.Log(file.Number)] = new byte[FileBytes]).AsSpan(0, LogFormat.FileHeaderBytes));
        }

        using var directory = new TestDirectory(disk);
        image.RestoreTo(directory.Files, directory.Path);
        var texts = Enumerable.Range(0, 60).Select(static i => $"{i} {new string('x', 1000)}").ToArray();
        var options = directory.Options with { FrameBytes = Block };
        await using (var log = TestLog.Open(directory, options))
        {
            foreach (var text in texts) await log.Append(text);
            Assert.Equal([1, 2], log.Log.EndedFiles().Take(2).Select(static file => file.Number));
        }

        await using var again = TestLog.Open(directory, options);
        Assert.Equal(texts, again.Replayed.Texts);

        static ManifestFile Listed(int number) => new(number, FileBytes, (ulong)number, 0, 0, Block, LogFileFlags.None);
    }

    private static byte[][] Large() => [.. Enumerable.Range(0, 30).Select(static _ => new byte[900])];

    private static Task<LogCompactionReport> CompactAsync(TestLog log, IReadOnlyList<LogFile> range) =>
        log.Log.CompactAsync(range, new Everything(), bytesPerSecond: 0, static _ => { }, TestContext.Current.CancellationToken);
}
