using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>
/// A log file as far as it is there: it may be missing, short, or have any bytes. Nothing is read beyond what is there.
/// </summary>
internal sealed class ExaminedFile : IDisposable
{
    private readonly IFile? _file;
    private readonly bool _ownsMap;

    private ExaminedFile(ManifestFile entry, IFile? file, MappedFile? map, bool ownsMap)
    {
        Entry = entry;
        _file = file;
        Map = map;
        _ownsMap = ownsMap;
        FirstLsn = entry.FirstLsn;
        EndLsn = entry.EndLsn;
        Length = Math.Min(map?.Length ?? 0, entry.FileBytes);
    }

    /// <summary>What is known of it from the manifest, or else from its own header.</summary>
    public ManifestFile Entry { get; private set; }

    public MappedFile? Map { get; }

    public string Name => FileNames.Log(Entry.Number);

    public bool IsMissing => Map is null;

    /// <summary>Bytes that are there, at most the file's size.</summary>
    public long Length { get; private set; }

    /// <summary>What the examination found out, for files that are not sealed.</summary>
    public ulong FirstLsn { get; set; }

    public ulong EndLsn { get; set; }

    /// <summary>The size or the header block is not what it should be.</summary>
    public bool NeedsNewShell { get; set; }

    public bool IsBlank => Length <= LogFormat.FileHeaderBytes || EndOfData(LogFormat.FileHeaderBytes) == LogFormat.FileHeaderBytes;

