using System.Text;

namespace ElizaEngine.Storage;

/// <summary>Tells whether a directory may take a backup or a restored database. Changes nothing before it has said yes.</summary>
internal static class BackupTarget
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>The manifest of the backup that the directory holds; null when it holds nothing, or the beginning of a first backup.</summary>
    /// <exception cref="LogBackupRefusedException">It holds a database that is no backup.</exception>
    /// <exception cref="LogDirectoryForeignException">It holds other files.</exception>
    /// <exception cref="LogDamagedException">Its manifest is damaged.</exception>
    public static Manifest? ForBackup(IFileSystem files, string directory)
    {
        var names = files.List(directory);
        if (IsBlank(names))
            return null;
        var generation = DirectoryInspection.NewestManifest(files, directory, names);
        if (generation == 0)
            // Creating a database was interrupted here: nothing is lost with what it left.
            return null;
        var manifest = ManifestCodec.Read(files, directory, generation);
        return manifest.IsBackup ? manifest : throw new LogBackupRefusedException(directory,
            "holds a database that has been opened for writing, not a backup that could be renewed. Choose an empty directory.");
    }

    /// <summary>Null: the directory holds nothing, or the beginning of a restore.</summary>
    /// <exception cref="LogBackupRefusedException">It holds anything else.</exception>
    public static Manifest? ForRestore(IFileSystem files, string directory)
    {
        var names = files.List(directory);
        return IsBlank(names) ? null : throw new LogBackupRefusedException(directory,
            $"is not empty: it holds {names.First(static name => !MayStay(name))}. A backup is restored into an empty directory.");
    }

    /// <summary>
    /// The files of the snapshot that the older backup has already. They are compared, not trusted by their names: what differs is copied
    /// anew, if it is damaged.
    /// </summary>
    /// <exception cref="LogBackupRefusedException">The backup holds what the snapshot does not: it would be destroyed.</exception>
    /// <exception cref="LogDamagedException">The snapshot is damaged where the backup may not be.</exception>
    public static HashSet<ManifestFile> Compare(
        IFileSystem files, string directory, Manifest older, LogSnapshot snapshot, Action<long> progress, CancellationToken cancellationToken)
    {
        if (older.DatabaseId != snapshot.DatabaseId)
            throw new LogBackupRefusedException(directory, "holds a backup of another database. Choose another directory.");
        var names = files.List(directory).ToHashSet();
        var byNumber = snapshot.Files.ToDictionary(static file => file.Entry.Number);
        var replaced = snapshot.Replaced.ToLookup(static file => file.Number);
        var equal = new HashSet<ManifestFile>();
        foreach (var entry in older.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var file = byNumber.GetValueOrDefault(entry.Number);
            if (file is null && replaced[entry.Number].Any(one => IsReplaced(entry, one)))
                continue;
            if (file is null || file.Entry.Salt != entry.Salt || file.Entry.FirstLsn != entry.FirstLsn || file.Entry.EndLsn < entry.EndLsn)
                throw AnotherHistory(directory, entry);
            if (!names.Contains(file.Name))
                continue;
            if (!HasSameBytes(files, directory, entry, file, progress, cancellationToken))
                Judge(files, directory, older.DatabaseId, entry, file, cancellationToken);
            else if (entry == file.Entry)
                equal.Add(entry);
        }

        return equal;
    }

    /// <summary>Makes a directory recognisable as no database, durably, until it is one.</summary>
    public static void MarkIncomplete(IFileSystem files, string directory)
    {
        using (var mark = files.Create(directory + "/" + FileNames.IncompleteBackup))
        {
            mark.Write(0, Encoding.UTF8.GetBytes("A backup or a restore into this directory began and has not been completed.\n"));
            mark.Flush();
        }

        files.FlushDirectory(directory);
    }

    /// <summary>The directory is a database now. A mark that stays behind hinders nobody.</summary>
    public static void RemoveMark(IFileSystem files, string directory)
    {
        if (!files.List(directory).Contains(FileNames.IncompleteBackup))
            return;
        try
        {
            files.Delete(directory + "/" + FileNames.IncompleteBackup);
            files.FlushDirectory(directory);
        }
        catch (IOException)
        {
            // The next backup removes it.
        }
    }

    /// <summary>Whether a file of the backup, with all that the backup has of it, is one of this number that copies took the place of.</summary>
    private static bool IsReplaced(ManifestFile entry, ManifestFile replaced) =>
        replaced.Salt == entry.Salt && replaced.FirstLsn == entry.FirstLsn && replaced.EndLsn >= entry.EndLsn;

    private static LogBackupRefusedException AnotherHistory(string directory, ManifestFile entry) => new(directory,
        "holds a backup with writes that this database does not have, or has lost in a repair "
        + $"({FileNames.Log(entry.Number)}, up to lsn {entry.EndLsn}): they would be lost. Choose another directory.");

    /// <summary>
    /// Nothing but LOCK and the folder that the root of a file system has, or the mark and what else an interrupted first backup leaves.
    /// </summary>
    private static bool IsBlank(IReadOnlyList<string> names)
    {
        var isBegun = names.Contains(FileNames.IncompleteBackup);
        return names.All(name => MayStay(name) || (isBegun && IsOfFirstBackup(name)));
    }

    private static bool IsOfFirstBackup(string name) =>
        name == FileNames.IncompleteBackup || FileNames.TryLog(name, out _) || FileNames.IsTemporary(name);

    private static bool MayStay(string name) => name == FileNames.Lock || FileNames.IsLostAndFound(name);

    /// <summary>
    /// Why the bytes of a copy are others. It returns when the copy is to be made anew: every frame of it that is whole is the database's,
    /// and what differs is damaged, or lies between frames, where nothing is.
    /// </summary>
    private static void Judge(
        IFileSystem files, string directory, Guid databaseId, ManifestFile entry, SnapshotFile file, CancellationToken cancellationToken)
    {
        var written = ExaminedFile.Of(file);
        if (written.CheckShell(databaseId) is { } damage)
            throw new LogDamagedException(damage.File, damage.Offset, damage.Lsn, damage.What);
        using var copy = ExaminedFile.Open(files, directory, entry, exists: true);
        var hasOthers = false;
        long offset = LogFormat.FileHeaderBytes;
        for (var lsn = file.Entry.FirstLsn; lsn < file.Entry.EndLsn;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isCopied = copy.TryFrame(offset, lsn, out var copied, out _);
            // What cannot be made anew takes nobody's place: here, or elsewhere in the file, the copy may have what the database has lost.
            if (!written.TryFrame(offset, lsn, out var header, out var problem))
            {
                throw new LogDamagedException(file.Name, offset, lsn,
                    isCopied ? $"{problem}; the file of this name in {directory} has the frame as it was written" : problem);
            }

            hasOthers |= isCopied && copied != header;
            var occupied = header.OccupiedBytes(file.Entry.BlockBytes);
            offset += occupied;
            lsn += (ulong)occupied;
        }

        if (hasOthers)
            throw AnotherHistory(directory, entry);
    }

    /// <summary>Whether the copy has the size of the file and, as far as it goes, its bytes.</summary>
    private static bool HasSameBytes(
        IFileSystem files, string directory, ManifestFile entry, SnapshotFile file, Action<long> progress, CancellationToken cancellationToken)
    {
        using var copy = files.Open(directory + "/" + file.Name);
        if (copy.Length != file.Entry.FileBytes)
            return false;
        var buffer = new byte[ChunkBytes];
        var end = LogFormat.FileHeaderBytes + (long)(entry.EndLsn - entry.FirstLsn);
        for (long offset = 0; offset < end; offset += buffer.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset));
            copy.Read(offset, chunk);
            if (!chunk.SequenceEqual(file.Map.Slice(offset, chunk.Length)))
                return false;
            progress(chunk.Length);
        }

        return true;
    }
}
