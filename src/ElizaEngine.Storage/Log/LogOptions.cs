using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ElizaEngine.Storage;

/// <summary>How a log is opened. Sizes are bytes.</summary>
internal sealed record LogOptions
{
    public Durability Durability { get; init; } = Durability.PowerLoss;

    /// <summary>Size of the first log file; a multiple of 4096. Each new file doubles, up to <see cref="MaxFileBytes"/>.</summary>
    public long FirstFileBytes { get; init; } = 64 << 10;

    /// <summary>Largest normal log file; only a frame larger than it gets a larger file.</summary>
    public long MaxFileBytes { get; init; } = 64 << 20;

    /// <summary>A log file that holds less gets no index file: it is read as fast as its index would be.</summary>
    public long IndexMinBytes { get; init; } = 256 << 10;

    /// <summary>
    /// Bytes a second that are verified in the background, at most: of what opening left unread because an index or a checkpoint stood for
    /// it, and of all files that have ended, each <see cref="ScrubInterval"/>. 0: none.
    /// </summary>
    public long ScrubBytesPerSecond { get; init; } = 32 << 20;

    /// <summary>From the end of one reading of all files that have ended to the beginning of the next; at most 49 days.</summary>
    public TimeSpan ScrubInterval { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Soft limit of a frame's payload. A batch larger than it becomes a chain of frames.</summary>
    public int FrameBytes { get; init; } = 1 << 20;

    /// <summary>Bytes appended and not yet written, above which appenders wait.</summary>
    public long MaxPendingBytes { get; init; } = 16 << 20;

    /// <summary>Longest time between a write and its flush at <see cref="Durability.ProcessCrash"/>.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// A caller that waits alone writes and flushes on its own thread where a flush takes at most this long, on average. Its thread is
    /// not free meanwhile: so short a time the caller of an async method does not notice.
    /// </summary>
    public TimeSpan LeaderFlushMax { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Whether the writer waits a moment for the commits that are about to come (see GroupCommit).</summary>
    public bool CohortWait { get; init; } = true;

    /// <summary>Opens on a network file system.</summary>
    public bool AllowNetworkFileSystem { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Source of the random salt of each log file.</summary>
    public Func<ulong> NextSalt { get; init; } = static () =>
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    };

    /// <summary>Source of the id of a new database.</summary>
    public Func<Guid> NextDatabaseId { get; init; } = Guid.NewGuid;

    /// <summary>Frames of new files start at multiples of this, so that a torn write touches no acknowledged block.</summary>
    public int BlockBytes => Durability == Durability.PowerLoss ? 4096 : LogFormat.MinBlockBytes;

    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public void Validate()
    {
        if (FirstFileBytes < 8192 || FirstFileBytes % 4096 != 0)
            throw new ArgumentException($"FirstFileBytes is {FirstFileBytes}; it must be a multiple of 4096, at least 8192.");
        if (MaxFileBytes < FirstFileBytes || MaxFileBytes > LogFormat.MaxFileBytes || MaxFileBytes % 4096 != 0)
            throw new ArgumentException(
                $"MaxFileBytes is {MaxFileBytes}; it must be a multiple of 4096 from FirstFileBytes to {LogFormat.MaxFileBytes}.");
        if (FrameBytes < 1024 || FrameBytes > LogFormat.MaxRecordBytes)
            throw new ArgumentException($"FrameBytes is {FrameBytes}; it must be from 1024 to {LogFormat.MaxRecordBytes}.");
        if (ScrubBytesPerSecond < 0)
            throw new ArgumentException($"ScrubBytesPerSecond is {ScrubBytesPerSecond}; it must be at least 0.");
        if (MaxPendingBytes < FrameBytes)
            throw new ArgumentException($"MaxPendingBytes is {MaxPendingBytes}; it must be at least FrameBytes.");
    }
}