    /// <summary>Opens the file of an entry, which need not be there.</summary>
    public static ExaminedFile Open(IFileSystem files, string directory, ManifestFile entry, bool exists)
    {
        if (!exists)
            return new ExaminedFile(entry, null, null, ownsMap: false);
        var file = files.Open(directory + "/" + FileNames.Log(entry.Number));
        try
        {
            // An empty file cannot be mapped.
            return file.Length == 0
                ? new ExaminedFile(entry, file, null, ownsMap: false) { NeedsNewShell = true }
                : new ExaminedFile(entry, file, file.Map(), ownsMap: true);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A file of an open log.</summary>
    public static ExaminedFile Of(SnapshotFile file) => new(file.Entry, null, file.Map, ownsMap: false);

    /// <summary>The bytes from an offset on, at most so many, that are there.</summary>
    public ReadOnlySpan<byte> Slice(long offset, long count)
    {
        var there = (int)Math.Clamp(Length - offset, 0, count);
        return there == 0 ? default : Map!.Slice(offset, there);
    }

    /// <summary>What the file says of itself; null: it is missing, or its header block is damaged or of a version that is not read here.</summary>
    public LogFileHeader? ReadHeader()
    {
        try
        {
            return IsMissing ? null : LogFileHeader.Decode(Name, Slice(0, LogFormat.FileHeaderBytes));
        }
        catch (Exception error) when (error is LogDamagedException or LogFormatUnsupportedException)
        {
            return null;
        }
    }

    /// <summary>
    /// Where a repair that was interrupted wrote the file anew, with another salt than the manifest lists, it is read by its own from here
    /// on. False: that is not so, and nothing has changed.
    /// </summary>
    public bool TryAdopt(Guid databaseId)
    {
        if (ReadHeader() is not { } header || header.Salt == Entry.Salt || header.DatabaseId != databaseId || header.Number != Entry.Number
            || header.BlockBytes != Entry.BlockBytes || header.Copied?.ResumeLsn != (Entry.IsCopy ? Entry.ResumeLsn : null)
            || header.FileBytes != Map!.Length)
            return false;
        // Where any frame is of the listed file, that one is there, and the header block is wrong.
        if (FindFirstLsn() is not null)
            return false;
        var (listed, length) = (Entry, Length);
        // It may have become longer, for a hole behind its end.
        Entry = listed with { Salt = header.Salt, FileBytes = header.FileBytes };
        Length = header.FileBytes;
        if (FindFirstLsn() is { } first && (!listed.IsSealed || first == listed.FirstLsn))
            return true;
        (Entry, Length) = (listed, length);
        return false;
    }

    /// <summary>A frame header, valid for this file and this place.</summary>
    public bool TryHeader(long offset, ulong lsn, out FrameHeader header, out string problem)
    {
        if (!FrameHeader.TryDecode(Slice(offset, Entry.FileBytes - offset), Entry.Salt, out header, out problem))
            return false;
        if (header.Lsn != lsn)
            problem = $"the frame has lsn {header.Lsn} instead of {lsn}";
        else if (header.OccupiedBytes(Entry.BlockBytes) > Entry.FileBytes - offset)
            problem = "the frame ends behind the file";
        return problem.Length == 0;
    }

    /// <summary>Whether a frame's payload is what was written.</summary>
    public bool HasPayload(long offset, in FrameHeader header)
    {
        var payload = Slice(offset + LogFormat.FrameHeaderBytes, header.PayloadBytes);
        return payload.Length == header.PayloadBytes && FrameHeader.HashPayload(payload, Entry.Salt, header.Lsn) == header.PayloadHash;
    }

    /// <summary>The frame that belongs at a place of a file whose end is known: its header, place and payload are as they were written.</summary>
    /// <param name="problem">What is wrong, in words.</param>
    public bool TryFrame(long offset, ulong lsn, out FrameHeader header, out string problem)
    {
        if (!TryHeader(offset, lsn, out header, out problem))
            return false;
        problem = lsn + (ulong)header.OccupiedBytes(Entry.BlockBytes) > Entry.EndLsn ? $"the frame reaches over lsn {Entry.EndLsn}, where the file ends"
            : !HasPayload(offset, header) ? "the checksum of the frame's payload is wrong"
            : "";
        return problem.Length == 0;
    }

    /// <summary>The next place, from an offset whose lsn is known on, at which a valid frame header stands that belongs there.</summary>
    public long? FindFrame(long offset, ulong lsn, long end)
    {
        for (var place = offset; place + LogFormat.FrameHeaderBytes <= Math.Min(end, Length); place += Entry.BlockBytes)
        {
            if (HasMagic(place) && TryHeader(place, lsn + (ulong)(place - offset), out _, out _))
                return place;
        }

        return null;
    }

    /// <summary>The lsn with which the file begins, from its first valid frame header; null when it has none.</summary>
    public ulong? FindFirstLsn()
    {
        for (long place = LogFormat.FileHeaderBytes; place + LogFormat.FrameHeaderBytes <= Length; place += Entry.BlockBytes)
        {
            if (!HasMagic(place) || !FrameHeader.TryDecode(Slice(place, Entry.FileBytes - place), Entry.Salt, out var header, out _))
                continue;
            var before = (ulong)(place - LogFormat.FileHeaderBytes);
            if (header.Lsn >= before)
                return header.Lsn - before;
        }

        return null;
    }

    /// <summary>
    /// The highest lsn that a frame header promises to be durable which is valid for one of these files, wherever it lies: where a write went
    /// astray, too, as opening looks for it.
    /// </summary>
    public ulong HighestPromise(IReadOnlyList<ExaminedFile> files)
    {
        var bytes = Slice(0, Length);
        return TailScan.HighestPromise(bytes, bytes, Entry.BlockBytes, [Entry.Salt, .. files.Select(static file => file.Entry.Salt)]);
    }

    /// <summary>The offset behind the last byte that is not zero, or <paramref name="from"/>.</summary>
    public long EndOfData(long from) =>
        from >= Length ? from : from + Slice(from, Length - from).LastIndexOfAnyExcept((byte)0) + 1;

    /// <summary>What is wrong with the size or the header block; null: nothing.</summary>
    /// <exception cref="LogFormatUnsupportedException">A newer version wrote it, or one of before version 1.</exception>
    public LogFinding? CheckShell(Guid databaseId)
    {
        if (IsMissing)
            return new LogFinding(Name, 0, FirstLsn, NeedsNewShell ? "the file is empty" : "the file is missing");
        if (Map!.Length != Entry.FileBytes)
            return new LogFinding(Name, Math.Min(Map.Length, Entry.FileBytes), 0, $"the file has {Map.Length} bytes instead of {Entry.FileBytes}");
        try
        {
            var header = LogFileHeader.Decode(Name, Slice(0, LogFormat.FileHeaderBytes));
            if (header.DatabaseId != databaseId)
                return new LogFinding(Name, 16, 0, "the file belongs to another database");
            return header.Number == Entry.Number && header.Salt == Entry.Salt && header.FileBytes == Entry.FileBytes && header.BlockBytes == Entry.BlockBytes
                ? null
                : new LogFinding(Name, 32, 0, "the file is not the one that the manifest lists");
        }
        catch (LogDamagedException error)
        {
            return new LogFinding(Name, error.Offset, 0, error.What);
        }
    }

    public void Dispose()
    {
        if (_ownsMap)
            Map?.Dispose();
        _file?.Dispose();
    }

    private bool HasMagic(long place) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(place, 4)) == FrameHeader.Magic;
}
