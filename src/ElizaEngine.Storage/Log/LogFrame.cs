using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>
/// A frame being built: its place in the log is fixed, its records are appended under the gate, its checksums are computed by the
/// writer thread. Records lie in the buffer as they will lie in the file. It is all that a commit allocates.
/// </summary>
internal sealed class LogFrame
{
    private readonly int _phase;
    private CommitWaiter? _firstWaiter;
    private CommitWaiter? _lastWaiter;

    /// <param name="id">Equal for all frames of a chain.</param>
    /// <param name="offset">Byte offset of the frame in its file.</param>
    /// <param name="limit">Most payload bytes.</param>
    /// <param name="buffer">At least <see cref="BufferBytes"/> of the limit.</param>
    public LogFrame(long id, LogFile file, int offset, ulong lsn, int limit, FrameFlags flags, NativeBuffer buffer)
    {
        Id = id;
        File = file;
        Offset = offset;
        Lsn = lsn;
        Limit = limit;
        Flags = flags;
        Buffer = buffer;
        _phase = offset & 63; // So that an alignment in the file is one in the buffer.
    }

    public long Id { get; }

    public LogFile File { get; }

    public int Offset { get; }

    public ulong Lsn { get; }

    public int Limit { get; }

    public FrameFlags Flags { get; set; }

    public NativeBuffer Buffer { get; }

    public int PayloadBytes { get; private set; }

    public uint Records { get; private set; }

    /// <summary>How many commits wait for this frame.</summary>
    public int Commits { get; private set; }

    /// <summary>The state of the last commit.</summary>
    public object? State { get; set; }

    public int OccupiedBytes => LogFormat.RoundUp(LogFormat.FrameHeaderBytes + PayloadBytes, File.BlockBytes);

    public ulong EndLsn => Lsn + (ulong)OccupiedBytes;

    /// <summary>Bytes of buffer a frame of this limit needs.</summary>
    public static int BufferBytes(int limit) => LogFormat.RoundUp(LogFormat.FrameHeaderBytes + limit, LogFormat.MaxBlockBytes) + 64;

    public bool CanHold(long bytes) => bytes <= Limit - PayloadBytes;

    /// <summary>Adds a record and returns its body, not cleared, for the caller to fill. The caller checked that it fits.</summary>
    public Span<byte> Append(byte kind, int length, int alignment, int alignedOffset, out RecordLocation location)
    {
        var gap = LogFormat.PaddingBytes(Offset + LogFormat.FrameHeaderBytes + PayloadBytes, alignment, alignedOffset);
        if (gap > 0)
            AddRecord(RecordHeader.Padding, gap - LogFormat.RecordHeaderBytes).Clear();
        var body = AddRecord(kind, length);
        var end = Offset + LogFormat.FrameHeaderBytes + PayloadBytes;
        location = new RecordLocation(File.Number, end - LogFormat.RoundUp(length, 8), length);
        return body;
    }

    /// <summary>A commit waits for this frame, too.</summary>
    public void AddWaiter(CommitWaiter waiter)
    {
        if (_lastWaiter is null)
            _firstWaiter = waiter;
        else
            _lastWaiter.Next = waiter;
        _lastWaiter = waiter;
        Commits++;
    }

    /// <summary>Gives away the commit that has waited longest; null: none waits any more.</summary>
    public CommitWaiter? TakeWaiter()
    {
        if (_firstWaiter is not { } waiter)
            return null;
        // Told, it waits for another frame soon.
        _firstWaiter = waiter.Next;
        waiter.Next = null;
        if (_firstWaiter is null)
            _lastWaiter = null;
        Commits--;
        return waiter;
    }

    /// <summary>Forgets everything after a mark: <see cref="PayloadBytes"/> and <see cref="Records"/> as they were.</summary>
    public void RollBack(int payloadBytes, uint records)
    {
        PayloadBytes = payloadBytes;
        Records = records;
    }

    /// <summary>The bytes of a range of the file that this frame holds.</summary>
    public bool TryRead(RecordLocation location, out ReadOnlySpan<byte> body)
    {
        var start = location.Offset - Offset;
        var inside = location.File == File.Number && start >= LogFormat.FrameHeaderBytes + LogFormat.RecordHeaderBytes
            && location.Length >= 0 && (long)start + location.Length <= LogFormat.FrameHeaderBytes + PayloadBytes;
        body = inside ? Buffer.Slice(_phase + start, location.Length) : default;
        return inside;
    }

    /// <summary>Computes every checksum and returns the bytes to write.</summary>
    public ReadOnlySpan<byte> Seal(ulong syncedLsn)
    {
        var frame = Buffer.Slice(_phase, OccupiedBytes);
        var payload = frame.Slice(LogFormat.FrameHeaderBytes, PayloadBytes);
        for (var offset = 0; offset < payload.Length;)
        {
            var record = payload[offset..];
            RecordHeader.Seal(record);
            offset += LogFormat.RecordHeaderBytes + LogFormat.RoundUp(BinaryPrimitives.ReadInt32LittleEndian(record), 8);
        }

        frame[(LogFormat.FrameHeaderBytes + PayloadBytes)..].Clear();
        var hash = FrameHeader.HashPayload(payload, File.Salt, Lsn);
        new FrameHeader(Flags, PayloadBytes, Records, Lsn, syncedLsn, hash).Encode(frame, File.Salt);
        return frame;
    }

    private Span<byte> AddRecord(byte kind, int length)
    {
        var padded = LogFormat.RoundUp(length, 8);
        var record = Buffer.Slice(_phase + LogFormat.FrameHeaderBytes + PayloadBytes, LogFormat.RecordHeaderBytes + padded);
        RecordHeader.Begin(record, kind, length);
        record[(LogFormat.RecordHeaderBytes + length)..].Clear();
        PayloadBytes += record.Length;
        Records++;
        return record.Slice(LogFormat.RecordHeaderBytes, length);
    }
}
