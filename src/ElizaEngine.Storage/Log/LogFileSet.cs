using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace ElizaEngine.Storage;

/// <summary>
/// The log files of a directory and its manifests.
/// <list type="bullet">
/// <item>A file is listed in a durable manifest before the first frame goes into it.</item>
/// <item>One file is prepared ahead, in the background: zero-filled, flushed, listed; unhurriedly, since commits need the disk too, until
/// somebody waits for it.</item>
/// <item>A full disk is met while preparing, before a commit is in doubt; preparing can be tried again.</item>
/// <item>Any other failure ends it: nobody knows which manifest a crash would leave, so nothing that one of them lists is touched, and no
/// number that one of them lists is used for another file.</item>
/// </list>
/// </summary>
internal sealed class LogFileSet
{
    private readonly PrepareGate _prepareGate = new(TimeSpan.FromMilliseconds(1)); // Taken before _sync.
    private readonly Lock _sync = new(); // Guards the lists and the lsns of the files.
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly LogOptions _options;
    private readonly Guid _databaseId;
    private readonly ulong _startLsn;
    private readonly List<LogFile> _used;
    private readonly List<LogFile> _prepared;
    private readonly NumberedFiles _numbered = new();
    private readonly ReplacedFiles _replaced;
    private readonly ManifestStore _manifests;
    private Task _ahead = Task.CompletedTask;
    private bool _isPreparing; // In the background.
    private long _lastNormalBytes;
    private int _nextNumber;
    private bool _stopped;

    public LogFileSet(IFileSystem files, string directory, LogOptions options, Guid databaseId, RecoveredLog recovered,
        ManifestStore manifests)
    {
        _files = files;
        _directory = directory;
        _options = options;
        _databaseId = databaseId;
        _startLsn = recovered.Manifest?.StartLsn ?? 0;
        _manifests = manifests;
        _used = recovered.Used;
        _prepared = recovered.Prepared;
        _replaced = new ReplacedFiles(recovered.Manifest?.Replaced ?? [], _numbered);
        _nextNumber = recovered.NextFileNumber;
        foreach (var file in _used.Concat(_prepared))
        {
            _numbered.Add(file);
            // A copy ends where its last frame does; what is made after it has whole blocks.
            _lastNormalBytes = Math.Max(_lastNormalBytes, Math.Min(LogFormat.RoundUp(file.FileBytes, 4096), options.MaxFileBytes));
        }
    }

    /// <summary>Says up to where the log is durable.</summary>
    public Func<ulong> DurableLsn { get; set; } = static () => 0;

    /// <summary>Says why nothing may be written any more; null: it may.</summary>
    public Func<LogFault?> Fault { get; set; } = static () => null;

    /// <summary>Called when preparing failed otherwise than by a full disk.</summary>
    public Action<string, Exception> Poison { get; set; } = static (_, _) => { };

    /// <summary>Called when a file has ended, perhaps under the log's gate, and again when the next ones are prepared.</summary>
    public Action Ended { get; set; } = static () => { };

    /// <summary>The preparing in the background; completed when there is none.</summary>
    public Task Ahead
    {
        get
        {
            lock (_sync)
                return _ahead;
        }
    }

    /// <summary>The files that hold frames, in the order of the log.</summary>
    public LogFile[] Used
    {
        get
        {
            lock (_sync)
                return [.. _used];
        }
    }

    public (int Files, long Bytes) Size
    {
        get
        {
            lock (_sync)
                return (_used.Count + _prepared.Count, _used.Concat(_prepared).Sum(file => file.FileBytes));
        }
    }

    /// <summary>The files that have ended at an lsn or before, from the first on.</summary>
    public IReadOnlyList<LogFile> EndedTo(ulong lsn) => [.. Used.TakeWhile(file => file.IsEnded && file.EndLsn <= lsn)];

    /// <summary>The file with this number, or null. No lock.</summary>
    public LogFile? Find(int number) => _numbered.Find(number);

