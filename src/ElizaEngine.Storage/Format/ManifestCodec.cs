using System.Buffers.Binary;
using System.IO.Hashing;

namespace ElizaEngine.Storage;

/// <summary>Manifest to bytes and back. Byte picture: FORMAT.md, "Manifest".</summary>
internal static class ManifestCodec
{
    /// <summary>Most log files a manifest may list.</summary>
    public const int MaxFiles = 1 << 20;

    private const ulong Magic = 0x4E414D415A494C45; // "ELIZAMAN"
    private const uint CleanFlag = 1;
    private const uint BackupFlag = 2;
    private const int HeaderBytes = 80;
    private const int EntryBytes = 48;
    private const int LongEntryBytes = 56;
    private const int HashBytes = 8;

    /// <summary>Longest manifest, in bytes.</summary>
    public const long MaxBytes = HeaderBytes + ((long)MaxFiles * LongEntryBytes) + HashBytes;

    /// <summary>Whether these bytes start like a manifest of ours, valid or not.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> bytes) => bytes.Length >= 8 && BinaryPrimitives.ReadUInt64LittleEndian(bytes) == Magic;

    public static byte[] Encode(Manifest manifest)
    {
        ManifestFile[] files = [.. manifest.Files, .. manifest.Replaced];
        // Without a trace of compaction it is one that older versions read, too.
        var isLong = manifest.Replaced.Count > 0 || manifest.Files.Any(static file => file.IsCopy);
        var entryBytes = isLong ? LongEntryBytes : EntryBytes;
        var bytes = new byte[HeaderBytes + (files.Length * entryBytes) + HashBytes];
        var header = bytes.AsSpan();
        LogFormat.EncodeStart(header, Magic, manifest.DatabaseId, isLong ? LogFormat.CompactionFeature : 0);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], manifest.Generation);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], manifest.WrittenMs);
        BinaryPrimitives.WriteUInt32LittleEndian(header[48..], (manifest.IsClean ? CleanFlag : 0) | (manifest.IsBackup ? BackupFlag : 0));
        BinaryPrimitives.WriteInt32LittleEndian(header[52..], files.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], manifest.StartLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(header[64..], manifest.DurableLsn);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], manifest.NextFileNumber);
        for (var i = 0; i < files.Length; i++)
            EncodeFile(header.Slice(HeaderBytes + (i * entryBytes), entryBytes), files[i]);
        BinaryPrimitives.WriteUInt64LittleEndian(header[^HashBytes..], Hash(bytes, manifest.Generation));
        return bytes;
    }

    /// <summary>Reads the manifest of a generation from its file.</summary>
    /// <exception cref="LogDamagedException">Anything in it is wrong.</exception>
    /// <exception cref="LogFormatUnsupportedException">A newer version wrote it, or one of before version 1.</exception>
    public static Manifest Read(IFileSystem files, string directory, long generation)
    {
        var name = FileNames.Manifest(generation);
        using var file = files.Open(directory + "/" + name);
        var length = file.Length;
        if (length > MaxBytes)
            throw new LogDamagedException(name, length, 0, "the manifest is too long");
        var bytes = new byte[length];
        file.Read(0, bytes);
        return Decode(name, generation, bytes);
    }

    /// <summary>Reads a manifest that carries its final name.</summary>
    /// <param name="generation">The number in the file name.</param>
    /// <exception cref="LogDamagedException">Anything in it is wrong.</exception>
    /// <exception cref="LogFormatUnsupportedException">A newer version wrote it, or one of before version 1.</exception>
    public static Manifest Decode(string file, long generation, ReadOnlySpan<byte> bytes)
    {
        if (!HasMagic(bytes))
            throw new LogDamagedException(file, 0, 0, "the manifest does not start with ELIZAMAN");
        if (bytes.Length < HeaderBytes + HashBytes)
            throw new LogDamagedException(file, bytes.Length, 0, "the manifest is cut short");
        // Every version has it here: where it is wrong, nobody wrote what the version says.
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[^HashBytes..]) != Hash(bytes, generation))
            throw new LogDamagedException(file, bytes.Length - HashBytes, 0, "the checksum of the manifest is wrong");
        var isLong = (LogFormat.CheckVersion(file, bytes) & LogFormat.CompactionFeature) != 0;
        var entryBytes = isLong ? LongEntryBytes : EntryBytes;
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[52..]);
        if (count is < 0 or > MaxFiles || bytes.Length != HeaderBytes + ((long)count * entryBytes) + HashBytes)
            throw new LogDamagedException(file, 52, 0, $"a manifest of {count} files has not {bytes.Length} bytes");
        if (BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]) != generation)
            throw new LogDamagedException(file, 32, 0, "the manifest has another generation than its name");

        var flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]);
        if ((flags & ~(CleanFlag | BackupFlag)) != 0)
            throw new LogDamagedException(file, 48, 0, $"the flags of the manifest are 0x{flags:x}");
        var next = BinaryPrimitives.ReadInt64LittleEndian(bytes[72..]);
        if (next is < 1 or > int.MaxValue)
            throw new LogDamagedException(file, 72, 0, $"the next file number is {next}");
        var files = new List<ManifestFile>();
        var replaced = new List<ManifestFile>();
        var numbers = new HashSet<int>();
        for (var i = 0; i < count; i++)
        {
            var offset = HeaderBytes + (i * entryBytes);
            var entry = DecodeFile(file, offset, bytes.Slice(offset, entryBytes));
            if (entry.Number >= next || !numbers.Add(entry.Number))
                throw new LogDamagedException(file, offset, 0, $"file number {entry.Number} is out of range or there twice");
            if (!entry.IsReplaced && replaced.Count > 0)
                throw new LogDamagedException(file, offset, 0, "a file of the log stands behind one that is replaced");
            (entry.IsReplaced ? replaced : files).Add(entry);
        }

        return new Manifest
        {
            DatabaseId = new Guid(bytes.Slice(16, 16), bigEndian: true),
            Generation = generation,
            WrittenMs = BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            IsClean = (flags & CleanFlag) != 0,
            IsBackup = (flags & BackupFlag) != 0,
            StartLsn = BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]),
            DurableLsn = BinaryPrimitives.ReadUInt64LittleEndian(bytes[64..]),
            NextFileNumber = (int)next,
            Files = files,
            Replaced = replaced,
        };
    }

    private static void EncodeFile(Span<byte> entry, ManifestFile file)
    {
        BinaryPrimitives.WriteInt64LittleEndian(entry, file.Number);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], file.FileBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], file.Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], file.FirstLsn);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], file.EndLsn);
        BinaryPrimitives.WriteInt32LittleEndian(entry[40..], file.BlockBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[44..], (uint)file.Flags);
        if (entry.Length == LongEntryBytes)
            BinaryPrimitives.WriteUInt64LittleEndian(entry[48..], file.ResumeLsn);
    }

    private static ManifestFile DecodeFile(string manifest, int offset, ReadOnlySpan<byte> entry)
    {
        var isLong = entry.Length == LongEntryBytes;
        var number = BinaryPrimitives.ReadInt64LittleEndian(entry);
        var file = new ManifestFile(
            (int)Math.Clamp(number, 0, int.MaxValue),
            BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(entry[40..]),
            (LogFileFlags)BinaryPrimitives.ReadUInt32LittleEndian(entry[44..]))
        {
            ResumeLsn = isLong ? BinaryPrimitives.ReadUInt64LittleEndian(entry[48..]) : 0,
        };
        var problem = number is < 1 or >= int.MaxValue ? $"the file number is {number}"
            : file.FileBytes is <= LogFormat.FileHeaderBytes or > LogFormat.MaxFileBytes ? $"the file size is {file.FileBytes}"
            : !LogFileHeader.IsBlockSize(file.BlockBytes) ? $"the block size is {file.BlockBytes}"
            : (file.Flags & ~(LogFileFlags.Sealed | LogFileFlags.Cut | LogFileFlags.Copy | LogFileFlags.Replaced)) != 0
                || (file.Flags != 0 && !file.IsSealed) || (file.IsCut && file.IsCopy) || (!isLong && (file.IsCopy || file.IsReplaced))
                ? $"the flags are {file.Flags}"
            : file.EndLsn < file.FirstLsn || file.EndLsn - file.FirstLsn > (ulong)file.FileBytes
                ? $"the lsns are {file.FirstLsn} to {file.EndLsn}"
            : (file.IsCopy ? file.ResumeLsn < file.EndLsn || file.EndLsn == file.FirstLsn : file.ResumeLsn != 0)
                ? $"the lsns are {file.FirstLsn} to {file.EndLsn}, and the log goes on at {file.ResumeLsn}"
            : "";
        return problem.Length == 0 ? file : throw new LogDamagedException(manifest, offset, 0, problem);
    }

    private static ulong Hash(ReadOnlySpan<byte> bytes, long generation) => XxHash3.HashToUInt64(bytes[..^HashBytes], generation);
}
