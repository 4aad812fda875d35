using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// A program starts, opens the database of its agent and asks: closed properly before, and killed while it wrote. Each time in a new
/// process. And how much memory it keeps then. Once it asks about a room; once about all memories, until the graph has answered.
/// </summary>
internal sealed class OpenSuite : ISuite
{
    private const string Suite = "open";
    private const string Clean = "open, closed before";
    private const string Killed = "open, killed before";
    private const string CleanGraph = "open, closed before, with the graph in use";
    private const string KilledGraph = "open, killed before, with the graph in use";
    private const string Peer = "plugin-sql-pglite";
    private const string Usual = "local";
    private const string Compiled = "local-native";
    private const uint Seed = 50;
    private const int Dimension = 384;

    public string Name => Suite;

    public int Place => 5;

    public IReadOnlyList<Target> Targets { get; } =
    [
        new("open and ask, 100k x 384, closed before, compiled ahead of time", "x PGlite", 50, 300, rows => Largest(rows, Clean, Compiled)),
        new("open and ask, 100k x 384, killed before, compiled ahead of time", "x PGlite", 20, 100, rows => Largest(rows, Killed, Compiled)),
        new("open and ask, 100k x 384, closed before, compiled as it runs", "x PGlite", 50, 300, rows => Largest(rows, Clean, Usual)),
        new("open and ask, 100k x 384, killed before, compiled as it runs", "x PGlite", 20, 100, rows => Largest(rows, Killed, Usual)),
        new("open until the graph answers, 100k x 384, closed before, compiled ahead of time", "x PGlite", 50, 300, rows => Largest(rows, CleanGraph, Compiled)),
        new("open until the graph answers, 100k x 384, killed before, compiled ahead of time", "x PGlite", 20, 100, rows => Largest(rows, KilledGraph, Compiled)),
        new("open until the graph answers, 100k x 384, closed before, compiled as it runs", "x PGlite", 50, 300, rows => Largest(rows, CleanGraph, Usual)),
        new("open until the graph answers, 100k x 384, killed before, compiled as it runs", "x PGlite", 20, 100, rows => Largest(rows, KilledGraph, Usual)),
        new("resident memory, 10k x 384", "x PGlite", 0.3, 0.15, rows => Resident(rows)) { IsCeiling = true },
    ];

    public async Task RunAsync(Run run)
    {
        foreach (var memories in run.Pick<int[]>([1_000], [10_000], [10_000, 100_000])) await MeasureAsync(run, memories);
    }

    public IEnumerable<Picture> Pictures(Rows rows)
    {
        var opened = rows.Where(row => row.Suite == Suite && row.Workload is Clean or Killed).ToArray();
        if (opened.Length > 0) yield return Picture.LatencyBars("open", "Open a database and ask it twice", opened);
        var walked = rows.Where(row => row.Suite == Suite && row.Workload is CleanGraph or KilledGraph).ToArray();
        if (walked.Length > 0) yield return Picture.LatencyBars("open-graph", "Open a database and ask about all of it, until the graph answers", walked);
    }

    // Of the largest database of the run, which is the one of the target's name when it is a full one.
    private static double? Largest(Rows rows, string workload, string engine) =>
        rows.Where(row => row.Suite == Suite && row.Workload == workload && row.Engine == Peer && row.NotRun is null).MaxBy(row => row.X) is { } peer
            ? rows.SpeedupOfP50(Suite, workload, peer.Setting, engine, Peer)
            : null;

    private static double? Resident(Rows rows) =>
        rows.Where(row => row.Suite == Suite && row.Workload == Clean && row.Engine == Peer && row.NotRun is null).MinBy(row => row.X) is { } peer
            ? (double?)rows.Find(Suite, Clean, peer.Setting, Usual)?.ResidentBytes / peer.ResidentBytes
            : null;

    private static async Task MeasureAsync(Run run, int memories)
    {
        var setting = $"{memories / 1000}k x {Dimension}";
        var engines = new List<Prepared>();
        foreach (var engine in await run.EnginesAsync<IOpenEngine>(Suite))
        {
            run.Say($"open: {engine.Name}: {setting}");
            engines.Add(new Prepared(run, engine, run.NewFolder(engine.Name)));
            await engine.PrepareAsync(run, engines[^1].Folder, new SampleWorld(Seed, Dimension), memories);
        }
        foreach (var workload in (string[])[Clean, Killed, CleanGraph, KilledGraph])
        {
            run.Say($"{workload}, {setting}");
            var questions = workload is CleanGraph or KilledGraph ? FirstQuestions.OfAll : FirstQuestions.OfRoom;
            foreach (var engine in engines) engine.Forget();
            var rows = await run.Turns.RunAsync([.. engines.Select(engine => new Contender(
                new Row(Suite, workload, setting, engine.Name) { X = memories },
                () => engine.OpenAsync(questions, killBefore: workload is Killed or KilledGraph)))]);
            run.Rows.Add(rows.Zip(engines, (row, engine) => engine.Describe(row)));
        }
    }

    /// <summary>An engine with its database.</summary>
    private sealed class Prepared(Run run, IOpenEngine engine, string folder)
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
            var opened = await engine.OpenAsync(run, folder, _world, questions);
            if (opened.WhyNot is { } reason) throw new NotSupportedException(reason);
            _times.Add(opened);
            var all = TimeSpan.FromMilliseconds(opened.Steps.Sum(step => step.Milliseconds));
            var latencies = new Latencies();
            latencies.Record(all);
            return new Slice(latencies, all) { Recall = opened.Recall };
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