    /// <summary>Creates the first file and the first manifest of a new directory.</summary>
    public LogFile Begin()
    {
        using (_prepareGate.Enter())
            Prepare(0);
        return Advance(0, 0);
    }

    /// <summary>
    /// Ends the current file and goes on in the next, which has room for a frame of this size. Under the log's gate. Whoever calls it
    /// writes nothing more into the file of before, and then calls <see cref="Advanced"/>.
    /// </summary>
    /// <param name="lsn">The lsn of the next frame.</param>
    /// <param name="frameBytes">Header, payload and padding.</param>
    /// <exception cref="LogDiskFullException">There is no room for the next file; nothing changed.</exception>
    /// <exception cref="LogPoisonedException">Preparing it failed otherwise.</exception>
    public LogFile Advance(ulong lsn, long frameBytes)
    {
        if (TryTakePrepared(lsn, frameBytes, out var next))
            return next;
        using (_prepareGate.Enter())
        {
            if (TryTakePrepared(lsn, frameBytes, out next))
                return next;
            PrepareOrPoison(frameBytes);
            return TryTakePrepared(lsn, frameBytes, out next)
                ? next
                : throw new InvalidOperationException("The prepared file is not there.");
        }
    }

    /// <summary>What follows from <see cref="Advance"/>, when the caller has gone on in the file that it got: it may fail.</summary>
    public void Advanced()
    {
        PrepareAhead();
        Ended();
    }

    /// <summary>Prepares until the files ahead have room for this many bytes of frames. Under the log's gate.</summary>
    /// <exception cref="LogDiskFullException">
    /// There is not that much room. What was prepared meanwhile is given back; where there is no room for the manifest that says so, it stays.
    /// </exception>
    /// <exception cref="LogPoisonedException">Preparing failed otherwise.</exception>
    public void EnsureRoom(long bytes)
    {
        using (_prepareGate.Enter())
        {
            LogFile[] before;
            lock (_sync)
                before = [.. _prepared];
            var normalBytes = _lastNormalBytes;
            try
            {
                while (PreparedRoom() is var room && room < bytes)
                    PrepareOrPoison(Math.Min(bytes - room, _options.MaxFileBytes - LogFormat.FileHeaderBytes));
            }
            catch (LogDiskFullException)
            {
                LogFile[] added;
                lock (_sync)
                    added = [.. _prepared.Except(before)];
                if (added.Length > 0 && TryGiveBack(added))
                    _lastNormalBytes = normalBytes;
                throw;
            }
        }
    }

    /// <summary>Writes the next manifest.</summary>
    public void WriteManifest(bool isClean)
    {
        using (_prepareGate.Enter())
            _manifests.Write(Describe(isClean, null));
    }

    /// <summary>Sees to it that the newest manifest says of everything below an lsn that it is durable, which it is.</summary>
    /// <exception cref="LogDiskFullException">No room for the manifest.</exception>
    /// <exception cref="LogPoisonedException">Writing it failed otherwise.</exception>
    /// <exception cref="LogClosedException">The log is being closed.</exception>
    public void RecordDurable(ulong lsn)
    {
        Debug.Assert(lsn <= DurableLsn(), "it has been flushed");
        using (_prepareGate.Enter())
        {
            // The manifest of a close comes after that, and is the last.
            if (_stopped)
                throw new LogClosedException();
            if (_manifests.DurableLsn < lsn)
                OrPoison(() => _manifests.Write(Describe(isClean: false, null)));
        }
    }

    /// <summary>
    /// The log up to a durable lsn. With <paramref name="seal"/> a manifest is written first, so that recovery too takes every file that
    /// ends there for sealed and never writes to it again: such a file may be linked.
    /// </summary>
    /// <exception cref="LogDiskFullException">No room for the manifest.</exception>
    /// <exception cref="LogPoisonedException">Writing it failed otherwise.</exception>
    /// <exception cref="LogClosedException">The log is being closed.</exception>
    public LogSnapshot TakeSnapshot(bool seal)
    {
        if (!seal)
            return Snapshot(null);
        using (_prepareGate.Enter())
        {
            // The manifest of a close comes after that, and is the last.
            if (_stopped)
                throw new LogClosedException();
            OrPoison(() => _manifests.Write(Describe(isClean: false, null)));
            return Snapshot(_manifests);
        }
    }

