using System.Buffers;
using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>Index files: opening gives the same with them, without them, and with bad ones.</summary>
public sealed class IndexFileTests
{
    private static readonly LogOptions s_options = new() { FirstFileBytes = 64 << 10, MaxFileBytes = 64 << 10, FrameBytes = 8 << 10, IndexMinBytes = 4 << 10, ScrubBytesPerSecond = long.MaxValue };

    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task Opening_reads_the_index_of_every_file_instead_of_its_data(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        var written = await FillAsync(directory, seed: 1, batches: 400);
        var names = directory.Files.List(directory.Path);
        Assert.All(names.Where(name => FileNames.TryLog(name, out _)).SkipLast(2), name => Assert.Contains(name.Replace(".seg", ".idx", StringComparison.Ordinal), names));

        await using var log = Open(directory, out var replayed);
        Assert.Equal(written, replayed.Texts);
        Assert.InRange(log.OpenReport.IndexFiles, 5, 1000);
        Assert.InRange(replayed.FromBodies, 0, written.Count / 4);
        Assert.All(replayed.Records, record => Assert.Equal(record.Text, Read(log, record.Location)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task With_any_of_the_index_files_gone_the_log_is_the_same(int seed)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var written = await FillAsync(directory, seed, batches: 300);
        var image = DiskImage.Take(directory);
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            var some = image;
            foreach (var name in image.Files.Keys.Where(name => FileNames.TryIndex(name, out _)))
            {
                if (random.Next(2) == 0) some = some.Without(name);
            }

            using var restored = some.Restore();
            await using (var log = Open(restored, out var replayed))
            {
                Assert.Equal(written, replayed.Texts);
                await log.BackgroundWork;
            }

            // And what was missing is there again.
            await using (var log = Open(restored, out var replayed))
            {
                Assert.Equal(written, replayed.Texts);
                Assert.InRange(log.OpenReport.IndexFiles, 3, 1000);
            }
        }
    }

    [Fact]
    public async Task An_index_with_any_byte_changed_is_not_used_and_made_anew()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var written = await FillAsync(directory, seed: 5, batches: 40);
        var image = DiskImage.Take(directory);
        var name = image.Files.Keys.First(name => FileNames.TryIndex(name, out _));
        var length = image.Files[name].Length;
        var step = Math.Max(1, length / 500);
        for (var offset = 0; offset < length; offset += offset < IndexHeader.Bytes ? 1 : step)
        {
            using var changed = image.With(name, bytes => bytes[offset] ^= 0x10).Restore();
            await using (var log = Open(changed, out var replayed))
            {
                Assert.Equal(written, replayed.Texts);
                await log.BackgroundWork;
            }

            Assert.Equal(image.Files[name], DiskImage.Take(changed).Files[name]);
        }
    }

    /// <summary>
    /// The story: the sector was met by hashing the mapping, which ended the process with SIGBUS, at every opening. Bytes behind the end of a
    /// file that was cut short under its mapping do the same.
    /// </summary>
    [Fact]
    public async Task An_index_that_the_disk_cannot_read_is_not_used_and_made_anew()
    {
        using var directory = new TestDirectory();
        var written = await FillAsync(directory, seed: 5, batches: 200);
        var files = new FaultyFileSystem(directory.Files);
        var cut = new List<string>();
        files.Mapped = path =>
        {
            if (!path.EndsWith(".idx", StringComparison.Ordinal)) return;
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            if (RandomAccess.GetLength(file) <= 4096) return;
            RandomAccess.SetLength(file, 4096);
            cut.Add(path);
        };
        await using (var log = Open(directory, out var replayed, files))
        {
            Assert.Equal(written, replayed.Texts);
            Assert.InRange(cut.Count, 2, 1000);
            Assert.InRange(log.OpenReport.IndexFiles, 0, 1);
            await log.BackgroundWork;
        }

        Assert.All(cut, static path => Assert.InRange(new FileInfo(path).Length, 4097, int.MaxValue));
    }

