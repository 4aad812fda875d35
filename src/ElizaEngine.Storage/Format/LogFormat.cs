using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>The constants of FORMAT.md and the arithmetic on them.</summary>
internal static class LogFormat
{
    /// <summary>Frozen: FORMAT.md, "Versions", says what may change within it.</summary>
    public const ushort Major = 1;

    public const ushort Minor = 0;

    /// <summary>Of a log file: it is a copy. Of a manifest: its entries are long.</summary>
    public const uint CompactionFeature = 1;

    /// <summary>Feature bits this version understands.</summary>
    public const uint KnownFeatures = CompactionFeature;

    public const int FileHeaderBytes = 4096;
    public const int FrameHeaderBytes = 48;
    public const int RecordHeaderBytes = 16;
    public const int MinBlockBytes = 8;
    public const int MaxBlockBytes = 4096;

    /// <summary>Longest record body: a row of 64 MiB and what its codec adds to it.</summary>
    public const int MaxRecordBytes = 65 << 20;

    /// <summary>Largest log file: offsets in it are int.</summary>
    public const long MaxFileBytes = 1 << 30;

    public static int RoundUp(int value, int powerOfTwo) => (value + powerOfTwo - 1) & -powerOfTwo;

    public static long RoundUp(long value, long powerOfTwo) => (value + powerOfTwo - 1) & -powerOfTwo;

    /// <summary>Bytes a record takes in a frame, at most: header, body, padding, and the padding record an alignment may need.</summary>
    public static long RecordBytes(long length, int alignment = 8) =>
        RecordHeaderBytes + RoundUp(length, 8L) + (alignment <= 8 ? 0 : alignment + RecordHeaderBytes);

    /// <summary>
    /// Bytes of padding record, 0 or at least a header, in front of a record that would start here, so that a byte of its body lies at a
    /// multiple of the alignment.
    /// </summary>
    public static int PaddingBytes(long recordOffset, int alignment, int alignedOffset)
    {
        if (alignment <= 8)
            return 0;
        var start = recordOffset + RecordHeaderBytes + alignedOffset;
        var gap = (int)(RoundUp(start, (long)alignment) - start);
        return gap is > 0 and < RecordHeaderBytes ? gap + alignment : gap;
    }

    /// <summary>Writes the first 32 bytes, with which every kind of file begins: magic, version, features, database.</summary>
    public static void EncodeStart(Span<byte> file, ulong magic, Guid databaseId, uint features = 0, ushort major = Major, ushort minor = Minor)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(file, magic);
        BinaryPrimitives.WriteUInt16LittleEndian(file[8..], major);
        BinaryPrimitives.WriteUInt16LittleEndian(file[10..], minor);
        BinaryPrimitives.WriteUInt32LittleEndian(file[12..], features);
        databaseId.TryWriteBytes(file[16..], bigEndian: true, out _);
    }

    /// <summary>Whether a file begins with the whole header of a side file of exactly this version, whose checksum stands at its end.</summary>
    public static bool IsSideFile(ReadOnlySpan<byte> file, ulong magic, ushort major, ushort minor, int crcOffset) =>
        file.Length >= crcOffset + sizeof(uint) && BinaryPrimitives.ReadUInt64LittleEndian(file) == magic
        && BinaryPrimitives.ReadUInt16LittleEndian(file[8..]) == major && BinaryPrimitives.ReadUInt16LittleEndian(file[10..]) == minor
        && BinaryPrimitives.ReadUInt32LittleEndian(file[12..]) == 0
        && BinaryPrimitives.ReadUInt32LittleEndian(file[crcOffset..]) == Crc32C.Compute(file[..crcOffset]);

    /// <summary>
    /// Throws when a log file or a manifest, of which the first 16 bytes are given at least, is of a version that cannot be read here. Any
    /// minor can.
    /// </summary>
    /// <exception cref="LogFormatUnsupportedException">The major version or a required feature is unknown.</exception>
    /// <returns>The required features.</returns>
    public static uint CheckVersion(string file, ReadOnlySpan<byte> start)
    {
        var major = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        var minor = BinaryPrimitives.ReadUInt16LittleEndian(start[10..]);
        var features = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        if (major != Major || (features & ~KnownFeatures) != 0)
            throw new LogFormatUnsupportedException(
                file, $"{major}.{minor} with features 0x{features:x}", $"{Major}.x with no features but 0x{KnownFeatures:x}", isOlder: major < Major);
        return features;
    }
}
