using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// Filters: searches among the rows of one room only, which hold from half of all rows down to a thousandth, scattered among the
/// others or a region of their own, near what is asked or far from it. Beside each search stands the exact scan of the same rows by
/// the same engine, and beside all of them the exact scan without a filter. In the rows, X is how many rows pass the filter.
/// </summary>
internal sealed class FilterSuite : ISuite
{
    public const string Suite = "filters";

    /// <summary>The setting of a row where every row that passes is compared.</summary>
    public const string Exact = "exact";

    /// <summary>The setting of a row where the engine itself chooses how to search.</summary>
    public const string Chosen = "search";

    // Of the time of the suite: after it no filter begins.
    private const double SearchShare = 0.95;

    // By turns, because what is compared are two times of microseconds: one slice that the machine was busy beside decides nothing.
    private const int Rounds = 4;

    // A toy run takes one filter in three: each kind of room and each kind of query is among them.
    private const int ToyStep = 3;

    public string Name => Suite;

    public int Place => 3;

    public IReadOnlyList<Target> Targets { get; } = FilterTargets.All;

    public async Task RunAsync(Run run)
    {
        var engines = await run.EnginesAsync<IVectorEngine>(Name);
        var time = new SuiteTime(run);
        run.Say($"{Name}: vectors and truth");
        var set = await VectorSet.LoadAsync(VectorSet.Small, run.Pick(VectorSet.ToyWithGraph, 20_000, VectorSet.FullCount), run.Pick(100, 500, VectorSet.MaxQueries), run.CancellationToken);
        await RunAsync(run, engines, set, FilterLayout.Scattered(set), time);
        await RunAsync(run, engines, set, FilterLayout.Regions(set), time);
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        foreach (var kind in (string[])["scattered", "near", "far"])
        {
            var shown = rows.Where(row => row is { Suite: Suite, NotRun: null } && row.Workload.EndsWith(kind, StringComparison.Ordinal)).ToArray();
            if (shown.Length == 0) continue;
            var picture = Picture.Lines(
                $"filters-{kind}", $"Filters, rows {kind}: median of a search, one thread", ("rows that pass, as a power of ten", row => Math.Log10(row.X!.Value)),
                ("microseconds", true, row => row.P50Us),
                shown.OrderBy(row => row.Engine, StringComparer.Ordinal).ThenBy(row => row.X).Select(row => row with { Engine = $"{row.Engine} {row.Setting}" }));
            // Few rows, short searches.
            picture.Plot.ShowLegend(ScottPlot.Alignment.UpperLeft);
            yield return picture;
        }
    }

    private async Task RunAsync(Run run, IReadOnlyList<IVectorEngine> engines, VectorSet set, FilterLayout layout, SuiteTime time)
    {
        var indexes = new List<(IVectorEngine Engine, IVectorIndex Index)>();
        try
        {
            foreach (var engine in engines)
            {
                run.Say($"{Name}: {layout.Name}, {engine.Name} builds");
                var place = await engine.NewPlaceAsync(run);
                await engine.BuildAsync(place, new VectorBuild(set, layout.Rooms, 2));
                indexes.Add((engine, await engine.OpenAsync(place, new VectorShape(set.Dimension, set.Count))));
            }
            foreach (var one in layout.Cases.Where((_, place) => run.Size > Size.Toy || place % ToyStep == 0))
            {
                run.Say($"{Name}: {one.Name}, {one.Rows} rows");
                // Each filter may be the first for which an engine goes another way: code that was never run is compiled while it runs.
                var turns = run.TakeTurns(rounds: run.Pick(1, Rounds, Rounds), warmsUp: run.Size > Size.Toy, usesDisk: false);
                if (time.IsAfter(SearchShare)) run.Rows.Add(indexes.Select(entry => SuiteTime.LeftOut(new Row(Name, one.Name, "", entry.Engine.Name))));
                else run.Rows.Add(await turns.RunAsync([.. indexes.SelectMany(entry => Contenders(run, entry.Engine, entry.Index, set, one))]));
            }
        }
        finally
        {
            foreach (var (_, index) in indexes) await index.DisposeAsync();
        }
    }

    private IEnumerable<Contender> Contenders(Run run, IVectorEngine engine, IVectorIndex index, VectorSet set, FilterCase one)
    {
        var label = new Row(Name, one.Name, "", engine.Name) { X = one.Rows, Stored = set.Count };
        foreach (var effort in Efforts(run, engine))
            yield return Contender(engine.Efforts.Count == 1 ? Chosen : $"effort {effort}", new VectorSearch(effort, one.Room));
        if (engine.CanScan) yield return Contender(Exact, new VectorSearch(engine.Efforts[0], one.Room, IsExact: true));

        Contender Contender(string setting, VectorSearch search) =>
            new(label with { Setting = setting }, () => VectorSlice.RunAsync(index, search, set, one.Queries, one.Truth, run.SliceTime / Rounds, asksAgain: run.Size > Size.Toy));
    }

    /// <summary>One between hasty and thorough; where there is time, a hasty and a thorough one.</summary>
    private static IEnumerable<int> Efforts(Run run, IVectorEngine engine)
    {
        var efforts = engine.Efforts;
        if (efforts.Count == 1) return efforts;
        return run.Size == Size.Full ? [efforts[efforts.Count / 4], efforts[efforts.Count * 2 / 3]] : [efforts[efforts.Count / 2]];
    }
}
