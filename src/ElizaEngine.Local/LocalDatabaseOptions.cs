using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

/// <summary>What an acknowledged write survives.</summary>
public enum Durability
{
    /// <summary>The end of the process, <c>kill -9</c> included. A power loss may take the last 50 ms of writes, and those of a flush under way.</summary>
    ProcessCrash = 1,

    /// <summary>Power loss: a write is acknowledged when the disk has it.</summary>
    PowerLoss = 2,
}

/// <summary>How a local database is opened.</summary>
public sealed record LocalDatabaseOptions
{
    /// <summary>
    /// The data directory; created, with its parents, when it is missing. Null: in memory, gone when closed. A path as it stands, in which
    /// <c>~</c> is a name like any other; a blank one, a URL, or <c>:memory:</c>, is refused. Data directories are for Linux.
    /// </summary>
    public string? Directory { get; init; }

    /// <summary>What an acknowledged write survives. Default: power loss.</summary>
    public Durability Durability { get; init; } = Durability.PowerLoss;

    /// <summary>Bytes of decoded records kept in memory at most, roughly. Default: 64 MiB.</summary>
    public long RecordCacheBytes { get; init; } = 64L << 20;

    /// <summary>Largest log file in bytes, a multiple of 4096 from 64 KiB to 1 GiB; files start at 64 KiB and double up to this. Default: 64 MiB.</summary>
    public long MaxLogFileBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Bytes of log files that are verified in the background each second, at most: of those that opening did not read but took a
    /// checkpoint's or an index file's word for, and every seven days of all that have ended; 0: none.
    /// What is found stands in <see cref="LocalDatabase.Damage"/>. Default: 32 MiB.
    /// </summary>
    public long ScrubBytesPerSecond { get; init; } = 32L << 20;

    /// <summary>
    /// Of the ten nearest memories, how many a search shall find where it is approximate, on average: from 0.5 to 0.999. How thorough searches
    /// have to be for that is measured, table by table, on up to 2,048 stored vectors as queries, with a margin for what such a sample may not
    /// show. Less is quicker: 0.95 takes half to two thirds of the time of 0.99. A directory that is opened again may be asked for something
    /// else; then that is measured anew, when an index is first wanted. Default: 0.99.
    /// </summary>
    public double SearchRecall { get; init; } = 0.99;

    /// <summary>
    /// Bytes of memory that indexes of vectors take, nearly, at most; null: as many as they need, some 600 for a vector of 384 components.
    /// Where there is no room, those are released that were searched the longest time ago, and come back from their file when they are
    /// searched again; meanwhile, and where one index alone is too large, searches compare every vector by its floats: right, and slower.
    /// 0: no indexes. Default: null.
    /// </summary>
    public long? SearchMemoryLimit { get; init; }

    /// <summary>
    /// Share of the bytes of log files, from 0 to 1, that may count no more before they are compacted in the background; 1: they never are.
    /// Default: 0.5. Files of a few MiB are left alone.
    /// </summary>
    public double CompactionShare { get; init; } = 0.5;

    /// <summary>Bytes of log files that a compaction in the background reads each second, at most; 0: no limit. Default: 16 MiB.</summary>
    public long CompactionBytesPerSecond { get; init; } = 16L << 20;

    /// <summary>What of each agent's log entries stays, kept in the background as by <see cref="ILogStore.TrimLogsAsync"/>. Null: everything.</summary>
    public LogRetention? LogRetention { get; init; }

    /// <summary>
    /// How long memories live after they were created, by table name: those whose time is over are deleted in the background, with their
    /// vectors and fragments. A document with hundreds of fragments loses them a part at a time, before it goes itself. Tables that are not
    /// named keep their memories.
    /// </summary>
    public IReadOnlyDictionary<string, TimeSpan> MemoryLifetimes { get; init; } = new Dictionary<string, TimeSpan>();

    /// <summary>
    /// Time between two looks at what is to be deleted or compacted in the background, by <see cref="TimeProvider"/>. Cached values whose
    /// life is over are deleted then, too. At most 49 days; <see cref="System.Threading.Timeout.InfiniteTimeSpan"/>: never. Default: a minute.
    /// </summary>
    public TimeSpan UpkeepInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Opens on a network file system, where locks and flushes cannot be relied on.</summary>
    public bool AllowNetworkFileSystem { get; init; }

    /// <summary>Vectors that a search compares without a partition of theirs; tests ask for few.</summary>
    internal int VectorsWithoutPartition { get; init; } = VectorPartitions.Few;

    /// <summary>
    /// So few bytes of the log behind a checkpoint, or without one, are applied sooner than a checkpoint is written at the close. Each record
    /// counts as 1 KiB more.
    /// </summary>
    internal long LogWithoutCheckpoint { get; init; } = 8 << 20;

    /// <summary>Bytes by which the log has grown, each record as 1 KiB more, when another checkpoint is written in the background; 0: any.</summary>
    internal long LogBetweenCheckpoints { get; init; } = 128 << 20;

    /// <summary>Bytes of the largest checkpoint that is written: at most <see cref="LogCheckpoint.MaxBytes"/>; tests ask for little.</summary>
    internal long LargestCheckpoint { get; init; } = LogCheckpoint.MaxBytes;

    /// <summary>Vectors of a partition without a graph of theirs; tests ask for few.</summary>
    internal int VectorsWithoutGraph { get; init; } = VectorPartitions.FewForGraph;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
