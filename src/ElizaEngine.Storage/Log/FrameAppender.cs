using System.Diagnostics;

namespace ElizaEngine.Storage;

/// <summary>
/// Puts batches into frames. Used under the log's gate only.
/// <list type="bullet">
/// <item>A frame holds whole batches, or is a link of a chain that holds one batch and nothing else.</item>
/// <item>A frame's place is fixed before its first record, so locations are final.</item>
/// <item>A batch that fails to begin changed nothing; one that is abandoned leaves nothing that counts.</item>
/// </list>
/// </summary>
internal sealed class FrameAppender
{
    private readonly LogFileSet _files;
    private readonly GroupCommit _commits;
    private readonly PendingBytes _pending;
    private readonly FrameBuffers _buffers;
    private readonly LogOptions _options;
    private readonly CommitWaiterPool _waiters = new();
    private LogFile? _tailFile;
    private long _tailOffset;
    private ulong _tailLsn;
    private LogFrame? _newest; // When set, the tail is its end.
    private LogFrame? _frame; // Of the batch in progress; null before the first record of a chain.
    private bool _inBatch;
    private bool _isChain;
    private bool _isChainStarted;
    private long _bytesLeft;
    private int _markBytes;
    private uint _markRecords;
    private long _frameId;

    public FrameAppender(LogFileSet files, GroupCommit commits, PendingBytes pending, FrameBuffers buffers, LogOptions options,
        LogTail tail)
    {
        _files = files;
        _commits = commits;
        _pending = pending;
        _buffers = buffers;
        _options = options;
        _tailFile = tail.File;
        _tailOffset = tail.Offset;
        _tailLsn = tail.Lsn;
    }

    public long FrameId => _inBatch ? _frameId : throw new InvalidOperationException("No batch is in progress.");

    /// <summary>The frame of the batch in progress, which nobody else can see.</summary>
    public LogFrame? Current => _frame;

    public void Begin(long bytesMax)
    {
        if (_inBatch)
            throw new InvalidOperationException("A batch is in progress.");
        _buffers.FreeRetired();
        _isChain = bytesMax > _options.FrameBytes;
        var open = _commits.TakeOpen();
        if (open is not null && (_isChain || !open.CanHold(bytesMax)))
        {
            _commits.Enqueue(open);
            open = null;
        }

        if (_isChain)
        {
            EnsureRoomForChain(bytesMax);
            _frame = null;
            _isChainStarted = false;
            _frameId++;
        }
        else
        {
            _frame = open ?? StartFrame((int)bytesMax, _options.FrameBytes, FrameFlags.None, _frameId + 1);
            _frameId = _frame.Id;
            _markBytes = _frame.PayloadBytes;
            _markRecords = _frame.Records;
        }

        _bytesLeft = bytesMax;
        _inBatch = true;
    }

    public Span<byte> Append(byte kind, int length, out RecordLocation location, int alignment, int alignedOffset)
    {
        if (!_inBatch)
            throw new InvalidOperationException("No batch is in progress.");
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > LogFormat.MaxRecordBytes)
            throw new LogRecordTooLargeException(length, LogFormat.MaxRecordBytes);
        if (alignment is < 8 or > LogFormat.MaxBlockBytes || (alignment & (alignment - 1)) != 0 || alignedOffset < 0
            || alignedOffset % 8 != 0)
            throw new ArgumentException(
                $"A body cannot have its byte {alignedOffset} aligned to {alignment}: bodies start at multiples of 8.");
        var bytes = LogFormat.RecordBytes(length, alignment);
        if (bytes > _bytesLeft)
            throw new InvalidOperationException($"The batch appends more than it announced: {bytes} bytes with {_bytesLeft} left.");

