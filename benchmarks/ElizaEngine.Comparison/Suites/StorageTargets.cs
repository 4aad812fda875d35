using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>What the storage suite decides.</summary>
internal static class StorageTargets
{
    private const string Suite = "storage";

    public static IReadOnlyList<Target> All { get; } =
    [
        new("durable create without embedding, 1 caller", "x R", 0.8, 0.95, rows => PerR(rows, "1 callers")),
        new("durable create, 64 callers", "x R", 12, 30, rows => PerR(rows, "64 callers")),
        new("durable create, 64 callers", "x RocksDB sync", 4, 10, rows => rows.Speedup(Suite, "create", "64 callers", "local", "rocksdb-sync")),
        new("durable create, 64 callers", "x SQLite WAL FULL", 25, 70, rows => rows.Speedup(Suite, "create", "64 callers", "local", "sqlite-full")),
        new("99 % of durable creates, 64 callers", "x raw median", 6, 3, P99PerRawMedian) { IsCeiling = true },
    ];

    private static double? PerR(Rows rows, string setting) =>
        rows.Find(Suite, "create", setting, "local") is { } row ? row.PerSecond / row.Probe!.DiskWritesPerSecond : null;

    private static double? P99PerRawMedian(Rows rows) =>
        rows.Find(Suite, "create", "64 callers", "local") is { } row ? row.P99Us / row.Probe!.DiskWriteP50Us : null;
}