    /// <summary>A number that no file has had.</summary>
    /// <exception cref="LogPoisonedException">A write failed earlier.</exception>
    public int TakeNumber()
    {
        using (_prepareGate.Enter())
        {
            if (Fault() is { } fault)
                throw new LogPoisonedException(fault.Reason, fault.Error);
            return _nextNumber++;
        }
    }

    /// <summary>
    /// Makes the file that is prepared next a small one, so that one that ends early leaves little of it unused. Those that are larger are
    /// given up.
    /// </summary>
    /// <exception cref="LogDiskFullException">No room for the file.</exception>
    /// <exception cref="LogPoisonedException">A write failed earlier, or preparing it failed otherwise.</exception>
    public void Shrink(long fileBytes)
    {
        fileBytes = LogFormat.RoundUp(Math.Clamp(fileBytes, _options.FirstFileBytes, _options.MaxFileBytes), 4096);
        using (_prepareGate.Enter())
        {
            if (_stopped)
                throw new LogClosedException();
            _lastNormalBytes = Math.Min(_lastNormalBytes, fileBytes / 2);
            LogFile[] large;
            lock (_sync)
            {
                large = [.. _prepared.Where(file => file.FileBytes > fileBytes)];
                if (_prepared.Count > 0 && large.Length == 0)
                    return;
                _prepared.RemoveAll(large.Contains);
            }

            try
            {
                // The manifest that lists the small one does not list them any more.
                PrepareOrPoison(0);
            }
            catch
            {
                lock (_sync)
                    _prepared.AddRange(large);
                throw;
            }

            if (large.Length > 0)
                WriteAgain();
            DeletePrepared(large);
        }
    }

