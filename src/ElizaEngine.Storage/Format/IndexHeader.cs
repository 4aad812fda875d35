using System.Buffers.Binary;
using System.IO.Hashing;

namespace ElizaEngine.Storage;

/// <summary>The header of an index file. Byte picture: FORMAT.md, "Index file".</summary>
/// <param name="DatabaseId">Of the log file it describes, as are number and salt.</param>
/// <param name="FileNumber">Number of the log file.</param>
/// <param name="Salt">Salt of the log file.</param>
/// <param name="FirstLsn">Lsn of the first frame it stands for.</param>
/// <param name="EndLsn">Lsn behind the last frame it stands for.</param>
/// <param name="Frames">Frames it stands for.</param>
/// <param name="Records">Entries.</param>
/// <param name="PayloadBytes">Bytes of all entries.</param>
/// <param name="PayloadHash">Of these bytes; see <see cref="HashPayload"/>.</param>
internal readonly record struct IndexHeader(
    Guid DatabaseId, int FileNumber, ulong Salt, ulong FirstLsn, ulong EndLsn, uint Frames, uint Records, long PayloadBytes, ulong PayloadHash)
{
    public const int Bytes = 96;

    // Of its own: another version of an index file is made anew, whatever the log's is.
    private const ushort Major = 1;
    private const ushort Minor = 0;
    private const ulong Magic = 0x584449415A494C45; // "ELIZAIDX"
    private const int CrcOffset = 92;

    public static ulong HashPayload(ReadOnlySpan<byte> payload, ulong salt) => XxHash3.HashToUInt64(payload, unchecked((long)salt));

    public void Encode(Span<byte> header)
    {
        header[..Bytes].Clear();
        LogFormat.EncodeStart(header, Magic, DatabaseId, major: Major, minor: Minor);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], FileNumber);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], FirstLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], EndLsn);
        BinaryPrimitives.WriteUInt32LittleEndian(header[64..], Frames);
        BinaryPrimitives.WriteUInt32LittleEndian(header[68..], Records);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], PayloadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[80..], PayloadHash);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CrcOffset..], Crc32C.Compute(header[..CrcOffset]));
    }

    /// <summary>
    /// Reads the header of a whole index file and checks everything, the payload too. False: not an index file of this version, or not
    /// all of it, or damaged. All of these mean the same: there is no index.
    /// </summary>
    /// <param name="file">All bytes of the file.</param>
    /// <param name="header">What it says.</param>
    public static bool TryDecode(ReadOnlySpan<byte> file, out IndexHeader header)
    {
        header = default;
        if (!LogFormat.IsSideFile(file, Magic, Major, Minor, CrcOffset))
            return false;
        var number = BinaryPrimitives.ReadInt64LittleEndian(file[32..]);
        header = new IndexHeader(
            new Guid(file.Slice(16, 16), bigEndian: true),
            number is > 0 and <= int.MaxValue ? (int)number : 0,
            BinaryPrimitives.ReadUInt64LittleEndian(file[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(file[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(file[56..]),
            BinaryPrimitives.ReadUInt32LittleEndian(file[64..]),
            BinaryPrimitives.ReadUInt32LittleEndian(file[68..]),
            BinaryPrimitives.ReadInt64LittleEndian(file[72..]),
            BinaryPrimitives.ReadUInt64LittleEndian(file[80..]));
        return header.PayloadBytes == file.Length - Bytes && header.PayloadHash == HashPayload(file[Bytes..], header.Salt);
    }
}
