namespace ElizaEngine.Storage;

/// <summary>A log file as far as it belongs to a snapshot.</summary>
/// <param name="Entry">Sealed; cut when the bytes behind its end are not part of the snapshot.</param>
/// <param name="Map">Its bytes.</param>
/// <param name="IsForever">Nobody will ever write to the file again, so that it may be linked.</param>
internal sealed record SnapshotFile(ManifestFile Entry, MappedFile Map, bool IsForever)
{
    public string Name => FileNames.Log(Entry.Number);

    /// <summary>The offset behind its last frame.</summary>
    public long EndOffset => LogFormat.FileHeaderBytes + (long)(Entry.EndLsn - Entry.FirstLsn);
}

/// <summary>A log up to one lsn, everything below it durable: files in the order of the log, without those that hold no frame of it.</summary>
internal sealed record LogSnapshot(Guid DatabaseId, ulong StartLsn, ulong EndLsn, int NextFileNumber, IReadOnlyList<SnapshotFile> Files)
{
    /// <summary>Files that were part of the log and are not in it any more.</summary>
    public IReadOnlyList<ManifestFile> Replaced { get; init; } = [];

    public static LogSnapshot Of(
        Guid databaseId, ulong startLsn, ulong endLsn, int nextFileNumber, IEnumerable<LogFile> used, IEnumerable<ManifestFile> replaced, ManifestStore? manifests)
    {
        var files = new List<SnapshotFile>();
        foreach (var file in used)
        {
            var end = file.IsEnded ? Math.Min(file.EndLsn, endLsn) : endLsn;
            if (file.FirstLsn >= end)
                continue;
            var isWhole = file.IsEnded && file.EndLsn == end;
            var flags = LogFileFlags.Sealed | (isWhole && !file.IsCut ? 0 : LogFileFlags.Cut) | (file.IsCopy ? LogFileFlags.Copy : 0);
            var entry = new ManifestFile(file.Number, file.FileBytes, file.Salt, file.FirstLsn, end, file.BlockBytes, flags)
            {
                ResumeLsn = file.IsCopy ? file.NextLsn : 0,
            };
            files.Add(new SnapshotFile(entry, file.Map, isWhole && manifests?.ListsAsSealed(file.Number) == true));
        }

        return new LogSnapshot(databaseId, startLsn, endLsn, nextFileNumber, files) { Replaced = [.. replaced] };
    }

    /// <summary>What a directory that holds this snapshot says of itself.</summary>
    public Manifest ToManifest(long generation, DateTimeOffset written, bool isBackup) => new()
    {
        DatabaseId = DatabaseId,
        Generation = generation,
        WrittenMs = written.ToUnixTimeMilliseconds(),
        IsClean = true,
        IsBackup = isBackup,
        StartLsn = StartLsn,
        DurableLsn = EndLsn,
        NextFileNumber = NextFileNumber,
        Files = [.. Files.Select(file => file.Entry)],
        Replaced = Replaced,
    };
}
