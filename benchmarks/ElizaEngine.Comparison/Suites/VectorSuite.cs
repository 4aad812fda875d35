using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// Vectors: what it takes to build an index, in time and memory, and how many searches a second it answers how well. One caller,
/// the best ten. And how near a scan of our codes is to the memory's own speed.
/// </summary>
internal sealed class VectorSuite : ISuite
{
    public const string Suite = "vectors";
    public const string Reference = "hnswlib";
    public const string Open = "open";
    public const string OpenWithoutVectors = "open, without vectors";

    // Beyond it a curve says no more than noise.
    private const double EnoughRecall = 0.998;
    private const int TruthCount = 100;

    private const double ThoroughRecall = 0.99;

    // Of the time of the suite: later no build in this process begins, since the searches come after it; and later no searches.
    private const double BuildShare = 0.8;
    private const double SearchShare = 0.95;

    private static readonly double[] s_recalls = [0.95, 0.99];

    public string Name => Suite;

    public int Place => 2;

    public IReadOnlyList<Target> Targets { get; } = VectorTargets.All;

    public async Task RunAsync(Run run)
    {
        // Those that lie in this process first: they are quick. A server that takes long must leave time for the sets after it.
        var engines = (await run.EnginesAsync<IVectorEngine>(Name)).OrderByDescending(engine => engine.IsInProcess).ToArray();
        var time = new SuiteTime(run);
        await CodeScanRows.MeasureAsync(run, Name);
        await AgentSearchRows.MeasureAsync(run, Name);
        await RunAsync(run, engines, VectorSet.Small, run.Pick(VectorSet.ToyWithGraph, 20_000, VectorSet.FullCount), time, 0.35);
        await RunAsync(run, engines, VectorSet.Words, run.Pick(2_000, 20_000, VectorSet.FullCount), time, 0.5);
        await RunAsync(run, engines, VectorSet.Large, run.Pick(1_000, 10_000, VectorSet.FullCount), time, 0.65);
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        foreach (var sweep in rows.Where(row => row is { Suite: Suite, X: not null }).GroupBy(row => row.Workload))
        {
            var picture = Picture.Lines(
                $"vectors-{sweep.Key.Split(' ')[^1]}", $"{sweep.Key}: recall against searches a second, one thread", ("recall@10", row => row.Recall),
                ("searches a second", true, row => row.PerSecond), sweep.OrderBy(row => row.Engine, StringComparer.Ordinal).ThenBy(row => row.X));
            // Where no curve goes.
            picture.Plot.ShowLegend(ScottPlot.Alignment.LowerLeft);
            yield return picture;
        }
        var thorough = rows.Where(row => row is { Suite: Suite, X: not null, Recall: >= ThoroughRecall }).GroupBy(row => (row.Workload, row.Engine)).Select(sweep => sweep.MinBy(row => row.X)!);
        if (thorough.Any()) yield return Picture.LatencyBars("vectors-latency", $"One search, with the least effort that finds {ThoroughRecall:0 %} of the ten nearest", [.. thorough]);
    }

    private async Task RunAsync(Run run, IReadOnlyList<IVectorEngine> engines, string name, int rows, SuiteTime time, double serverShare)
    {
        run.Say($"{Name}: {name}, vectors and truth");
        VectorSet set;
        try
        {
            set = await VectorSet.LoadAsync(name, rows, run.Pick(100, 500, VectorSet.MaxQueries), run.CancellationToken);
        }
        catch (InvalidOperationException missing)
        {
            run.Rows.Add(engines.Select(engine => new Row(Name, $"search {name}", "", engine.Name) { NotRun = missing.Message }));
            return;
        }
        var truth = ExactTruth.Load(set.Rows, set.Queries, set.Dimension, TruthCount);
        var indexes = new List<(IVectorEngine Engine, IVectorIndex Index)>();
        try
        {
            foreach (var engine in engines)
            {
                if (!time.IsAfter(engine.IsInProcess ? BuildShare : serverShare)) indexes.Add((engine, await BuildAsync(run, engine, set)));
                else run.Rows.Add([SuiteTime.LeftOut(new Row(Name, $"build {name}", "2 threads", engine.Name))]);
            }
            await SweepAsync(run, indexes, set, truth, time);
            await DuelAsync(run, indexes, set, truth, time);
        }
        finally
        {
            foreach (var (_, index) in indexes) await index.DisposeAsync();
        }
        foreach (var (engine, _) in indexes) run.Rows.Add(AtRecalls(run.Rows, engine.Name, name).Select(row => row with { Stored = set.Count }));
    }

