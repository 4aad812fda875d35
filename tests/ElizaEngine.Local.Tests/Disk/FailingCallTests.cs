using System.Globalization;
using ElizaEngine.Conformance.Model;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// The n-th call to the disk fails, for n = 1, 2, 3, ... until a history passes untouched that opens, commits, seals, closes, is compacted,
/// makes a backup and renews it, is killed and recovers; and the power goes, or the process, after the n-th call.
/// </summary>
[Trait("Stage", "Disk")]
[Collection(nameof(Disk))]
public sealed class FailingCallTests
{
    private const int MostCalls = 2000;

    /// <summary>One fault, then the disk works again.</summary>
    [Theory]
    [InlineData(nameof(DiskFault.IoError), Durability.PowerLoss)]
    [InlineData(nameof(DiskFault.IoError), Durability.ProcessCrash)]
    [InlineData(nameof(DiskFault.Full), Durability.PowerLoss)]
    [InlineData(nameof(DiskFault.Full), Durability.ProcessCrash)]
    [InlineData(nameof(DiskFault.ShortWrite), Durability.PowerLoss)]
    [InlineData(nameof(DiskFault.ShortWrite), Durability.ProcessCrash)]
    [InlineData(nameof(DiskFault.DroppedPages), Durability.PowerLoss)]
    [InlineData(nameof(DiskFault.DroppedPages), Durability.ProcessCrash)]
    public Task Any_single_call_fails_and_nothing_acknowledged_is_lost(string fault, Durability durability) =>
        Extent.Of("SWEEPS", 1, 120).RunAsync((seed, cancel) => SweepAsync(seed, durability, Enum.Parse<DiskFault>(fault), staysSo: false, cancel));

    /// <summary>From some call on the disk fails, or is full, for as long as the process lives.</summary>
    [Theory]
    [InlineData(nameof(DiskFault.IoError), Durability.PowerLoss)]
    [InlineData(nameof(DiskFault.IoError), Durability.ProcessCrash)]
    [InlineData(nameof(DiskFault.Full), Durability.PowerLoss)]
    [InlineData(nameof(DiskFault.Full), Durability.ProcessCrash)]
    public Task Every_call_from_any_on_fails_and_nothing_acknowledged_is_lost(string fault, Durability durability) =>
        Extent.Of("SWEEPS", 1, 120).RunAsync((seed, cancel) => SweepAsync(seed, durability, Enum.Parse<DiskFault>(fault), staysSo: true, cancel));

    [Theory]
    [InlineData(Durability.PowerLoss)]
    [InlineData(Durability.ProcessCrash)]
    public Task A_crash_after_any_call_loses_nothing_acknowledged(Durability durability) => Extent.Of("SWEEPS", 1, 120).RunAsync(async (seed, cancel) =>
    {
        // Three images before every call.
        await using var history = new DiskHistory(Settings(durability), seed, imagesPerHundredCalls: 300, $"seed {seed}");
        await history.RunAsync(Scenario(seed, overlap: true));
        await history.CloseAsync();
        var points = history.TakePoints();
        Assert.True(points.Count >= 3 * history.Disk.Calls);
        await Parallel.ForEachAsync(points, cancel, async (point, _) => await CrashCheck.RunAsync(point, seed));
        Console.WriteLine($"      seed {seed}: {points.Count} images of crashes after each of {history.Disk.Calls} calls, {durability}");
    });

    private static async Task SweepAsync(int seed, Durability durability, DiskFault fault, bool staysSo, CancellationToken cancel)
    {
        var (tried, untouched, images, doubts, refused) = (0, 0, 0, 0, 0);
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(1, MostCalls), cancel, TryAsync);
            Assert.True(untouched > 0, $"The scenario makes more than {MostCalls} calls.");
            Assert.True(doubts + refused > 0, "no call was hurt");
        }
        finally
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"      seed {seed}: {fault}{(staysSo ? " and so on" : "")} at {tried} calls, one after the other, {durability}: {images} images checked, {doubts} calls in doubt, {refused} refused"));
        }

        async ValueTask TryAsync(int n, CancellationToken _)
        {
            if (Volatile.Read(ref untouched) > 0) return;
            var story = $"{fault} at call {n}{(staysSo ? " and every later one" : "")}, seed {seed}";
            await using var history = new DiskHistory(Settings(durability), n, imagesPerHundredCalls: 0, story)
            {
                MayEnd = staysSo,
                Fault = call => call.Number == n || (staysSo && call.Number > n) ? fault : DiskFault.None,
            };
            await history.RunAsync(Scenario(seed, overlap: fault is not (DiskFault.Full or DiskFault.ShortWrite)));
            var isUntouched = history.Disk.Calls < n;
            if (!isUntouched && !history.IsOver) await history.CompareAcknowledgedAsync();
            await history.CloseAsync();
            var coin = new Random(unchecked(n + seed));
            foreach (var point in (IEnumerable<CrashPoint>)[.. history.TakePoints(), history.PointNow(isKill: true, coin), history.PointNow(isKill: false, coin)])
            {
                await CrashCheck.RunAsync(point, coin.Next());
                Interlocked.Increment(ref images);
            }
            Interlocked.Add(ref doubts, history.Doubts);
            Interlocked.Add(ref refused, history.Refused);
            if (isUntouched) Interlocked.CompareExchange(ref untouched, n, 0);
            else Interlocked.Increment(ref tried);
        }
    }

    private static DiskSettings Settings(Durability durability) => DiskSettings.Fixed(durability, 16 << 10, 32 << 10);

    // The beginning, one write of each sort, a large one, and every way to end a process.
    private static IReadOnlyList<Operation> Scenario(int seed, bool overlap)
    {
        var maker = new OperationMaker(seed);
        // A disk that was full for one caller may have room for the next: then nobody could say in which order they came.
        Write[] several = [maker.MakeWrite(), maker.MakeSingle(), maker.MakeSingle()];
        return
        [
            .. maker.Make(0, overlap: false),
            maker.MakeLargeBatch(),
            new Reopen(),
            new Compact(),
            new BackUp(),
            maker.MakeWrite(),
            .. overlap ? [new Together(several)] : (Operation[])several,
            new Kill(),
            maker.MakeWrite(),
            new Write(0, [new DeleteRooms([Pool.Rooms[0]])], InTransaction: false),
            // Of copies and what came since.
            new MakeRoom(70_000),
            new Compact(),
            new BackUp(),
            maker.MakeWrite(),
        ];
    }
}
