using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// A program starts, opens the database of its agent and asks: closed properly before, and killed while it wrote. Each time in a new
/// process. And how much memory it keeps then. Once it asks about a room; once about all memories, until the graph has answered; and once
/// nothing, where there is no graph: what opening alone takes.
/// </summary>
internal sealed class OpenSuite : ISuite
{
    private const string Suite = "open";
    private const string Clean = "open, closed before";
    private const string Killed = "open, killed before";
    private const string CleanGraph = "open, closed before, with the graph in use";
    private const string KilledGraph = "open, killed before, with the graph in use";
    private const string CleanAlone = "open alone, closed before";
    private const string KilledAlone = "open alone, killed before";
    private const string Peer = "plugin-sql-pglite";
    private const string Usual = "local";
    private const string Compiled = "local-native";
    private const uint Seed = 50;
    private const int Dimension = 384;
    private const int LargeCount = 100_000;

    public string Name => Suite;

    public int Place => 5;

    public IReadOnlyList<Target> Targets { get; } =
    [
        Faster("open and ask, 100k x 384, closed before", Clean, Compiled, 50, 300),
        Faster("open and ask, 100k x 384, killed before", Killed, Compiled, 20, 100),
        Faster("open and ask, 100k x 384, closed before", Clean, Usual, 50, 300),
        Faster("open and ask, 100k x 384, killed before", Killed, Usual, 20, 100),
        Faster("open until the graph answers, 100k x 384, closed before", CleanGraph, Compiled, 50, 300),
        Faster("open until the graph answers, 100k x 384, killed before", KilledGraph, Compiled, 20, 100),
        Faster("open until the graph answers, 100k x 384, closed before", CleanGraph, Usual, 50, 300),
        Faster("open until the graph answers, 100k x 384, killed before", KilledGraph, Usual, 20, 100),
        Alone("closed before, compiled ahead of time", CleanAlone, Compiled, 30),
        Alone("killed before, compiled ahead of time", KilledAlone, Compiled, 100),
        Alone("closed before, compiled as it runs", CleanAlone, Usual, 30),
        Alone("killed before, compiled as it runs", KilledAlone, Usual, 100),
        new("resident memory, 10k x 384", "x PGlite", 0.3, 0.15, Resident) { IsCeiling = true, Stored = 10_000 },
    ];

    public async Task RunAsync(Run run)
    {
        int[] sizes = run.Pick<int[]>([1_000], [10_000], [10_000, LargeCount]);
        foreach (var memories in sizes) await MeasureAsync(run, memories);
        await MeasureAloneAsync(run, sizes[^1]);
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        var opened = rows.Where(row => row.Suite == Suite && row.Workload is Clean or Killed).ToArray();
        if (opened.Length > 0) yield return Picture.LatencyBars("open", "Open a database and ask it twice", opened);
        var walked = rows.Where(row => row.Suite == Suite && row.Workload is CleanGraph or KilledGraph).ToArray();
        if (walked.Length > 0) yield return Picture.LatencyBars("open-graph", "Open a database and ask about all of it, until the graph answers", walked);
    }

    /// <summary>All of it as one operation.</summary>
    public static Slice SliceOf(Opened opened)
    {
        var all = TimeSpan.FromMilliseconds(opened.Steps.Sum(step => step.Milliseconds));
        var latencies = new Latencies();
        latencies.RecordUs(all.TotalMicroseconds);
        return new Slice(latencies, all) { Recall = opened.Recall };
    }

    private static Target Faster(string what, string workload, string engine, double must, double aim) => new(
        $"{what}, {(engine == Compiled ? "compiled ahead of time" : "compiled as it runs")}", "x PGlite", must, aim,
        rows => rows.FindStored(Suite, workload, Peer, LargeCount) is { } peer ? rows.SpeedupOfP50(Suite, workload, peer.Setting, engine, Peer) : null)
    {
        Stored = LargeCount,
    };

    private static Target Alone(string how, string workload, string engine, double must) => new(
        $"open alone, 100k x 384 without graph, {how}", "ms", must, must, rows => rows.FindStored(Suite, workload, engine, LargeCount)?.P50Us / 1e3)
    {
        IsCeiling = true,
        Stored = LargeCount,
    };