    private async Task<IVectorIndex> BuildAsync(Run run, IVectorEngine engine, VectorSet set)
    {
        // What more threads bring is asked once, of those that are compared in it.
        if (engine is { BuildsOnThreads: true, IsInProcess: true } && set.Name == VectorSet.Small) await BuildAsync(run, engine, set, 1);
        var place = await BuildAsync(run, engine, set, 2);
        if (engine.IsInProcess)
        {
            run.Rows.Add([MemoryRow(set, engine, Open, await VectorChildren.MeasureAsync(run, engine, place, set))]);
            if (engine.StoresMore && set.Name == VectorSet.Small) await MeasureRowsAsync(run, engine, set);
            return await engine.OpenAsync(place, new VectorShape(set.Dimension, set.Count));
        }
        var index = await engine.OpenAsync(place, new VectorShape(set.Dimension, set.Count));
        run.Rows.Add([new Row(Name, $"memory {set.Name}", Open, engine.Name) { Operations = set.Count, DiskBytes = await index.DiskBytesAsync(), Note = "in a server of its own" }]);
        return index;
    }

    private async Task<string> BuildAsync(Run run, IVectorEngine engine, VectorSet set, int threads)
    {
        run.Say($"{Name}: {set.Name}, {engine.Name} builds on {threads} threads");
        var place = await engine.NewPlaceAsync(run);
        var time = engine.IsInProcess
            ? await VectorChildren.BuildAsync(run, engine, place, set, threads)
            : await engine.BuildAsync(place, new VectorBuild(set, new int[set.Count], threads));
        run.Rows.Add(
        [
            new Row(Name, $"build {set.Name}", $"{threads} threads", engine.Name)
            {
                Stored = set.Count,
                Operations = set.Count,
                PerSecond = set.Count / time.IndexSeconds,
                Note = $"{set.Count} rows, {(time.IndexSeconds is { } seconds ? $"index {seconds:0.0} s" : "no index")}, stored in {time.LoadSeconds:0.0} s",
            },
        ]);
        return place;
    }

    /// <summary>The same rows without vectors: what is left is what the vectors take.</summary>
    private async Task MeasureRowsAsync(Run run, IVectorEngine engine, VectorSet set)
    {
        var place = await engine.NewPlaceAsync(run);
        await VectorChildren.BuildAsync(run, engine, place, set, 2, withVectors: false);
        run.Rows.Add([MemoryRow(set, engine, OpenWithoutVectors, await VectorChildren.MeasureAsync(run, engine, place, set))]);
    }

    private Row MemoryRow(VectorSet set, IVectorEngine engine, string setting, VectorMemory memory) => new(Name, $"memory {set.Name}", setting, engine.Name)
    {
        Stored = set.Count,
        Operations = set.Count,
        ResidentBytes = memory.AnonymousBytes,
        MappedBytes = memory.MappedBytes,
        DiskBytes = memory.DiskBytes,
        Note = $"{(double)memory.AnonymousBytes / set.Count:0} bytes a row resident",
    };

    /// <summary>Each engine's efforts from hasty to thorough, side by side; an engine that finds nearly all is done.</summary>
    private async Task SweepAsync(Run run, IReadOnlyList<(IVectorEngine Engine, IVectorIndex Index)> indexes, VectorSet set, int[][] truth, SuiteTime time)
    {
        var queries = Enumerable.Range(0, set.QueryCount).ToArray();
        var done = new HashSet<string>();
        for (var step = 0; ; step++)
        {
            var taking = indexes.Where(one => step < Searches(one.Engine).Count && !done.Contains(one.Engine.Name)).ToArray();
            if (taking.Length == 0) return;
            if (time.IsAfter(SearchShare))
            {
                run.Rows.Add(taking.Select(one => SuiteTime.LeftOut(new Row(Name, $"search {set.Name}", $"from step {step + 1}", one.Engine.Name))));
                return;
            }
            run.Say($"{Name}: {set.Name}, searches, step {step + 1}: {string.Join(", ", taking.Select(one => one.Engine.Name))}");
            // Code that was never run is compiled while it runs; after the first step all of it was. What was opened anew has read nothing yet.
            var warmsUp = run.Size > Size.Toy && (step == 0 || taking.Any(one => one.Engine.Recalls.Count > 0));
            var turns = run.TakeTurns(rounds: run.Pick(1, 2, 2), warmsUp, usesDisk: false);
            var rows = await turns.RunAsync([.. taking.Select(one =>
            {
                var (setting, x, search) = Searches(one.Engine)[step];
                var label = new Row(Name, $"search {set.Name}", setting, one.Engine.Name) { X = x, Stored = set.Count };
                return new Contender(label, () => VectorSlice.RunAsync(one.Index, search, set, queries, truth, run.SliceTime));
            })]);
            run.Rows.Add(rows.Zip(taking, (row, one) => one.Engine.Recalls.Count > 0 && row.Recall < row.X ? row with { Note = "finds less than it was asked for" } : row));
            done.UnionWith(rows.Where(row => row.Recall >= EnoughRecall).Select(row => row.Engine));
        }
    }

