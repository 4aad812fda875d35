using System.Diagnostics;
using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>Rows: created by one caller and by many, loaded, read, searched in a room, deleted; and what they occupy.</summary>
internal sealed class StorageSuite : ISuite
{
    private const uint Seed = 20;
    private const int Dimension = 384;
    private const string ProcessCrash = "local-process-crash";
    private const string Suite = "storage";

    // Made before the clock starts, for all callers of a slice together: what making them takes is nobody's. Who needs more makes them himself.
    private const int PreparedMemories = 160_000;

    // Of the time of a slice, for those of reads: they wait for no disk, so thousands of them say as much in less time.
    private const int ReadShare = 3;

    /// <summary>A new process opens a database of rows without vectors: nothing but the opening.</summary>
    public const string OpenRows = "open";

    /// <summary>Of a load that a loss of power may cut at its end.</summary>
    public const string NotDurable = "not durable at the end: a loss of power may take the last writes";

    public string Name => Suite;

    public int Place => 1;

    public IReadOnlyList<Target> Targets { get; } = StorageTargets.All;

    public async Task RunAsync(Run run)
    {
        var time = new SuiteTime(run);
        await WritesAsync(run, Safety.PowerLoss);
        await WritesAsync(run, Safety.ProcessCrash);
        await LoadAsync(run);
        await ReadsAsync(run);
        await ReadsBesideCommitsRows.MeasureAsync(run, Name);
        await CompactionRows.MeasureAsync(run, Name);
        await MemoryPerRowAsync(run);
        // What a call takes beyond its flush is the same at both levels of durability: the lower one is asked once.
        var engines = await run.EnginesAsync<ICallEngine>(Name, engine => engine.Name is "local" or ProcessCrash or "plugin-sql-pglite");
        await CallRows.MeasureAsync(run, Name, engines, time, onlyAtFirst: ProcessCrash);
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        var mine = rows.Where(row => row.Suite == Name).ToArray();
        if (mine.Length == 0) yield break;
        yield return Picture.Lines(
            "storage-creates",
            "Creates a second against callers",
            ("callers", row => row.X),
            ("creates a second", true, row => row.PerSecond),
            mine.Where(row => row.Workload == "create"));
        yield return Picture.LatencyBars("storage-latency-of-writes", "Latency of writes", [.. mine.Where(row => row.Workload is "create" or "create log of 30 KB")]);
        yield return Picture.LatencyBars("storage-latency-of-reads", "Latency of reads", [.. mine.Where(row => row.Workload is "get" or "latest" or "search a room")]);
    }

    private async Task WritesAsync(Run run, Safety safety)
    {
        var engines = await run.EnginesAsync<IStoreEngine>(Name, engine => engine.Safety == safety);
        await using var stores = await Stores.CreateAsync(run, engines, new SampleWorld(Seed, 0));
        var body = $$"""{"prompt":"{{new string('p', 30_000)}}"}""";
        foreach (var callers in (int[])[1, 16, 64])
        {
            await MeasureAsync(run, run.Turns, stores, "create", Label(callers), callers, run.SliceTime, (world, caller) =>
            {
                var memories = world.Take(run.Pick(1_000, 10_000, PreparedMemories) / callers);
                var next = 0;
                return () => caller.CreateAsync(next < memories.Length ? memories[next++] : world.Next());
            });
        }
        foreach (var callers in (int[])[1, 16])
        {
            await MeasureAsync(run, run.Turns, stores, "create log of 30 KB", Label(callers), callers, run.SliceTime, (world, caller) => () => caller.CreateLogAsync(world.Rooms[0], world.Entities[0], body));
        }
    }

