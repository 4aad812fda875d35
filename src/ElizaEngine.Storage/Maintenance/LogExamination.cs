namespace ElizaEngine.Storage;

/// <summary>
/// Reads a log from its first frame to its last, over everything that is damaged, and writes nothing.
/// <list type="bullet">
/// <item>Where the log must go on is known from what is valid: a frame header vouches for its own place with its checksum, which holds the
/// salt of the file, and for everything below its synced lsn.</item>
/// <item>What was never promised to be durable, at the end of a log that was not closed, is no damage: recovery cuts it.</item>
/// <item>Bytes are hostile: every length is checked before use, every loop ends with the file.</item>
/// </list>
/// </summary>
internal sealed class LogExamination
{
    private readonly List<ExaminedFile> _files;
    private readonly ulong? _closedLsn;
    private readonly ILogVisitor _visitor;
    private readonly Action<long> _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<LogPiece> _chain = [];
    private readonly ulong _proven; // Some valid header, or the manifest, says that everything below it was durable.
    private ulong _lsn;
    private ulong _syncedLsn;
    private ExaminedFile? _whollyLost;
    private ExaminedFile? _last; // Of the last piece,
    private long _lastPayloadEnd; // whose payload ends there; behind it are zeros, to the end of its block.

    private LogExamination(List<ExaminedFile> files, ulong startLsn, ulong durableLsn, bool isClosed, ILogVisitor visitor, Action<long> progress,
        CancellationToken cancellationToken)
    {
        _files = files;
        _lsn = startLsn;
        _closedLsn = isClosed ? durableLsn : null;
        _visitor = visitor;
        _progress = progress;
        _cancellation = cancellationToken;
        _proven = files.Where(static file => !file.Entry.IsSealed).Select(file => file.HighestPromise(files)).Append(durableLsn).Max();
    }

    public List<LogFinding> Findings { get; } = [];

    /// <summary>What has to be replaced so that the log can be opened.</summary>
    public List<DamagedPiece> Damaged { get; } = [];

    public ulong EndLsn => _lsn;

    /// <summary>Zeros in which something lies: behind the last frame, in front of one that is gone, in a header block.</summary>
    public List<(ExaminedFile File, long Offset, long Bytes)> Strays { get; } = [];

    public long Frames { get; private set; }

    public long Records { get; private set; }

    /// <summary>Examines files in the order of the log.</summary>
    /// <param name="durableLsn">What the manifest says; with <paramref name="isClosed"/> the log ends there.</param>
    public static LogExamination Run(
        Guid databaseId, List<ExaminedFile> files, ulong startLsn, ulong durableLsn, bool isClosed, ILogVisitor visitor, Action<long> progress,
        CancellationToken cancellationToken)
    {
        var examination = new LogExamination(files, startLsn, durableLsn, isClosed, visitor, progress, cancellationToken);
        foreach (var file in files)
        {
            if (file.CheckShell(databaseId) is not { } finding)
                continue;
            file.NeedsNewShell = true;
            examination.Findings.Add(finding);
        }

        examination.Follow();
        examination.LookBehindTheEnd();
        return examination;
    }

    private void Follow()
    {
        LogPiece? waiting = null;
        foreach (var piece in Pieces())
        {
            _cancellation.ThrowIfCancellationRequested();
            if (waiting is { } ready)
                Accept(ready, piece);
            waiting = piece;
        }

        if (waiting is { } last)
            Accept(last, null);
        EndChain(isComplete: false);
        if (_whollyLost is { } gone)
            _visitor.VisitLost(new LostBytes(gone.Name, LogFormat.FileHeaderBytes, 0, _lsn, _lsn, null, "the file is missing; whether anything was in it is not known"), default);
    }

