using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>What the storage suite decides.</summary>
internal static class StorageTargets
{
    private const string Suite = "storage";
    private const string One = "1 caller";
    private const string Some = "16 callers";
    private const string Many = "64 callers";
    private const string Ours = "local";
    private const int Loaded = 200_000;
    private const int Large = 1_000_000;
    private const int Read = 10_000;

    public static IReadOnlyList<Target> All { get; } =
    [
        new("durable create without embedding, 1 caller", "x R", 0.8, 0.95, rows => PerR(rows, One)),
        new("durable create, 16 callers", "x R", 6, 6, rows => PerR(rows, Some)),
        new("durable create, 64 callers", "x R", 12, 30, rows => PerR(rows, Many)),
        new("durable create, 64 callers", "x RocksDB sync", 4, 10, rows => rows.Speedup(Suite, "create", Many, Ours, "rocksdb-sync")),
        new("durable create, 64 callers", "x SQLite WAL FULL", 25, 70, rows => rows.Speedup(Suite, "create", Many, Ours, "sqlite-full")),
        new("99 % of durable creates, 64 callers", "x raw median", 6, 3, P99PerRawMedian) { IsCeiling = true },
        new("bulk load of 200k rows, durable at the end", "x SQLite", 3, 8, rows => Best(rows, "load")) { Stored = Loaded },
        new("get by id, hot, decoded", "x SQLite", 6, 15, rows => rows.Speedup(Suite, "get", One, Ours, "sqlite-full")),
        new("get by id while one commits, 2 threads", "x 1 thread", 1.8, 1.8, rows => Rows.Speedup(
            rows.Find(Suite, ReadsBesideCommitsRows.Workload, ReadsBesideCommitsRows.Two, Ours),
            rows.Find(Suite, ReadsBesideCommitsRows.Workload, ReadsBesideCommitsRows.One, Ours))),
        new("latest 32 of a room without vectors", "x SQLite", 5, 20, rows => rows.Speedup(Suite, "latest", "32 without vectors", Ours, "sqlite-full")),
        new("latest 32 of a room with vectors", "x SQLite", 3, 8, rows => rows.Speedup(Suite, "latest", "32 with vectors", Ours, "sqlite-full")),
        new("search in a room of 1k of 10k x 384, exact", "x elizaOS on PGlite", 100, 300, SearchPerPglite) { Stored = Read },
        new("search in a room of 1k of 10k x 384, exact", "x pgvector exact", 50, 150, rows => Best(rows, "search a room", "postgres-raw")) { Stored = Read },
        new("memory per row beyond codes and cache, 1M rows", "bytes", 200, 120, BytesPerRow) { IsCeiling = true, Stored = Large },
        new("open alone, 1M memories without embeddings", "ms", 1000, 1000, rows => OfOurs(rows, StorageSuite.OpenRows)?.P50Us / 1e3)
        {
            IsCeiling = true,
            Stored = Large,
        },
        new("bytes on disk after compaction", "x payload", 1.5, 1.15, DiskPerPayload) { IsCeiling = true },
        new("99 % of durable commits while it is compacted, 16 callers", "x without", 2, 2, P99BesideCompaction) { IsCeiling = true },
    ];

    // Of each slice beside its own probes: a disk changes within a run.
    private static double? PerR(Rows rows, string setting) =>
        rows.Find(Suite, "create", setting, Ours) is { SliceRates: { } rates, SliceDiskWritesPerSecond: { } raw }
            ? rates.MedianRatio(raw)
            : null;

    private static double? P99PerRawMedian(Rows rows) =>
        rows.Find(Suite, "create", Many, Ours) is { } row ? row.P99Us / row.Probe!.DiskWriteP50Us : null;

    private static double? DiskPerPayload(Rows rows) =>
        rows.FindStored(Suite, CompactionRows.Disk, Ours) is { } row ? (double?)row.DiskBytes / row.PayloadBytes : null;

    private static double? P99BesideCompaction(Rows rows) =>
        rows.Find(Suite, CompactionRows.CommitsBeside, CompactionRows.Setting, Ours)?.P99Us
        / rows.Find(Suite, CompactionRows.Commits, CompactionRows.Setting, Ours)?.P99Us;

    // Of a workload with one setting, whatever the size of the run made of it.
    private static double? Best(Rows rows, string workload, string than = "sqlite-full") =>
        rows.FindStored(Suite, workload, Ours) is { } mine ? rows.Speedup(Suite, workload, mine.Setting, Ours, than) : null;

    private static double? SearchPerPglite(Rows rows) => rows.SpeedupOfP50(
        Suite, "searchMemories in a room, threshold 0.7", CallRows.Setting(Read, 384), Ours, "plugin-sql-pglite");

    private static double? BytesPerRow(Rows rows) => OfOurs(rows, "memory of rows") is { } row ? (double?)row.ResidentBytes / row.Operations : null;

    // Whichever of ours was asked for: neither depends on when it flushes.
    private static Row? OfOurs(Rows rows, string workload) =>
        rows.FindStored(Suite, workload, Ours) ?? rows.FindStored(Suite, workload, "local-process-crash");
}
