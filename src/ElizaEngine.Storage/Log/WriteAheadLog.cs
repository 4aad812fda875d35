using System.Diagnostics;

namespace ElizaEngine.Storage;

/// <summary>
/// A durable sequence of batches of records, and the store those records are read from.
/// <list type="bullet">
/// <item>A batch is there whole or not at all, now and after any crash.</item>
/// <item>An acknowledged batch survives what <see cref="Durability"/> names, and so does every batch before it.</item>
/// <item>Batches are published, acknowledged and replayed in the order in which they were committed under <see cref="Gate"/>.</item>
/// <item>After a failed write or flush nothing is written any more; reads go on and check the records' checksums.</item>
/// <item>A record's bytes never change and stay mapped while a pin is held.</item>
/// </list>
/// Methods that end in Locked need the gate, and no other call between a batch's begin and its commit. Everything else may be called
/// from any thread.
/// </summary>
internal sealed class WriteAheadLog : IAsyncDisposable
{
    // Body of a record of padding: small, so that it fits at the end of a file.
    private const int PaddingBytes = 4 << 10;

    private readonly IDisposable _lock;
    private readonly LogOptions _options;
    private readonly LogFileSet _files;
    private readonly GroupCommit _commits;
    private readonly OfferedLead _offer;
    private readonly FrameAppender _appender;
    private readonly PendingBytes _pending;
    private readonly FrameBuffers _buffers;
    private readonly IndexWriting _indexes;
    private readonly Scrub _scrub;
    private readonly ReadPins _pins;
    private readonly ReadPins _views = new();
    private readonly LogCompaction _compaction;
    private ulong _batchEnd; // Where a file was ended between two batches, last.
    private readonly Lock _closeGate = new();
    private Task? _closing;
    private bool _isClosed;

    private WriteAheadLog(IDisposable directoryLock, string directory, IFileSystem fileSystem, LogOptions options, LogAssembly parts)
    {
        _lock = directoryLock;
        Directory = directory;
        FileSystem = fileSystem;
        _options = options;
        _files = parts.Files;
        _commits = parts.Commits;
        _offer = new OfferedLead(_commits);
        _appender = parts.Appender;
        _buffers = parts.Buffers;
        _pending = parts.Pending;
        _indexes = parts.Indexes;
        _scrub = parts.Scrub;
        _pins = parts.Pins;
        OpenReport = parts.Report;
        _compaction = new LogCompaction(
            fileSystem, directory, options, _files, _indexes, _pins, _views, Gate, () => _commits.Commits, () => Volatile.Read(ref _batchEnd));
        _files.Ended = () =>
        {
            _indexes.Start();
            FileEnded();
        };
    }

    /// <summary>The sequencer lock of the caller. The log itself takes it only to close.</summary>
    public Lock Gate { get; } = new();

    public string Directory { get; }

    public IFileSystem FileSystem { get; }

    /// <summary>What recovery found.</summary>
    public LogOpenReport OpenReport { get; }

    /// <summary>Why the log takes no more writes; null while it does.</summary>
    public LogFault? Fault => _commits.Fault;

    /// <summary>Completes when everything that opening left unread has been verified, or the log is closed.</summary>
    public Task Scrubbing => _scrub.Work;

    /// <summary>Damage in a sealed file that was found in the background; null: none so far.</summary>
    public LogDamagedException? Damage => _scrub.Damage;

    /// <summary>Notes damage that was found elsewhere; the first stays.</summary>
    public void NoteDamage(LogDamagedException damage) => _scrub.Note(damage);

    /// <summary>Called when a file has ended, perhaps under the gate, and again when the next ones are prepared. Must not throw.</summary>
    public Action FileEnded { get; set; } = static () => { };

    /// <summary>Called each time the log has grown by 2 MiB, by whoever writes it, not under the gate. Must be quick, and must not throw.</summary>
    public Action Grown
    {
        get => _commits.Grown;
        set => _commits.Grown = value;
    }

