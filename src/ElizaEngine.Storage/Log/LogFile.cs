namespace ElizaEngine.Storage;

/// <summary>
/// An open log file: its identity, its handle, its mapping. The size never changes. The lsns are set once, when the log goes on in
/// another file, under the lock of <see cref="LogFileSet"/>.
/// </summary>
internal sealed class LogFile : IDisposable
{
    private MovedRecords? _moved;

    private LogFile(LogFileHeader header, IFile file, MappedFile map)
    {
        Header = header;
        File = file;
        Map = map;
        Name = FileNames.Log(header.Number);
    }

    public LogFileHeader Header { get; }

    public IFile File { get; }

    public MappedFile Map { get; }

    public string Name { get; }

    public int Number => Header.Number;

    public ulong Salt => Header.Salt;

    public long FileBytes => Header.FileBytes;

    public int BlockBytes => Header.BlockBytes;

    /// <summary>Where the last whole block ends, and frames with it. Files were made once that go on behind it (see <see cref="Create"/>).</summary>
    public long BlocksEnd => FileBytes - (FileBytes % BlockBytes);

    public ulong FirstLsn { get; private set; }

    public ulong EndLsn { get; private set; }

    /// <summary>The log goes on in another file.</summary>
    public bool IsEnded { get; private set; }

    public bool IsCut { get; private set; }

    public bool IsCopy => Header.Copied is not null;

    /// <summary>Of a file that has ended the lsn at which the log goes on.</summary>
    public ulong NextLsn => Header.Copied?.ResumeLsn ?? EndLsn;

    /// <summary>
    /// Where its records are, since copies took its place; null: they have not. What it does not know counted no more then: only readers
    /// from before may want it, for whom the mapping stays.
    /// </summary>
    public MovedRecords? Moved
    {
        get => Volatile.Read(ref _moved);
        set => Volatile.Write(ref _moved, value);
    }

    /// <summary>Its index stands for the frames up to there; 0 when it has none. Set by whoever opens or writes the index.</summary>
    public ulong IndexedTo { get; set; }

    /// <summary>Opening did not read the frames up to there: an index or a checkpoint stood for them. 0: it read all.</summary>
    public ulong UnreadTo { get; set; }

    /// <summary>Whether nothing was ever written where the first frame goes.</summary>
    public bool IsBlank => !Map.Slice(LogFormat.FileHeaderBytes, LogFormat.FrameHeaderBytes).ContainsAnyExcept((byte)0);

    /// <summary>The lsn of a byte: the frames of a file follow each other without a gap.</summary>
    public ulong LsnAt(long offset) => FirstLsn + (ulong)(offset - LogFormat.FileHeaderBytes);

    /// <summary>Writes a new file, durable but for its name. Its size is whole blocks, as frames are written in whole blocks.</summary>
    /// <param name="pause">See <see cref="IFile.FillWithZeros"/>.</param>
    public static LogFile Create(IFileSystem files, string directory, LogFileHeader header, Action pause)
    {
        if (header.FileBytes % header.BlockBytes != 0)
            throw new ArgumentException($"A log file of {header.FileBytes} bytes has no whole blocks of {header.BlockBytes}.", nameof(header));
        var path = directory + "/" + FileNames.Log(header.Number);
        var file = files.Create(path);
        try
        {
            file.FillWithZeros(header.FileBytes, pause);
            var block = new byte[LogFormat.FileHeaderBytes];
            header.Encode(block);
            file.Write(0, block);
            file.Flush();
            return new LogFile(header, file, file.Map());
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file that a manifest lists.</summary>
    /// <exception cref="LogDamagedException">It is not that file.</exception>
    public static LogFile Open(IFileSystem files, string directory, Guid databaseId, ManifestFile listed)
    {
        var name = FileNames.Log(listed.Number);
        var file = files.Open(directory + "/" + name);
        MappedFile? map = null;
        try
        {
            var length = file.Length;
            if (length != listed.FileBytes)
                throw new LogDamagedException(name, length, listed.FirstLsn, $"the file has {length} bytes instead of {listed.FileBytes}");
            map = file.Map();
            var header = LogFileHeader.Decode(name, map.Slice(0, LogFormat.FileHeaderBytes));
            if (header.DatabaseId != databaseId)
                throw new LogDamagedException(name, 16, listed.FirstLsn, "the file belongs to another database");
            if (header.Number != listed.Number || header.Salt != listed.Salt || header.FileBytes != listed.FileBytes
                || header.BlockBytes != listed.BlockBytes || header.Copied?.ResumeLsn != (listed.IsCopy ? listed.ResumeLsn : null))
                throw new LogDamagedException(name, 32, listed.FirstLsn, "the file is not the one that the manifest lists");
            var opened = new LogFile(header, file, map) { FirstLsn = listed.FirstLsn };
            if (listed.IsSealed)
                opened.End(listed.FirstLsn, listed.EndLsn, listed.IsCut);
            return opened;
        }
        catch
        {
            map?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>The log goes on in another file.</summary>
    public void End(ulong firstLsn, ulong endLsn, bool isCut)
    {
        FirstLsn = firstLsn;
        EndLsn = endLsn;
        IsCut = isCut;
        IsEnded = true;
    }

    /// <summary>The first frame of this file will have this lsn.</summary>
    public void Start(ulong firstLsn) => FirstLsn = firstLsn;

    /// <summary>What a manifest says about this file, when everything below <paramref name="durableLsn"/> is durable.</summary>
    public ManifestFile Describe(ulong durableLsn)
    {
        var isSealed = IsEnded && EndLsn <= durableLsn;
        var flags = isSealed ? LogFileFlags.Sealed | (IsCut ? LogFileFlags.Cut : 0) | (IsCopy ? LogFileFlags.Copy : 0) : LogFileFlags.None;
        return new ManifestFile(Number, FileBytes, Salt, isSealed ? FirstLsn : 0, isSealed ? EndLsn : 0, BlockBytes, flags)
        {
            ResumeLsn = isSealed && IsCopy ? NextLsn : 0,
        };
    }

    public void Dispose()
    {
        Map.Dispose();
        File.Dispose();
    }
}
