namespace ElizaEngine;

/// <summary>How a compaction is made.</summary>
public sealed record CompactOptions
{
    /// <summary>
    /// Bytes of log files that are read each second, at most; it then also steps aside while there are commits, down to some tens of MiB a
    /// second. 0: as fast as it goes, which commits notice. Default: 128 MiB.
    /// </summary>
    public long BytesPerSecond { get; init; } = 128L << 20;

    /// <summary>
    /// Told how far it is, often, on the thread that works; from the beginning again where the copies had no room at first.
    /// </summary>
    public IProgress<MaintenanceProgress>? Progress { get; init; }
}

/// <summary>What a compaction did. Sizes are bytes.</summary>
/// <param name="Directory">The data directory; null: in memory.</param>
/// <param name="FilesBefore">Log files of before.</param>
/// <param name="FilesAfter">Log files afterwards.</param>
/// <param name="BytesBefore">Their bytes on disk before, with the room prepared ahead.</param>
/// <param name="BytesAfter">Afterwards, likewise. What was committed meanwhile is in it.</param>
/// <param name="RecordsBefore">Records in the files that were replaced.</param>
/// <param name="RecordsAfter">Of these, records that still count.</param>
/// <param name="Duration">How long it took.</param>
public sealed record CompactReport(
    string? Directory, int FilesBefore, int FilesAfter, long BytesBefore, long BytesAfter, long RecordsBefore, long RecordsAfter, TimeSpan Duration);