    private IEnumerable<LogPiece> Pieces()
    {
        ExaminedFile? current = null;
        ExaminedFile? gone = null; // Not sealed, no valid frame in it: what is missing may have been there.
        ExaminedFile? blank = null; // Neither, nor anything else behind its header block: cut off or never used.
        for (var i = 0; i < _files.Count; i++)
        {
            var file = _files[i];
            var start = file.Entry.IsSealed ? file.Entry.FirstLsn : file.FindFirstLsn() ?? 0;
            if (file.Entry.IsSealed ? file.Entry.FirstLsn == file.Entry.EndLsn : start < _lsn || file.IsMissing || file.FindFirstLsn() is null)
            {
                if (file.Entry.IsSealed)
                    continue;
                if (file.IsMissing || !file.IsBlank)
                    gone ??= file;
                else
                    blank ??= file;
                continue;
            }

            if (start > _lsn)
            {
                // Frames that were written ahead of the last durable one, and never acknowledged.
                if (!file.Entry.IsSealed && _proven <= _lsn)
                    continue;
                foreach (var hole in Hole(current, gone, blank, start))
                    yield return hole;
            }

            current = file;
            gone = blank = null;
            file.FirstLsn = _lsn;
            foreach (var piece in file.Entry.IsSealed ? Sealed(file) : Open(file, StartBehind(i)))
                yield return piece;
            file.EndLsn = _lsn;
            // Between a copy and what comes next there is nothing.
            if (file.Entry.IsCopy)
                _lsn = file.Entry.ResumeLsn;
        }

        if (_proven > _lsn)
        {
            foreach (var hole in Hole(current, gone, blank, _proven))
                yield return hole;
        }
        else if (gone is { IsMissing: true } && _closedLsn is null)
        {
            _whollyLost = gone;
        }
    }

    private ulong? StartBehind(int index)
    {
        for (var i = index + 1; i < _files.Count; i++)
        {
            var next = _files[i];
            if (next.Entry.IsSealed ? next.Entry.EndLsn > next.Entry.FirstLsn : next.FindFirstLsn() > _lsn)
                return next.Entry.IsSealed ? next.Entry.FirstLsn : next.FindFirstLsn();
        }

        return null;
    }

    /// <summary>Of a file whose end is known: every byte up to there.</summary>
    private IEnumerable<LogPiece> Sealed(ExaminedFile file)
    {
        var end = LogFormat.FileHeaderBytes + (long)(file.Entry.EndLsn - file.Entry.FirstLsn);
        for (long offset = LogFormat.FileHeaderBytes; offset < end;)
        {
            var piece = FrameAt(file, offset, out var problem) is { } frame && offset + frame.Bytes <= end
                ? frame
                : Unreadable(file, offset, file.FindFrame(offset + file.Entry.BlockBytes, _lsn + (ulong)file.Entry.BlockBytes, end) ?? end, problem);
            offset += piece.Bytes;
            _lsn += (ulong)piece.Bytes;
            yield return piece;
        }
    }

    /// <summary>Of a file whose end is where its frames end, or where the next file begins.</summary>
    private IEnumerable<LogPiece> Open(ExaminedFile file, ulong? next)
    {
        for (long offset = LogFormat.FileHeaderBytes; offset < file.Entry.FileBytes && _lsn != next && _lsn != _closedLsn;)
        {
            var frame = FrameAt(file, offset, out var problem);
            if (_proven <= _lsn && frame?.State != LogPieceState.Whole)
                yield break;
            if (frame is not { } piece)
            {
                var end = file.FindFrame(offset + file.Entry.BlockBytes, _lsn + (ulong)file.Entry.BlockBytes, file.Entry.FileBytes)
                    ?? offset + (long)((next ?? _proven) - _lsn);
                if (end <= offset || end > file.Entry.FileBytes)
                    yield break;
                piece = Unreadable(file, offset, end, problem);
            }

            offset += piece.Bytes;
            _lsn += (ulong)piece.Bytes;
            yield return piece;
        }
    }

    /// <summary>
    /// Lsns that no file accounts for, up to <paramref name="end"/>. They were in the file that is gone, or behind the last one. Behind a
    /// copy nothing can be: there, and where no file comes before, they were in the blank one.
    /// </summary>
    private IEnumerable<LogPiece> Hole(ExaminedFile? current, ExaminedFile? gone, ExaminedFile? blank, ulong end)
    {
        var bytes = (long)(end - _lsn);
        if (current is null or { Entry.IsCopy: true })
            gone ??= blank;
        var file = gone ?? current;
        if (file is null || file.Entry.IsCopy)
            throw new LogDamagedException(FileNames.Manifest(1), 0, _lsn, $"no file is left that could hold lsn {_lsn} to {end}");
        var offset = file == gone ? LogFormat.FileHeaderBytes : LogFormat.FileHeaderBytes + (long)(_lsn - file.FirstLsn);
        if (file == gone)
            file.FirstLsn = _lsn;
        var piece = Unreadable(file, offset, offset + bytes, file.IsMissing ? "the file is missing" : "the frames are gone");
        _lsn = end;
        file.EndLsn = end;
        yield return piece;
    }

