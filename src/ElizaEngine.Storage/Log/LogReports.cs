namespace ElizaEngine.Storage;

/// <summary>Why a log takes no more writes.</summary>
internal sealed record LogFault(string Reason, Exception Error);

/// <summary>Counters since the log was opened; sizes are bytes. The log is in its files up to one lsn, and durable up to another.</summary>
internal readonly record struct LogStatistics(int Files, long BytesOnDisk, long BytesWritten, long Flushes, long Commits, long Frames, long Records,
    ulong WrittenLsn, ulong DurableLsn);

/// <summary>What opening found.</summary>
internal sealed record LogOpenReport
{
    /// <summary>The directory held no log before.</summary>
    public bool IsNew { get; init; }

    /// <summary>The log had been closed, so nothing could be torn.</summary>
    public bool WasClean { get; init; }

    public long Frames { get; set; }

    public long Records { get; set; }

    /// <summary>Log files of which the index was read instead of the data.</summary>
    public int IndexFiles { get; set; }

    /// <summary>Up to where a checkpoint was taken for the log; 0: none was.</summary>
    public ulong CheckpointLsn { get; set; }

    /// <summary>Chains whose last frame is missing: batches that were never acknowledged.</summary>
    public long UnfinishedChains { get; set; }

    /// <summary>Bytes of the torn tail.</summary>
    public long CutBytes { get; set; }

    /// <summary>Where the bytes of the torn tail were kept; paths.</summary>
    public List<string> KeptTails { get; } = [];

    public TimeSpan Duration { get; set; }
}
