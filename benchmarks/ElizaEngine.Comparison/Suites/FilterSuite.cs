using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// Filters: searches among the rows of one room only, which hold from half of all rows down to a thousandth, scattered among the
/// others or a region of their own, near what is asked or far from it. Beside each search stands the exact scan of the same rows by
/// the same engine. In the rows, X is how many rows pass the filter.
/// </summary>
internal sealed class FilterSuite : ISuite
{
    public const string Suite = "filters";

    /// <summary>The setting of a row where every row that passes is compared.</summary>
    public const string Exact = "exact";

    /// <summary>The setting of a row where the engine itself chooses how to search.</summary>
    public const string Chosen = "search";

    public string Name => Suite;

    public int Place => 3;

    public IReadOnlyList<Target> Targets { get; } = FilterTargets.All;

    public async Task RunAsync(Run run)
    {
        var engines = await run.EnginesAsync<IVectorEngine>(Name);
        run.Say($"{Name}: vectors and truth");
        var set = await VectorSet.LoadAsync(VectorSet.Small, run.Pick(2_000, 20_000, 100_000), run.Pick(100, 500, VectorSet.MaxQueries), run.CancellationToken);
        await RunAsync(run, engines, set, FilterLayout.Scattered(set));
        await RunAsync(run, engines, set, FilterLayout.Regions(set));
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        foreach (var kind in (string[])["scattered", "near", "far"])
        {
            var shown = rows.Where(row => row is { Suite: Suite, NotRun: null } && row.Workload.EndsWith(kind, StringComparison.Ordinal)).ToArray();
            if (shown.Length == 0) continue;
            yield return Picture.Lines(
                $"filters-{kind}", $"Filters, rows {kind}: median of a search, one thread", ("rows that pass, as a power of ten", row => Math.Log10(row.X!.Value)),
                ("microseconds", true, row => row.P50Us),
                shown.OrderBy(row => row.Engine, StringComparer.Ordinal).ThenBy(row => row.X).Select(row => row with { Engine = $"{row.Engine} {row.Setting}" }));
        }
    }

    private async Task RunAsync(Run run, IReadOnlyList<IVectorEngine> engines, VectorSet set, FilterLayout layout)
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
            var turns = new TakingTurns(run.Probe.Take, rounds: run.Pick(1, 1, 2), warmsUp: false, usesDisk: false);
            foreach (var one in layout.Cases)
            {
                run.Say($"{Name}: {one.Name}, {one.Rows} rows");
                run.Rows.Add(await turns.RunAsync([.. indexes.SelectMany(entry => Contenders(run, entry.Engine, entry.Index, set, one))]));
            }
        }
        finally
        {
            foreach (var (_, index) in indexes) await index.DisposeAsync();
        }
    }

    private IEnumerable<Contender> Contenders(Run run, IVectorEngine engine, IVectorIndex index, VectorSet set, FilterCase one)
    {
        var label = new Row(Name, one.Name, "", engine.Name) { X = one.Rows };
        foreach (var effort in Efforts(engine))
            yield return Contender(engine.Efforts.Count == 1 ? Chosen : $"effort {effort}", new VectorSearch(effort, one.Room));
        if (engine.CanScan) yield return Contender(Exact, new VectorSearch(engine.Efforts[0], one.Room, IsExact: true));

        Contender Contender(string setting, VectorSearch search) =>
            new(label with { Setting = setting }, () => VectorSlice.RunAsync(index, search, set, one.Queries, one.Truth, run.SliceTime / run.Pick(1, 2, 2)));
    }

    /// <summary>A hasty and a thorough one of those that there are.</summary>
    private static IEnumerable<int> Efforts(IVectorEngine engine) =>
        engine.Efforts.Count == 1 ? engine.Efforts : [engine.Efforts[engine.Efforts.Count / 4], engine.Efforts[engine.Efforts.Count * 2 / 3]];
}
