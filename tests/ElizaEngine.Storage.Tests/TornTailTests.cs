namespace ElizaEngine.Storage.Tests;

public sealed class TornTailTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_frame_cut_at_any_byte_loses_that_frame_only(bool blocks)
    {
        var (image, options) = await Crashed(blocks ? Durability.PowerLoss : Durability.ProcessCrash);
        var name = image.NewestLog;
        var (start, end) = image.LastFrame(name);
        var last = start + LogFormat.FrameHeaderBytes + FrameHeaderOf(image, name, start).PayloadBytes;
        Assert.True(end > start);
        for (var cut = start; cut < last; cut++)
        {
            var torn = image.With(name, bytes => bytes.AsSpan(cut, end - cut).Clear());
            if (torn.Files[name].AsSpan().SequenceEqual(image.Files[name]))
                continue; // The bytes behind the cut were zeros anyway.
            await AssertCut(torn, options, ["first", "second"]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_frame_with_any_changed_byte_loses_that_frame_only(bool blocks)
    {
        var (image, options) = await Crashed(blocks ? Durability.PowerLoss : Durability.ProcessCrash);
        var name = image.NewestLog;
        var (start, _) = image.LastFrame(name);
        var last = start + LogFormat.FrameHeaderBytes + FrameHeaderOf(image, name, start).PayloadBytes;
        for (var position = start; position < last; position++)
            await AssertCut(image.With(name, bytes => bytes[position] ^= 0x20), options, ["first", "second"]);
    }

    [Fact]
    public async Task The_cut_bytes_are_kept_and_reported()
    {
        var (image, options) = await Crashed(Durability.PowerLoss);
        var name = image.NewestLog;
        var (start, _) = image.LastFrame(name);
        var torn = image.With(name, bytes => bytes[start + 50] ^= 1);
        using var directory = torn.Restore(options);
        await using var log = TestLog.Open(directory);
        var kept = Assert.Single(log.Log.OpenReport.KeptTails);
        using var file = directory.Files.Open(kept);
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        Assert.Equal(log.Log.OpenReport.CutBytes, bytes.Length);
        Assert.Equal(torn.Files[name].AsSpan(start, bytes.Length).ToArray(), bytes);
    }

    [Fact]
    public async Task A_log_that_was_cut_goes_on_and_opens_again()
    {
        var (image, options) = await Crashed(Durability.PowerLoss);
        var name = image.NewestLog;
        var (start, _) = image.LastFrame(name);
        using var directory = image.With(name, bytes => bytes[start + 50] ^= 1).Restore(options);
        DiskImage crashedAgain;
        await using (var log = TestLog.Open(directory))
        {
            await log.Append("after the cut");
            crashedAgain = await DiskImage.Take(log, directory);
        }

        await using (var log = TestLog.Open(directory))
            Assert.Equal(["first", "second", "after the cut"], log.Replayed.Texts);
        using var copy = crashedAgain.Restore(options);
        await using var reopened = TestLog.Open(copy);
        Assert.Equal(["first", "second", "after the cut"], reopened.Replayed.Texts);
        Assert.Empty(reopened.Log.OpenReport.KeptTails);
    }

    /// <summary>
    /// The frame had no room in the file before, where a smaller one fits. The story: it went there, behind it the cut file stood in the
    /// list with the lsn of the cut, and the opening after the next took that for damage.
    /// </summary>
    [Fact]
    public async Task A_log_that_was_cut_at_the_start_of_a_file_goes_on_and_opens_again_and_again()
    {
        DiskImage image;
        var options = new LogOptions { FirstFileBytes = 16 << 10, MaxFileBytes = 32 << 10, FrameBytes = 8 << 10, MaxPendingBytes = 64 << 10 };
        var large = new string('x', 5_000);
        using (var directory = new TestDirectory(Disk.Memory))
        {
            await using var log = TestLog.Open(directory, options);
            await log.Log.BackgroundWork;
            await log.Append("first");
            await log.Append("second");
            await log.Append(large);
            image = await DiskImage.Take(log, directory);
        }

        var name = image.NewestLog;
        Assert.Equal(LogFormat.FileHeaderBytes, image.LastFrame(name).Start);
        image = image.With(name, bytes => bytes[LogFormat.FileHeaderBytes + 100] ^= 1);
        // The crash came before the next file was prepared: no manifest says yet where the first file ends.
        image = image.Without(image.Files.Keys.Where(file => FileNames.TryManifest(file, out _)).Max(StringComparer.Ordinal)!);

        var expected = new List<string> { "first", "second" };
        for (var opening = 0; opening < 5; opening++)
        {
            using var directory = image.Restore(options);
            await using var log = TestLog.Open(directory);
            Assert.Equal(expected, log.Replayed.Texts);
            foreach (var text in (string[])["small", large, "small"])
            {
                await log.Append(text);
                expected.Add(text);
            }

            image = await DiskImage.Take(log, directory);
        }
    }

    /// <summary>
    /// The story: a file system whose root is the directory of a log has a lost+found, which is root's, and nobody else may look into it.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_lost_and_found_is_not_ours_the_tail_is_kept_beside_it(bool repairs)
    {
        var (image, options) = await Crashed(Durability.PowerLoss);
        var name = image.NewestLog;
        var (start, end) = image.LastFrame(name);
        // With a byte of an earlier frame wrong it is a repair that keeps what it replaces.
        using var directory = image.With(name, bytes => bytes[(repairs ? LogFormat.FileHeaderBytes : start) + 66] ^= 1).Restore(options);
        directory.Files.CreateDirectory(directory.File(FileNames.LostAndFound));
        var faulty = new FaultyFileSystem(directory.Files)
        {
            Fault = (call, path) => path.StartsWith(directory.File(FileNames.LostAndFound) + "/", StringComparison.Ordinal)
                || (call is "open-directory" && path == directory.File(FileNames.LostAndFound))
                ? new StorageIOException(call, path, 13, "Permission denied") : null,
        };
        string kept;
        if (repairs)
            kept = Assert.Single(Examined.Run(faulty, directory.Path, options, repair: true).Kept);
        else
        {
            await using var log = TestLog.Open(directory, options, faulty);
            kept = Assert.Single(log.Log.OpenReport.KeptTails);
            Assert.Equal(["first", "second"], log.Replayed.Texts);
        }

        Assert.Equal(directory.File(FileNames.OwnLostAndFound), Path.GetDirectoryName(kept));
        using (var copy = directory.Files.Open(kept))
            Assert.True(copy.Length > LogFormat.FrameHeaderBytes);
        Assert.Empty(directory.Files.List(directory.File(FileNames.LostAndFound)));
        // Neither folder is in the way of anything.
        Assert.True(Examined.Run(directory).IsSound);
        await using var again = TestLog.Open(directory, options);
        Assert.Equal(2, again.Replayed.Records.Count);
    }

    private static async Task AssertCut(DiskImage image, LogOptions options, string[] expected)
    {
        using var directory = image.Restore(options);
        await using (var log = TestLog.Open(directory))
        {
            Assert.Equal(expected, log.Replayed.Texts);
            Assert.False(log.Log.OpenReport.WasClean);
            await log.Append("new");
        }

        await using var again = TestLog.Open(directory);
        Assert.Equal([.. expected, "new"], again.Replayed.Texts);
    }

    private static FrameHeader FrameHeaderOf(DiskImage image, string name, int start)
    {
        var salt = LogFileHeader.Decode(name, image.Files[name]).Salt;
        Assert.True(FrameHeader.TryDecode(image.Files[name].AsSpan(start), salt, out var header, out _));
        return header;
    }

    /// <summary>Three commits of one frame each, then the process is gone.</summary>
    private static async Task<(DiskImage Image, LogOptions Options)> Crashed(Durability durability)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var options = directory.Options with { Durability = durability };
        await using var log = TestLog.Open(directory, options);
        // The manifest that the next file's preparation writes would vouch for the last frame, if it came after it.
        await log.Log.BackgroundWork;
        foreach (var text in (string[])["first", "second", "third"])
            await log.Append(text);
        return (await DiskImage.Take(log, directory), options);
    }
}
