namespace ElizaEngine.Storage;

/// <summary>What a backup did.</summary>
/// <param name="EndLsn">Everything below it is in the backup.</param>
/// <param name="Files">Log files of the backup.</param>
/// <param name="Linked">Of these, files that share their bytes on the disk with the source.</param>
/// <param name="Copied">Files whose bytes were copied.</param>
/// <param name="Kept">Files that were there already.</param>
/// <param name="CopiedBytes">Bytes of frames that were copied.</param>
/// <param name="Frames">Frames read back from the target.</param>
/// <param name="Records">Records in them.</param>
internal sealed record LogBackupReport(ulong EndLsn, int Files, int Linked, int Copied, int Kept, long CopiedBytes, long Frames, long Records);

/// <summary>
/// Brings a snapshot into another directory.
/// <list type="bullet">
/// <item>The target holds the older backup, whole and openable, until the new manifest has its name; without an older one it is no
/// database until then (<see cref="FileNames.IncompleteBackup"/>).</item>
/// <item>A file gets its name when it is complete. It takes the place of its own shorter beginning at most, which is all that the older
/// manifest asks of it.</item>
/// <item>Nothing is written into a file that has another name elsewhere: only complete files that are sealed for good are linked.</item>
/// <item>The manifest is written only after every byte has been read back from the target and found valid.</item>
/// </list>
/// </summary>
internal sealed class LogBackup
{
    private const int ChunkBytes = 1 << 20;
    private static readonly byte[] s_zeros = new byte[ChunkBytes];
    private readonly LogSnapshot _snapshot;
    private readonly IFileSystem _files;
    private readonly string _target;
    private readonly string? _linkFrom;
    private readonly LogProgress _progress;
    private readonly CancellationToken _cancellation;
    private readonly long _total;
    private long _done;
    private int _linked;
    private int _copied;
    private int _kept;
    private long _copiedBytes;

    /// <param name="linkFrom">The directory of the snapshot's files, on the same file system; null: they are copied.</param>
    public LogBackup(LogSnapshot snapshot, IFileSystem files, string target, string? linkFrom, LogProgress? progress,
        CancellationToken cancellationToken)
    {
        _snapshot = snapshot;
        _files = files;
        _target = target;
        _linkFrom = linkFrom;
        _progress = progress ?? (static (_, _, _) => { });
        _cancellation = cancellationToken;
        _total = snapshot.Files.Sum(static file => file.EndOffset);
    }

    /// <summary>Makes or renews a backup.</summary>
    /// <exception cref="LogBackupRefusedException">The directory holds a database, or a backup of another one.</exception>
    /// <exception cref="LogDirectoryForeignException">It holds other files.</exception>
    /// <exception cref="LogDirectoryInUseException">Somebody has it open.</exception>
    /// <exception cref="LogDamagedException">What was read back is damaged: so is the source, most likely.</exception>
    /// <exception cref="LogDiskFullException">No room. What the target held before is still there.</exception>
    /// <exception cref="StorageIOException">A call to the operating system failed. Likewise.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. Likewise.</exception>
    public LogBackupReport Renew(LogOptions options, ILogReplay replay) => Run(options, replay, BackupTarget.ForBackup, isBackup: true);

    /// <summary>Makes a database out of a backup, where there is nothing yet.</summary>
    /// <exception cref="LogBackupRefusedException">The directory is not empty.</exception>
    public LogBackupReport Restore(LogOptions options, ILogReplay replay) => Run(options, replay, BackupTarget.ForRestore, isBackup: false);