    /// <summary>Puts copies in the place of a range, on the disk and for readers. The old files stay mapped until <see cref="Release"/>.</summary>
    /// <param name="range">Files that follow each other in <see cref="Used"/>, have ended, and are durable.</param>
    /// <param name="copies">What to say of the copies, in the order of the log.</param>
    /// <param name="moved">Where the records of each file of the range are.</param>
    /// <returns>The copies; null when the log is being closed, and nothing was changed.</returns>
    /// <exception cref="LogDiskFullException">No room for the manifest. Nothing was changed.</exception>
    /// <exception cref="LogPoisonedException">Writing it failed otherwise. Readers go on with the old files, and recovery finds either.</exception>
    public IReadOnlyList<LogFile>? Replace(IReadOnlyList<LogFile> range, IReadOnlyList<ManifestFile> copies, IReadOnlyList<MovedRecords> moved)
    {
        var opened = new List<LogFile>();
        try
        {
            foreach (var entry in copies)
                opened.Add(LogFile.Open(_files, _directory, _databaseId, entry));
            using (_prepareGate.Enter())
            {
                if (_stopped)
                {
                    opened.ForEach(static file => file.Dispose());
                    return null;
                }

                OrPoison(() => _manifests.Write(Describe(isClean: false, null, range, opened)));
                lock (_sync)
                {
                    var first = _used.IndexOf(range[0]);
                    _used.RemoveRange(first, range.Count);
                    _used.InsertRange(first, opened);
                    foreach (var file in opened)
                        _numbered.Add(file);
                    _replaced.AddLocked(range, opened);
                    // Here, so that whoever sees the copies in the list knows of each record that was moved into them.
                    for (var i = 0; i < range.Count; i++)
                        range[i].Moved = moved[i];
                }

                WriteAgain();
            }

            return opened;
        }
        catch when (opened.Count < copies.Count || range[0].Moved is null)
        {
            foreach (var file in opened)
                file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Unmaps files that were replaced, when nobody reads them any more, and tells files that were replaced earlier where their records
    /// are now.
    /// </summary>
    public void Release(IReadOnlyList<LogFile> files)
    {
        _replaced.Lead(files);
        lock (_sync)
            _replaced.ForgetLocked(files);
        foreach (var file in files)
            file.Dispose();
    }

    /// <summary>
    /// Starts to prepare a file in the background when none is ahead. Where there is no thread for that, whoever needs the file prepares
    /// it.
    /// </summary>
    public void PrepareAhead()
    {
        lock (_sync)
        {
            if (_stopped || _prepared.Count > 0 || _isPreparing)
                return;
            if (OwnThread.TryRun(PrepareWhileNone, 2 * _lastNormalBytes) is { } ahead)
                (_ahead, _isPreparing) = (ahead, true);
        }
    }

    /// <summary>Ends the preparing; completes when the background is quiet.</summary>
    public Task StopAsync()
    {
        lock (_sync)
        {
            _stopped = true;
            _prepareGate.Hurry();
            return _ahead;
        }
    }

    public void DisposeFiles()
    {
        _numbered.Clear();
        foreach (var file in _used.Concat(_prepared).Concat(_replaced.MappedLocked))
            file.Dispose();
    }

    private LogSnapshot Snapshot(ManifestStore? manifests)
    {
        lock (_sync)
        {
            // Here: copies in the list rest on all that was durable when they came, and a snapshot that ended before that would lack it.
            var durable = DurableLsn();
            var next = Math.Max(_nextNumber, _used.Concat(_prepared).Max(static file => file.Number) + 1);
            return LogSnapshot.Of(_databaseId, _startLsn, durable, next, _used, _replaced.ListedLocked, manifests);
        }
    }

    private long PreparedRoom()
    {
        lock (_sync)
            return _prepared.Sum(file => file.BlocksEnd - LogFormat.FileHeaderBytes);
    }

    private bool TryTakePrepared(ulong lsn, long frameBytes, [NotNullWhen(true)] out LogFile? next)
    {
        lock (_sync)
        {
            next = _prepared.Count > 0 ? _prepared[0] : null;
            if (next is null || next.BlocksEnd - LogFormat.FileHeaderBytes < frameBytes)
                return false;
            var current = _used.Count > 0 ? _used[^1] : null;
            // First, since the list may have no memory to grow: from here on nothing fails.
            _used.Add(next);
            _prepared.RemoveAt(0);
            if (current is { IsEnded: false })
                current.End(current.FirstLsn, lsn, isCut: false);
            next.Start(lsn);
            return true;
        }
    }

    /// <summary>What it prepared may be taken before it is done: then it prepares once more.</summary>
    private void PrepareWhileNone()
    {
        var isAgain = true;
        while (isAgain)
        {
            var isPrepared = TryPrepareIfNone();
            Ended();
            lock (_sync)
                isAgain = _isPreparing = isPrepared && !_stopped && _prepared.Count == 0;
        }
    }

    private bool TryPrepareIfNone()
    {
        try
        {
            using (_prepareGate.EnterUnhurried())
            {
                bool isStopped;
                lock (_sync)
                    isStopped = _stopped;
                if (!isStopped && PreparedRoom() == 0)
                    PrepareOrPoison(0);
            }

            return true;
        }
        catch (StorageIOException)
        {
            // A full disk: the batch that needs the file tries again and reports it.
            return false;
        }
        catch (LogPoisonedException)
        {
            return false;
        }
    }

    /// <summary>Writes another manifest like the newest: from here on none that is kept lists a file that the newest does not.</summary>
    private void WriteAgain()
    {
        try
        {
            OrPoison(() => _manifests.Write(Describe(isClean: false, null)));
        }
        catch (LogDiskFullException)
        {
            _manifests.DeleteOlder();
        }
    }

    /// <summary>Prepared files are deleted. False: there is no room for the manifest that does not list them, and they stay.</summary>
    private bool TryGiveBack(LogFile[] files)
    {
        lock (_sync)
            _prepared.RemoveAll(files.Contains);
        try
        {
            OrPoison(() => _manifests.Write(Describe(isClean: false, null)));
            WriteAgain();
        }
        catch (Exception error)
        {
            lock (_sync)
                _prepared.InsertRange(0, files);
            if (error is LogDiskFullException)
                return false;
            throw;
        }

        DeletePrepared(files);
        return true;
    }

    /// <summary>No manifest that is kept lists these files, and nobody has read or written them.</summary>
    private void DeletePrepared(LogFile[] files)
    {
        lock (_sync)
        {
            foreach (var file in files)
                _numbered.Remove(file);
        }

        foreach (var file in files)
        {
            _files.TryDelete(_directory + "/" + file.Name);
            file.Dispose();
        }
    }

    private void PrepareOrPoison(long frameBytes) => OrPoison(() => Prepare(frameBytes));

    /// <summary>
    /// A full disk is met again when there is room; after anything else nothing is written any more: not by those either who had asked for
    /// it before the fault, and waited meanwhile.
    /// </summary>
    private void OrPoison(Action work)
    {
        if (Fault() is { } fault)
            throw new LogPoisonedException(fault.Reason, fault.Error);
        try
        {
            work();
        }
        catch (LogDiskFullException)
        {
            throw;
        }
        catch (Exception error)
        {
            Poison(error.Message, error);
            throw new LogPoisonedException(error.Message, error);
        }
    }

    /// <summary>Creates, fills, flushes and lists a file. It goes in front of a prepared one that is too small for the frame.</summary>
    private void Prepare(long frameBytes)
    {
        var normal = Math.Clamp(_lastNormalBytes * 2, _options.FirstFileBytes, _options.MaxFileBytes);
        while (normal - LogFormat.FileHeaderBytes < frameBytes && normal < _options.MaxFileBytes)
            normal = Math.Min(normal * 2, _options.MaxFileBytes);
        var bytes = Math.Max(normal, LogFormat.RoundUp(frameBytes + LogFormat.FileHeaderBytes, 4096));
        var header = new LogFileHeader(
            _databaseId, _nextNumber++, _options.NextSalt(), bytes, _options.BlockBytes, _options.Time.GetUtcNow().ToUnixTimeMilliseconds());

        LogFile? file = null;
        try
        {
            file = LogFile.Create(_files, _directory, header, _prepareGate.Pause);
            _files.FlushDirectory(_directory);
            _manifests.Write(Describe(isClean: false, file));
        }
        catch
        {
            file?.Dispose();
            if (!_manifests.Lists(header.Number))
                Discard(header.Number);
            throw;
        }

        _lastNormalBytes = normal;
        lock (_sync)
        {
            _numbered.Add(file);
            _prepared.Insert(0, file);
        }
    }

    /// <summary>Gives the space of a file back that no manifest lists.</summary>
    private void Discard(int number)
    {
        try
        {
            _files.Delete(_directory + "/" + FileNames.Log(number));
        }
        catch (IOException)
        {
            // The next open removes it.
        }
    }

    private Manifest Describe(bool isClean, LogFile? added, IReadOnlyList<LogFile>? range = null, IReadOnlyList<LogFile>? copies = null)
    {
        var durable = DurableLsn();
        lock (_sync)
        {
            LogFile[] used = [.. _used];
            if (range is not null)
            {
                var first = _used.IndexOf(range[0]);
                used = [.. used[..first], .. copies!, .. used[(first + range.Count)..]];
            }

            var order = added is null ? used.Concat(_prepared) : [.. used, added, .. _prepared];
            return new Manifest
            {
                DatabaseId = _databaseId,
                Generation = _manifests.Generation + 1,
                WrittenMs = _options.Time.GetUtcNow().ToUnixTimeMilliseconds(),
                IsClean = isClean,
                StartLsn = _startLsn,
                DurableLsn = durable,
                NextFileNumber = _nextNumber,
                Files = [.. order.Select(file => file.Describe(durable))],
                Replaced = range is null ? [.. _replaced.ListedLocked] : _replaced.ListedWithLocked(range),
            };
        }
    }
}
