using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace ElizaEngine.Storage;

/// <summary>
/// What the user of the log has written down of its state at some lsn, so that opening need not look at the log in front of that. Byte
/// picture: FORMAT.md, "Checkpoint".
/// <list type="bullet">
/// <item>It is bound to the log files that it was made from, by number and salt, and to the bytes in front of its end: one of another log, of
/// another history of this one, of a log that was compacted or repaired since, or of more than is durable, is not used.</item>
/// <item>One that is not used is deleted: a log that grew another way must not come to fit it later.</item>
/// <item>It is never the only copy of anything: what is missing, damaged or of another version is not used, and made anew.</item>
/// </list>
/// </summary>
internal sealed class LogCheckpoint : IDisposable
{
    /// <summary>Bytes of the largest: a map has no more.</summary>
    public const int MaxBytes = int.MaxValue;

    private const ulong Magic = 0x504843415A494C45; // "ELIZACHP"
    private const ushort Major = 1;
    private const ushort Minor = 0;
    private const int HeaderBytes = 96;
    private const int CrcOffset = 92;
    private const int FileEntryBytes = 16;
    private const int FilesMax = 1 << 16;

    // Of the log in front of the end: what is compared of the history. A block, which has all of the last frames, or what counts of them.
    private const int WitnessBytes = 4096;

    private readonly MappedFile _map;
    private readonly int _payloadOffset;

    private readonly int _lastFile;
    private readonly long _endOffset;
    private readonly ulong _witness;

    private LogCheckpoint(MappedFile map, ulong endLsn, int payloadOffset, IReadOnlyDictionary<int, long> files, int lastFile, long endOffset, ulong witness)
    {
        _map = map;
        _lastFile = lastFile;
        _endOffset = endOffset;
        _witness = witness;
        EndLsn = endLsn;
        _payloadOffset = payloadOffset;
        FileBytes = files;
    }

    /// <summary>The state is that of the log up to here, where a batch ends.</summary>
    public ulong EndLsn { get; }

    /// <summary>Sizes of the log files that it may refer to, by number.</summary>
    public IReadOnlyDictionary<int, long> FileBytes { get; }

    /// <summary>What was written, until the checkpoint is disposed of; it starts at a multiple of 8.</summary>
    public ReadOnlySpan<byte> Payload => _map.Slice(_payloadOffset, (int)_map.Length - _payloadOffset);

    /// <summary>The checkpoint of a log, all of it checked; null when there is none that can be used.</summary>
    /// <param name="files">Of the directory.</param>
    /// <param name="directory">Of the log.</param>
    /// <param name="manifest">The newest.</param>
    public static LogCheckpoint? TryOpen(IFileSystem files, string directory, Manifest manifest)
    {
        MappedFile? map = null;
        try
        {
            using var file = files.Open(directory + "/" + FileNames.Checkpoint);
            if (file.Length is >= HeaderBytes and <= MaxBytes)
            {
                map = file.Map();
                if (map.TryReadAll() && Decode(map, manifest) is { } checkpoint)
                    return checkpoint;
            }
        }
        catch (IOException)
        {
            // What cannot be read is not used.
        }

        map?.Dispose();
        return null;
    }

    /// <summary>Whether the log files, opened, have the bytes in front of the end that were there when the checkpoint was made.</summary>
    public bool IsOf(IEnumerable<LogFile> files) =>
        files.FirstOrDefault(file => file.Number == _lastFile) is { } last && _endOffset <= last.FileBytes && WitnessOf(last.Map, _endOffset) == _witness;

    /// <summary>Bytes of the checkpoint of a log whose payload has so many; of more than <see cref="MaxBytes"/> none is written.</summary>
    public static long BytesOf(LogSnapshot snapshot, long payloadBytes) =>
        HeaderBytes + ((long)snapshot.Files.Count * FileEntryBytes) + payloadBytes;

