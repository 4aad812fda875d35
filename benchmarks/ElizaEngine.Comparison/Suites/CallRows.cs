using System.Diagnostics;
using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>Every call of an agent, on databases of several sizes: elizaOS' own adapter beside ours.</summary>
internal static class CallRows
{
    private const uint Seed = 30;

    // Of the time of a suite: later no size begins, whatever it would take.
    private const double LastBegin = 0.9;

    // What a size takes is foreseen from those before it: what was stored in a second, by components of vectors, a row's own work counting as
    // some more; and what the calls took. Both with some time to spare, since large databases are slower.
    private const int ComponentsOfRow = 400;
    private const double Spare = 1.25;

    /// <summary>Names a size in a row.</summary>
    public static string Setting(int memories, int dimension) => $"{(memories >= 1000 ? $"{memories / 1000}k" : memories)} x {dimension}";

    /// <summary>Measures all calls at every size that there is time for; the size that a target asks for comes first.</summary>
    /// <param name="run">Measures.</param>
    /// <param name="suite">Stands in the rows.</param>
    /// <param name="engines">Side by side.</param>
    /// <param name="time">Of the suite, since its beginning.</param>
    /// <param name="onlyAtFirst">Names those that are measured at the first size alone; null: nobody.</param>
    public static async Task MeasureAsync(Run run, string suite, IReadOnlyList<ICallEngine> engines, SuiteTime time, string? onlyAtFirst = null)
    {
        var sizes = run.Pick<(int Memories, int Dimension)[]>(
            [(200, 384)],
            [(10_000, 384)],
            [(10_000, 384), (1_000, 384), (1_000, 1536), (10_000, 1536), (100_000, 384), (100_000, 1536)]);
        var taken = new List<(double Work, Taken Time)>();
        foreach (var (memories, dimension) in sizes)
        {
            var some = engines.Where(engine => taken.Count == 0 || engine.Name != onlyAtFirst).ToArray();
            var work = (double)memories * (dimension + ComponentsOfRow);
            if (time.IsAfter(LastBegin) || !time.HasLeft(Foreseen(taken, work)))
                run.Rows.Add(some.Select(engine => SuiteTime.LeftOut(new Row(suite, "calls", Setting(memories, dimension), engine.Name))));
            else
                taken.Add((work, await MeasureAsync(run, suite, some, memories, dimension)));
        }
    }

    private static TimeSpan Foreseen(IReadOnlyList<(double Work, Taken Time)> taken, double work)
    {
        if (taken.Count == 0) return TimeSpan.Zero;
        var largest = taken.MaxBy(one => one.Work);
        return Spare * ((work / largest.Work * largest.Time.Stored) + taken.Max(one => one.Time.Called));
    }

    private static async Task<Taken> MeasureAsync(Run run, string suite, IReadOnlyList<ICallEngine> engines, int memories, int dimension)
    {
        if (engines.Count == 0) return new Taken(TimeSpan.Zero, TimeSpan.Zero);
        var setting = Setting(memories, dimension);
        var stores = new List<(string Name, ICallStore Store)>();
        try
        {
            var start = Stopwatch.GetTimestamp();
            foreach (var engine in engines)
            {
                run.Say($"{suite}: {engine.Name} takes {setting}");
                stores.Add((engine.Name, await engine.OpenCallsAsync(run, run.NewFolder(engine.Name), new SampleWorld(Seed, dimension), memories)));
            }
            var stored = Stopwatch.GetElapsedTime(start);
            foreach (var call in AgentCall.All)
            {
                var turns = run.TakeTurns(rounds: run.Pick(1, 2, 2), warmsUp: run.Size > Size.Toy, usesDisk: !call.IsRead);
                run.Say($"{suite}: {call.Name}, {setting}");
                run.Rows.Add(await turns.RunAsync([.. stores.Select(entry => Contender(run, suite, call, memories, setting, entry.Name, entry.Store))]));
            }
            return new Taken(stored, Stopwatch.GetElapsedTime(start) - stored);
        }
        finally
        {
            foreach (var (_, store) in stores) await store.DisposeAsync();
        }
    }

    private static Contender Contender(Run run, string suite, AgentCall call, int memories, string setting, string engine, ICallStore store)
    {
        // Every slice writes things of its own.
        var slices = Numbers(call);
        var duration = TimeSpan.FromMilliseconds(run.Pick(40, 100, 400));
        return new Contender(
            new Row(suite, call.Name, setting, engine) { Stored = memories },
            () => CheckedCalls.RunAsync(store, call, memories, slices++, duration, run.Pick(40, 200, 1_000)));
    }

    private static uint Numbers(AgentCall call) => 1 + (100 * (uint)AgentCall.All.TakeWhile(other => other != call).Count());

    /// <summary>What a size took.</summary>
    private readonly record struct Taken(TimeSpan Stored, TimeSpan Called);
}