    /// <summary>Completes when no file is being prepared, and no index written, in the background.</summary>
    public Task BackgroundWork => WhenQuietAsync();

    public LogStatistics Statistics
    {
        get
        {
            var (files, bytes) = _files.Size;
            var written = _commits.Counters;
            return new LogStatistics(files, bytes, written.Bytes, written.Flushes, _commits.Commits, written.Frames, written.Records,
                _commits.WrittenLsn, _commits.DurableLsn);
        }
    }

    /// <summary>
    /// Identifies the frame of the batch in progress: batches with the same id become durable in the same instant, or never. A chain has
    /// one id.
    /// </summary>
    public long FrameIdLocked => _appender.FrameId;

    /// <summary>Opens the log of a directory, creating both when they are missing, and replays what it holds.</summary>
    /// <param name="replay">Receives every record before this returns.</param>
    /// <param name="published">
    /// Receives the state of the last commit of each frame once the frame is durable, on the writer thread, in order. Must not throw and
    /// must not take the gate.
    /// </param>
    /// <exception cref="LogDirectoryInUseException">Somebody else has it open.</exception>
    /// <exception cref="LogDirectoryForeignException">It holds other files.</exception>
    /// <exception cref="LogDamagedException">Acknowledged bytes are missing or changed.</exception>
    /// <exception cref="LogFormatUnsupportedException">A newer version wrote it, or one of before version 1.</exception>
    /// <exception cref="LogDiskFullException">No room for the first file or the manifest.</exception>
    /// <exception cref="StorageIOException">A call to the operating system failed.</exception>
    /// <exception cref="PlatformNotSupportedException">This operating system is not Linux.</exception>
    public static WriteAheadLog Open(string directory, IFileSystem files, LogOptions options, ILogReplay replay, Action<object> published)
    {
        options.Validate();
        files.CheckSupport(directory, options);
        var started = Stopwatch.GetTimestamp();
        if (files.DirectoryExists(directory))
            // Before LOCK: nothing is written into a foreign directory.
            DirectoryInspection.NewestManifest(files, directory, files.List(directory));
        files.CreateDirectory(directory);
        var directoryLock = files.Lock(directory, directory + "/" + FileNames.Lock, DirectoryLock.OwnerText(options.Time.GetUtcNow()));
        try
        {
            var names = files.List(directory);
            var generation = DirectoryInspection.NewestManifest(files, directory, names);
            var recovered = generation == 0
                ? Recovery.Create(files, directory, options, names)
                : Recovery.Run(files, directory, options, replay, generation, names);
            recovered.Report.Duration = Stopwatch.GetElapsedTime(started);
            var parts = LogAssembly.Of(directory, files, options, recovered, replay.NewHeads, published);
            var log = new WriteAheadLog(directoryLock, directory, files, options, parts);
            parts.Start();
            return log;
        }
        catch
        {
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Most bytes a record takes in a batch: what <see cref="BeginLocked"/> is told is the sum of these.</summary>
    public static long RecordBytes(int length, int alignment = 8) => LogFormat.RecordBytes(length, alignment);

    /// <summary>The name, in the directory, of the file that holds a record.</summary>
    public static string FileNameOf(RecordLocation location) => FileNames.Log(location.File);

    /// <summary>
    /// Waits until there is room for <paramref name="bytes"/> more among those not yet written. Before the gate is taken. Who was let in
    /// commits a batch, or calls <see cref="Unreserve"/>: others may wait for it.
    /// </summary>
    /// <exception cref="LogPoisonedException">A write failed earlier.</exception>
    /// <exception cref="LogClosedException">The log is closed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled while waiting.</exception>
    public ValueTask ReserveAsync(long bytes, CancellationToken cancellationToken) => _pending.WaitAsync(bytes, cancellationToken);

    /// <summary>
    /// Lets in who waits behind a caller that <see cref="ReserveAsync"/> let in and that commits nothing. Harmless where nobody waits. With
    /// the gate or without.
    /// </summary>
    public void Unreserve() => _pending.PassOn();

    /// <summary>
    /// Starts a batch, which ends with <see cref="CommitLocked(object)"/> or <see cref="AbandonLocked"/> before the gate is left.
    /// </summary>
    /// <param name="bytesMax">
    /// Upper limit: the sum of <see cref="RecordBytes"/> of its records. A batch above <see cref="LogOptions.FrameBytes"/> becomes a
    /// chain of frames.
    /// </param>
    /// <exception cref="LogPoisonedException">A write failed earlier. Nothing changed.</exception>
    /// <exception cref="LogClosedException">The log is closed. Nothing changed.</exception>
    /// <exception cref="LogDiskFullException">
    /// The batch does not fit on the disk. Nothing changed, and a later call may succeed.
    /// </exception>
    public void BeginLocked(long bytesMax)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        ThrowIfClosedLocked();
        ArgumentOutOfRangeException.ThrowIfNegative(bytesMax);
        _appender.Begin(bytesMax);
    }

    /// <summary>
    /// Adds a record to the batch and returns its body, not cleared, to be filled before <see cref="CommitLocked(object)"/>. The location is final.
    /// In a chain this may wait for the writer, holding the gate.
    /// </summary>
    /// <param name="kind">1 to 255.</param>
    /// <param name="length">Bytes of body.</param>
    /// <param name="alignment">
    /// A power of two from 8 to 4096: byte <paramref name="alignedOffset"/> of the body lies at a multiple of it.
    /// </param>
    /// <param name="alignedOffset">A multiple of 8.</param>
    /// <exception cref="LogRecordTooLargeException">Longer than <see cref="LogFormat.MaxRecordBytes"/>.</exception>
    /// <exception cref="InvalidOperationException">The batch appends more than it announced.</exception>
    /// <exception cref="LogPoisonedException">A write failed in the middle of a chain: abandon the batch.</exception>
    /// <exception cref="LogDiskFullException">A chain met the end of the disk: abandon the batch.</exception>
    public Span<byte> AppendLocked(byte kind, int length, out RecordLocation location, int alignment = 8, int alignedOffset = 0)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        ArgumentOutOfRangeException.ThrowIfZero(kind);
        return _appender.Append(kind, length, out location, alignment, alignedOffset);
    }

