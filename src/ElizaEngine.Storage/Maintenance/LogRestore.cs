namespace ElizaEngine.Storage;

/// <summary>Makes a database out of a backup, or of any other database that was closed in order. The source is read only.</summary>
internal static class LogRestore
{
    /// <summary>Copies, reads back, and only then lets the target be a database.</summary>
    /// <exception cref="LogBackupRefusedException">The source is no closed database, or the target is not empty.</exception>
    /// <exception cref="LogDirectoryInUseException">Somebody has one of them open.</exception>
    /// <exception cref="LogDamagedException">The source is damaged. The target is no database.</exception>
    /// <exception cref="LogDiskFullException">No room. The target is no database.</exception>
    /// <exception cref="StorageIOException">A call to the operating system failed. The target is no database.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. The target is no database.</exception>
    public static LogBackupReport Run(IFileSystem files, string source, string target, LogOptions options, ILogReplay replay,
        LogProgress? progress, CancellationToken cancellationToken)
    {
        // Backups often lie on a network: of that only locks are in doubt.
        files.CheckSupport(source, options with { AllowNetworkFileSystem = true });
        if (files.IsInside(target, source) || files.IsInside(source, target))
            throw new LogBackupRefusedException(target, $"and {source} lie one in the other. Choose a directory apart from the backup.");
        var manifest = ReadManifest(files, source);
        if (files.DirectoryExists(target))
            _ = BackupTarget.ForRestore(files, target);
        using var held = files.Lock(source, source + "/" + FileNames.Lock, DirectoryLock.OwnerText(options.Time.GetUtcNow()));
        manifest = ReadManifest(files, source);
        var open = new List<LogFile>();
        try
        {
            foreach (var entry in manifest.Files)
                open.Add(LogFile.Open(files, source, manifest.DatabaseId, entry));
            var snapshot = SnapshotOf(manifest, open);
            return new LogBackup(snapshot, files, target, linkFrom: null, progress, cancellationToken).Restore(options, replay);
        }
        finally
        {
            foreach (var file in open)
                file.Dispose();
        }
    }

    private static Manifest ReadManifest(IFileSystem files, string directory)
    {
        if (!files.DirectoryExists(directory))
            throw new LogBackupRefusedException(directory, "does not exist.");
        var names = files.List(directory);
        if (names.Contains(FileNames.IncompleteBackup) && !names.Any(static name => FileNames.TryManifest(name, out _)))
            throw new LogBackupRefusedException(directory, "holds a backup that was never completed.");
        var generation = DirectoryInspection.NewestManifest(files, directory, names);
        if (generation == 0)
            throw new LogBackupRefusedException(directory, "holds no database.");
        var manifest = ManifestCodec.Read(files, directory, generation);
        return manifest.IsClean ? manifest : throw new LogBackupRefusedException(directory,
            "holds a database that was not closed. Open it once, or take a backup of it.");
    }

    /// <summary>Every file sealed where its last frame ends.</summary>
    private static LogSnapshot SnapshotOf(Manifest manifest, List<LogFile> files)
    {
        var lsn = manifest.StartLsn;
        var found = new List<SnapshotFile>();
        foreach (var file in files)
        {
            var first = lsn;
            if (file.IsEnded)
                lsn = file.EndLsn;
            else
                lsn = EndOfFrames(file, lsn);
            if (lsn == first || (file.IsEnded && file.FirstLsn == file.EndLsn))
                continue;
            var flags = LogFileFlags.Sealed | (file.IsEnded && !file.IsCut ? 0 : LogFileFlags.Cut) | (file.IsCopy ? LogFileFlags.Copy : 0);
            var entry = new ManifestFile(file.Number, file.FileBytes, file.Salt, first, lsn, file.BlockBytes, flags) { ResumeLsn = file.IsCopy ? file.NextLsn : 0 };
            found.Add(new SnapshotFile(entry, file.Map, IsForever: false));
            if (file.IsCopy)
                lsn = file.NextLsn;
        }

        return lsn == manifest.DurableLsn
            ? new LogSnapshot(manifest.DatabaseId, manifest.StartLsn, lsn, manifest.NextFileNumber, found) { Replaced = manifest.Replaced }
            : throw new LogDamagedException(files[^1].Name, 0, lsn, $"the log was closed at lsn {manifest.DurableLsn}, but ends at lsn {lsn}");
    }

    private static ulong EndOfFrames(LogFile file, ulong lsn)
    {
        long offset = LogFormat.FileHeaderBytes;
        while (FrameReader.TryRead(file, offset, lsn, out var header, out _))
        {
            var bytes = header.OccupiedBytes(file.BlockBytes);
            offset += bytes;
            lsn += (ulong)bytes;
        }

        return lsn;
    }
}
