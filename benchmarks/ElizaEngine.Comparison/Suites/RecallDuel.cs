using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// Engines at one recall, by turns: each is as hasty as it can be and still finds so much. Of a sweep the efforts at which two engines find the
/// same lie minutes apart, in which a machine may become a third slower.
/// </summary>
internal static class RecallDuel
{
    // Of an effort: less makes no difference that a round would show. Of what an engine that is asked for a recall may miss, about as much; it is opened
    // anew for each try, so there are few.
    private const int LastStep = 32;
    private const int LastStepOfMissing = 16;
    private const int RecallTries = 5;

    /// <summary>Who takes part: who answers within milliseconds, and can be told to do more or less.</summary>
    public static bool TakesPart(IVectorEngine engine) => engine.IsInProcess && (engine.Efforts.Count > 1 || engine.Recalls.Count > 0);

    private static VectorSearch SearchOf(IVectorEngine engine, double step) =>
        engine.Recalls.Count > 0 ? new VectorSearch(engine.Efforts[0]) { Recall = step } : new VectorSearch((int)step);

    /// <summary>A row for each engine that finds so much; its rates are of the same rounds as the others'.</summary>
    /// <param name="run">The run, which has the rows of the sweep.</param>
    /// <param name="setting">Names the rows.</param>
    /// <param name="indexes">Who takes part.</param>
    /// <param name="set">The queries come from here.</param>
    /// <param name="truth">Of each of those.</param>
    /// <param name="recall">What is to be found.</param>
    public static async Task<IReadOnlyList<Row>> RunAsync(
        Run run, Row setting, IReadOnlyList<(IVectorEngine Engine, IVectorIndex Index)> indexes, VectorSet set, int[][] truth, double recall)
    {
        var queries = Enumerable.Range(0, set.QueryCount).ToArray();
        // All queries, of the slowest, too: recall of some of them is another.
        var sliceTime = run.Pick(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10));
        var contenders = new List<Contender>();
        var isReferenceBound = false;
        foreach (var (engine, index) in indexes)
        {
            var sweep = run.Rows.Where(row => row.Suite == setting.Suite && row.Workload == setting.Workload && row.Engine == engine.Name && row.X is not null).ToArray();
            if (await HastiestAsync(engine, index, sweep) is not var (search, how, isBound)) continue;
            isReferenceBound |= isBound && engine.Name == VectorSuite.Reference;
            contenders.Add(new Contender(setting with { Engine = engine.Name, Note = isBound ? $"{how}; a lower bound" : how }, () => SliceAsync(index, search)));
        }
        var rows = await run.TakeTurns(rounds: run.Pick(1, 3, 7), warmsUp: run.Size > Size.Toy, usesDisk: false).RunAsync(contenders);
        var reference = rows.FirstOrDefault(row => row.Engine == VectorSuite.Reference);
        return [.. rows.Select(row => Rows.Speedup(row, reference) is { } speedup ? row with { Note = $"{row.Note}; {speedup:0.00} x {reference!.Engine}{BoundOf(row)}" } : row)];

        // Its hastiest search finds more already: at this recall it might be quicker, and the ratio smaller.
        string BoundOf(Row row) => isReferenceBound && row.Engine != VectorSuite.Reference ? $"; {VectorSuite.Reference}'s is a lower bound" : "";

        Task<Slice> SliceAsync(IVectorIndex index, VectorSearch search) => VectorSlice.RunAsync(index, search, set, queries, truth, sliceTime);

        async Task<double> RecallAsync(IVectorIndex index, VectorSearch search) => (await SliceAsync(index, search)).Recall!.Value;

        async Task<(VectorSearch Search, string How, bool IsBound)?> HastiestAsync(IVectorEngine engine, IVectorIndex index, IReadOnlyList<Row> sweep)
        {
            if (await EnoughAsync(engine, index, [.. sweep.OrderBy(row => row.X).SkipWhile(row => row.Recall < recall).Select(row => row.X!.Value)]) is not { } high) return null;
            var low = sweep.Where(row => row.X < high).Max(row => row.X);
            var isBound = low is null;
            if (engine.Recalls.Count > 0)
            {
                for (var tries = 0; low is { } less && high - less > (1 - high) / LastStepOfMissing && tries < RecallTries; tries++)
                {
                    var middle = Math.Round((less + high) / 2, 4);
                    if (await RecallAsync(index, SearchOf(engine, middle)) >= recall) high = middle;
                    else low = middle;
                }
                return (SearchOf(engine, high), $"asked for {high:0.####}", isBound);
            }
            var (enough, few) = ((int)high, (int)(low ?? high));
            while (enough - few > Math.Max(1, enough / LastStep))
            {
                var middle = (few + enough) / 2;
                if (await RecallAsync(index, SearchOf(engine, middle)) >= recall) enough = middle;
                else few = middle;
            }
            return (SearchOf(engine, enough), $"effort {enough}", isBound);
        }

        // The sweep has asked some of the queries only, where they took long.
        async Task<double?> EnoughAsync(IVectorEngine engine, IVectorIndex index, double[] steps)
        {
            foreach (var step in steps)
            {
                if (await RecallAsync(index, SearchOf(engine, step)) >= recall) return step;
            }
            return null;
        }
    }
}
