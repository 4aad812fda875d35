namespace ElizaEngine.Storage.Tests;

/// <summary>
/// The sectors of a write that no flush has acknowledged reach a disk in any order, so what a power cut leaves may be any of them: also a
/// later one behind a first one that is still zeros. Nothing of that is damage. What is whole counts, up to the first frame that is not;
/// the rest is cut, kept and reported.
/// </summary>
public sealed class TornSectorsTests(ITestOutputHelper output)
{
    private const int Sector = 512;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_single_frame_is_cut_whichever_of_its_sectors_arrived(bool blocks)
    {
        var torn = await TornAsync(blocks, static log => [log.AppendBytes(Body(3, 3_000))]);
        Assert.InRange(torn.Sectors.Count, 5, 10);
        // Each subset there is.
        for (var arrived = 0; arrived < 1 << torn.Sectors.Count; arrived++)
            await AssertRecoversAsync(torn, i => (arrived >> i & 1) == 1);
        output.WriteLine($"{1 << torn.Sectors.Count} sets of {torn.Sectors.Count} sectors.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_chain_of_frames_counts_when_all_of_it_arrived(bool blocks)
    {
        var torn = await TornAsync(blocks, static log => [log.AppendBytes([.. Enumerable.Range(0, 10).Select(static _ => Body(3, 2_000))])]);
        Assert.True(torn.Frames.Count > 2, $"{torn.Frames.Count} frames");
        await AssertRecoversAsync(torn, Some(torn));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_several_frames_in_flight_those_before_the_first_torn_one_count(bool blocks)
    {
        var torn = await TornAsync(blocks, static log => [.. Enumerable.Range(3, 4).Select(i => log.AppendBytes(Body(i, 5_000)))]);
        Assert.Equal(4, torn.Frames.Count);
        await AssertRecoversAsync(torn, Some(torn));
    }

    /// <summary>That the check can fail: a frame whose successor says that it was durable is not cut, whatever arrived.</summary>
    [Fact]
    public async Task A_frame_that_a_later_one_vouches_for_is_damage()
    {
        var torn = await TornAsync(blocks: true, static log => [log.AppendBytes(Body(3, 3_000))], acknowledge: true);
        var second = torn.Frames[^1].Start;
        await Assert.ThrowsAsync<LogDamagedException>(() => AssertRecoversAsync(torn, i => torn.Sectors[i] * Sector >= second));
    }

    /// <summary>A log with two batches that were acknowledged, and what later writes changed in its file.</summary>
    private sealed record Torn(
        DiskImage Before, DiskImage After, string Name, List<int> Sectors, List<(int Start, int End, bool EndsBatch)> Frames, LogOptions Options, List<byte[]> Batches);

    private static byte[] Body(int number, int length)
    {
        // Not a zero anywhere: each sector of a body is another one when it has arrived.
        var body = new byte[length];
        for (var i = 0; i < length; i++)
            body[i] = (byte)(1 + ((i * 7 + number) % 255));
        body[0] = (byte)number;
        return body;
    }

    /// <summary>Each sector missing alone, each there alone, the sectors of each frame's header missing, and many sets by the toss of a coin.</summary>
    private static IEnumerable<Func<int, bool>> Some(Torn torn)
    {
        for (var only = 0; only < torn.Sectors.Count; only++)
        {
            var place = only;
            yield return i => i == place;
            yield return i => i != place;
            yield return i => i >= place;
            yield return i => i < place;
        }

        var headers = torn.Frames.Select(static frame => frame.Start / Sector).ToHashSet();
        yield return i => !headers.Contains(torn.Sectors[i]);
        yield return i => headers.Contains(torn.Sectors[i]);
        for (var seed = 0; seed < 150; seed++)
        {
            var coin = new Random(seed);
            var likely = (seed % 3) switch { 0 => 0.5, 1 => 0.9, _ => 0.1 };
            var set = torn.Sectors.Select(_ => coin.NextDouble() < likely).ToArray();
            yield return i => set[i];
        }
    }

    /// <summary>Writes while the flush of the batch before is on its way, so that all of it goes into one flush.</summary>
    private static async Task<Torn> TornAsync(bool blocks, Func<TestLog, List<ValueTask>> write, bool acknowledge = false)
    {
        using var directory = new TestDirectory(Disk.Memory);
        // One file, and no manifest that would vouch for anything.
        var options = directory.Options with
        {
            Durability = blocks ? Durability.PowerLoss : Durability.ProcessCrash,
            FirstFileBytes = 256 << 10,
            MaxFileBytes = 256 << 10,
            FlushInterval = TimeSpan.Zero,
        };
        using var isFlushing = new ManualResetEventSlim();
        using var mayFlush = new ManualResetEventSlim();
        var files = new FaultyFileSystem(directory.Files);
        DiskImage before, after;
        await using (var log = TestLog.Open(directory, options, files))
        {
            await log.Log.BackgroundWork;
            await log.AppendBytes(Body(1, 700));
            files.Fault = (call, path) =>
            {
                if (call == "flush" && path.EndsWith(".seg", StringComparison.Ordinal))
                {
                    isFlushing.Set();
                    mayFlush.Wait(TestContext.Current.CancellationToken);
                }

                return null;
            };
            var second = log.AppendBytes(Body(2, 700));
            isFlushing.Wait(TestContext.Current.CancellationToken);
            List<ValueTask> writes;
            try
            {
                before = DiskImage.Take(directory);
                writes = write(log);
            }
            finally
            {
                mayFlush.Set();
            }

            await second;
            foreach (var one in writes)
                await one;
            if (acknowledge)
                await log.AppendBytes(Body(9, 100));
            after = DiskImage.Take(directory);
        }

        var name = after.NewestLog;
        var (old, bytes) = (before.Files[name], after.Files[name]);
        List<int> sectors = [.. Enumerable.Range(0, bytes.Length / Sector)
            .Where(sector => !bytes.AsSpan(sector * Sector, Sector).SequenceEqual(old.AsSpan(sector * Sector, Sector)))];
        var header = LogFileHeader.Decode(name, bytes);
        var frames = new List<(int, int, bool)>();
        for (var at = before.LastFrame(name).End; FrameHeader.TryDecode(bytes.AsSpan(at), header.Salt, out var frame, out _);)
        {
            var end = at + frame.OccupiedBytes(header.BlockBytes);
            frames.Add((at, end, (frame.Flags & FrameFlags.Continues) == 0));
            at = end;
        }

        using var whole = after.Restore(options);
        await using var replaying = TestLog.Open(whole);
        return new Torn(before, after, name, sectors, frames, options, [.. replaying.Replayed.Records.Select(static record => record.Body)]);
    }

    private async Task AssertRecoversAsync(Torn torn, IEnumerable<Func<int, bool>> sets)
    {
        var tried = 0;
        foreach (var set in sets)
        {
            await AssertRecoversAsync(torn, set);
            tried++;
        }

        output.WriteLine($"{tried} sets of {torn.Sectors.Count} sectors.");
    }

    private static async Task AssertRecoversAsync(Torn torn, Func<int, bool> hasArrived)
    {
        List<int> arrived = [.. Enumerable.Range(0, torn.Sectors.Count).Where(hasArrived).Select(i => torn.Sectors[i])];
        var image = torn.Before.With(torn.Name, bytes =>
        {
            foreach (var sector in arrived)
                torn.After.Files[torn.Name].AsSpan(sector * Sector, Sector).CopyTo(bytes.AsSpan(sector * Sector));
        });
        var story = $"arrived: {string.Join(' ', arrived)} of {string.Join(' ', torn.Sectors)}";

        // Whole frames, up to the first that is not; of those the batches that have an end.
        var (whole, end) = (0, torn.Frames[0].Start);
        foreach (var frame in torn.Frames)
        {
            if (!image.Files[torn.Name].AsSpan(frame.Start..frame.End).SequenceEqual(torn.After.Files[torn.Name].AsSpan(frame.Start..frame.End)))
                break;
            whole++;
            end = frame.End;
        }

        var counting = torn.Frames.Take(whole).ToList().FindLastIndex(static frame => frame.EndsBatch) + 1;
        List<byte[]> expected = [.. torn.Batches.Take(2), .. counting == torn.Frames.Count ? torn.Batches.Skip(2) : torn.Batches.Skip(2).Take(counting)];
        var tail = image.Files[torn.Name].AsSpan(end);
        var cut = tail.LastIndexOfAnyExcept((byte)0) + 1;

        using var directory = image.Restore(torn.Options);
        await using (var log = TestLog.Open(directory))
        {
            Assert.True(SameBodies(expected, log.Replayed), $"{story}: found {log.Replayed.Records.Count} of {expected.Count}");
            Assert.True(cut == log.Log.OpenReport.CutBytes, $"{story}: cut {log.Log.OpenReport.CutBytes} bytes instead of {cut}");
            Assert.Equal(cut > 0 ? 1 : 0, log.Log.OpenReport.KeptTails.Count);
            if (cut > 0)
            {
                using var kept = directory.Files.Open(log.Log.OpenReport.KeptTails[0]);
                var bytes = new byte[kept.Length];
                kept.Read(0, bytes);
                Assert.True(image.Files[torn.Name].AsSpan(end, cut).SequenceEqual(bytes), $"{story}: other bytes were kept");
            }

            await log.AppendBytes(Body(8, 600));
            expected.Add(Body(8, 600));
        }

        await using var again = TestLog.Open(directory);
        Assert.True(SameBodies(expected, again.Replayed), $"{story}: opened again, found {again.Replayed.Records.Count} of {expected.Count}");
        Assert.Equal(0, again.Log.OpenReport.CutBytes);
    }

    private static bool SameBodies(List<byte[]> expected, ReplayedRecords found) =>
        expected.Count == found.Records.Count && expected.Zip(found.Records).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second.Body));
}