    private LogPiece? FrameAt(ExaminedFile file, long offset, out string problem)
    {
        if (!file.TryHeader(offset, _lsn, out var header, out problem))
            return null;
        var isWhole = file.HasPayload(offset, header);
        problem = isWhole ? "" : "the checksum of the frame's payload is wrong";
        return new LogPiece(file, offset, header.OccupiedBytes(file.Entry.BlockBytes), _lsn,
            isWhole ? LogPieceState.Whole : LogPieceState.DamagedPayload, header, problem);
    }

    private LogPiece Unreadable(ExaminedFile file, long offset, long end, string problem) =>
        new(file, offset, end - offset, _lsn, LogPieceState.Unreadable, default, problem.Length > 0 ? problem : "the frame reaches over the end of the file");

    private void Accept(LogPiece piece, LogPiece? next)
    {
        _progress(piece.Bytes);
        if (piece.State != LogPieceState.Whole)
            Findings.Add(new LogFinding(piece.File.Name, piece.Offset, piece.Lsn, piece.Problem));
        Frames += piece.State == LogPieceState.Unreadable ? 0 : 1;
        var flags = piece.Header.Flags;
        if (piece.State == LogPieceState.Unreadable)
        {
            // What cannot be read went on with what stands before it, and went on in what stands behind it: nothing else is known.
            flags = (_chain.Count > 0 ? FrameFlags.Continued : 0) | (next is { State: not LogPieceState.Unreadable, Header.Flags: var behind }
                && (behind & FrameFlags.Continued) != 0 ? FrameFlags.Continues : 0);
            piece = piece with { Header = piece.Header with { Flags = flags } };
        }

        if ((flags & FrameFlags.Continued) != 0 && _chain.Count == 0)
        {
            Findings.Add(new LogFinding(piece.File.Name, piece.Offset, piece.Lsn, "the frame continues a batch that did not begin"));
            piece = piece with { Header = piece.Header with { Flags = flags & ~FrameFlags.Continued } };
        }
        else if ((flags & FrameFlags.Continued) == 0)
        {
            EndChain(isComplete: false);
        }

        if (piece.State == LogPieceState.Unreadable && _last == piece.File)
            LookForStrays(piece.File, _lastPayloadEnd, piece.Offset);
        _chain.Add(piece);
        _last = piece.File;
        _lastPayloadEnd = piece.State == LogPieceState.Whole ? piece.Offset + LogFormat.FrameHeaderBytes + piece.Header.PayloadBytes : piece.Offset + piece.Bytes;
        _syncedLsn = Math.Max(_syncedLsn, Math.Min(piece.Header.SyncedLsn, piece.Lsn));
        if ((flags & FrameFlags.Continues) == 0)
            EndChain(isComplete: true);
    }

    private void EndChain(bool isComplete)
    {
        foreach (var piece in _chain)
            Deliver(piece, isComplete);
        _chain.Clear();
    }