    /// <summary>Those that can be told how much to find, at each recall.</summary>
    private async Task DuelAsync(Run run, IReadOnlyList<(IVectorEngine Engine, IVectorIndex Index)> indexes, VectorSet set, int[][] truth, SuiteTime time)
    {
        var taking = indexes.Where(one => RecallDuel.TakesPart(one.Engine)).ToArray();
        foreach (var recall in s_recalls)
        {
            if (time.IsAfter(SearchShare)) return;
            run.Say($"{Name}: {set.Name}, by turns at recall {recall:0.00}: {string.Join(", ", taking.Select(one => one.Engine.Name))}");
            run.Rows.Add(await RecallDuel.RunAsync(run, AtRecall("", set.Name, recall) with { Stored = set.Count }, taking, set, truth, recall));
        }
    }

    private static Row AtRecall(string engine, string set, double recall) => new(Suite, $"search {set}", $"at recall {recall:0.00}", engine) { Recall = recall };

    /// <summary>From hasty to thorough: by the effort that the engine is told, or by the recall that it is asked for.</summary>
    private static IReadOnlyList<(string Setting, double X, VectorSearch Search)> Searches(IVectorEngine engine) =>
        engine.Recalls.Count > 0
            ? [.. engine.Recalls.Select(recall => ($"asked for {recall:0.00#}", recall, new VectorSearch(engine.Efforts[0]) { Recall = recall }))]
            : [.. engine.Efforts.Select(effort => (engine.Efforts.Count == 1 ? "" : $"effort {effort}", (double)effort, new VectorSearch(effort)))];

    /// <summary>Whether all of an engine's searches of a set were measured: what they do not find, it cannot.</summary>
    internal static bool IsSwept(Rows rows, string engine, string set)
    {
        // What is read off the curve is no search; what was left out has no recall.
        var searches = rows.Where(row => row.Suite == Suite && row.Workload == $"search {set}" && row.Engine == engine)
            .Where(row => row.X is not null || row.Recall is null).ToArray();
        return searches.Length > 0 && Array.TrueForAll(searches, row => row.NotRun is null);
    }

    /// <summary>What an engine does at each recall, read off its curve unless it was measured there, and beside what the reference does.</summary>
    internal static IEnumerable<Row> AtRecalls(Rows rows, string engine, string set)
    {
        var workload = $"search {set}";
        Row[] Sweep(string of) => [.. rows.Where(row => row is { Suite: Suite, X: not null } && row.Workload == workload && row.Engine == of)];
        foreach (var recall in s_recalls)
        {
            var row = AtRecall(engine, set, recall);
            if (rows.Find(Suite, workload, row.Setting, engine) is not null) continue;
            var reference = RecallCurve.At(Sweep(Reference), recall);
            yield return RecallCurve.At(Sweep(engine), recall) is not { } found
                ? row with { NotRun = Sweep(engine).Max(one => one.Recall) is { } best ? $"its best recall is {best:0.0000}" : "it was not searched" }
                : row with
                {
                    PerSecond = found.PerSecond,
                    Note = string.Join("; ", new[]
                    {
                        "read off its curve",
                        reference is { } other ? $"{found.PerSecond / other.PerSecond:0.00} x {Reference}" : null,
                        found.IsBound ? "a lower bound" : null,
                        // Its hastiest search finds more already: at this recall it might be quicker, and the ratio smaller.
                        engine != Reference && reference is { IsBound: true } ? $"{Reference}'s is a lower bound" : null,
                    }.Where(part => part is not null)),
                };
        }
    }
}