        if (_isChain)
            ContinueChain(bytes);
        _bytesLeft -= bytes;
        Debug.Assert(_frame!.CanHold(bytes), "the frame was started with room for the batch");
        return _frame.Append(kind, length, alignment, alignedOffset, out location);
    }

    public ValueTask Commit(object state, bool mayLead, out bool leads)
    {
        leads = false;
        if (!_inBatch)
            throw new InvalidOperationException("No batch is in progress.");
        var frame = _frame ?? StartFrame(0, 0, FrameFlags.None, _frameId);
        var waiter = _waiters.Rent();
        var task = waiter.Task;
        frame.AddWaiter(waiter);
        frame.State = state;
        _pending.Add(frame.PayloadBytes - (_isChain ? 0 : _markBytes));
        _inBatch = false;
        _frame = null;
        if (_isChain)
            _commits.Enqueue(frame);
        else
            leads = _commits.ReturnOpen(frame, mayLead);
        return task;
    }

    public void Abandon()
    {
        if (!_inBatch)
            return;
        _inBatch = false;
        var frame = _frame;
        _frame = null;
        if (frame is null)
            return;
        if (!_isChain && frame.Commits > 0)
        {
            frame.RollBack(_markBytes, _markRecords);
            _commits.ReturnOpen(frame, mayLead: false);
            return;
        }

        // Nobody has seen this frame: its place is free again. Links of a chain that were handed over stay, and count for nothing
        // because the next frame does not continue them.
        _tailFile = frame.File;
        _tailOffset = frame.Offset;
        _tailLsn = frame.Lsn;
        _newest = null;
        _buffers.Return(frame.Buffer);
    }

    /// <summary>The log goes on in another file, if this one holds anything, from the lsn that is returned. Between two batches.</summary>
    /// <exception cref="LogDiskFullException">There is no room for it; nothing changed.</exception>
    /// <exception cref="LogPoisonedException">A write failed earlier, or preparing the file failed.</exception>
    public ulong EndFile()
    {
        if (_inBatch)
            throw new InvalidOperationException("A batch is in progress.");
        if (_commits.TakeOpen() is { } open)
            _commits.Enqueue(open);
        var tail = Tail();
        if (tail.File is null || tail.Offset == LogFormat.FileHeaderBytes)
            return tail.Lsn;
        Advance(tail.Lsn, LogFormat.FrameHeaderBytes);
        return tail.Lsn;
    }

    /// <summary>
    /// Goes on in the next file, which has room for a frame of this size. The one before has ended then, and recovery reads it no further:
    /// whatever fails from here on, nothing is appended to it any more.
    /// </summary>
    private void Advance(ulong lsn, long frameBytes)
    {
        (_tailFile, _tailOffset, _tailLsn) = (_files.Advance(lsn, frameBytes), LogFormat.FileHeaderBytes, lsn);
        _newest = null;
        _files.Advanced();
    }

    private void ContinueChain(long bytes)
    {
        if (_frame is { } full)
        {
            if (full.CanHold(bytes))
                return;
            full.Flags |= FrameFlags.Continues;
            _pending.Add(full.PayloadBytes);
            _commits.Enqueue(full);
            _frame = null;
            _isChainStarted = true;
            _commits.WaitForRoom();
        }

        var flags = _isChainStarted ? FrameFlags.Continued : FrameFlags.None;
        _frame = StartFrame((int)bytes, (int)Math.Max(bytes, _options.FrameBytes), flags, _frameId);
    }

    private void EnsureRoomForChain(long bytesMax)
    {
        var tail = Tail();
        var frames = (bytesMax / _options.FrameBytes) + 2;
        var wanted = bytesMax + (frames * (LogFormat.FrameHeaderBytes + LogFormat.MaxBlockBytes));
        var here = tail.File is null ? 0 : tail.File.BlocksEnd - tail.Offset;
        if (here < wanted)
            _files.EnsureRoom(wanted - Math.Min(here, wanted / 2));
    }

    /// <summary>Begins a frame behind the newest one, in the next file when this one has no room.</summary>
    private LogFrame StartFrame(int payloadMin, int payloadMax, FrameFlags flags, long id)
    {
        var tail = Tail();
        if (tail.File is null || tail.File.BlocksEnd - tail.Offset < LogFormat.FrameHeaderBytes + payloadMin)
        {
            Advance(tail.Lsn, LogFormat.FrameHeaderBytes + payloadMin);
            tail = Tail();
        }

        var file = tail.File!;
        var limit = (int)Math.Min(payloadMax, file.BlocksEnd - tail.Offset - LogFormat.FrameHeaderBytes) & -8;
        var frame = new LogFrame(id, file, (int)tail.Offset, tail.Lsn, limit, flags, _buffers.Rent(LogFrame.BufferBytes(limit)));
        _newest = frame;
        return frame;
    }

    private LogTail Tail() => _newest is { } newest
        ? new LogTail(newest.File, newest.Offset + newest.OccupiedBytes, newest.EndLsn)
        : new LogTail(_tailFile, _tailOffset, _tailLsn);
}