    /// <summary>Hands the records over. Those of a batch that was never complete count for nothing, and are not lost.</summary>
    private void Deliver(LogPiece piece, bool isComplete)
    {
        var start = piece.Offset + LogFormat.FrameHeaderBytes;
        var length = piece.State == LogPieceState.Unreadable ? piece.Bytes - LogFormat.FrameHeaderBytes : piece.Header.PayloadBytes;
        var payload = piece.File.Slice(start, length);
        var keep = new List<(long, int)>();
        var isWhole = piece.State == LogPieceState.Whole;
        var found = RecordSalvage.Search(payload, piece.State == LogPieceState.Unreadable ? piece.File.Entry.BlockBytes : 0, start);
        foreach (var record in found)
        {
            if (!isComplete)
                continue;
            var bytes = payload.Slice(record.Offset, record.Bytes);
            // Nothing fits into 8 bytes that are left behind a record: only where the headers of frames without blocks are gone.
            var leavesTooLittle = piece.State == LogPieceState.Unreadable && piece.File.Entry.BlockBytes == 8
                && record.Offset + record.Bytes == length - 8;
            var problem = !record.IsWhole ? "the checksum of the record is wrong"
                : leavesTooLittle ? "the frame around the record is gone"
                : Visit(piece, record, bytes);
            if (problem is null)
            {
                keep.Add((start + record.Offset, record.Bytes));
                Records++;
                continue;
            }

            if (piece.State == LogPieceState.Whole)
                Findings.Add(new LogFinding(piece.File.Name, start + record.Offset, piece.Lsn, problem));
            isWhole = false;
            Lose(piece, start + record.Offset, record.Bytes, record.Kind, bytes, problem);
        }

        // Nothing of it is there any more.
        if (isComplete && payload.Length < length && piece.State != LogPieceState.Whole)
            Lose(piece, start + payload.Length, length - payload.Length, null, default, piece.Problem);
        else if (isComplete && found.Count == 0 && piece.State == LogPieceState.Unreadable)
            Lose(piece, piece.Offset, piece.Bytes, null, default, piece.Problem);
        if (!isWhole || piece.Header.Flags != FlagsOnDisk(piece))
            Damaged.Add(new DamagedPiece(piece, piece.Header.Flags, Math.Min(_syncedLsn, piece.Lsn), keep));
    }

    private string? Visit(LogPiece piece, RecordSalvage.Find record, ReadOnlySpan<byte> bytes)
    {
        if (!RecordHeader.TryDecode(bytes, out var header))
            return "the record does not fit into its frame";
        var body = piece.Offset + LogFormat.FrameHeaderBytes + record.Offset + LogFormat.RecordHeaderBytes;
        var location = new RecordLocation(piece.File.Entry.Number, (int)body, header.Length);
        return _visitor.Visit(header.Kind, bytes.Slice(LogFormat.RecordHeaderBytes, header.Length), location, piece.Lsn);
    }

    private void Lose(LogPiece piece, long offset, long bytes, byte? kind, ReadOnlySpan<byte> found, string problem)
    {
        var body = kind is not null && RecordHeader.TryDecode(found, out var header) ? found.Slice(LogFormat.RecordHeaderBytes, header.Length) : default;
        _visitor.VisitLost(new LostBytes(piece.File.Name, offset, bytes, piece.Lsn, piece.EndLsn, kind, problem), body);
    }

    private static FrameFlags FlagsOnDisk(LogPiece piece) => piece.State == LogPieceState.Unreadable
        ? (FrameFlags)uint.MaxValue
        : piece.File.TryHeader(piece.Offset, piece.Lsn, out var header, out _) ? header.Flags : (FrameFlags)uint.MaxValue;

    private void LookBehindTheEnd()
    {
        if (_closedLsn is { } closed && _lsn != closed)
            Findings.Add(new LogFinding(_files.Count > 0 ? _files[^1].Name : "", 0, _lsn, $"the log was closed at lsn {closed}, but ends at lsn {_lsn}"));
        foreach (var file in _files.Where(static file => !file.Entry.IsSealed && !file.IsMissing))
        {
            var isUsed = file.EndLsn > file.FirstLsn;
            var from = isUsed ? LogFormat.FileHeaderBytes + (long)(file.EndLsn - file.FirstLsn) : LogFormat.FileHeaderBytes;
            // As opening does.
            if (_closedLsn is null && (!isUsed || file == _last))
                LookForStrays(file, isUsed ? _lastPayloadEnd : LogFileHeader.FieldBytes, from);
            // In a file in the middle the log has gone on elsewhere.
            if (file.EndOfData(from) == from || (isUsed && file.EndLsn != _lsn))
                continue;
            Findings.Add(new LogFinding(file.Name, from, _lsn,
                _closedLsn is null ? "bytes of a write that was never acknowledged; opening cuts them off" : "the log was closed before these bytes",
                IsDamage: _closedLsn is not null));
        }
    }

    /// <summary>No frame's checksum is over these zeros, and a write that landed here may be missing where it belongs.</summary>
    private void LookForStrays(ExaminedFile file, long from, long to)
    {
        if (!file.Slice(from, to - from).ContainsAnyExcept((byte)0))
            return;
        Strays.Add((file, from, to - from));
        Findings.Add(new LogFinding(file.Name, from, _lsn, "bytes lie where zeros must be: a write went astray"));
    }
}
