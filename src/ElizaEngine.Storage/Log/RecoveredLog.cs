namespace ElizaEngine.Storage;

/// <summary>Where the next frame goes. No file: it goes into the next one.</summary>
internal readonly record struct LogTail(LogFile? File, long Offset, ulong Lsn);

/// <summary>What recovery found: the files that hold frames in log order, the blank ones prepared for later, and the end.</summary>
internal sealed record RecoveredLog
{
    public required Guid DatabaseId { get; init; }

    public Manifest? Manifest { get; init; }

    public required List<LogFile> Used { get; init; }

    public required List<LogFile> Prepared { get; init; }

    public required LogTail Tail { get; init; }

    public required int NextFileNumber { get; init; }

    /// <summary>
    /// Names of files that copies took the place of. The name of the manifest that says so may not be durable, and the one before it still
    /// wants them: they go when another manifest has been written.
    /// </summary>
    public IReadOnlyList<string> Replaced { get; init; } = [];

    public required LogOpenReport Report { get; init; }
}
