using System.Buffers.Binary;
using System.IO.Hashing;

namespace ElizaEngine.Storage;

/// <summary>How a frame belongs to a chain.</summary>
[Flags]
internal enum FrameFlags : uint
{
    None = 0,

    /// <summary>The batch goes on in the next frame.</summary>
    Continues = 1,

    /// <summary>The batch began in the frame before.</summary>
    Continued = 2,
}

/// <summary>The header of a frame. Byte picture: FORMAT.md, "Frame".</summary>
internal readonly record struct FrameHeader(FrameFlags Flags, int PayloadBytes, uint Records, ulong Lsn, ulong SyncedLsn, ulong PayloadHash)
{
    public const uint Magic = 0x4D524645; // "EFRM"
    private const int CrcOffset = 44;

    /// <summary>Bytes from the start of this frame to the start of the next.</summary>
    public int OccupiedBytes(int blockBytes) => LogFormat.RoundUp(LogFormat.FrameHeaderBytes + PayloadBytes, blockBytes);

    /// <summary>The hash of a payload: bytes of another file, or of another position, never match.</summary>
    public static ulong HashPayload(ReadOnlySpan<byte> payload, ulong salt, ulong lsn) =>
        XxHash3.HashToUInt64(payload, unchecked((long)(salt ^ lsn)));

    public void Encode(Span<byte> header, ulong salt)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)Flags);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], PayloadBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], Records);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], Lsn);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], SyncedLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], PayloadHash);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcOffset..], HeaderCrc(header, salt));
    }

    /// <summary>Reads a header: magic, checksum, then the range of every field. The payload is not looked at.</summary>
    /// <param name="bytes">The file from the frame's start to the file's end.</param>
    /// <param name="problem">What is wrong, in words; empty when the header is valid.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, ulong salt, out FrameHeader header, out string problem)
    {
        header = default;
        problem = bytes.Length < LogFormat.FrameHeaderBytes ? "there is no room for a frame header"
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic ? "no frame starts here"
            : !IsWhole(bytes, salt) ? "the checksum of the frame header is wrong"
            : "";
        if (problem.Length > 0)
            return false;

        header = new FrameHeader(
            (FrameFlags)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]));
        problem = (header.Flags & ~(FrameFlags.Continues | FrameFlags.Continued)) != 0
            ? $"the frame has unknown flags 0x{(uint)header.Flags:x}"
            : header.PayloadBytes < 0 || header.PayloadBytes % 8 != 0 || header.PayloadBytes > bytes.Length - LogFormat.FrameHeaderBytes
                ? $"the frame's payload of {header.PayloadBytes} bytes does not fit into the file"
            : header.SyncedLsn > header.Lsn ? $"the frame promises lsn {header.SyncedLsn}, behind its own"
            : "";
        return problem.Length == 0;
    }

    /// <summary>
    /// The lsn below which a header says that everything is durable, also one that lies where its frame does not fit; 0: it says nothing, or is
    /// none.
    /// </summary>
    public static ulong Promise(ReadOnlySpan<byte> bytes, ulong salt)
    {
        if (bytes.Length < LogFormat.FrameHeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic || !IsWhole(bytes, salt))
            return 0;
        var (lsn, synced) = (BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
        return synced <= lsn ? synced : 0;
    }

    private static bool IsWhole(ReadOnlySpan<byte> header, ulong salt) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[CrcOffset..]) == HeaderCrc(header, salt);

    private static uint HeaderCrc(ReadOnlySpan<byte> header, ulong salt)
    {
        Span<byte> saltBytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(saltBytes, salt);
        return Crc32C.Compute(header[..CrcOffset], saltBytes);
    }
}
