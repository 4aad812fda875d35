using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>Every call of an agent, on databases of several sizes: elizaOS' own adapter beside ours.</summary>
internal static class CallRows
{
    private const uint Seed = 30;

    // Of the time of a suite: later it is too late for another size. elizaOS takes minutes to store 100,000 memories.
    private const double LastBegin = 0.6;

    /// <summary>Names a size in a row.</summary>
    public static string Setting(int memories, int dimension) => $"{(memories >= 1000 ? $"{memories / 1000}k" : memories)} x {dimension}";

    /// <summary>Measures all calls at every size that there is time for; the size that a target asks for comes first.</summary>
    /// <param name="run">Measures.</param>
    /// <param name="suite">Stands in the rows.</param>
    /// <param name="engines">Side by side.</param>
    /// <param name="time">Of the suite, since its beginning.</param>
    public static async Task MeasureAsync(Run run, string suite, IReadOnlyList<ICallEngine> engines, SuiteTime time)
    {
        var sizes = run.Pick<(int Memories, int Dimension)[]>(
            [(200, 384)],
            [(10_000, 384)],
            [(10_000, 384), (1_000, 384), (1_000, 1536), (10_000, 1536), (100_000, 384), (100_000, 1536)]);
        foreach (var (memories, dimension) in sizes)
        {
            if (time.IsAfter(LastBegin)) run.Rows.Add(engines.Select(engine => SuiteTime.LeftOut(new Row(suite, "calls", Setting(memories, dimension), engine.Name))));
            else await MeasureAsync(run, suite, engines, memories, dimension);
        }
    }

    private static async Task MeasureAsync(Run run, string suite, IReadOnlyList<ICallEngine> engines, int memories, int dimension)
    {
        if (engines.Count == 0) return;
        var setting = Setting(memories, dimension);
        var stores = new List<(string Name, ICallStore Store)>();
        try
        {
            foreach (var engine in engines)
            {
                run.Say($"{suite}: {engine.Name} takes {setting}");
                stores.Add((engine.Name, await engine.OpenCallsAsync(run, run.NewFolder(engine.Name), new SampleWorld(Seed, dimension), memories)));
            }
            var turns = run.TakeTurns(rounds: run.Pick(1, 2, 2), warmsUp: run.Size > Size.Toy);
            foreach (var call in AgentCall.All)
            {
                run.Say($"{suite}: {call.Name}, {setting}");
                run.Rows.Add(await turns.RunAsync([.. stores.Select(entry => Contender(run, suite, call, setting, entry.Name, entry.Store))]));
            }
        }
        finally
        {
            foreach (var (_, store) in stores) await store.DisposeAsync();
        }
    }

    private static Contender Contender(Run run, string suite, AgentCall call, string setting, string engine, ICallStore store)
    {
        // Every slice writes memories of its own. A delete takes those that the create before it, in the same slice, has written.
        var slices = Numbers(call);
        var duration = TimeSpan.FromMilliseconds(run.Pick(40, 100, 400));
        return new Contender(new Row(suite, call.Name, setting, engine), async () =>
        {
            var number = slices++;
            if (call.Operation == "deleteMemory") await store.RunAsync(new AgentCall("", "createMemory"), number, duration);
            return await store.RunAsync(call, number, duration);
        });
    }

    private static uint Numbers(AgentCall call) => 1 + (100 * (uint)AgentCall.All.TakeWhile(other => other != call).Count());
}
