using System.Diagnostics;
using System.Globalization;
using ElizaEngine.Conformance.Model;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// Random histories on a simulated disk, and images of what a crash would leave at any call of them. See <see cref="CrashCheck"/> for
/// what must be true of each.
/// </summary>
[Trait("Stage", "Disk")]
[Collection(nameof(Disk))]
public sealed class CrashImageTests
{
    [Fact]
    public async Task Whatever_is_left_of_a_crash_holds_what_was_acknowledged()
    {
        var extent = Extent.Of("IMAGES", 20_000, 400);
        var tally = new Tally(Extent.Seed);
        var seeds = Enumerable.Range(0, int.MaxValue).Select(i => unchecked(Extent.Seed + i));
        using var end = new CancellationTokenSource(extent.Time);
        try
        {
            await RunWithGraphAsync(tally, end.Token);
            await Parallel.ForEachAsync(
                seeds.TakeWhile(_ => tally.Images < extent.Count), end.Token, async (seed, cancel) => await RunAsync(seed, tally, extent.Count, cancel));
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
        finally
        {
            // Also of a run that found something.
            Console.WriteLine($"      {tally}");
        }
        if (extent.MustReach) Assert.True(tally.Images >= extent.Count, $"the clock stopped the test after {extent.Time.TotalSeconds} s: only {tally}");
        Assert.True(tally.Images > 0, "no image was checked");
        Assert.True(tally.Graphs > 0 && tally.Changes > 0, $"no image had a graph, or none had changes of one: {tally}");
    }

    /// <summary>That the check can fail: on a disk whose flushes do nothing, power cuts take what was acknowledged.</summary>
    [Theory]
    [InlineData("flush")]
    [InlineData("flush-directory")]
    public async Task On_a_disk_that_lies_acknowledged_calls_are_missed(string operation)
    {
        await using var history = new DiskHistory(
            DiskSettings.Fixed(Durability.PowerLoss, 8 << 10, 16 << 10), seed: 1, imagesPerHundredCalls: 20, $"a disk that ignores every {operation}")
        {
            Fault = call => call.Operation == operation ? DiskFault.Ignored : DiskFault.None,
        };
        await history.RunAsync(new OperationMaker(1).Make(10, overlap: false).Where(one => one is Write));
        await history.CloseAsync();
        var missed = 0;
        foreach (var point in history.TakePoints().Where(point => point.Kind == CrashKind.PowerCut))
        {
            try
            {
                await CrashCheck.RunAsync(point, 1);
            }
            catch (InvalidOperationException)
            {
                missed++;
            }
        }
        Assert.True(missed > 5, $"only {missed} crashes lost something");
    }

    private static async Task RunAsync(int seed, Tally tally, long enough, CancellationToken cancel)
    {
        var random = new Random(seed);
        var settings = new DiskSettings(random.Next());
        var overlap = random.Next(2) == 0;
        await using var history = new DiskHistory(settings, seed, imagesPerHundredCalls: 60, $"history {seed} ({settings}, overlapping {overlap})");
        // A disk that fails once or twice on the way; where calls overlap, so that all that come later fail too.
        if (random.Next(3) == 0)
        {
            DiskFault[] faults = overlap ? [DiskFault.IoError, DiskFault.DroppedPages]
                : [DiskFault.IoError, DiskFault.DroppedPages, DiskFault.Full, DiskFault.ShortWrite];
            var (first, second) = (random.Next(1, 80), random.Next(80, 300));
            history.Fault = call => call.Number == first || call.Number == second ? faults[call.Number % faults.Length] : DiskFault.None;
        }
        await history.RunAsync(new OperationMaker(seed).Make(random.Next(5, 30), overlap));
        await history.CloseAsync();
        await CheckAsync(history, history.TakePoints(), random, tally, enough, cancel);
    }

    // Which of the others have graphs, and change one that was saved, is chance. This one is the same in every run: it saves a graph in one
    // session and its changes in the next, there is an image of every call to the disk, and one of what is there in the end. What is new lies
    // together, so that it changes few nodes of the graph, in whichever order its threads took the others: changes that are a large part of
    // a file are not saved as such.
    private static async Task RunWithGraphAsync(Tally tally, CancellationToken cancel)
    {
        const int seed = 1;
        const int rows = 250;
        var random = new Random(seed);
        var settings = DiskSettings.Fixed(Durability.PowerLoss, 32 << 10, 64 << 10, hasGraphs: true);
        await using var history = new DiskHistory(settings, seed, imagesPerHundredCalls: 100, $"the history with a graph ({settings})");
        Operation[] operations =
        [
            .. new OperationMaker(seed).Make(0, overlap: false), Create(0, rows), new BuildIndexes(), new Reopen(),
            new BuildIndexes(), Create(rows, 6), new BuildIndexes(),
        ];
        await history.RunAsync(operations);
        await history.CloseAsync();
        await CheckAsync(history, [history.PointNow(isKill: true, random), .. history.TakePoints()], random, tally, long.MaxValue, cancel);

        Write Create(int from, int count) =>
            new(0, [new CreateMemories([.. Enumerable.Range(from, count).Select(NewMemory)], Pool.Tables[0])], InTransaction: false);

        Memory NewMemory(int number) => new()
        {
            Id = new Guid(number + 1, 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1),
            RoomId = Pool.Rooms[0],
            Content = Content.FromText($"number {number}"),
            Embedding = number < rows ? new[] { Component(1), Component(1), Component(1) } : new[] { 1, Component(0.01f), Component(0.01f) },
            Unique = true,
        };

        float Component(float width) => (random.NextSingle() - 0.5f) * width;
    }

    private static async Task CheckAsync(
        DiskHistory history, IEnumerable<CrashPoint> points, Random random, Tally tally, long enough, CancellationToken cancel)
    {
        tally.Add(history);
        var pending = new Stack<CrashPoint>(points);
        while (pending.TryPop(out var point) && tally.Images < enough)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var child in await CrashCheck.RunAsync(point, random.Next())) pending.Push(child);
            tally.Add(point);
        }
    }

    private sealed class Tally(int seed)
    {
        private readonly Lock _gate = new();
        private readonly long _started = Stopwatch.GetTimestamp();
        private readonly long[] _images = new long[Enum.GetValues<CrashKind>().Length];
        private long _histories;
        private long _acknowledged;
        private long _doubts;
        private long _refused;
        private long _calls;
        private long _compactions;
        private long _backups;
        private long _graphs;
        private long _changes;

        public long Images
        {
            get
            {
                lock (_gate) return _images.Sum();
            }
        }

        public long Graphs
        {
            get
            {
                lock (_gate) return _graphs;
            }
        }

        public long Changes
        {
            get
            {
                lock (_gate) return _changes;
            }
        }

        public void Add(CrashPoint point)
        {
            lock (_gate)
            {
                _images[(int)point.Kind]++;
                if (point.Image.Files.Keys.Any(FileNames.IsVectors)) _graphs++;
                if (point.Image.Files.Keys.Any(static name => FileNames.TryVectorChanges(name, out _, out _))) _changes++;
            }
        }

        public void Add(DiskHistory history)
        {
            lock (_gate)
            {
                _histories++;
                _acknowledged += history.Acknowledged;
                _doubts += history.Doubts;
                _refused += history.Refused;
                _calls += history.Disk.Calls;
                _compactions += history.Compactions;
                _backups += history.Backups;
            }
        }

        public override string ToString()
        {
            var seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed}: {Images} crash images in {seconds:f1} s, {Images / seconds:f0} per second ({_images[0]} power cuts, {_images[1]} kills, {_images[2]} power cuts while recovering; {_graphs} with graphs, {_changes} with changes of them) "
                + $"of {_histories} histories with {_calls} calls to the disk; {_acknowledged} calls acknowledged, {_doubts} in doubt, {_refused} refused, {_compactions} compactions, {_backups} backups");
        }
    }
}

/// <summary>Tests on the simulated disk use all processors by themselves.</summary>
[CollectionDefinition(nameof(Disk), DisableParallelization = true)]
public sealed class DiskCollection;
