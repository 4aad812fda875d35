using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>What a copy stands for.</summary>
/// <param name="FirstLsn">Where the range began that it, with the copies beside it, takes the place of.</param>
/// <param name="EndLsn">Where the range ended.</param>
/// <param name="ResumeLsn">Where the log goes on behind this copy.</param>
internal readonly record struct CopiedRange(ulong FirstLsn, ulong EndLsn, ulong ResumeLsn);

/// <summary>The header block of a log file. Byte picture: FORMAT.md, "Header block of a log file".</summary>
internal readonly record struct LogFileHeader(Guid DatabaseId, int Number, ulong Salt, long FileBytes, int BlockBytes, long CreatedMs)
{
    /// <summary>Bytes of the fields; zeros fill the block.</summary>
    public const int FieldBytes = 80;

    private const ulong Magic = 0x474F4C415A494C45; // "ELIZALOG"
    private const int CrcOffset = 76;
    private const int CopyCrcOffset = 104;

    /// <summary>Of a copy; null: compaction did not make the file.</summary>
    public CopiedRange? Copied { get; init; }

    /// <summary>Fills <paramref name="block"/>, FileHeaderBytes long.</summary>
    public void Encode(Span<byte> block)
    {
        block.Clear();
        LogFormat.EncodeStart(block, Magic, DatabaseId, Copied is null ? 0 : LogFormat.CompactionFeature);
        BinaryPrimitives.WriteInt64LittleEndian(block[32..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(block[40..], Salt);
        BinaryPrimitives.WriteInt64LittleEndian(block[48..], FileBytes);
        BinaryPrimitives.WriteInt32LittleEndian(block[56..], BlockBytes);
        BinaryPrimitives.WriteInt32LittleEndian(block[60..], LogFormat.FileHeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(block[64..], CreatedMs);
        BinaryPrimitives.WriteUInt32LittleEndian(block[CrcOffset..], Crc32C.Compute(block[..CrcOffset]));
        if (Copied is not { } copied)
            return;
        BinaryPrimitives.WriteUInt64LittleEndian(block[80..], copied.FirstLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(block[88..], copied.EndLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(block[96..], copied.ResumeLsn);
        BinaryPrimitives.WriteUInt32LittleEndian(block[CopyCrcOffset..], Crc32C.Compute(block[..CopyCrcOffset]));
    }

    /// <summary>Reads a header block.</summary>
    /// <exception cref="LogDamagedException">The magic, the checksum or a field is wrong.</exception>
    /// <exception cref="LogFormatUnsupportedException">A newer version wrote it, or one of before version 1.</exception>
    public static LogFileHeader Decode(string file, ReadOnlySpan<byte> block)
    {
        if (block.Length < LogFormat.FileHeaderBytes)
            throw new LogDamagedException(file, 0, 0, $"the file is {block.Length} bytes long, shorter than its header block");
        if (BinaryPrimitives.ReadUInt64LittleEndian(block) != Magic)
            throw new LogDamagedException(file, 0, 0, "the header block does not start with ELIZALOG");
        // Every version has it here: where it is wrong, nobody wrote what the version says.
        if (BinaryPrimitives.ReadUInt32LittleEndian(block[CrcOffset..]) != Crc32C.Compute(block[..CrcOffset]))
            throw new LogDamagedException(file, CrcOffset, 0, "the checksum of the header block is wrong");
        var features = LogFormat.CheckVersion(file, block);

        var number = BinaryPrimitives.ReadInt64LittleEndian(block[32..]);
        var fileBytes = BinaryPrimitives.ReadInt64LittleEndian(block[48..]);
        var blockBytes = BinaryPrimitives.ReadInt32LittleEndian(block[56..]);
        if (number is < 1 or > int.MaxValue)
            throw new LogDamagedException(file, 32, 0, $"the file number is {number}");
        if (fileBytes is <= LogFormat.FileHeaderBytes or > LogFormat.MaxFileBytes)
            throw new LogDamagedException(file, 48, 0, $"the file size is {fileBytes}");
        if (!IsBlockSize(blockBytes))
            throw new LogDamagedException(file, 56, 0, $"the block size is {blockBytes}");
        if (BinaryPrimitives.ReadInt32LittleEndian(block[60..]) != LogFormat.FileHeaderBytes)
            throw new LogDamagedException(file, 60, 0, "the header block has an unknown size");
        return new LogFileHeader(
            new Guid(block.Slice(16, 16), bigEndian: true),
            (int)number,
            BinaryPrimitives.ReadUInt64LittleEndian(block[40..]),
            fileBytes,
            blockBytes,
            BinaryPrimitives.ReadInt64LittleEndian(block[64..]))
        {
            Copied = (features & LogFormat.CompactionFeature) == 0 ? null : DecodeCopied(file, block),
        };
    }

    private static CopiedRange DecodeCopied(string file, ReadOnlySpan<byte> block)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(block[CopyCrcOffset..]) != Crc32C.Compute(block[..CopyCrcOffset]))
            throw new LogDamagedException(file, CopyCrcOffset, 0, "the checksum of the header block is wrong");
        var copied = new CopiedRange(
            BinaryPrimitives.ReadUInt64LittleEndian(block[80..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[88..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[96..]));
        return copied.FirstLsn < copied.ResumeLsn && copied.ResumeLsn <= copied.EndLsn
            ? copied
            : throw new LogDamagedException(file, 80, copied.FirstLsn,
                $"the copy stands for lsn {copied.FirstLsn} to {copied.EndLsn} and goes on at {copied.ResumeLsn}");
    }

    public static bool IsBlockSize(int blockBytes) =>
        blockBytes is >= LogFormat.MinBlockBytes and <= LogFormat.MaxBlockBytes && (blockBytes & (blockBytes - 1)) == 0;
}
