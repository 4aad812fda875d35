using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// A program starts, opens the database of its agent and asks: closed properly before, and killed while it wrote. Each time in a new
/// process. And how much memory it keeps then.
/// </summary>
internal sealed class OpenSuite : ISuite
{
    private const string Suite = "open";
    private const string Clean = "open, closed before";
    private const string Killed = "open, killed before";
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
        foreach (var workload in (string[])[Clean, Killed])
        {
            run.Say($"{workload}, {setting}");
            foreach (var engine in engines) engine.Times.Clear();
            var rows = await run.Turns.RunAsync([.. engines.Select(engine => new Contender(
                new Row(Suite, workload, setting, engine.Name) { X = memories },
                () => engine.OpenAsync(killBefore: workload == Killed)))]);
            run.Rows.Add(rows.Zip(engines, (row, engine) => engine.Describe(row)));
        }
    }

    /// <summary>An engine with its database.</summary>
    private sealed class Prepared(Run run, IOpenEngine engine, string folder)
    {
        private const int Acknowledged = 200;

        private readonly SampleWorld _world = new(Seed, Dimension);
        private uint _kills;

        public string Name => engine.Name;

        public string Folder => folder;

        public List<Opened> Times { get; } = [];

        public async Task<Slice> OpenAsync(bool killBefore)
        {
            if (killBefore) await engine.KillWhileWritingAsync(run, folder, _world, ++_kills, Acknowledged);
            var opened = await engine.OpenAsync(run, folder, _world);
            Times.Add(opened);
            var latencies = new Latencies();
            latencies.Record(TimeSpan.FromMilliseconds(opened.TotalMs));
            return new Slice(latencies, TimeSpan.FromMilliseconds(opened.TotalMs));
        }

        public Row Describe(Row row) => row with
        {
            ResidentBytes = (long)Median(times => times.AnonymousBytes),
            MappedBytes = (long)Median(times => times.MappedBytes ?? 0),
            DiskBytes = Comparison.Folder.Bytes(folder),
            Note = $"opening {Median(times => times.OpenMs):0.0} ms, latest ten {Median(times => times.LatestMs):0.0} ms, search {Median(times => times.SearchMs):0.0} ms",
        };

        private double Median(Func<Opened, double> value) => Times.Select(value).Order().ElementAt(Times.Count / 2);
    }
}
