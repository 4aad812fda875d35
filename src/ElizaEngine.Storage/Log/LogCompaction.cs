namespace ElizaEngine.Storage;

/// <summary>What a compaction of a range did. Sizes are bytes of files.</summary>
/// <param name="FilesBefore">Log files of the range.</param>
/// <param name="FilesAfter">Copies in their place.</param>
/// <param name="BytesBefore">Of the files of the range.</param>
/// <param name="BytesAfter">Of the copies.</param>
/// <param name="RecordsBefore">Records of whole batches in the range.</param>
/// <param name="RecordsAfter">Records of the copies.</param>
internal readonly record struct LogCompactionReport(
    int FilesBefore, int FilesAfter, long BytesBefore, long BytesAfter, long RecordsBefore, long RecordsAfter);

/// <summary>
/// Replaces ranges of sealed log files by copies of what counts in them, while everybody else goes on.
/// <list type="bullet">
/// <item>The manifest that lists the copies is the one point at which anything changes: before it they are nothing, after it the old
/// files are nothing.</item>
/// <item>Old files lose their names at once, so that their bytes are gone when the last reader of before is. Places in them stay known:
/// readers are led to the copies (<see cref="MovedRecords"/>).</item>
/// <item>It takes the log's gate for an instant only, never for a call to the disk.</item>
/// <item>It copies on a thread of its own, in small pieces, and steps aside while there are commits (<see cref="CopyPace"/>).</item>
/// </list>
/// </summary>
internal sealed class LogCompaction(
    IFileSystem files, string directory, LogOptions options, LogFileSet set, IndexWriting indexes, ReadPins pins, ReadPins views, Lock gate,
    Func<long> commits, Func<ulong> batchEnd)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _sync = new();
    private Task _releasing = Task.CompletedTask;
    private Task _work = Task.CompletedTask;

    /// <summary>Compacts a range. One at a time: others wait.</summary>
    /// <param name="range">
    /// Files that follow each other in the log, have ended, are durable, and begin and end with a whole batch. The choice knows what counted
    /// when all of them had ended, durably, or later.
    /// </param>
    /// <param name="choice">What counts.</param>
    /// <param name="bytesPerSecond">Bytes of the range that are read at most; 0: no limit, and no pause for commits either.</param>
    /// <param name="progress">Told bytes.</param>
    /// <exception cref="LogRangeRefusedException">
    /// The range begins or ends in the middle of a batch, or nobody can say yet that it does not: neither did
    /// <see cref="WriteAheadLog.EndFileLocked"/> end it, nor is there a frame behind it. Nothing was changed.
    /// </exception>
    /// <exception cref="LogRangeTooSmallException">The copies would take more of the log than the range. Nothing was changed.</exception>
    /// <exception cref="LogDamagedException">A frame or a record of the range is damaged. Nothing was changed.</exception>
    /// <exception cref="LogDiskFullException">No room. Nothing was changed.</exception>
    /// <exception cref="LogPoisonedException">A manifest could not be written. The log takes no writes any more.</exception>
    /// <exception cref="StorageIOException">A call to the operating system failed. Nothing was changed.</exception>
    /// <exception cref="LogClosedException">The log is being closed. Nothing was changed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or the log is being closed. Nothing was changed.</exception>
    public Task<LogCompactionReport> RunAsync(
        IReadOnlyList<LogFile> range, IRecordChoice choice, long bytesPerSecond, Action<long> progress, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            if (_stop.IsCancellationRequested)
                return Task.FromException<LogCompactionReport>(new LogClosedException());
            var work = RunAfterAsync(_work, range, choice, bytesPerSecond, progress, cancellationToken);
            _work = work;
            return work;
        }
    }

    /// <summary>Ends what is under way. Once.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_sync)
            _stop.Cancel();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _releasing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task<LogCompactionReport> RunAfterAsync(
        Task before, IReadOnlyList<LogFile> range, IRecordChoice choice, long bytesPerSecond, Action<long> progress, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        stop.Token.ThrowIfCancellationRequested();
        return await OwnThread.Run(() => Copy(range, choice, bytesPerSecond, progress, stop.Token), stop.Token).ConfigureAwait(false);
    }

    private LogCompactionReport Copy(
        IReadOnlyList<LogFile> range, IRecordChoice choice, long bytesPerSecond, Action<long> progress, CancellationToken cancellationToken)
    {
        using var writer = new CopyWriter(
            files, directory, options, range[0].Header.DatabaseId, range[0].FirstLsn, range[^1].NextLsn, set.TakeNumber);
        var isReplaced = false;
        try
        {
            if (FrameAt(range[0], range[0].FirstLsn) is { } first && (first.Flags & FrameFlags.Continued) != 0)
                throw new LogRangeRefusedException(range[0].Name, range[0].FirstLsn, "begins in the middle of a batch");
            var copier = new Copier(choice, writer, range, new CopyPace(bytesPerSecond, commits, cancellationToken));
            for (var family = 0; family < choice.Families; family++)
            {
                if (!copier.Copy(family, progress, cancellationToken) && !IsAbandonedBehind(range[^1]))
                    throw new LogRangeRefusedException(range[^1].Name, range[^1].NextLsn, "ends in the middle of a batch");
                writer.EndFile();
            }

            var entries = writer.Complete();
            var copies = set.Replace(range, entries, copier.Moves()) ?? throw new LogClosedException();
            isReplaced = true;
            indexes.Forget(range);
            foreach (var file in range)
                files.TryDelete(directory + "/" + file.Name);
            Release(range);
            set.Ended();
            return new LogCompactionReport(
                range.Count, copies.Count, range.Sum(static file => file.FileBytes), copies.Sum(static file => file.FileBytes), copier.Records,
                writer.Records);
        }
        catch (Exception error) when (!isReplaced && error is not LogPoisonedException)
        {
            // After a fault of a manifest either one may count: opening knows which, and removes what is of no use.
            writer.Discard();
            throw;
        }
    }

    /// <summary>
    /// Whether the batch that is open at the end of a range was given up, before a crash for one: the file was ended between two batches, or
    /// the frame behind it says so. Else it may still go on.
    /// </summary>
    private bool IsAbandonedBehind(LogFile last) => last.NextLsn == batchEnd() ||
        (set.Used.SkipWhile(file => file != last).Skip(1).FirstOrDefault(file => file.FirstLsn == last.NextLsn) is { } next
        && FrameAt(next, last.NextLsn) is { } frame && (frame.Flags & FrameFlags.Continued) == 0);

    /// <summary>The header of the first frame of a file; null: none has been written there, or not this one.</summary>
    private static FrameHeader? FrameAt(LogFile file, ulong lsn) =>
        FrameReader.TryRead(file, LogFormat.FileHeaderBytes, lsn, out var header, out _) ? header : null;

    /// <summary>Lets go of old files, in the background, when nobody can be reading them any more.</summary>
    private void Release(IReadOnlyList<LogFile> range)
    {
        lock (_sync)
            _releasing = ReleaseAsync(_releasing, range);
    }

    private async Task ReleaseAsync(Task before, IReadOnlyList<LogFile> range)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        try
        {
            // A view reads under a pin now and then: the pins come last.
            await views.DrainAsync(_stop.Token).ConfigureAwait(false);
            await pins.DrainAsync(_stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Closing lets go of them.
            return;
        }

        // Who holds the gate reads without a pin; whoever comes after this finds the copies.
        lock (gate)
        {
        }

        set.Release(range);
    }

    /// <summary>Hands records of one family to the choice, and notes where they go.</summary>
    private sealed class Copier(IRecordChoice choice, CopyWriter writer, IReadOnlyList<LogFile> range, CopyPace pace) : ILogReplay, ICopies
    {
        private readonly Dictionary<int, List<(int Offset, RecordPlace Place)>> _moves = range.ToDictionary(static file => file.Number, static _ => new List<(int, RecordPlace)>());
        private int _family;

        public long Records { get; private set; }

        public IReadOnlyList<MovedRecords> Moves() => [.. range.Select(file => new MovedRecords(file.FileBytes, _moves[file.Number]))];

        /// <summary>Copies a family. False: the last batch has no end in the range, and was left out.</summary>
        public bool Copy(int family, Action<long> progress, CancellationToken cancellationToken)
        {
            _family = family;
            var chain = new FrameChain();
            foreach (var file in range)
            {
                foreach (var place in FrameReader.Frames(file, file.EndLsn))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var records = chain.Add(place, this);
                    if (family == 0)
                        Records += records;
                    progress(place.OccupiedBytes);
                }
            }

            if (chain.Count > 0 && range[^1].NextLsn != range[^1].EndLsn)
                throw new LogDamagedException(range[^1].Name, 0, range[^1].EndLsn, "a copy ends in the middle of a batch");
            return chain.Count == 0;
        }

        public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
        {
            // Between two records, as a frame may have a thousand.
            pace.Spend(LogFormat.RecordBytes(body.Length));
            if (choice.FamilyOf(kind) == _family)
                choice.Choose(kind, body, location, this);
        }

        public void Add(byte kind, ReadOnlySpan<byte> body, RecordLocation? from, int alignment, int alignedOffset)
        {
            var place = writer.Append(kind, body, alignment, alignedOffset);
            if (from is { } old)
                _moves[old.File].Add((old.Offset, place));
        }
    }
}
