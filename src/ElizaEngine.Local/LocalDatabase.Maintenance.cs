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
    /// <exception cref="InvalidInputException">
    /// The directory is blank or a URL, or lies inside the data directory, or the other way round.
    /// </exception>
    /// <exception cref="BackupRefusedException">
    /// The directory holds a database, a backup of another one, or a backup with writes that this database does not have, or may have lost
    /// in a repair.
    /// </exception>
    /// <exception cref="ForeignDirectoryException">The directory holds other files.</exception>
    /// <exception cref="DirectoryInUseException">The directory is open as a database, or another backup into it is under way.</exception>
    /// <exception cref="DirectoryAccessException">The directory cannot be created, read or written.</exception>
    /// <exception cref="DiskFullException">There is no room.</exception>
    /// <exception cref="CorruptDataException">
    /// What was read back is damaged; so is the database, most likely: verify it. Or the database is damaged where the older backup, which
    /// stays as it was, may be whole; the message says of a frame when it is. Verify that directory before you rely on it.
    /// </exception>
    /// <exception cref="WritesRefusedException">A write failed earlier, and it is not known what of the acknowledged is durable.</exception>
    /// <exception cref="DatabaseClosedException">The database has been closed.</exception>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux.</exception>
    public async Task<BackupReport> BackupAsync(string directory, BackupOptions? options = null, CancellationToken cancellationToken = default)
    {
        var target = PathOf(directory, nameof(directory));
        options ??= new BackupOptions();
        var started = Stopwatch.GetTimestamp();
        IFileSystem files = Options.Directory is null ? PosixFileSystem.Instance : _log.FileSystem;
        if (Options.Directory is not null && (files.IsInside(target, _log.Directory) || files.IsInside(_log.Directory, target)))
            throw new InvalidInputException(nameof(directory), directory, "a directory apart from the data directory");
        using var pin = Pin();
        return await TranslatedAsync(async () =>
        {
            var mayLink = Options.Directory is not null && !options.CopyAll;
            var snapshot = await _log.TakeSnapshotAsync(mayLink).ConfigureAwait(false);
            var backup = new LogBackup(snapshot, files, target, mayLink ? _log.Directory : null, Adapt(options.Progress), cancellationToken);
            var report = await OwnThread.Run(() => backup.Renew(LogOptionsOf(Options with { Directory = target }), new RecordCheck()), cancellationToken).ConfigureAwait(false);
            return Describe(target, report, started);
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes a database in a directory out of a backup, or out of another database that was closed. Every byte is copied and read back;
    /// until then the directory is no database.
    /// </summary>
    /// <param name="backup">Where it comes from. Not changed.</param>
    /// <param name="directory">Where it goes. Missing, or empty.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it a MiB apart.</param>
    /// <exception cref="InvalidInputException">A path is blank, or a URL.</exception>
    /// <exception cref="BackupRefusedException">
    /// The backup is not there, was never completed, or is a database that was not closed; or the directory is not empty; or one lies in
    /// the other.
    /// </exception>
    /// <exception cref="ForeignDirectoryException">The backup is no database, but another program's files.</exception>
    /// <exception cref="DirectoryInUseException">One of the two is open.</exception>
    /// <exception cref="DirectoryAccessException">One of the two cannot be read or written.</exception>
    /// <exception cref="DiskFullException">There is no room.</exception>
    /// <exception cref="CorruptDataException">The backup is damaged.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it, or one of before format 1.</exception>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux.</exception>
    public static async Task<BackupReport> RestoreAsync(
        string backup, string directory, IProgress<MaintenanceProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var source = PathOf(backup, nameof(backup));
        var target = PathOf(directory, nameof(directory));
        var started = Stopwatch.GetTimestamp();
        var options = LogOptionsOf(new LocalDatabaseOptions { Directory = target });
        var report = await OwnThread.Run(
            () => Translated(() => LogRestore.Run(PosixFileSystem.Instance, source, target, options, new RecordCheck(), Adapt(progress), cancellationToken)),
            cancellationToken).ConfigureAwait(false);
        return Describe(target, report, started);
    }

    /// <summary>
    /// Reads every byte of the log that counts, at one point in time, while readers and writers go on: every checksum, every record;
    /// then compares each index with the rows, and the rows with what the log amounts to. Writers wait for one flush at the beginning.
    /// Takes the memory of a second state. Nothing is changed.
    /// </summary>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it between two commits or indexes.</param>
    /// <exception cref="WritesRefusedException">A write failed earlier: close the database, and verify the directory.</exception>
    /// <exception cref="DatabaseClosedException">The database has been closed.</exception>
    public Task<VerifyReport> VerifyAsync(IProgress<MaintenanceProgress>? progress = null, CancellationToken cancellationToken = default) =>
        OwnThread.Run(() => Translated(() => Verify(progress, cancellationToken)), cancellationToken);

    /// <summary>
    /// Verifies the files of a database that is closed, or that cannot be opened: every checksum of every file, every record, every index
    /// against the rows. Nothing is changed but the text of LOCK.
    /// </summary>
    /// <param name="directory">The data directory, or a backup.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it between two commits or indexes.</param>
    /// <exception cref="InvalidInputException">The path is blank, or a URL.</exception>
    /// <exception cref="BackupRefusedException">There is no database.</exception>
    /// <exception cref="ForeignDirectoryException">The directory holds another program's files.</exception>
    /// <exception cref="DirectoryInUseException">It is open: verify it where it is open.</exception>
    /// <exception cref="DirectoryAccessException">It cannot be read.</exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it, or one of before format 1.</exception>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux.</exception>
    public static Task<VerifyReport> VerifyDirectoryAsync(
        string directory, IProgress<MaintenanceProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var path = PathOf(directory, nameof(directory));
        return OwnThread.Run(() => Translated(() => Verify(path, progress, cancellationToken)), cancellationToken);
    }

    /// <summary>
    /// Says what repairing a damaged directory would lose, record by record; with <paramref name="acceptLoss"/> repairs it. Everything that
    /// can still be read is kept, single records of a damaged commit too; the damaged bytes are kept in lost+found. Of two relationships of
    /// one pair, where the deletion of the older is lost, the newer one is there. Afterwards the directory opens and verifies. One that was
    /// interrupted may have to be done again before the directory opens. Where there is a backup, restoring it may lose less. It has what
    /// the repair lost, and is not renewed where files that it has were damaged, or had been compacted before the repair: the next backup
    /// goes into another directory then, and in any case after a repair that an older version made. Never done by opening.
    /// </summary>
    /// <param name="directory">The data directory. Nobody has it open.</param>
    /// <param name="acceptLoss">False: only says what would be done.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Ends it between two commits or files. It can be done again.</param>
    /// <exception cref="InvalidInputException">The path is blank, or a URL.</exception>
    /// <exception cref="BackupRefusedException">There is no database, or so much of it is missing that no repair helps.</exception>
    /// <exception cref="ForeignDirectoryException">The directory holds another program's files.</exception>
    /// <exception cref="DirectoryInUseException">It is open.</exception>
    /// <exception cref="DirectoryAccessException">It cannot be read or written. It can be done again.</exception>
    /// <exception cref="DiskFullException">There is no room. It can be done again.</exception>
    /// <exception cref="CorruptDataException">
    /// The disk gives back other bytes than when they were examined: it can be done again. Or no file is left that could stand for what is
    /// missing.
    /// </exception>
    /// <exception cref="UnsupportedFormatException">A newer version wrote it, or one of before format 1.</exception>
    /// <exception cref="PlatformNotSupportedException">The operating system is not Linux.</exception>
    public static Task<RepairReport> RepairAsync(
        string directory, bool acceptLoss = false, IProgress<MaintenanceProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var path = PathOf(directory, nameof(directory));
        return OwnThread.Run(() => Translated(() => Repair(path, acceptLoss, progress, cancellationToken)), cancellationToken);
    }

    private VerifyReport Verify(IProgress<MaintenanceProgress>? progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var pin = Pin();
        var (state, snapshot) = Sequencer.TakeSnapshot();
        var visitor = new StateVisitor(Shared);
        var files = snapshot.Files.Select(ExaminedFile.Of).ToList();
        var read = Step(Adapt(progress), files.Sum(static file => file.Length));
        var examination = LogExamination.Run(
            snapshot.DatabaseId, files, snapshot.StartLsn, snapshot.EndLsn, isClosed: true, visitor, read, cancellationToken);
        var total = 2 * StateCheck.IndexCount;
        var own = StateCheck.WithItsOwnRows(state, Indexes(progress, 0, total), cancellationToken);
        var log = StateCheck.WithLog(state, visitor.BuildState(), _log.PlaceOf, Indexes(progress, own.Indexes, total), cancellationToken);
        return new VerifyReport(
            Options.Directory is null ? null : _log.Directory, [.. Describe(examination.Findings), .. own.Findings, .. log.Findings],
            examination.EndLsn, files.Count, examination.Frames, examination.Records, CountRows(state), own.Indexes, Stopwatch.GetElapsedTime(started));
    }

    private static VerifyReport Verify(string path, IProgress<MaintenanceProgress>? progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        return Examine(path, progress, (directory, examination, visitor) =>
        {
            var state = visitor.BuildState();
            var check = StateCheck.WithItsOwnRows(state, Indexes(progress, 0, StateCheck.IndexCount), cancellationToken);
            return new VerifyReport(
                path, [.. Describe(examination.Findings), .. check.Findings], examination.EndLsn, directory.Files.Count, examination.Frames,
                examination.Records, CountRows(state), check.Indexes, Stopwatch.GetElapsedTime(started));
        }, cancellationToken);
    }

    private static RepairReport Repair(string path, bool acceptLoss, IProgress<MaintenanceProgress>? progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        return Examine(path, progress, (directory, examination, visitor) =>
        {
            var isNeeded = LogRepair.IsNeeded(examination);
            IReadOnlyList<string> kept = [];
            if (isNeeded && acceptLoss)
            {
                var total = directory.Files.Sum(static file => file.Entry.FileBytes);
                kept = new LogRepair(PosixFileSystem.Instance, directory, examination, LogOptionsOf(new LocalDatabaseOptions { Directory = path }),
                    Step(Adapt(progress), total, LogStage.Write), cancellationToken).Run(new RecordCheck());
            }

            return new RepairReport(
                path, isNeeded, isNeeded && acceptLoss, [.. Describe(examination.Findings)], isNeeded ? visitor.Losses() : [], examination.Records,
                isNeeded ? LogRepair.FilesToWrite(directory, examination) : [], kept, Stopwatch.GetElapsedTime(started));
        }, cancellationToken);
    }

    /// <summary>Reads everything in a directory that nobody has open, which stays locked until <paramref name="conclude"/> has returned.</summary>
    private static T Examine<T>(
        string path, IProgress<MaintenanceProgress>? progress, Func<LogDirectory, LogExamination, StateVisitor, T> conclude, CancellationToken cancellationToken)
    {
        var files = PosixFileSystem.Instance;
        LogDirectory.CheckIsOurs(files, path);
        using var held = files.Lock(path, Path.Join(path, FileNames.Lock), DirectoryLock.OwnerText(TimeProvider.System.GetUtcNow()));
        using var directory = LogDirectory.Open(files, path);
        var visitor = new StateVisitor(new SharedValues());
        var examination = directory.Examine(visitor, Step(Adapt(progress), directory.TotalBytes), cancellationToken);
        return conclude(directory, examination, visitor);
    }

    private static IEnumerable<VerifyFinding> Describe(IEnumerable<LogFinding> findings) =>
        findings.Select(static finding => new VerifyFinding(finding.File, finding.Offset, finding.Lsn, finding.What, finding.IsDamage));

    private static T Translated<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception error) when (StorageErrors.Translate(error) is var translated && !ReferenceEquals(translated, error))
        {
            throw translated;
        }
    }

    private static async Task<T> TranslatedAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception error) when (StorageErrors.Translate(error) is var translated && !ReferenceEquals(translated, error))
        {
            throw translated;
        }
    }

    private static Action<long> Step(LogProgress? progress, long total, LogStage stage = LogStage.Examine)
    {
        long done = 0;
        return progress is null ? static _ => { } : bytes => progress(stage, done += bytes, total);
    }

    private static Action<int> Indexes(IProgress<MaintenanceProgress>? progress, int before, int total) =>
        done => progress?.Report(new MaintenanceProgress(MaintenanceStage.Indexes, before + done, total));

    private static long CountRows(DatabaseState state) =>
        (long)state.Agents.Count + state.Entities.Count + state.Components.Count + state.Memories.Count + state.Rooms.Count + state.Worlds.Count
        + state.Participants.Count + state.Relationships.Count + state.Tasks.Count + state.Logs.Count + state.Cache.Count + state.Dimensions.Count;

    private static string PathOf(string directory, string name) => DataDirectory.PathOf(directory, name, "a path");

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