    private LogBackupReport Run(LogOptions options, ILogReplay replay, Func<IFileSystem, string, Manifest?> inspect, bool isBackup)
    {
        // Where a backup is kept is often a network: of that only locks are in doubt.
        _files.CheckSupport(_target, options with { AllowNetworkFileSystem = true });
        if (_files.DirectoryExists(_target))
            // Before LOCK: nothing is written into a directory that is refused.
            _ = inspect(_files, _target);
        _files.CreateDirectory(_target);
        using var held = _files.Lock(_target, PathOf(FileNames.Lock), DirectoryLock.OwnerText(options.Time.GetUtcNow()));
        var older = inspect(_files, _target);
        var there = older is null ? [] : BackupTarget.Compare(_files, _target, older, _snapshot, Step(LogStage.Compare), _cancellation);

        if (older is not null)
            // Its name may not have become durable, because a backup was killed before. The manifest before it, which a power cut would put
            // in force again, may list what is left over to this one.
            _files.FlushDirectory(_target);
        RemoveLeftovers(older);
        if (older is null)
            BackupTarget.MarkIncomplete(_files, _target);
        foreach (var file in _snapshot.Files)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (there.Contains(file.Entry))
                _kept++;
            else
                Bring(file);
        }

        _files.FlushDirectory(_target);
        var manifest = _snapshot.ToManifest((older?.Generation ?? 0) + 1, options.Time.GetUtcNow(), isBackup);
        var (frames, records) = LogCheck.Run(_files, _target, manifest, replay, Step(LogStage.Examine), _cancellation);
        _cancellation.ThrowIfCancellationRequested();
        var manifests = new ManifestStore(_files, _target, older);
        manifests.Write(manifest);
        BackupTarget.RemoveMark(_files, _target);
        if (older?.Numbers().IsSubsetOf(manifest.Numbers()) == false)
        {
            // What compaction replaced goes, once no manifest that is kept names it.
            manifests.Write(manifest with { Generation = manifest.Generation + 1 });
            RemoveLeftovers(manifest);
        }

        return new LogBackupReport(_snapshot.EndLsn, _snapshot.Files.Count, _linked, _copied, _kept, _copiedBytes, frames, records);
    }

    private void Bring(SnapshotFile file)
    {
        var temporary = PathOf(file.Name) + FileNames.Temporary;
        if (_linkFrom is not null && file.IsForever && _files.TryLink(_linkFrom + "/" + file.Name, temporary))
        {
            _linked++;
            Report(file.EndOffset);
        }
        else
        {
            Copy(file, temporary);
            _copied++;
            _copiedBytes += file.EndOffset - LogFormat.FileHeaderBytes;
        }

        _files.Rename(temporary, PathOf(file.Name));
    }

    /// <summary>The header block and the frames, zeros behind them, flushed.</summary>
    private void Copy(SnapshotFile file, string path)
    {
        using var copy = _files.Create(path);
        for (long offset = 0; offset < file.EndOffset; offset += ChunkBytes)
        {
            _cancellation.ThrowIfCancellationRequested();
            var count = (int)Math.Min(ChunkBytes, file.EndOffset - offset);
            copy.Write(offset, file.Map.Slice(offset, count));
            Report(count);
        }

        for (var offset = file.EndOffset; offset < file.Entry.FileBytes; offset += ChunkBytes)
        {
            _cancellation.ThrowIfCancellationRequested();
            copy.Write(offset, s_zeros.AsSpan(0, (int)Math.Min(ChunkBytes, file.Entry.FileBytes - offset)));
        }

        copy.Flush();
    }

    private void RemoveLeftovers(Manifest? older)
    {
        var listed = older?.Numbers() ?? [];
        foreach (var name in _files.List(_target))
        {
            var isUnlisted = FileNames.TryLog(name, out var number) && !listed.Contains(number);
            if (isUnlisted || FileNames.IsDerived(name) || FileNames.IsTemporary(name))
                _files.Delete(PathOf(name));
        }
    }

    private void Report(long bytes) => _progress(LogStage.Copy, _done += bytes, _total);

    private Action<long> Step(LogStage stage)
    {
        long done = 0;
        return bytes => _progress(stage, done += bytes, _total);
    }

    private string PathOf(string name) => _target + "/" + name;
}