    /// <summary>
    /// Many rows at once, into an empty store for each slice, durable at the end or with a remark; then what they occupy.
    /// </summary>
    internal static async Task LoadAsync(Run run)
    {
        var memories = new SampleWorld(Seed, 0).Take(run.Pick(2_000, 20_000, 200_000));
        var setting = $"{Number.Text(memories.Length)} rows";
        var bytes = new Dictionary<string, long>();
        run.Say($"storage: load, {setting}");
        var notDurable = new HashSet<string>();
        var engines = await run.EnginesAsync<IStoreEngine>(Suite);
        var rows = await run.TakeTurns(rounds: run.Pick(1, 2, 3), warmsUp: false).RunAsync([.. engines.Select(engine =>
            new Contender(new Row(Suite, "load", setting, engine.Name) { Stored = memories.Length }, () => LoadOnceAsync(engine)))]);
        run.Rows.Add(rows.Select(row => row with
        {
            DiskBytes = bytes[row.Engine],
            PayloadBytes = memories.Sum(memory => memory.PayloadBytes),
            Note = notDurable.Contains(row.Engine) ? NotDurable : null,
        }));

        async Task<Slice> LoadOnceAsync(IStoreEngine engine)
        {
            var folder = run.NewFolder(engine.Name);
            Slice slice;
            await using (var store = await engine.CreateAsync(run, folder, new SampleWorld(Seed, 0)))
            {
                var before = bytes.ContainsKey(engine.Name) ? 0 : store.DiskBytes();
                var allocated = GC.GetTotalAllocatedBytes();
                var start = Stopwatch.GetTimestamp();
                await store.LoadAsync(memories);
                var elapsed = Stopwatch.GetElapsedTime(start);
                var latencies = new Latencies();
                latencies.RecordUs(elapsed.TotalMicroseconds);
                slice = new Slice(latencies, elapsed) { Operations = memories.Length, AllocatedBytes = GC.GetTotalAllocatedBytes() - allocated };
                if (store.SafetyOfLoad != Safety.PowerLoss) notDurable.Add(engine.Name);
                if (before > 0) bytes[engine.Name] = store.DiskBytes() - before;
            }
            Directory.Delete(folder, recursive: true);
            return slice;
        }
    }

    private async Task ReadsAsync(Run run)
    {
        var engines = await run.EnginesAsync<IStoreEngine>(Name);
        var world = new SampleWorld(Seed, Dimension);
        var memories = world.Take(run.Pick(1_000, 10_000, 10_000));
        var payload = memories.Sum(memory => memory.PayloadBytes);
        await using var stores = await Stores.CreateAsync(run, engines, world);
        foreach (var (engine, store) in stores.All)
        {
            run.Say($"storage: {engine.Name} takes {memories.Length} memories x {Dimension}");
            await store.LoadAsync(memories);
        }
        // Before anything else is stored, so that it is the same for everybody whatever the slices that follow do.
        run.Rows.Add(stores.All.Select(entry => new Row(Name, "disk", $"{memories.Length} memories x {Dimension}", entry.Engine.Name)
        {
            Stored = memories.Length,
            DiskBytes = entry.Store.DiskBytes(),
            PayloadBytes = payload,
            Note = "as loaded, without compaction",
        }));
        var hot = new HotReads(memories);
        foreach (var callers in (int[])[1, 2])
        {
            await MeasureAsync(run, run.ReadTurns, stores, "get", Label(callers), callers, run.SliceTime / ReadShare, (_, caller) => hot.By(caller), memories.Length);
        }
        foreach (var (count, withVectors) in new[] { (32, false), (32, true), (50, false), (50, true) })
        {
            await MeasureAsync(run, run.ReadTurns, stores, "latest", $"{count} {(withVectors ? "with" : "without")} vectors", 1, run.SliceTime / ReadShare, (siblings, caller) =>
            {
                var next = 0;
                return async () => Found(await caller.LatestAsync(siblings.Rooms[next = (next + 1) % SampleWorld.RoomCount], count, withVectors), count);
            }, memories.Length);
        }
        var queries = Enumerable.Range(0, 200).Select(_ => world.NextVector()).ToArray();
        await MeasureAsync(run, run.ReadTurns, stores, "search a room", $"{memories.Length / SampleWorld.RoomCount} rows x {Dimension}", 1, run.SliceTime / ReadShare, (siblings, caller) =>
        {
            var next = 0;
            return async () => Found(await caller.SearchAsync(siblings.Rooms[next % SampleWorld.RoomCount], queries[next++ % queries.Length], 10), 10);
        }, memories.Length);
        await DeletesAsync(run, stores);
    }