    /// <summary>Writes the checkpoint of a log, in place of an older one.</summary>
    /// <param name="files">Of the directory.</param>
    /// <param name="directory">Of the log.</param>
    /// <param name="snapshot">The log that the state is that of; at least one file.</param>
    /// <param name="payloadBytes">Bytes of the payload.</param>
    /// <param name="write">Writes the payload.</param>
    /// <param name="recordDurable">Has the newest manifest say that the snapshot is durable.</param>
    /// <exception cref="StorageIOException">It cannot be written. Nothing is lost by that.</exception>
    public static void Write(
        IFileSystem files, string directory, LogSnapshot snapshot, long payloadBytes, Action<CheckpointWriter> write, Action recordDurable)
    {
        var bytes = BytesOf(snapshot, payloadBytes);
        // The index files do as well, only slower.
        if (bytes > MaxBytes || snapshot.Files.Count is 0 or > FilesMax)
            return;
        var final = directory + "/" + FileNames.Checkpoint;
        var temporary = final + FileNames.Temporary;
        try
        {
            // Not flushed: a flush would keep commits waiting, and what a crash leaves of it is known by its checksum.
            using var file = files.Create(temporary);
            var list = new byte[snapshot.Files.Count * FileEntryBytes];
            for (var i = 0; i < snapshot.Files.Count; i++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(list.AsSpan(i * FileEntryBytes), snapshot.Files[i].Entry.Number);
                BinaryPrimitives.WriteUInt64LittleEndian(list.AsSpan((i * FileEntryBytes) + 8), snapshot.Files[i].Entry.Salt);
            }

            var writer = new CheckpointWriter(file, HeaderBytes);
            writer.Write(list);
            write(writer);
            if (writer.End() != bytes)
                throw new InvalidOperationException($"A checkpoint of {bytes} bytes became one of {writer.Length}.");
            var last = snapshot.Files[^1];
            var header = new byte[HeaderBytes];
            LogFormat.EncodeStart(header, Magic, snapshot.DatabaseId, major: Major, minor: Minor);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(32), snapshot.EndLsn);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), snapshot.Files.Count);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(48), bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(56), writer.Hash);
            BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(64), last.EndOffset);
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(72), WitnessOf(last.Map, last.EndOffset));
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(CrcOffset), Crc32C.Compute(header.AsSpan(0, CrcOffset)));
            file.Write(0, header);
            // An opening uses only what the newest manifest says is durable. Now, so that none finds the new one without that.
            recordDurable();
        }
        catch
        {
            files.TryDelete(temporary);
            throw;
        }

        files.Rename(temporary, final);
    }

    public void Dispose() => _map.Dispose();

    private static ulong WitnessOf(MappedFile map, long end)
    {
        var start = Math.Max(LogFormat.FileHeaderBytes, end - WitnessBytes);
        return XxHash3.HashToUInt64(map.Slice(start, (int)(end - start)));
    }

    private static LogCheckpoint? Decode(MappedFile map, Manifest manifest)
    {
        var bytes = map.Slice(0, (int)map.Length);
        if (!LogFormat.IsSideFile(bytes, Magic, Major, Minor, CrcOffset) || new Guid(bytes.Slice(16, 16), bigEndian: true) != manifest.DatabaseId)
            return null;
        var endLsn = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]);
        var count = BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]);
        if (endLsn > manifest.DurableLsn || count is < 1 or > FilesMax || BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]) != bytes.Length
            || HeaderBytes + (count * FileEntryBytes) > bytes.Length)
            return null;
        var files = new Dictionary<int, long>();
        var listed = 0;
        var next = manifest.StartLsn; // The lsn at which the log goes on behind the files so far.
        var first = next;
        for (var i = 0; i < count; i++)
        {
            var entry = bytes.Slice(HeaderBytes + (i * FileEntryBytes), FileEntryBytes);
            // Files without a frame in them are in neither list; every other one in front of the end must be the one that was there.
            while (listed < manifest.Files.Count && manifest.Files[listed].Number != BinaryPrimitives.ReadInt64LittleEndian(entry))
            {
                if (!manifest.Files[listed].IsSealed || manifest.Files[listed].EndLsn > manifest.Files[listed].FirstLsn)
                    return null;
                listed++;
            }

            if (listed == manifest.Files.Count || (i < count - 1 && !manifest.Files[listed].IsSealed) || manifest.Files[listed].Salt != BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]))
                return null;
            var found = manifest.Files[listed++];
            files.Add(found.Number, found.FileBytes);
            first = next;
            next = found.IsCopy ? found.ResumeLsn : found.EndLsn;
        }

        // The end lies in the last file of the list, or is where the log goes on behind it.
        var last = manifest.Files[listed - 1];
        var isInside = last switch
        {
            { IsCopy: true } => endLsn == next,
            { IsSealed: true } => endLsn > first && endLsn <= next,
            _ => endLsn > first && endLsn - first <= (ulong)(last.FileBytes - LogFormat.FileHeaderBytes),
        };
        if (!isInside)
            return null;
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]) != CheckpointWriter.HashOf(bytes[HeaderBytes..]))
            return null;
        var endOffset = BinaryPrimitives.ReadInt64LittleEndian(bytes[64..]);
        return endOffset <= LogFormat.FileHeaderBytes
            ? null
            : new LogCheckpoint(map, endLsn, HeaderBytes + ((int)count * FileEntryBytes), files, last.Number, endOffset, BinaryPrimitives.ReadUInt64LittleEndian(bytes[72..]));
    }
}

/// <summary>Writes the payload of a checkpoint, from the first byte to the last.</summary>
internal sealed class CheckpointWriter(IFile file, int offset)
{
    private const int ChunkBytes = 1 << 20;

    private readonly ArrayBufferWriter<byte> _chunk = new(); // Grows to a chunk only where there is one to write.
    private readonly XxHash3 _hash = new();
    private long _offset = offset;

    public ulong Hash => _hash.GetCurrentHashAsUInt64();

    /// <summary>Bytes so far, header included.</summary>
    public long Length => _offset + _chunk.WrittenCount;

    public static ulong HashOf(ReadOnlySpan<byte> bytes) => XxHash3.HashToUInt64(bytes);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var part = bytes[..Math.Min(bytes.Length, ChunkBytes - _chunk.WrittenCount)];
            _chunk.Write(part);
            if (_chunk.WrittenCount == ChunkBytes)
                Flush();
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>Writes what is still in hand. Returns the length of the file.</summary>
    internal long End()
    {
        Flush();
        return _offset;
    }

    private void Flush()
    {
        _hash.Append(_chunk.WrittenSpan);
        file.Write(_offset, _chunk.WrittenSpan);
        _offset += _chunk.WrittenCount;
        _chunk.ResetWrittenCount();
    }
}
