namespace ElizaEngine.Storage;

/// <summary>
/// Writes the copies that take the place of a range of log files, under temporary names. Byte picture: FORMAT.md, "Compaction".
/// <see cref="Complete"/> gives them their names; without it nothing of them stays.
/// </summary>
internal sealed class CopyWriter : IDisposable
{
    // Written, then flushed, at a time: the flush of a commit waits behind what is being flushed beside it.
    private const int FlushBytes = 1 << 20;

    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly LogOptions _options;
    private readonly Guid _databaseId;
    private readonly ulong _firstLsn;
    private readonly ulong _endLsn;
    private readonly Func<int> _nextNumber;
    private readonly List<ManifestFile> _done = [];
    private readonly List<(IFile File, ManifestFile Entry)> _open = []; // All are closed together: the last one's header is not known before.
    private byte[] _frame = new byte[LogFormat.FrameHeaderBytes]; // In progress: room for the header, then the payload. One for all of them.
    private int _payloadBytes;
    private int _unflushedBytes;
    private int _number;
    private ulong _salt;
    private long _offset; // Of the frame in progress.
    private int _limit; // Of its payload.
    private uint _records;
    private ulong _lsn;

    /// <param name="firstLsn">Where the range begins.</param>
    /// <param name="endLsn">Where it ends.</param>
    /// <param name="nextNumber">A number that no file has had.</param>
    public CopyWriter(IFileSystem files, string directory, LogOptions options, Guid databaseId, ulong firstLsn, ulong endLsn, Func<int> nextNumber)
    {
        _files = files;
        _directory = directory;
        _options = options;
        _databaseId = databaseId;
        _firstLsn = _lsn = firstLsn;
        _endLsn = endLsn;
        _nextNumber = nextNumber;
    }

    public int Records { get; private set; }

    /// <summary>Adds a record, and says where it will be.</summary>
    public RecordPlace Append(byte kind, ReadOnlySpan<byte> body, int alignment, int alignedOffset)
    {
        var bytes = LogFormat.RecordBytes(body.Length, alignment);
        if (_payloadBytes > 0 && _payloadBytes + bytes > _limit)
            WriteFrame();
        if (_payloadBytes == 0)
            BeginFrame(bytes);
        var start = _offset + LogFormat.FrameHeaderBytes + _payloadBytes;
        var gap = LogFormat.PaddingBytes(start, alignment, alignedOffset);
        if (gap > 0)
            Add(RecordHeader.Padding, gap - LogFormat.RecordHeaderBytes).Clear();
        body.CopyTo(Add(kind, body.Length));
        Records++;
        return new RecordPlace(_number, (int)start + gap + LogFormat.RecordHeaderBytes);
    }

    /// <summary>The next record goes into another file.</summary>
    public void EndFile()
    {
        if (_payloadBytes > 0)
            WriteFrame();
        _number = 0;
    }

    /// <summary>Writes and flushes what is left, gives the files their names, and says what a manifest has to say of them. Once.</summary>
    /// <exception cref="LogRangeTooSmallException">The range ends before the copies do.</exception>
    public IReadOnlyList<ManifestFile> Complete()
    {
        var isEmpty = _done.Count == 0;
        if (isEmpty)
            // Nothing counts any more: a frame without records stands for all of it.
            BeginFrame(0);
        if (isEmpty || _payloadBytes > 0)
            WriteFrame();
        if (IsFull)
            throw new LogRangeTooSmallException((long)(_lsn - _endLsn));
        for (var i = 0; i < _open.Count; i++)
        {
            var (file, entry) = _open[i];
            var resume = i == _open.Count - 1 ? _endLsn : entry.EndLsn;
            var header = new LogFileHeader(
                _databaseId, entry.Number, entry.Salt, entry.FileBytes, entry.BlockBytes, _options.Time.GetUtcNow().ToUnixTimeMilliseconds())
            {
                Copied = new CopiedRange(_firstLsn, _endLsn, resume),
            };
            var block = new byte[LogFormat.FileHeaderBytes];
            header.Encode(block);
            file.Write(0, block);
            file.Flush();
            _done[i] = entry with { ResumeLsn = resume };
        }

        Close();
        foreach (var entry in _done)
            _files.Rename(PathOf(entry) + FileNames.Temporary, PathOf(entry));
        _files.FlushDirectory(_directory);
        return _done;
    }

