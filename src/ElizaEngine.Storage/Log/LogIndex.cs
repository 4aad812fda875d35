using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace ElizaEngine.Storage;

/// <summary>
/// The index file of a log file: the heads of the records of the whole batches in it, so that opening need not read the data. Byte
/// picture: FORMAT.md, "Index file".
/// <list type="bullet">
/// <item>It stands for a range of frames. The rest of a chain that began in the file before lies in front of that range, a chain that goes
/// on in the next file lies behind it: those are read from the log.</item>
/// <item>It is never the only copy of anything: what is missing, damaged or of another version is not used, and made anew.</item>
/// </list>
/// </summary>
internal sealed class LogIndex : IDisposable
{
    private const int EntryBytes = 13;

    private readonly IFile _file;
    private readonly MappedFile _map;
    private readonly IndexHeader _header;
    private readonly long _logBytes;

    private LogIndex(IFile file, MappedFile map, IndexHeader header, long logBytes)
    {
        _logBytes = logBytes;
        _file = file;
        _map = map;
        _header = header;
    }

    public ulong FirstLsn => _header.FirstLsn;

    public ulong EndLsn => _header.EndLsn;

    public uint Frames => _header.Frames;

    public uint Records => _header.Records;

    /// <summary>The index of a log file, all of it checked; null when there is none that can be used.</summary>
    /// <param name="files">Of the directory.</param>
    /// <param name="directory">Of both files.</param>
    /// <param name="log">Open.</param>
    /// <param name="durable">An index that stands for more than is durable is not used.</param>
    public static LogIndex? TryOpen(IFileSystem files, string directory, LogFile log, ulong durable)
    {
        IFile? file = null;
        MappedFile? map = null;
        try
        {
            file = files.Open(directory + "/" + FileNames.Index(log.Number));
            if (file.Length is >= IndexHeader.Bytes and <= int.MaxValue)
            {
                map = file.Map();
                if (map.TryReadAll() && IndexHeader.TryDecode(map.Slice(0, (int)map.Length), out var header) && Fits(header, log, durable))
                    return new LogIndex(file, map, header, log.FileBytes);
            }
        }
        catch (IOException)
        {
            // What cannot be read is not used.
        }

        map?.Dispose();
        file?.Dispose();
        return null;
    }

    /// <summary>Makes the index of a log file from its frames and puts it beside it, in place of an older one.</summary>
    /// <param name="files">Of the directory.</param>
    /// <param name="directory">Of both files.</param>
    /// <param name="log">Open. Its frames are durable up to <paramref name="endLsn"/> and do not change.</param>
    /// <param name="endLsn">Frames from there on are left out.</param>
    /// <param name="heads">New ones.</param>
    /// <exception cref="LogDamagedException">A frame is not valid.</exception>
    /// <exception cref="StorageIOException">It cannot be written. Nothing is lost by that.</exception>
    public static void Write(IFileSystem files, string directory, LogFile log, ulong endLsn, IRecordHeads heads)
    {
        var final = directory + "/" + FileNames.Index(log.Number);
        var temporary = final + FileNames.Temporary;
        try
        {
            // Not flushed: a flush would keep commits waiting, and what a crash leaves of it is known by its checksum.
            using var file = files.Create(temporary);
            var entries = new EntryWriter(file, log.Salt, heads);
            var header = Collect(log, endLsn, entries);
            entries.Flush();
            Span<byte> bytes = stackalloc byte[IndexHeader.Bytes];
            (header with { Records = entries.Count, PayloadBytes = entries.WrittenBytes, PayloadHash = entries.Hash }).Encode(bytes);
            file.Write(0, bytes);
        }
        catch
        {
            files.TryDelete(temporary);
            throw;
        }

        files.Rename(temporary, final);
    }

