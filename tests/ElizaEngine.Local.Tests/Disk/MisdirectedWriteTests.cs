using System.Globalization;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// A write of a random history lands elsewhere, in the same file or in another, and the disk says that all is well. Whoever opens or reads
/// afterwards is told, or every answer is right; only a last frame that went elsewhere is as if it had never been written, and only a
/// vector that changed under the open database may decide whether a new memory is unique.
/// </summary>
[Trait("Stage", "Disk")]
[Collection(nameof(Disk))]
public sealed class MisdirectedWriteTests
{
    [Fact]
    public async Task A_write_that_lands_elsewhere_is_noticed_or_does_no_harm()
    {
        var extent = Extent.Of("MISDIRECTED", 60, 120);
        var verdicts = new int[Enum.GetValues<Verdict>().Length];
        var (histories, noticedWhileRunning, misled) = (0, 0, 0);
        await extent.RunAsync(async (first, cancel) =>
        {
            // A few at a time, so that all processors have something to do.
            await Parallel.ForEachAsync(Enumerable.Range(0, 8), cancel, async (part, _) =>
            {
                var seed = unchecked((first * 8) + part);
                var random = new Random(seed);
                var settings = DiskSettings.Fixed(Durability.PowerLoss, 8 << 10, 4096 * random.Next(2, 16));
                var at = random.Next(1, 120);
                var isDone = false;
                await using var history = new DiskHistory(settings, seed, imagesPerHundredCalls: 8, $"misdirected history {seed}") { MayReportDamage = true };
                history.Fault = call =>
                {
                    if (isDone || call.Number < at || call.Operation != "write") return DiskFault.None;
                    isDone = true;
                    return DiskFault.Misdirected;
                };
                await history.RunAsync(new OperationMaker(seed).Make(random.Next(5, 25), overlap: false));
                if (history.IsMisled) Interlocked.Increment(ref misled);
                else if (history.IsOver) Interlocked.Increment(ref noticedWhileRunning);
                var points = history.TakePoints().Append(history.PointNow(isKill: true, random)).ToList();
                await history.CloseAsync();
                foreach (var point in points)
                {
                    var verdict = await DamagedCopy.OpenAsync(point, point.Image, () => point.Story);
                    Interlocked.Increment(ref verdicts[(int)verdict]);
                }
                Interlocked.Increment(ref histories);
            });
        });
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"      seed {Extent.Seed}: {histories} histories with a write that landed elsewhere, {noticedWhileRunning} noticed it themselves, {misled} decided by a changed vector; of {verdicts.Sum()} images {verdicts[0]} were reported, {verdicts[1]} right, {verdicts[2]} cut the last frame, {verdicts[3]} never had it"));
        Assert.True(verdicts[(int)Verdict.Reported] > 0, "no write did harm");
    }
}
