using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>What the vector suite decides. As long as our backend builds no graph, its build is worth 0.</summary>
internal static class VectorTargets
{
    private const string Suite = VectorSuite.Suite;
    private const string Ours = "local";

    public static IReadOnlyList<Target> All { get; } =
    [
        Search("100k x 384", VectorSet.Small, 0.95, 2.5, 4.5),
        Search("100k x 384", VectorSet.Small, 0.99, 2.5, 4.5),
        Search("100k x 1536", VectorSet.Large, 0.95, 2.5, 4.5),
        Search("100k x 1536", VectorSet.Large, 0.99, 2.5, 4.5),
        Search("100k words x 100", VectorSet.Words, 0.95, 1.8, 3),
        new("graph build, 100k x 384, 2 threads", "x hnswlib", 1.5, 3, Build) { Stored = VectorSet.FullCount },
        new("code scan, 1 thread", "x memory bandwidth", 0.85, 0.95, CodeScan),
        new("memory per vector beyond the float32 data on disk, 100k x 384", "x hnswlib's index", 0.5, 0.35, MemoryPerVector)
        {
            IsCeiling = true,
            Stored = VectorSet.FullCount,
        },
        new("dedupe search of createMemory within room, world and entity, 100k x 384", "us", 100, 100, Dedupe) { IsCeiling = true, Stored = VectorSet.FullCount },
        new("recall of a write right after its acknowledgement", "", 1, 1, rows => rows.FindStored(Suite, AgentSearchRows.Fresh, Ours)?.Recall),
    ];

    private static Target Search(string what, string set, double recall, double must, double aim) => new(
        $"vector search, {what}, recall@10 {recall:0.00}, 1 thread", "x hnswlib", must, aim, rows => Speedup(rows, set, recall))
    {
        Stored = VectorSet.FullCount,
    };

    // 0 where every search of ours finds less: that is an answer, and no gap in the run.
    private static double? Speedup(Rows rows, string set, double recall)
    {
        var (workload, setting) = ($"search {set}", $"at recall {recall:0.00}");
        var reference = rows.Find(Suite, workload, setting, VectorSuite.Reference);
        if (rows.Find(Suite, workload, setting, Ours) is { } ours) return Rows.Speedup(ours, reference);
        return reference is not null && VectorSuite.IsSwept(rows, Ours, set) ? 0 : null;
    }

    private static double? Build(Rows rows)
    {
        const string Workload = "build " + VectorSet.Small, Setting = "2 threads";
        if (rows.Find(Suite, Workload, Setting, Ours) is not { } ours || rows.Find(Suite, Workload, Setting, VectorSuite.Reference) is not { } other) return null;
        return (ours.PerSecond ?? 0) / other.PerSecond;
    }

    // Of one setting, whatever the size of the run made of it.
    private static double? CodeScan(Rows rows) => rows.FirstOrDefault(row => row is { Suite: Suite, Workload: CodeScanRows.Workload }) is { } any
        ? rows.Speedup(Suite, CodeScanRows.Workload, any.Setting, CodeScanRows.Scanner, CodeScanRows.Raw)
        : null;

    // What a search takes on average, in the room where it takes more.
    private static double? Dedupe(Rows rows)
    {
        if (rows.FindStored(Suite, AgentSearchRows.Dedupe, Ours) is not { Stored: { } memories }) return null;
        var searches = AgentSearchRows.DedupeSettings(memories).Select(setting => rows.Find(Suite, AgentSearchRows.Dedupe, setting, Ours)).ToArray();
        return searches.Contains(null) ? null : searches.Max(search => 1e6 / search!.PerSecond);
    }

    private static double? MemoryPerVector(Rows rows) =>
        (double?)(Memory(rows, VectorSuite.Open, Ours) - Memory(rows, VectorSuite.OpenWithoutVectors, Ours)) / Memory(rows, VectorSuite.Open, VectorSuite.Reference);

    private static long? Memory(Rows rows, string setting, string engine) => rows.Find(Suite, "memory " + VectorSet.Small, setting, engine)?.ResidentBytes;
}
