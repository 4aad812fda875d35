using System.Globalization;
using ElizaEngine.Conformance.Model;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// Every byte of a small database is changed, and every sector cleared, one at a time. Opening or reading reports damage, or every answer
/// is right: never other data, never a process that ends, never an acknowledged row that is gone in silence.
/// </summary>
[Trait("Stage", "Disk")]
[Collection(nameof(Disk))]
public sealed class DamagedByteTests
{
    private const int SectorBytes = 512;
    private const int WantedBytes = 64 << 10;

    /// <summary>Frames lie close together: nearly every byte means something.</summary>
    [Fact]
    public Task A_closed_database_whose_frames_lie_close_together() => SweepsAsync(Durability.ProcessCrash, isClosed: true, ofZeros: 1);

    /// <summary>Frames begin at multiples of 4096, and are followed by zeros. Of those a part is changed here, all of them at night.</summary>
    [Fact]
    public Task A_closed_database_whose_frames_lie_in_blocks() => SweepsAsync(Durability.PowerLoss, isClosed: true, OfZeros);

    /// <summary>After a crash nobody can vouch for the last frame; for all the others.</summary>
    [Fact]
    public Task A_crashed_database() => SweepsAsync(Durability.PowerLoss, isClosed: false, OfZeros);

    private static int OfZeros => Extent.IsGiven("SWEEPS") ? 1 : 16;

    private static Task SweepsAsync(Durability durability, bool isClosed, int ofZeros) =>
        Extent.Of("SWEEPS", 1, 240).RunAsync((seed, cancel) => SweepAsync(seed, durability, isClosed, ofZeros, cancel));

    private static async Task SweepAsync(int seed, Durability durability, bool isClosed, int ofZeros, CancellationToken cancel)
    {
        var point = await MakeAsync(seed, durability, isClosed);
        var image = point.Image;
        Assert.InRange(image.TotalBytes, WantedBytes - (16 << 10), WantedBytes + (16 << 10));
        var verdicts = new int[Enum.GetValues<Verdict>().Length];

        var bytes = image.Files.SelectMany(file => Enumerable.Range(0, file.Value.Length).Select(at => (Name: file.Key, At: at)))
            .Where(place => image.Files[place.Name][place.At] != 0 || place.At % ofZeros == 0);
        var (changed, cleared) = (0, 0);
        try
        {
            await Parallel.ForEachAsync(bytes, cancel, async (place, _) =>
            {
                // Any other value; the same one from the same seed.
                var other = (byte)new Random(unchecked((seed * 31) + place.At)).Next(1, 256);
                var damaged = image.With(place.Name, file => file[place.At] ^= other);
                var verdict = await DamagedCopy.OpenAsync(point, damaged, () => $"seed {seed}, {durability}, closed {isClosed}: {place.Name} byte {place.At} changed by {other}");
                Assert.True(verdict != Verdict.LastFrameGone, $"{place}: the last frame is gone, and nothing was reported");
                Interlocked.Increment(ref verdicts[(int)verdict]);
                Interlocked.Increment(ref changed);
            });

            var sectors = image.Files.SelectMany(file => Enumerable.Range(0, (file.Value.Length + SectorBytes - 1) / SectorBytes).Select(at => (Name: file.Key, At: at * SectorBytes)));
            await Parallel.ForEachAsync(sectors, cancel, async (place, _) =>
            {
                var damaged = image.With(place.Name, file => file.AsSpan(place.At, Math.Min(SectorBytes, file.Length - place.At)).Clear());
                var verdict = await DamagedCopy.OpenAsync(point, damaged, () => $"seed {seed}, {durability}, closed {isClosed}: {place.Name} sector at {place.At} cleared");
                Interlocked.Increment(ref verdicts[(int)verdict]);
                Interlocked.Increment(ref cleared);
            });
        }
        finally
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"      seed {seed}: {image.TotalBytes} bytes in {image.Files.Count} files, {durability}, {(isClosed ? "closed" : "crashed")}: {changed} bytes changed, {cleared} sectors cleared; {verdicts[0]} reported, {verdicts[1]} right, {verdicts[2]} cut the last frame, {verdicts[3]} cleared all of it"));
        }

        if (isClosed) Assert.Equal(0, verdicts[(int)Verdict.LastFrameCut] + verdicts[(int)Verdict.LastFrameGone]);
        // A frame that fits into one sector and is cleared was never there, for all that anybody can tell.
        Assert.InRange(verdicts[(int)Verdict.LastFrameGone], 0, 1);
        Assert.True(verdicts[(int)Verdict.Reported] > 1000 && verdicts[(int)Verdict.Right] > 0, string.Join(' ', verdicts));
    }

    /// <summary>A database of about 64 KiB, and what it holds.</summary>
    private static async Task<CrashPoint> MakeAsync(int seed, Durability durability, bool isClosed)
    {
        var maker = new OperationMaker(seed);
        await using var history = new DiskHistory(DiskSettings.Fixed(durability, 8 << 10, 12 << 10), seed, imagesPerHundredCalls: 0, $"seed {seed}");
        await history.RunAsync(maker.Make(0, overlap: false));
        // Copies, moved records and compressed log bodies are among what is changed.
        await history.RunAsync([maker.MakeLargeLogs(), new Compact()]);
        while (history.Disk.Kill().TotalBytes < WantedBytes - (12 << 10)) await history.RunAsync([maker.MakeSingle()]);
        if (isClosed)
        {
            await history.CloseAsync();
            return history.PointNow(isKill: true, new Random(seed));
        }

        // The last frame is a small one, alone.
        await history.RunAsync([new Write(0, [new EnsureEmbeddingDimension(4)], InTransaction: false), new Write(0, [new EnsureEmbeddingDimension(3)], InTransaction: false)]);
        return history.PointNow(isKill: true, new Random(seed));
    }
}