    /// <summary>Removes everything that it wrote.</summary>
    public void Discard()
    {
        Close();
        foreach (var entry in _done)
        {
            // One of the two it has.
            _files.TryDelete(PathOf(entry) + FileNames.Temporary);
            _files.TryDelete(PathOf(entry));
        }
    }

    public void Dispose() => Close();

    // The copies are of no use then: nothing more is written, only counted.
    private bool IsFull => _lsn > _endLsn;

    private void BeginFrame(long recordBytes)
    {
        var atEnd = _number != 0 && _offset + LogFormat.FrameHeaderBytes + recordBytes > _options.MaxFileBytes;
        if (_number == 0 || atEnd)
        {
            _unflushedBytes = 0; // Complete flushes what is left of every file.
            _number = _nextNumber();
            _salt = _options.NextSalt();
            _offset = LogFormat.FileHeaderBytes;
            if (!IsFull)
                Create();
        }

        var room = (int)Math.Min(_options.FrameBytes, _options.MaxFileBytes - _offset - LogFormat.FrameHeaderBytes);
        _limit = (int)Math.Max(recordBytes, room);
    }

    private void Create()
    {
        var entry = new ManifestFile(_number, _offset, _salt, _lsn, _lsn, LogFormat.MinBlockBytes, LogFileFlags.Sealed | LogFileFlags.Copy);
        _done.Add(entry);
        _open.Add((_files.Create(PathOf(entry) + FileNames.Temporary), entry));
    }

    private Span<byte> Add(byte kind, int length)
    {
        var start = LogFormat.FrameHeaderBytes + _payloadBytes;
        var bytes = LogFormat.RecordHeaderBytes + LogFormat.RoundUp(length, 8);
        if (_frame.Length < start + bytes)
            Array.Resize(ref _frame, Math.Max(start + bytes, 2 * _frame.Length));
        var record = _frame.AsSpan(start, bytes);
        RecordHeader.Begin(record, kind, length);
        record[(LogFormat.RecordHeaderBytes + length)..].Clear();
        _payloadBytes += bytes;
        _records++;
        return record.Slice(LogFormat.RecordHeaderBytes, length);
    }

    private void WriteFrame()
    {
        // Records and headers are multiples of MinBlockBytes: nothing has to be filled up.
        var frame = _frame.AsSpan(0, LogFormat.FrameHeaderBytes + _payloadBytes);
        var lsn = _lsn;
        _lsn += (ulong)frame.Length;
        if (!IsFull)
        {
            for (var offset = LogFormat.FrameHeaderBytes; offset < frame.Length;)
            {
                RecordHeader.Seal(frame[offset..]);
                RecordHeader.TryDecode(frame[offset..], out var record);
                offset += record.OccupiedBytes;
            }

            var hash = FrameHeader.HashPayload(frame[LogFormat.FrameHeaderBytes..], _salt, lsn);
            new FrameHeader(FrameFlags.None, _payloadBytes, _records, lsn, _firstLsn, hash).Encode(frame, _salt);
            var (file, entry) = _open[^1];
            file.Write(_offset, frame);
            _unflushedBytes += frame.Length;
            if (_unflushedBytes >= FlushBytes)
            {
                file.Flush();
                _unflushedBytes = 0;
            }

            _done[^1] = entry with { FileBytes = _offset + frame.Length, EndLsn = _lsn };
            _open[^1] = (file, _done[^1]);
        }

        _offset += frame.Length;
        _payloadBytes = 0;
        _records = 0;
    }

    private void Close()
    {
        foreach (var (file, _) in _open)
            file.Dispose();
        _open.Clear();
    }

    private string PathOf(ManifestFile entry) => _directory + "/" + FileNames.Log(entry.Number);
}
