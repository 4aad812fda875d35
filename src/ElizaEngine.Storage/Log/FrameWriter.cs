using System.Diagnostics;

namespace ElizaEngine.Storage;

/// <summary>
/// Writes frames into their files and flushes these, in the order of the log, and knows how far it got. One thread at a time, which
/// <see cref="GroupCommit"/> sees to; what it counts any thread may read.
/// <list type="bullet">
/// <item>A file is durable before the log goes on in the next one: a frame there proves that nothing is missing here.</item>
/// <item>A flush that failed is never tried again: the next one would say that all is well.</item>
/// </list>
/// </summary>
internal sealed class FrameWriter
{
    private readonly LogOptions _options;
    private LogFile? _unflushed;
    private long _flushDueAt;
    private ulong _writtenLsn;
    private ulong _durableLsn;
    private long _bytes;
    private long _flushes;
    private long _frames;
    private long _records;

    public FrameWriter(LogOptions options, ulong durableLsn)
    {
        _options = options;
        _durableLsn = _writtenLsn = durableLsn;
    }

    /// <summary>Every frame below it is durable.</summary>
    public ulong DurableLsn => Volatile.Read(ref _durableLsn);

    /// <summary>Every frame below it is in a file.</summary>
    public ulong WrittenLsn => Volatile.Read(ref _writtenLsn);

    public (long Bytes, long Flushes, long Frames, long Records) Counters =>
        (Volatile.Read(ref _bytes), Volatile.Read(ref _flushes), Volatile.Read(ref _frames), Volatile.Read(ref _records));

    /// <summary>What a flush takes, lately, in ticks of <see cref="Stopwatch"/>.</summary>
    public long FlushTicks { get; private set; } = Stopwatch.Frequency / 10_000;

    /// <summary>Whether frames were written that are not flushed.</summary>
    public bool IsFlushMissing => _unflushed is not null;

    /// <summary>Milliseconds until what was written is to be flushed though nobody waits for it; 0: now.</summary>
    public int MillisecondsToFlush => (int)Math.Max(0, _flushDueAt - Environment.TickCount64);

    /// <summary>The next frame goes into this file; the one before is flushed.</summary>
    public void GoTo(LogFile file)
    {
        if (_unflushed != file)
            Flush();
    }

    /// <summary>Writes a frame into the file that it was told of. That is flushed later.</summary>
    public void Write(LogFrame frame)
    {
        var bytes = frame.Seal(_durableLsn);
        frame.File.File.Write(frame.Offset, bytes);
        if (_unflushed is null)
            _flushDueAt = Environment.TickCount64 + (long)_options.FlushInterval.TotalMilliseconds;
        _unflushed = frame.File;
        Volatile.Write(ref _writtenLsn, frame.EndLsn);
        Volatile.Write(ref _bytes, _bytes + bytes.Length);
        Volatile.Write(ref _frames, _frames + 1);
        Volatile.Write(ref _records, _records + frame.Records);
    }

    /// <summary>Flushes what was written since the last flush; nothing when there is none.</summary>
    public void Flush()
    {
        if (_unflushed is not { } file)
            return;
        // Before it is tried.
        _unflushed = null;
        var started = Stopwatch.GetTimestamp();
        file.File.Flush();
        FlushTicks += (Stopwatch.GetTimestamp() - started - FlushTicks) / 8;
        Volatile.Write(ref _flushes, _flushes + 1);
        Volatile.Write(ref _durableLsn, _writtenLsn);
    }
}
