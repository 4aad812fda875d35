using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>What the storage suite decides.</summary>
internal static class StorageTargets
{
    private const string Suite = "storage";
    private const string One = "1 caller";
    private const string Many = "64 callers";

    public static IReadOnlyList<Target> All { get; } =
    [
        new("durable create without embedding, 1 caller", "x R", 0.8, 0.95, rows => PerR(rows, One)),
        new("durable create, 64 callers", "x R", 12, 30, rows => PerR(rows, Many)),
        new("durable create, 64 callers", "x RocksDB sync", 4, 10, rows => rows.Speedup(Suite, "create", Many, "local", "rocksdb-sync")),
        new("durable create, 64 callers", "x SQLite WAL FULL", 25, 70, rows => rows.Speedup(Suite, "create", Many, "local", "sqlite-full")),
        new("99 % of durable creates, 64 callers", "x raw median", 6, 3, P99PerRawMedian) { IsCeiling = true },
        new("bulk load, durable at the end", "x SQLite", 3, 8, rows => Best(rows, "load", "local")),
        new("get by id, hot, decoded", "x SQLite", 6, 15, rows => rows.Speedup(Suite, "get", One, "local", "sqlite-full")),
        new("latest 32 of a room without vectors", "x SQLite", 5, 20, rows => rows.Speedup(Suite, "latest", "32 without vectors", "local", "sqlite-full")),
        new("latest 32 of a room with vectors", "x SQLite", 3, 8, rows => rows.Speedup(Suite, "latest", "32 with vectors", "local", "sqlite-full")),
        new("search in a room of 1k of 10k x 384, exact", "x elizaOS on PGlite", 100, 300, SearchPerPglite),
        new("search in a room of 1k of 10k x 384, exact", "x pgvector exact", 50, 150, rows => Best(rows, "search a room", "local", "postgres-raw")),
        new("memory per row beyond codes and cache", "bytes", 200, 120, BytesPerRow) { IsCeiling = true },
        new("bytes on disk after compaction", "x payload", 1.5, 1.15, DiskPerPayload) { IsCeiling = true },
        new("99 % of durable commits while it is compacted, 16 callers", "x without", 2, 2, P99BesideCompaction) { IsCeiling = true },
    ];

    // Of each slice beside its own probes: a disk changes within a run.
    private static double? PerR(Rows rows, string setting) =>
        rows.Find(Suite, "create", setting, "local") is { SliceRates: { } rates, SliceDiskWritesPerSecond: { } raw }
            ? rates.MedianRatio(raw)
            : null;

    private static double? P99PerRawMedian(Rows rows) =>
        rows.Find(Suite, "create", Many, "local") is { } row ? row.P99Us / row.Probe!.DiskWriteP50Us : null;

    private static double? DiskPerPayload(Rows rows) =>
        rows.FirstOrDefault(row => row is { Suite: Suite, Workload: CompactionRows.Disk, Engine: "local" }) is { } row ? (double?)row.DiskBytes / row.PayloadBytes : null;

    private static double? P99BesideCompaction(Rows rows) =>
        rows.Find(Suite, CompactionRows.CommitsBeside, CompactionRows.Setting, "local")?.P99Us
        / rows.Find(Suite, CompactionRows.Commits, CompactionRows.Setting, "local")?.P99Us;

    // Of a workload with one setting, whatever the size of the run made of it.
    private static double? Best(Rows rows, string workload, string engine, string than = "sqlite-full") =>
        rows.FirstOrDefault(row => row.Suite == Suite && row.Workload == workload) is { } any ? rows.Speedup(Suite, workload, any.Setting, engine, than) : null;

    private static double? SearchPerPglite(Rows rows) => rows.SpeedupOfP50(
        Suite, "searchMemories in a room, threshold 0.7", CallRows.Setting(10_000, 384), "local", "plugin-sql-pglite");

    private static double? BytesPerRow(Rows rows) =>
        rows.FirstOrDefault(row => row.Suite == Suite && row.Workload == "memory of rows") is { } row ? (double?)row.ResidentBytes / row.Operations : null;
}