    /// <summary>
    /// Each slice deletes rows that were stored for it outside of the clock, where also goes what it had no time for. A slice that has deleted
    /// all ends, and its rate is over its own time.
    /// </summary>
    private async Task DeletesAsync(Run run, Stores stores)
    {
        var perSlice = run.Pick(50, 500, 2_000);
        run.Say($"storage: delete, {perSlice} a slice");
        run.Rows.Add(await run.Turns.RunAsync([.. stores.All.Select(entry => new Contender(new Row(Name, "delete", Label(1), entry.Engine.Name), async () =>
        {
            var doomed = stores.NewWorld().Take(perSlice);
            await entry.Store.LoadAsync(doomed);
            await using var caller = entry.Store.NewCaller();
            var next = 0;
            var slice = await Callers.RunAsync([DeleteNextAsync], entry.Store.IsBlocking, run.SliceTime, perSlice);
            while (next < doomed.Length) await DeleteNextAsync();
            return slice;

            async ValueTask DeleteNextAsync() => Found(await caller.DeleteAsync(doomed[next++].Id) ? 1 : 0, 1);
        }))]));
    }

    /// <summary>In a process of its own: what a row without vector adds to the memory of our local backend. Then the same database is opened.</summary>
    private async Task MemoryPerRowAsync(Run run)
    {
        // Whichever of ours is asked for: what it keeps in memory does not depend on when it flushes.
        if ((await run.EnginesAsync<Engines.Local>(Name)) is not [var engine, ..]) return;
        var count = run.Pick(2_000, 100_000, 1_000_000);
        var folder = run.NewFolder("row-memory");
        run.Say($"storage: memory of {count} rows");
        var answer = await Child.AskAsync<RowMemory, RowMemory.Answer>([folder, count.ToString()], run.CancellationToken);
        run.Rows.Add([new Row(Name, "memory of rows", $"{Number.Text(count)} rows", engine.Name)
        {
            Stored = count,
            Operations = count,
            ResidentBytes = answer.ResidentBytes,
            MappedBytes = answer.MappedBytes,
            Note = $"{Number.Text((double)answer.ResidentBytes / count)} bytes a row",
        }]);
        run.Say($"storage: opening of {count} rows");
        var label = new Row(Name, OpenRows, $"{Number.Text(count)} rows without vectors", engine.Name) { Stored = count };
        run.Rows.Add(await run.Turns.RunAsync([new Contender(label, async () =>
        {
            var opened = await Child.AskAsync<Engines.Local.OpenLocal, Opened>(RowMemory.OpenerArguments(folder, count), run.CancellationToken);
            return OpenSuite.SliceOf(opened);
        })]));
        Directory.Delete(folder, recursive: true);
    }

    private async Task MeasureAsync(
        Run run, TakingTurns turns, Stores stores, string workload, string setting, int callers, TimeSpan slice,
        Func<SampleWorld, IStoreCaller, Func<ValueTask>> operation, int? stored = null)
    {
        run.Say($"storage: {workload}, {setting}");
        var label = new Row(Name, workload, setting, "") { X = callers, Stored = stored };
        run.Rows.Add(await turns.RunAsync([.. stores.Contenders(label, callers, slice, caller => operation(stores.NewWorld(), caller))]));
    }

    private static string Label(int callers) => callers == 1 ? "1 caller" : $"{callers} callers";

    // An engine that answers fast and wrong is not compared.
    private static void Found(int found, int expected)
    {
        if (found != expected) throw new InvalidOperationException($"{found} rows were found, not {expected}.");
    }
}