    [Fact]
    public async Task An_index_that_is_too_short_or_too_long_is_not_used()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var written = await FillAsync(directory, seed: 6, batches: 40);
        var image = DiskImage.Take(directory);
        var name = image.Files.Keys.First(name => FileNames.TryIndex(name, out _));
        foreach (var length in (int[])[0, 1, IndexHeader.Bytes - 1, IndexHeader.Bytes, image.Files[name].Length - 1, image.Files[name].Length + 1])
        {
            var copy = image.With(name, static _ => { });
            var bytes = copy.Files[name];
            Array.Resize(ref bytes, length);
            copy.Files[name] = bytes;
            using var changed = copy.Restore();
            await using var log = Open(changed, out var replayed);
            Assert.Equal(written, replayed.Texts);
        }
    }

    [Fact]
    public async Task An_index_of_another_file_is_not_used()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var written = await FillAsync(directory, seed: 7, batches: 200);
        var image = DiskImage.Take(directory);
        var names = image.Files.Keys.Where(name => FileNames.TryIndex(name, out _)).Order(StringComparer.Ordinal).ToArray();
        var swapped = image.With(names[0], static _ => { });
        (swapped.Files[names[0]], swapped.Files[names[1]]) = (swapped.Files[names[1]], swapped.Files[names[0]]);
        using var changed = swapped.Restore();
        await using var log = Open(changed, out var replayed);
        Assert.Equal(written, replayed.Texts);
    }

    [Fact]
    public async Task A_chain_that_crosses_files_is_read_from_the_log_and_is_there_once()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var written = new List<string>();
        await using (var log = Open(directory, out _))
        {
            for (var round = 0; round < 6; round++)
            {
                for (var i = 0; i < 20; i++) await AppendAsync(log, written, [$"{round} {i} {new string('s', 700)}"]);
                await AppendAsync(log, written, [.. Enumerable.Range(0, 150).Select(i => $"{round} chain {i} {new string('c', 900)}")]);
            }
        }

        await using var reopened = Open(directory, out var replayed);
        Assert.Equal(written, replayed.Texts);
        Assert.InRange(reopened.OpenReport.IndexFiles, 2, 1000);
        Assert.InRange(replayed.FromBodies, 1, written.Count - 1);
    }

    [Fact]
    public async Task What_is_written_after_a_clean_close_follows_the_index_of_the_file_it_goes_into()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var written = new List<string>();
        for (var round = 0; round < 12; round++)
        {
            await using var log = Open(directory, out var replayed);
            Assert.Equal(written, replayed.Texts);
            for (var i = 0; i < 15; i++) await AppendAsync(log, written, [$"{round} {i} {new string('x', 600)}"]);
        }
    }

    [Fact]
    public async Task An_index_that_cannot_be_written_costs_nothing_but_time()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var files = new FaultyFileSystem(directory.Files)
        {
            Fault = static (call, path) => path.Contains(".idx", StringComparison.Ordinal) && call == "write" ? FaultyFileSystem.DiskFull(call, path) : null,
        };
        var written = await FillAsync(directory, seed: 8, batches: 100, files);
        Assert.DoesNotContain(directory.Files.List(directory.Path), name => name.Contains(".idx", StringComparison.Ordinal));
        await using var log = Open(directory, out var replayed);
        Assert.Equal(written, replayed.Texts);
        Assert.Equal(0, log.OpenReport.IndexFiles);
    }

    /// <summary>
    /// A file had ended before it was durable, so its index was begun when the next file had been prepared. The story: whoever waited for the
    /// background looked for both at once, saw no index under way, and copied or read the directory while one came.
    /// </summary>
    [Fact]
    public async Task The_background_is_not_quiet_before_the_index_is_there_that_preparing_begins()
    {
        using var directory = new TestDirectory(Disk.Memory);
        using var mayFlush = new ManualResetEventSlim();
        using var mayPrepare = new ManualResetEventSlim();
        using var mayIndex = new ManualResetEventSlim();
        using var isIndexing = new ManualResetEventSlim();
        var files = new FaultyFileSystem(directory.Files);
        await using var log = Open(directory, out _, files);
        await log.BackgroundWork;
        files.Fault = (call, path) =>
        {
            if (call == "flush" && path.EndsWith(".seg", StringComparison.Ordinal))
                mayFlush.Wait();
            if (call == "create" && path.EndsWith(".seg", StringComparison.Ordinal))
                mayPrepare.Wait();
            if (call == "create" && path.EndsWith(".idx.tmp", StringComparison.Ordinal))
            {
                isIndexing.Set();
                mayIndex.Wait();
            }

            return null;
        };
        var done = AppendAsync(log, [], [.. Enumerable.Range(0, 7).Select(i => $"{i} {new string('x', 900)}")]);
        lock (log.Gate) log.EndFileLocked();
        mayFlush.Set();
        await done;
        var quiet = log.BackgroundWork;
        mayPrepare.Set();
        var isBegun = isIndexing.Wait(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        var wasQuiet = quiet.IsCompleted;
        mayIndex.Set();
        await quiet;

        Assert.True(isBegun, "no index was begun");
        Assert.False(wasQuiet);
        Assert.Contains(directory.Files.List(directory.Path), name => FileNames.TryIndex(name, out _));
    }

    [Fact]
    public async Task Damage_in_a_file_that_opening_did_not_read_is_found_in_the_background()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var written = await FillAsync(directory, seed: 9, batches: 300);
        var image = DiskImage.Take(directory);
        using (var sound = image.Restore())
        {
            await using var log = Open(sound, out _);
            await log.Scrubbing;
            Assert.Null(log.Damage);
        }

        var name = image.Files.Keys.First(name => FileNames.TryIndex(name, out _)).Replace(".idx", ".seg", StringComparison.Ordinal);
        using var damaged = image.With(name, static bytes => bytes[LogFormat.FileHeaderBytes + LogFormat.FrameHeaderBytes + 20] ^= 1).Restore();
        await using (var log = Open(damaged, out var replayed))
        {
            Assert.Equal(written, replayed.Texts);
            await log.Scrubbing;
            var damage = Assert.IsType<LogDamagedException>(log.Damage);
            Assert.Equal(name, damage.File);
            Assert.Equal(LogFormat.FileHeaderBytes, damage.Offset);
        }
    }

    [Fact]
    public async Task A_log_can_be_closed_while_its_files_are_being_verified()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await FillAsync(directory, seed: 10, batches: 2_000);
        var log = WriteAheadLog.Open(directory.Path, directory.Files, s_options with { ScrubBytesPerSecond = 1 }, new ReplayedHeads(), static _ => { });
        await log.DisposeAsync();
        Assert.True(log.Scrubbing.IsCompletedSuccessfully);
        Assert.Null(log.Damage);
    }

    private static WriteAheadLog Open(TestDirectory directory, out ReplayedHeads replayed, IFileSystem? files = null)
    {
        replayed = new ReplayedHeads();
        return WriteAheadLog.Open(directory.Path, files ?? directory.Files, s_options, replayed, static _ => { });
    }

    private static async Task<List<string>> FillAsync(TestDirectory directory, int seed, int batches, IFileSystem? files = null)
    {
        var random = new Random(seed);
        var written = new List<string>();
        await using var log = Open(directory, out _, files);
        for (var i = 0; i < batches; i++)
            await AppendAsync(log, written, [.. Enumerable.Range(0, random.Next(1, random.Next(20) == 0 ? 60 : 4)).Select(j => $"{i}.{j} {new string('x', random.Next(900))}")]);
        return written;
    }

    private static ValueTask AppendAsync(WriteAheadLog log, List<string> written, string[] texts)
    {
        written.AddRange(texts);
        lock (log.Gate)
        {
            log.BeginLocked(texts.Sum(text => WriteAheadLog.RecordBytes(text.Length)));
            foreach (var text in texts)
                Encoding.UTF8.GetBytes(text, log.AppendLocked(1, text.Length, out _));
            return log.CommitLocked(written.Count);
        }
    }

    private static string Read(WriteAheadLog log, RecordLocation location)
    {
        using var pin = log.Pin();
        return Encoding.UTF8.GetString(log.ReadVerified(location));
    }

    /// <summary>Takes whole texts for heads, and counts them.</summary>
    private sealed class ReplayedHeads : ILogReplay
    {
        public List<(string Text, RecordLocation Location)> Records { get; } = [];

        public IEnumerable<string> Texts => Records.Select(record => record.Text);

        public int FromBodies { get; private set; }

        public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
        {
            FromBodies++;
            Records.Add((Encoding.UTF8.GetString(body), location));
        }

        public IRecordHeads NewHeads() => new Heads(this);

        private sealed class Heads(ReplayedHeads replayed) : IRecordHeads
        {
            public void Write(byte kind, ReadOnlySpan<byte> body, RecordLocation location, IBufferWriter<byte> head) => head.Write(body);

            public void Replay(byte kind, ReadOnlySpan<byte> head, RecordLocation location) =>
                replayed.Records.Add((Encoding.UTF8.GetString(head), location));
        }
    }
}