    /// <summary>
    /// Ends the batch. The result completes after <paramref name="state"/>, or a later one, was published; it is awaited once.
    /// It fails with <see cref="LogOutcomeUnknownException"/> when the write or the flush failed.
    /// </summary>
    public ValueTask CommitLocked(object state)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        return _appender.Commit(state, mayLead: false, out _);
    }

    /// <summary>
    /// The same for a caller that is ready to do the writer's work for itself when nobody else waits.
    /// </summary>
    /// <param name="state">To be published.</param>
    /// <param name="leads">True: the caller must call <see cref="Lead"/> as soon as it has left the gate. Until then nobody writes.</param>
    public ValueTask CommitLocked(object state, out bool leads)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        return _appender.Commit(state, mayLead: true, out leads);
    }

    /// <summary>
    /// Writes and flushes on this thread what was committed, and acknowledges it. Throws nothing: those who wait are told. After it the
    /// caller's own commit has completed, unless another batch was begun meanwhile, whose frame it shares.
    /// </summary>
    public void Lead() => _commits.Lead();

    /// <summary>
    /// The same on a thread of the pool: at once, or as soon as this thread, or another one, has nothing else to do, where that is likely to
    /// be of use. What the caller begins before it waits joins then, or is done meanwhile.
    /// </summary>
    public void LeadSoon()
    {
        // To another thread nothing comes back when its caller waits.
        if (Thread.CurrentThread.IsThreadPoolThread && TryOfferLead())
            // Local: this thread takes it first, as soon as the caller waits.
            ThreadPool.UnsafeQueueUserWorkItem(_offer, preferLocal: true);
        else
            Lead();
    }

    /// <summary>Instead of <see cref="Lead"/>: see <see cref="GroupCommit.TryOffer"/>. True: somebody must call <see cref="LeadOffered"/>.</summary>
    public bool TryOfferLead() => _commits.TryOffer();

    /// <summary>Leads if that is still offered.</summary>
    public void LeadOffered() => _commits.LeadOffered();

    /// <summary>
    /// A batch of its own that says nothing and takes so many bytes, or some more: room for the copies of what is in front of it. Fails as
    /// <see cref="BeginLocked"/> and <see cref="AppendLocked"/> do, and leaves nothing that counts then; the result is that of
    /// <see cref="CommitLocked(object)"/>.
    /// </summary>
    /// <param name="bytes">More than 0.</param>
    /// <param name="state">To be published: that of the batch before it.</param>
    public ValueTask CommitPaddingLocked(long bytes, object state)
    {
        var records = (bytes + PaddingBytes - 1) / PaddingBytes;
        BeginLocked(records * RecordBytes(PaddingBytes));
        try
        {
            for (; records > 0; records--)
                _appender.Append(RecordHeader.Padding, PaddingBytes, out _, alignment: 8, alignedOffset: 0).Clear();
        }
        catch
        {
            AbandonLocked();
            throw;
        }

        return CommitLocked(state);
    }

    /// <summary>Ends the batch as if it had never begun. Harmless when none is in progress.</summary>
    public void AbandonLocked()
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        _appender.Abandon();
    }

    /// <summary>
    /// Ends the log for writes because the caller's own state is half changed: the batch in progress is abandoned, and its frame, with
    /// the commits of others that wait in it, is never written or published. Every commit that is not acknowledged fails with
    /// <see cref="LogOutcomeUnknownException"/>, whose inner exception is <paramref name="reason"/>; later writes are refused; published
    /// records can be read. When the log is poisoned already the earlier fault stays. Without a batch in progress the newest frame may
    /// be in the writer's hands: call this before <see cref="CommitLocked(object)"/> or <see cref="AbandonLocked"/>.
    /// </summary>
    public void PoisonLocked(Exception reason)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        // In this order: a frame that is given back to a log without a fault can be taken by the writer at once.
        _commits.Poison(reason.Message, reason);
        _appender.Abandon();
    }

    /// <summary>
    /// The body of a published record, from the mapping. The caller holds a pin while it uses the span. On a poisoned log the record's
    /// checksum is verified first.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    /// <exception cref="LogDamagedException">The checksum is wrong.</exception>
    public ReadOnlySpan<byte> Read(RecordLocation location)
    {
        if (_commits.Fault is not null)
            return ReadVerified(location);
        var (file, place) = Resolve(location);
        return file.Map.Slice(place.Offset, location.Length);
    }

    /// <summary>
    /// The body of a published record whose checksum is right, from the mapping. The caller holds a pin while it uses the span.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    /// <exception cref="LogDamagedException">The checksum is wrong.</exception>
    public ReadOnlySpan<byte> ReadVerified(RecordLocation location) => ReadVerified(location, out _);

    /// <summary>The same, with the kind of the record, which compaction may have changed, as it may its length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    /// <exception cref="LogDamagedException">The checksum is wrong.</exception>
    public ReadOnlySpan<byte> ReadVerified(RecordLocation location, out byte kind)
    {
        var (file, place) = Resolve(location);
        var start = place.Offset - LogFormat.RecordHeaderBytes;
        var hasMoved = place.File != location.File;
        var bytes = hasMoved ? (int)Math.Min(file.FileBytes - start, LogFormat.RecordHeaderBytes + LogFormat.MaxRecordBytes) : LogFormat.RecordHeaderBytes + LogFormat.RoundUp(location.Length, 8);
        var record = file.Map.Slice(start, bytes);
        if (!RecordHeader.TryDecode(record, out var header) || (!hasMoved && header.Length != location.Length) || !header.Matches(record))
            throw DamageAt(location, "the checksum of the record is wrong");
        kind = header.Kind;
        return record.Slice(LogFormat.RecordHeaderBytes, header.Length);
    }

    /// <summary>
    /// The body of any record, published or not. The span is valid until the gate is left or the next batch begins. What comes from the
    /// file is verified: the caller may write it again, under a new checksum that would vouch for changed bytes.
    /// </summary>
    /// <exception cref="LogDamagedException">The checksum is wrong.</exception>
    /// <exception cref="LogPoisonedException">A fault kept the record from being written.</exception>
    public ReadOnlySpan<byte> ReadLocked(RecordLocation location) => ReadLocked(location, out _);

    /// <summary>The same, with the kind of a record that comes from the file, which compaction may have changed; of others 0.</summary>
    /// <exception cref="LogDamagedException">The checksum is wrong.</exception>
    /// <exception cref="LogPoisonedException">A fault kept the record from being written.</exception>
    public ReadOnlySpan<byte> ReadLocked(RecordLocation location, out byte kind)
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        ThrowIfClosedLocked();
        kind = 0;
        if (_appender.Current is { } current && current.TryRead(location, out var body))
            return body;
        if (_commits.TryRead(location, out body))
            return body;
        // The frames that a fault dropped: their place in the file is empty, which is no damage.
        if (_commits.Fault is not null && !_commits.WasWritten(FileOf(location).LsnAt(location.Offset)))
            _commits.ThrowIfFaulted();
        return ReadVerified(location, out kind);
    }

    /// <summary>
    /// The report of a published record that is not what was written: the file's name, the offset where the record starts, its header
    /// included, and the lsn of its frame. The caller holds a pin, or the gate.
    /// </summary>
    /// <param name="what">What was found, in words.</param>
    public LogDamagedException DamageAt(RecordLocation location, string what)
    {
        var (file, place) = Resolve(location);
        var start = place.Offset - LogFormat.RecordHeaderBytes;
        return new LogDamagedException(file.Name, start, FrameReader.LsnOfFrame(file, start), what);
    }

    /// <summary>Keeps every file mapped until the result is disposed, once. No lock, no allocation.</summary>
    /// <exception cref="LogClosedException">Closing has begun.</exception>
    public ReadPin Pin() => _pins.Pin();

    /// <summary>
    /// Keeps everything readable that a state of now refers to, until the result is disposed, once: for a state that is read under one pin
    /// and another. Closing does not wait for it. Taken before the state is.
    /// </summary>
    public ReadPin Hold() => _views.Pin();

    /// <summary>The file in which a record can be read, and where in it. The caller holds a pin, or the gate.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public (LogFile File, RecordPlace Place) Resolve(RecordLocation location)
    {
        var file = FileOf(location);
        var place = new RecordPlace(location.File, location.Offset);
        // What did not count when its file was replaced is read where it was, by those who began before that.
        while (file.Moved is { } moved && moved.TryFind(place.Offset, out var next))
        {
            place = next;
            file = _files.Find(next.File)!;
        }

        return (file, place);
    }

    /// <summary>Where a record is now, since its file was compacted, or was. The caller holds a pin, or the gate.</summary>
    public RecordPlace PlaceOf(RecordLocation location) => Resolve(location).Place;

    /// <summary>Whether records of a file lie elsewhere by now, or the file is gone. The caller need hold nothing.</summary>
    public bool HasMoved(int file) => _files.Find(file) is not { Moved: null };

    /// <summary>The salt of a log file, which no other file ever has; null: there is no file of that number.</summary>
    public ulong? SaltOf(int file) => _files.Find(file)?.Salt;

    /// <summary>Bytes of a published record's body, which compaction may have changed. The caller holds a pin, or the gate.</summary>
    public int LengthOf(RecordLocation location)
    {
        var (file, place) = Resolve(location);
        if (place.File == location.File)
            return location.Length;
        var start = place.Offset - LogFormat.RecordHeaderBytes;
        return RecordHeader.TryDecode(file.Map.Slice(start, (int)Math.Min(file.FileBytes - start, LogFormat.RecordHeaderBytes + LogFormat.MaxRecordBytes)), out var header)
            ? header.Length
            : location.Length;
    }

    /// <summary>The position in the log of a record, as it lies now. The caller holds a pin, or the gate.</summary>
    public ulong LsnOf(RecordLocation location)
    {
        var (file, place) = Resolve(location);
        return file.LsnAt(place.Offset);
    }

    /// <summary>
    /// Ends the file that frames go into, so that what was committed before can be compacted. Between two batches. A
    /// <see cref="FlushAsync"/> makes it durable.
    /// </summary>
    /// <returns>The lsn at which the log goes on: a batch ends there, whereas a file that ends by being full may end in the middle of one.</returns>
    /// <exception cref="LogDiskFullException">There is no room for the next one; nothing changed.</exception>
    /// <exception cref="LogPoisonedException">A write failed earlier, or preparing the next file failed.</exception>
    /// <exception cref="LogClosedException">The log is closed.</exception>
    public ulong EndFileLocked()
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        ThrowIfClosedLocked();
        var lsn = _appender.EndFile();
        Volatile.Write(ref _batchEnd, lsn);
        return lsn;
    }

    /// <summary>Makes the next file, and what follows from it, a small one: see <see cref="LogFileSet.Shrink"/>.</summary>
    public void ShrinkNextFile(long fileBytes) => _files.Shrink(fileBytes);

    /// <summary>The files that have ended, durably and up to an lsn, from the first on.</summary>
    public IReadOnlyList<LogFile> EndedFiles(ulong end = ulong.MaxValue) => _files.EndedTo(Math.Min(end, _commits.DurableLsn));

    /// <summary>Replaces a range of files that have ended by what counts in them: see <see cref="LogCompaction"/>.</summary>
    public Task<LogCompactionReport> CompactAsync(
        IReadOnlyList<LogFile> range, IRecordChoice choice, long bytesPerSecond, Action<long> progress, CancellationToken cancellationToken) =>
        _compaction.RunAsync(range, choice, bytesPerSecond, progress, cancellationToken);

    /// <summary>Completes when everything committed before the call is durable.</summary>
    public Task FlushAsync() => _commits.FlushAsync();

    /// <summary>
    /// The log with everything in it that was acknowledged before the call, as it lies in the files; the caller holds a pin until it has
    /// let go of the result. Writers go on. A log that failed to write has the durable part of it, where that is all that was acknowledged.
    /// </summary>
    /// <param name="mayLink">Whether its files will be linked: then recovery is told first never to write to them again.</param>
    /// <exception cref="LogPoisonedException">A write failed earlier, and acknowledged bytes may not be durable.</exception>
    /// <exception cref="LogDiskFullException">No room for a manifest.</exception>
    /// <exception cref="LogClosedException">The log is closed.</exception>
    public async Task<LogSnapshot> TakeSnapshotAsync(bool mayLink)
    {
        try
        {
            await FlushAsync().ConfigureAwait(false);
        }
        catch (LogPoisonedException) when (_options.Durability == Durability.PowerLoss)
        {
            mayLink = false;
        }

        return _files.TakeSnapshot(mayLink);
    }

    /// <summary>
    /// The log exactly as it is sequenced, all of it durable and published. Waits for a flush with the gate held. The caller holds a pin
    /// until it has let go of the result.
    /// </summary>
    /// <exception cref="LogPoisonedException">A write failed earlier.</exception>
    /// <exception cref="LogClosedException">The log is closed.</exception>
    public LogSnapshot TakeSnapshotLocked()
    {
        Debug.Assert(Gate.IsHeldByCurrentThread, "the gate is held");
        ThrowIfClosedLocked();
        // The writer thread never takes the gate, and no caller's code runs on it.
        FlushAsync().GetAwaiter().GetResult();
        return _files.TakeSnapshot(seal: false);
    }

    /// <summary>
    /// Writes the checkpoint of a snapshot, in place of an older one. Until it has its name the older one is what an opening uses, and from
    /// then on it is this one: the manifest that says that all of it is durable comes first. The caller holds a pin.
    /// </summary>
    /// <param name="snapshot">The log that the state is that of; at least one file.</param>
    /// <param name="payloadBytes">Bytes of the payload.</param>
    /// <param name="write">Writes the payload.</param>
    /// <exception cref="StorageIOException">It cannot be written. Nothing is lost by that.</exception>
    /// <exception cref="LogPoisonedException">A write failed earlier, or that of the manifest now.</exception>
    /// <exception cref="LogClosedException">The log is closed.</exception>
    public void WriteCheckpoint(LogSnapshot snapshot, long payloadBytes, Action<CheckpointWriter> write) =>
        LogCheckpoint.Write(FileSystem, Directory, snapshot, payloadBytes, write, () => _files.RecordDurable(snapshot.EndLsn));

    /// <summary>
    /// Finishes the commits that were sequenced, records the clean end, waits for the pins, unmaps and lets go of the directory, also where
    /// something fails that nobody expects, which is thrown then. May be called again, and at the same time.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        lock (_closeGate)
            return new ValueTask(_closing ??= Task.Run(CloseAsync));
    }

    private async Task CloseAsync()
    {
        lock (Gate)
        {
            _isClosed = true;
            _appender.Abandon();
        }

        _pending.End(static () => new LogClosedException());
        try
        {
            await StopAllAsync().ConfigureAwait(false);
            if (_commits.Fault is null)
            {
                _indexes.Finish();
                _files.WriteManifest(isClean: true);
            }
        }
        catch (IOException)
        {
            // Nothing acknowledged is lost: the next open recovers as after a crash.
        }
        finally
        {
            await _pins.CloseAsync().ConfigureAwait(false);
            try
            {
                lock (Gate)
                {
                    _files.DisposeFiles();
                    _buffers.FreeAll();
                }
            }
            finally
            {
                _lock.Dispose();
            }
        }
    }

    /// <summary>
    /// Completes when nothing is at work any more, also where some of it fails: whoever has the directory next is alone in it.
    /// </summary>
    private async Task StopAllAsync()
    {
        Func<Task>[] parts =
        [
            async () => await _compaction.DisposeAsync().ConfigureAwait(false),
            () =>
            {
                _commits.Stop();
                return _commits.Stopped;
            },
            _files.StopAsync,
            _indexes.StopAsync,
            async () => await _scrub.DisposeAsync().ConfigureAwait(false),
        ];
        var stopped = new List<Task>();
        // One after the other: a part may still begin something of the next.
        foreach (var stop in parts)
        {
            var task = stop();
            await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopped.Add(task);
        }

        await Task.WhenAll(stopped).ConfigureAwait(false);
    }

    private async Task WhenQuietAsync()
    {
        // In this order: what has been prepared begins an index as its last act.
        await _files.Ahead.ConfigureAwait(false);
        await _indexes.Work.ConfigureAwait(false);
    }

    private LogFile FileOf(RecordLocation location)
    {
        if (_files.Find(location.File) is not { } file)
            throw new ArgumentOutOfRangeException(nameof(location), $"There is no log file {location.File}.");
        if (location.Offset < LogFormat.FileHeaderBytes + LogFormat.FrameHeaderBytes + LogFormat.RecordHeaderBytes)
            throw new ArgumentOutOfRangeException(nameof(location), $"No record lies at offset {location.Offset}.");
        return file;
    }

    private void ThrowIfClosedLocked()
    {
        if (_isClosed)
            throw new LogClosedException();
    }

    private sealed class OfferedLead(GroupCommit commits) : IThreadPoolWorkItem
    {
        public void Execute() => commits.LeadOffered();
    }
}
