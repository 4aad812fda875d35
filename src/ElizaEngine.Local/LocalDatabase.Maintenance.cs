using System.Diagnostics;
using ElizaEngine.Local;
using ElizaEngine.Storage;

namespace ElizaEngine;

public sealed partial class LocalDatabase
{
    /// <summary>
    /// Makes or renews a backup in a directory, while readers and writers go on. What was acknowledged when the call began is in it, and
    /// what came later is there as a whole or not at all. It is a data directory of its own: restore it, or open it. Opened for writing
    /// it is a database like any other and can no longer be renewed.
    /// <para>
    /// Files that the directory has from an older backup of this database are compared and kept. Until the new backup is complete and
    /// has been read back the older one stays what it was; without an older one the directory is no database until then. Both hold for a
    /// failure, a cancellation and a crash: doing it again goes on from there.
    /// </para>
    /// Closing the database waits for a backup under way. A database in memory can be backed up too.
    /// </summary>
    /// <param name="directory">Created when it is missing. Not inside the data directory.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends it between two files, or a MiB apart.</param>
    /// <exception cref="InvalidInputException">The directory is blank, or lies inside the data directory, or the other way round.</exception>
    /// <exception cref="BackupRefusedException">
    /// The directory holds a database, a backup of another one, or a backup with writes that this database does not have.
    /// </exception>
    /// <exception cref="ForeignDirectoryException">The directory holds other files.</exception>
    /// <exception cref="DirectoryInUseException">The directory is open as a database, or another backup into it is under way.</exception>
    /// <exception cref="DirectoryAccessException">The directory cannot be created, read or written.</exception>
    /// <exception cref="DiskFullException">There is no room.</exception>
    /// <exception cref="CorruptDataException">What was read back is damaged; so is the database, most likely: verify it.</exception>
    /// <exception cref="WritesRefusedException">A write failed earlier, and it is not known what of the acknowledged is durable.</exception>
    /// <exception cref="DatabaseClosedException">The database has been closed.</exception>
    public async Task<BackupReport> BackupAsync(string directory, BackupOptions? options = null, CancellationToken cancellationToken = default)
    {
        var target = PathOf(directory, nameof(directory));
        options ??= new BackupOptions();
        var started = Stopwatch.GetTimestamp();
        IFileSystem files = Options.Directory is null ? PosixFileSystem.Instance : _log.FileSystem;
        if (Options.Directory is not null && (files.IsInside(target, _log.Directory) || files.IsInside(_log.Directory, target)))
            throw new InvalidInputException(nameof(directory), directory, "a directory apart from the data directory");
        using var pin = Pin();
        try
        {
            var mayLink = Options.Directory is not null && !options.CopyAll;
            var snapshot = await _log.TakeSnapshotAsync(mayLink).ConfigureAwait(false);
            var backup = new LogBackup(snapshot, files, target, mayLink ? _log.Directory : null, Adapt(options.Progress), cancellationToken);
            var report = await Task.Run(() => backup.Renew(LogOptionsOf(Options with { Directory = target }), new RecordCheck()), cancellationToken).ConfigureAwait(false);
            return Describe(target, report, started);
        }
        catch (Exception error) when (StorageErrors.Translate(error) is var translated && !ReferenceEquals(translated, error))
        {
            throw translated;
        }
    }

    /// <summary>
    /// Makes a database in a directory out of a backup, or out of another database that was closed. Every byte is copied and read back;
    /// until then the directory is no database.
    /// </summary>
    /// <param name="backup">Where it comes from. Not changed.</param>
    /// <param name="directory">Where it goes. Missing, or empty.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it a MiB apart.</param>
    /// <exception cref="InvalidInputException">A path is blank.</exception>
    /// <exception cref="BackupRefusedException">
    /// The backup is not there, was never completed, or is a database that was not closed; or the directory is not empty; or one lies in
    /// the other.
    /// </exception>
    /// <exception cref="ForeignDirectoryException">The backup is no database, but another program's files.</exception>
    /// <exception cref="DirectoryInUseException">One of the two is open.</exception>
    /// <exception cref="DirectoryAccessException">One of the two cannot be read or written.</exception>
    /// <exception cref="DiskFullException">There is no room.</exception>
    /// <exception cref="CorruptDataException">The backup is damaged.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it.</exception>
    public static async Task<BackupReport> RestoreAsync(
        string backup, string directory, IProgress<MaintenanceProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var source = PathOf(backup, nameof(backup));
        var target = PathOf(directory, nameof(directory));
        var started = Stopwatch.GetTimestamp();
        try
        {
            var options = LogOptionsOf(new LocalDatabaseOptions { Directory = target });
            var report = await Task.Run(
                () => LogRestore.Run(PosixFileSystem.Instance, source, target, options, new RecordCheck(), Adapt(progress), cancellationToken),
                cancellationToken).ConfigureAwait(false);
            return Describe(target, report, started);
        }
        catch (Exception error) when (StorageErrors.Translate(error) is var translated && !ReferenceEquals(translated, error))
        {
            throw translated;
        }
    }

    private static string PathOf(string directory, string name)
    {
        ArgumentNullException.ThrowIfNull(directory, name);
        if (string.IsNullOrWhiteSpace(directory) || directory.Contains('\0', StringComparison.Ordinal))
            throw new InvalidInputException(name, directory, "a path");
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
    }

    private static BackupReport Describe(string target, LogBackupReport report, long started) => new(
        target, report.EndLsn, report.Files, report.Linked, report.Copied, report.Kept, report.CopiedBytes, report.Frames, report.Records,
        Stopwatch.GetElapsedTime(started));

    private static LogProgress? Adapt(IProgress<MaintenanceProgress>? progress) => progress is null
        ? null
        : (stage, done, total) => progress.Report(new MaintenanceProgress(
            stage switch
            {
                LogStage.Compare => MaintenanceStage.Compare,
                LogStage.Copy => MaintenanceStage.Copy,
                LogStage.Examine => MaintenanceStage.Read,
                _ => MaintenanceStage.Write,
            },
            done,
            total));
}