    /// <summary>Hands every head over, in the order of the log.</summary>
    /// <exception cref="LogDamagedException">The payload is not made of entries.</exception>
    public void Replay(IRecordHeads heads)
    {
        var payload = _map.Slice(IndexHeader.Bytes, (int)_header.PayloadBytes);
        var offset = 0;
        for (var i = 0u; i < _header.Records; i++)
        {
            var entry = payload[offset..];
            if (entry.Length < EntryBytes || BinaryPrimitives.ReadInt32LittleEndian(entry[9..]) is not (>= 0 and var headBytes) || headBytes > entry.Length - EntryBytes)
                throw Damage(offset, "an entry does not fit into the index");
            var location = new RecordLocation(
                _header.FileNumber, BinaryPrimitives.ReadInt32LittleEndian(entry[1..]), BinaryPrimitives.ReadInt32LittleEndian(entry[5..]));
            if (!IsInLog(location))
                throw Damage(offset, $"an entry says that a record of {location.Length} bytes lies at offset {location.Offset} of the log file");
            heads.Replay(entry[0], entry.Slice(EntryBytes, headBytes), location);
            offset += EntryBytes + headBytes;
        }

        if (offset != payload.Length)
            throw Damage(offset, "there are bytes behind the last entry of the index");
    }

    public void Dispose()
    {
        _map.Dispose();
        _file.Dispose();
    }

    private bool IsInLog(RecordLocation location) =>
        location.Offset >= LogFormat.FileHeaderBytes + LogFormat.FrameHeaderBytes + LogFormat.RecordHeaderBytes && location.Offset % 8 == 0
        && location.Length >= 0 && location.Offset + LogFormat.RoundUp((long)location.Length, 8) <= _logBytes;

    private LogDamagedException Damage(int offset, string what) =>
        new(FileNames.Index(_header.FileNumber), IndexHeader.Bytes + offset, _header.FirstLsn, what + "; deleting the index file is safe");

    private static bool Fits(IndexHeader header, LogFile log, ulong durable) =>
        header.DatabaseId == log.Header.DatabaseId && header.FileNumber == log.Number && header.Salt == log.Salt
        && header.FirstLsn < header.EndLsn && header.EndLsn <= durable
        && (!log.IsEnded || (header.FirstLsn >= log.FirstLsn && header.EndLsn <= log.EndLsn))
        && header.EndLsn - header.FirstLsn <= (ulong)(log.FileBytes - LogFormat.FileHeaderBytes);

    private static IndexHeader Collect(LogFile log, ulong endLsn, EntryWriter entries)
    {
        var (first, end) = (log.FirstLsn, log.FirstLsn);
        var frames = 0;
        var chain = new FrameChain();
        var isLeading = true;
        foreach (var place in FrameReader.Frames(log, endLsn))
        {
            var behind = place.Header.Lsn + (ulong)place.OccupiedBytes;
            isLeading &= (place.Header.Flags & FrameFlags.Continued) != 0;
            if (isLeading)
            {
                // Of a chain that began in the file before.
                (first, end) = (behind, behind);
                continue;
            }

            frames++;
            chain.Add(place, entries);
            if (chain.Count == 0)
                end = behind;
        }

        return new IndexHeader(log.Header.DatabaseId, log.Number, log.Salt, first, end, (uint)(frames - chain.Count), 0, 0, 0);
    }

    /// <summary>Writes the entries of the records it is handed.</summary>
    private sealed class EntryWriter(IFile file, ulong salt, IRecordHeads heads) : ILogReplay
    {
        private const int ChunkBytes = 1 << 20;
        private readonly ArrayBufferWriter<byte> _head = new();
        private readonly ArrayBufferWriter<byte> _chunk = new(); // Grows to a chunk only where there is one to write.
        private readonly XxHash3 _hash = new(unchecked((long)salt));

        public uint Count { get; private set; }

        public long WrittenBytes { get; private set; }

        public ulong Hash => _hash.GetCurrentHashAsUInt64();

        public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
        {
            _head.ResetWrittenCount();
            heads.Write(kind, body, location, _head);
            var entry = _chunk.GetSpan(EntryBytes + _head.WrittenCount);
            entry[0] = kind;
            BinaryPrimitives.WriteInt32LittleEndian(entry[1..], location.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(entry[5..], location.Length);
            BinaryPrimitives.WriteInt32LittleEndian(entry[9..], _head.WrittenCount);
            _head.WrittenSpan.CopyTo(entry[EntryBytes..]);
            _chunk.Advance(EntryBytes + _head.WrittenCount);
            Count++;
            if (_chunk.WrittenCount >= ChunkBytes)
                Flush();
        }

        public void Flush()
        {
            _hash.Append(_chunk.WrittenSpan);
            file.Write(IndexHeader.Bytes + WrittenBytes, _chunk.WrittenSpan);
            WrittenBytes += _chunk.WrittenCount;
            _chunk.ResetWrittenCount();
        }
    }
}