    private static double? Resident(Rows rows) => rows.FindStored(Suite, Clean, Peer, 10_000) is { } peer
        ? (double?)rows.Find(Suite, Clean, peer.Setting, Usual)?.ResidentBytes / peer.ResidentBytes
        : null;

    private static async Task MeasureAsync(Run run, int memories)
    {
        var setting = $"{memories / 1000}k x {Dimension}";
        var engines = new List<Prepared>();
        foreach (var engine in await run.EnginesAsync<IOpenEngine>(Suite))
        {
            run.Say($"open: {engine.Name}: {setting}");
            engines.Add(new Prepared(run, engine, run.NewFolder(engine.Name), memories));
            await engine.PrepareAsync(run, engines[^1].Folder, new SampleWorld(Seed, Dimension), memories);
        }
        foreach (var workload in (string[])[Clean, Killed, CleanGraph, KilledGraph])
        {
            run.Say($"{workload}, {setting}");
            var questions = workload is CleanGraph or KilledGraph ? FirstQuestions.OfAll : FirstQuestions.OfRoom;
            foreach (var engine in engines) engine.Forget();
            var rows = await run.Turns.RunAsync([.. engines.Select(engine => new Contender(
                new Row(Suite, workload, setting, engine.Name) { X = memories, Stored = memories },
                () => engine.OpenAsync(questions, killBefore: workload is Killed or KilledGraph)))]);
            run.Rows.Add(rows.Zip(engines, (row, engine) => engine.Describe(row)));
        }
    }

    /// <summary>Of those who keep an index: the same memories without one, opened and asked nothing.</summary>
    private static async Task MeasureAloneAsync(Run run, int memories)
    {
        var setting = $"{memories / 1000}k x {Dimension} without graph";
        var engines = new List<Prepared>();
        foreach (var engine in await run.EnginesAsync<IOpenEngine>(Suite, engine => engine.KeepsIndex))
        {
            run.Say($"open: {engine.Name}: {setting}");
            engines.Add(new Prepared(run, engine, run.NewFolder(engine.Name), memories));
            await engine.PrepareAsync(run, engines[^1].Folder, new SampleWorld(Seed, Dimension), memories, withIndex: false);
        }
        foreach (var workload in (string[])[CleanAlone, KilledAlone])
        {
            run.Say($"{workload}, {setting}");
            foreach (var engine in engines) engine.Forget();
            var rows = await run.Turns.RunAsync([.. engines.Select(engine => new Contender(
                new Row(Suite, workload, setting, engine.Name) { X = memories, Stored = memories },
                () => engine.OpenAsync(FirstQuestions.None, killBefore: workload == KilledAlone)))]);
            run.Rows.Add(rows.Zip(engines, (row, engine) => engine.Describe(row)));
        }
    }

    /// <summary>An engine with its database.</summary>
    private sealed class Prepared(Run run, IOpenEngine engine, string folder, int memories)
    {
        private const int Acknowledged = 200;

        private readonly SampleWorld _world = new(Seed, Dimension);
        private readonly List<Opened> _times = [];
        private uint _kills;

        public string Name => engine.Name;

        public string Folder => folder;

        public void Forget() => _times.Clear();

        public async Task<Slice> OpenAsync(FirstQuestions questions, bool killBefore)
        {
            if (killBefore) await engine.KillWhileWritingAsync(run, folder, _world, ++_kills, Acknowledged);
            var opened = await engine.OpenAsync(run, folder, _world, questions, memories);
            if (opened.WhyNot is { } reason) throw new NotSupportedException(reason);
            _times.Add(opened);
            return SliceOf(opened);
        }

        public Row Describe(Row row) => row.NotRun is not null ? row : row with
        {
            ResidentBytes = (long)Median(opened => opened.AnonymousBytes),
            MappedBytes = (long)Median(opened => opened.MappedBytes ?? 0),
            DiskBytes = Comparison.Folder.Bytes(folder),
            Note = string.Join(", ", _times[0].Steps.Select((step, place) => $"{step.Name} {Median(opened => opened.Steps[place].Milliseconds):0.0} ms")),
        };

        private double Median(Func<Opened, double> value) => _times.Select(value).Median();
    }
}
