namespace ElizaEngine.Storage.Tests;

public sealed class DamageTests
{
    [Fact]
    public async Task A_changed_byte_in_a_frame_with_a_later_promise_is_refused()
    {
        var image = await Image(close: false, commits: 5);
        var name = image.NewestLog;
        // Of five frames the last two are not promised by a later one: the fifth by nobody, the fourth by the fifth.
        for (var position = LogFormat.FileHeaderBytes; position < LogFormat.FileHeaderBytes + (3 * 4096); position += 4096)
        {
            var error = await Refused(image.With(name, bytes => bytes[position + 60] ^= 1));
            Assert.Equal((name, position), (error.File, error.Offset));
            Assert.Equal((ulong)(position - LogFormat.FileHeaderBytes), error.Lsn);
        }
    }

    [Fact]
    public async Task A_changed_byte_in_any_frame_of_a_closed_log_is_refused()
    {
        var image = await Image(close: true, commits: 5);
        for (var position = LogFormat.FileHeaderBytes; position < LogFormat.FileHeaderBytes + (5 * 4096); position += 4096)
            await Refused(image.With(image.NewestLog, bytes => bytes[position + 60] ^= 1));
    }

    [Fact]
    public async Task A_frame_missing_from_the_end_of_a_closed_log_is_refused()
    {
        var image = await Image(close: true, commits: 5);
        var (start, end) = image.LastFrame(image.NewestLog);
        await Refused(image.With(image.NewestLog, bytes => bytes.AsSpan(start, end - start).Clear()));
    }

    [Fact]
    public async Task Data_behind_the_end_of_a_closed_log_is_refused()
    {
        var image = await Image(close: true, commits: 5);
        var (_, end) = image.LastFrame(image.NewestLog);
        await Refused(image.With(image.NewestLog, bytes => bytes[end + 8] = 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_log_file_is_refused_whichever_it_is(bool close)
    {
        var image = await Image(close, commits: 60);
        var logs = image.Files.Keys.Where(name => FileNames.TryLog(name, out _)).ToArray();
        Assert.True(logs.Length > 3);
        foreach (var name in logs)
            Assert.Equal(name, (await Refused(image.Without(name))).File);
    }

    [Fact]
    public async Task A_log_file_cut_short_is_refused()
    {
        var image = await Image(close: true, commits: 5);
        image.Files[image.NewestLog] = image.Files[image.NewestLog][..^4096];
        await Refused(image);
    }

    [Fact]
    public async Task A_missing_newest_manifest_is_refused_once_a_later_file_holds_data()
    {
        var image = await Image(close: true, commits: 60);
        var manifests = image.Files.Keys.Where(name => FileNames.TryManifest(name, out _)).Order(StringComparer.Ordinal).ToArray();
        foreach (var name in manifests)
            image.Files.Remove(name);
        await Refused(image, typeof(LogDirectoryForeignException));
    }

    [Fact]
    public async Task A_changed_byte_in_the_newest_manifest_is_refused()
    {
        var image = await Image(close: true, commits: 5);
        var name = image.Files.Keys.Where(key => FileNames.TryManifest(key, out _)).Max(StringComparer.Ordinal)!;
        Assert.Equal(name, (await Refused(image.With(name, bytes => bytes[70] ^= 1))).File);
    }

    [Fact]
    public async Task Swapped_log_files_are_refused()
    {
        var image = await Image(close: true, commits: 60);
        var logs = image.Files.Keys.Where(name => FileNames.TryLog(name, out _)).ToArray();
        (image.Files[logs[0]], image.Files[logs[1]]) = (image.Files[logs[1]], image.Files[logs[0]]);
        await Refused(image);
    }

    /// <summary>
    /// The last frame landed three sectors before the end of the third one's block, and its padding cleared the fourth. The story: the log
    /// opened with three frames, and nothing was reported.
    /// </summary>
    [Fact]
    public async Task A_last_frame_that_went_astray_and_wiped_the_one_before_is_refused()
    {
        var image = await Image(close: false, commits: 5);
        var (start, end) = image.LastFrame(image.NewestLog);
        var astray = image.With(image.NewestLog, bytes =>
        {
            var frame = bytes.AsSpan(start, end - start);
            frame.ToArray().CopyTo(bytes, start - 4096 - (3 * 512));
            frame.Clear();
        });
        await Refused(astray);
    }

    /// <summary>Where it hit the header block, or the end of the last frame's block, and whatever it was.</summary>
    [Theory]
    [InlineData(3584)]
    [InlineData(-512)]
    public async Task Bytes_that_went_astray_into_the_zeros_before_the_end_of_the_log_are_refused(int place)
    {
        var image = await Image(close: false, commits: 5);
        var position = place > 0 ? place : image.LastFrame(image.NewestLog).End + place;
        // In a header block it counts while the file holds no frame: then nothing else would tell that one was wiped.
        await Refused(image.With(image.NewestLog, bytes =>
        {
            if (place > 0)
                bytes.AsSpan(LogFormat.FileHeaderBytes).Clear();
            bytes[position] = 1;
        }));
    }

    [Fact]
    public async Task A_refused_open_changes_nothing()
    {
        var image = (await Image(close: true, commits: 5)) is var whole ? whole.With(whole.NewestLog, bytes => bytes[5000] ^= 1) : whole;
        using var directory = image.Restore();
        Assert.Throws<LogDamagedException>(() => TestLog.Open(directory));
        var after = DiskImage.Take(directory);
        Assert.Equal(image.Files.Keys.Order(StringComparer.Ordinal), after.Files.Keys.Order(StringComparer.Ordinal));
        Assert.All(image.Files, file => Assert.Equal(file.Value, after.Files[file.Key]));
    }

    private static async Task<LogDamagedException> Refused(DiskImage image)
    {
        using var directory = image.Restore();
        return await Task.FromResult(Assert.Throws<LogDamagedException>(() => TestLog.Open(directory)));
    }

    private static async Task Refused(DiskImage image, Type type)
    {
        using var directory = image.Restore();
        await Task.FromResult(Assert.Throws(type, () => TestLog.Open(directory)));
    }

    private static async Task<DiskImage> Image(bool close, int commits)
    {
        using var directory = new TestDirectory(Disk.Memory);
        // Five commits share a file; many cross several.
        var log = TestLog.Open(directory, directory.Options with { FirstFileBytes = commits <= 5 ? 64 << 10 : 16 << 10 });
        for (var i = 0; i < commits; i++)
            await log.Append($"commit {i} " + new string('x', 1000));
        var image = await DiskImage.Take(log, directory);
        await log.DisposeAsync();
        return close ? DiskImage.Take(directory) : image;
    }
}
