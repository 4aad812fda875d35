namespace ElizaEngine.Storage;

/// <summary>What a manifest says about a log file.</summary>
[Flags]
internal enum LogFileFlags : uint
{
    None = 0,

    /// <summary>The file holds exactly the frames from its first to its end lsn.</summary>
    Sealed = 1,

    /// <summary>Recovery cut the file at its end lsn: bytes behind it are not part of the log.</summary>
    Cut = 2,

    /// <summary>Compaction made the file; the log goes on at its resume lsn.</summary>
    Copy = 4,

    /// <summary>Compaction put copies in the file's place: it is no part of the log, and is deleted where it is found.</summary>
    Replaced = 8,
}

/// <summary>One log file in a manifest. The lsns count for sealed files only.</summary>
internal readonly record struct ManifestFile(int Number, long FileBytes, ulong Salt, ulong FirstLsn, ulong EndLsn, int BlockBytes,
    LogFileFlags Flags)
{
    public bool IsSealed => (Flags & LogFileFlags.Sealed) != 0;

    public bool IsCut => (Flags & LogFileFlags.Cut) != 0;

    public bool IsCopy => (Flags & LogFileFlags.Copy) != 0;

    public bool IsReplaced => (Flags & LogFileFlags.Replaced) != 0;

    /// <summary>Of a copy the lsn at which the log goes on behind it; else 0.</summary>
    public ulong ResumeLsn { get; init; }

    /// <summary>Of a sealed file the lsn at which the log goes on.</summary>
    public ulong NextLsn => IsCopy ? ResumeLsn : EndLsn;
}

/// <summary>
/// The whole state of a directory: which log files there are, in the order of the log.
/// Invariants: every file that may hold a frame is listed; <see cref="DurableLsn"/> was durable when it was written.
/// </summary>
internal sealed record Manifest
{
    public required Guid DatabaseId { get; init; }

    /// <summary>From 1; each manifest of a directory has the next one.</summary>
    public required long Generation { get; init; }

    public required long WrittenMs { get; init; }

    /// <summary>The log was closed and ends at <see cref="DurableLsn"/>.</summary>
    public required bool IsClean { get; init; }

    /// <summary>A backup made it, and nobody has opened the directory for writing since.</summary>
    public bool IsBackup { get; init; }

    public required ulong StartLsn { get; init; }

    public required ulong DurableLsn { get; init; }

    public required int NextFileNumber { get; init; }

    /// <summary>In the order of the log.</summary>
    public required IReadOnlyList<ManifestFile> Files { get; init; }

    /// <summary>Files that were part of the log, the oldest first. They may be there still.</summary>
    public IReadOnlyList<ManifestFile> Replaced { get; init; } = [];

    /// <summary>The numbers of <see cref="Files"/>.</summary>
    public HashSet<int> Numbers() => [.. Files.Select(static file => file.Number)];
}
