using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>Turns the log's errors into the contract's.</summary>
internal static class StorageErrors
{
    private const string ForeignHint =
        "Nothing was written to it. A new database takes an empty or missing directory.";

    private const string IncompleteHint =
        "A first backup, or a restore, into it was not completed: do it again, into this directory or another one.";

    private const string NewerHint = "Upgrade ElizaEngine: the version that wrote it reads it, and so does every later one.";

    private const string OlderHint = "Formats before 1 were never frozen: only the version that wrote it reads it.";

    public static Exception Translate(Exception error) => error switch
    {
        LogClosedException => new DatabaseClosedException("database"),
        LogPoisonedException poisoned => new WritesRefusedException(poisoned),
        LogOutcomeUnknownException unknown => new CommitOutcomeUnknownException(
            $"The write was on its way to the disk when the disk failed: it may be there after reopening, or not. {unknown.InnerException?.Message}", unknown),
        LogDiskFullException { IsOfDisk: true } full => new DiskFullException(full.Path, full),
        LogDamagedException damaged => new CorruptDataException(damaged.Message, damaged.File, damaged.Offset, damaged.Lsn, damaged),
        LogDirectoryInUseException used => new DirectoryInUseException(
            used.Path, used.ProcessId > 0 ? used.ProcessId : null, used.ProcessId > 0 ? $"process {used.ProcessId} ({used.Owner})" : "another process", used),
        LogBackupRefusedException refused => new BackupRefusedException(refused.Path, refused.Reason, refused),
        LogDirectoryForeignException { Evidence: FileNames.IncompleteBackup } foreign =>
            new ForeignDirectoryException(foreign.Path, foreign.Evidence, IncompleteHint, foreign),
        LogDirectoryForeignException foreign => new ForeignDirectoryException(foreign.Path, foreign.Evidence, ForeignHint, foreign),
        LogFormatUnsupportedException format => new UnsupportedFormatException($"{format.Message} {(format.IsOlder ? OlderHint : NewerHint)}", format),
        LogRecordTooLargeException large => new RowTooLargeException(large.Length),
        LogNetworkFileSystemException network => new DirectoryAccessException(network.Path, network),
        StorageIOException failed => new DirectoryAccessException(failed.Path, failed),
        _ => error,
    };
}
