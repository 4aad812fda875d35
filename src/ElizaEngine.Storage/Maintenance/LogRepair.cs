namespace ElizaEngine.Storage;

/// <summary>
/// Makes a damaged directory one that opens, with everything in it that can still be read.
/// <list type="bullet">
/// <item>What is replaced is kept in lost+found first, durably.</item>
/// <item>Nothing is written in place: a file that was damaged is written anew beside, and takes its name when it is complete. A copy of
/// the directory that shares files with it is not touched.</item>
/// <item>Records that can be read stay at the offsets and lsns they have. Each damaged piece becomes one frame of the same size, with
/// padding where records are lost.</item>
/// <item>A file in which anything was damaged gets another salt, and what copies took the place of is forgotten but for the numbers: no
/// backup of before, which may have what is lost, is taken for an older state of this directory.</item>
/// <item>A crash leaves a directory that can be repaired again, with nothing more lost; the new manifest comes last. Until the
/// repair is done again, the directory does not open once a file has its new salt.</item>
/// </list>
/// </summary>
internal sealed class LogRepair
{
    private const int ChunkBytes = 1 << 20;
    private const string DamagedSuffix = ".damaged";
    private readonly IFileSystem _files;
    private readonly LogDirectory _directory;
    private readonly LogExamination _examination;
    private readonly LogOptions _options;
    private readonly Action<long> _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<string> _kept = [];

    public LogRepair(IFileSystem files, LogDirectory directory, LogExamination examination, LogOptions options, Action<long> progress,
        CancellationToken cancellationToken)
    {
        _files = files;
        _directory = directory;
        _examination = examination;
        _options = options;
        _progress = progress;
        _cancellation = cancellationToken;
    }

    /// <summary>Whether anything has to be done at all.</summary>
    public static bool IsNeeded(LogExamination examination) => examination.Findings.Exists(static finding => finding.IsDamage);

    /// <summary>Log files that have to be written anew.</summary>
    public static IReadOnlyList<string> FilesToWrite(LogDirectory directory, LogExamination examination) =>
        [.. directory.Files.Where(file => file.EndLsn > file.FirstLsn && MustBeWritten(examination, file)).Select(static file => file.Name)];

    /// <summary>Does it, and returns the paths of what it kept.</summary>
    /// <exception cref="LogDiskFullException">No room. It can be done again.</exception>
    /// <exception cref="StorageIOException">A call to the operating system failed. It can be done again.</exception>
    /// <exception cref="LogDamagedException">What was read, or written, cannot be read back. It can be done again.</exception>
    public IReadOnlyList<string> Run(ILogReplay replay)
    {
        var used = _directory.Files.Where(static file => file.EndLsn > file.FirstLsn).ToList();
        foreach (var name in _directory.DamagedManifests)
            KeepWhole(name);
        foreach (var file in used)
            KeepDamage(file);
        foreach (var file in _directory.Files.Except(used).Where(static file => !file.IsMissing && HoldsMoreThanItsHeader(file)))
            KeepWhole(file.Name);
        foreach (var name in _directory.Strays)
            KeepWhole(name);

        // They tell of records that will be padding, and are built again.
        foreach (var name in _files.List(_directory.Path).Where(FileNames.IsDerived))
            _files.Delete(_directory.Path + "/" + name);
        _files.FlushDirectory(_directory.Path);

        var entries = new List<ManifestFile>();
        foreach (var file in used)
        {
            _cancellation.ThrowIfCancellationRequested();
            entries.Add(MustBeWritten(_examination, file) ? WriteAnew(file) : EntryOf(file, file.Entry.FileBytes, file.Entry.Salt));
        }

        _files.FlushDirectory(_directory.Path);
        var manifest = new Manifest
        {
            DatabaseId = _directory.DatabaseId,
            Generation = _directory.NewestGeneration + 1,
            WrittenMs = _options.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            IsClean = true,
            StartLsn = _directory.StartLsn,
            DurableLsn = _examination.EndLsn,
            NextFileNumber = _directory.NextFileNumber,
            Files = entries,
            // What the copies had taken over may be what is lost now, or was when a repair was interrupted: they stand for nothing that a
            // backup has of these files.
            Replaced = [.. (_directory.Manifest?.Replaced ?? []).Select(static file => file with { EndLsn = file.FirstLsn })],
        };
        LogCheck.Run(_files, _directory.Path, manifest, replay, static _ => { }, _cancellation);
        // No file is listed or unlisted in the old manifest that the new one does not know: from here on the new one counts.
        new ManifestStore(_files, _directory.Path, manifest with { Generation = _directory.NewestGeneration }).Write(manifest);
        RemoveRest(manifest);
        return _kept;
    }

    private static bool MustBeWritten(LogExamination examination, ExaminedFile file) =>
        file.NeedsNewShell || examination.Damaged.Exists(damaged => damaged.Piece.File == file);

    /// <summary>The damaged bytes, piece by piece; of a file whose size or header block is wrong the header block.</summary>
    // What stands in the place of the header may be a short frame that went astray.
    private static bool HoldsMoreThanItsHeader(ExaminedFile file) =>
        file.NeedsNewShell || file.EndOfData(LogFileHeader.FieldBytes) > LogFileHeader.FieldBytes;

    private void KeepDamage(ExaminedFile file)
    {
        if (file.IsMissing)
            return;
        if (file.NeedsNewShell)
            Keep(file, 0, Math.Min(LogFormat.FileHeaderBytes, file.Length));
        foreach (var damaged in _examination.Damaged.Where(damaged => damaged.Piece.File == file))
            Keep(file, damaged.Piece.Offset, damaged.Piece.Bytes);
        foreach (var stray in _examination.Strays.Where(stray => stray.File == file))
            Keep(file, stray.Offset, stray.Bytes);
        // What was never acknowledged goes too, where recovery would have cut it.
        var end = LogFormat.FileHeaderBytes + (long)(file.EndLsn - file.FirstLsn);
        if (!file.Entry.IsCut && file.EndOfData(end) > end)
            Keep(file, end, file.EndOfData(end) - end);
    }

    private void Keep(ExaminedFile file, long offset, long bytes)
    {
        using var copy = CreateKept(FileNames.Tail(file.Entry.Number, offset));
        for (long done = 0; done < bytes; done += ChunkBytes)
            copy.Write(done, file.Slice(offset + done, Math.Min(ChunkBytes, bytes - done)));
        Finish(copy);
    }

    private void KeepWhole(string name)
    {
        using var source = _files.Open(_directory.Path + "/" + name);
        using var copy = CreateKept(name + DamagedSuffix);
        var length = source.Length;
        var buffer = new byte[ChunkBytes];
        for (long offset = 0; offset < length; offset += ChunkBytes)
        {
            var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkBytes, length - offset));
            source.Read(offset, chunk);
            copy.Write(offset, chunk);
        }

        Finish(copy);
    }

    private IFile CreateKept(string name) => LostAndFound.InFolder(_files, _directory.Path, folder =>
    {
        // What an earlier repair kept stays.
        var there = _files.List(folder);
        var free = name;
        for (var i = 2; there.Contains(free); i++)
            free = $"{name}.{i}";
        var copy = _files.Create(folder + "/" + free);
        _kept.Add(folder + "/" + free);
        return copy;
    });

    private void Finish(IFile copy)
    {
        copy.Flush();
        _files.FlushDirectory(Path.GetDirectoryName(_kept[^1])!);
    }

    private static ManifestFile EntryOf(ExaminedFile file, long fileBytes, ulong salt)
    {
        var end = LogFormat.FileHeaderBytes + (long)(file.EndLsn - file.FirstLsn);
        var isCut = file.Entry.IsCut || (!file.Entry.IsSealed && fileBytes > end);
        return new ManifestFile(file.Entry.Number, fileBytes, salt, file.FirstLsn, file.EndLsn, file.Entry.BlockBytes,
            LogFileFlags.Sealed | (isCut ? LogFileFlags.Cut : 0) | (file.Entry.IsCopy ? LogFileFlags.Copy : 0))
        {
            ResumeLsn = file.Entry.ResumeLsn,
        };
    }

    /// <summary>Header block, frames, and frames in the place of those that are damaged; zeros behind.</summary>
    private ManifestFile WriteAnew(ExaminedFile file)
    {
        var end = LogFormat.FileHeaderBytes + (long)(file.EndLsn - file.FirstLsn);
        var fileBytes = file.Entry.IsCopy ? file.Entry.FileBytes : Math.Max(file.Entry.FileBytes, LogFormat.RoundUp(end, 4096));
        if (fileBytes > LogFormat.MaxFileBytes)
            throw new LogBackupRefusedException(_directory.Path,
                $"misses {end - LogFormat.FileHeaderBytes} bytes of log in one place, more than a file can stand for: restore a backup.");
        var damaged = _examination.Damaged.Where(one => one.Piece.File == file).ToDictionary(static one => one.Piece.Offset);
        // Where the header block alone is damaged, every frame stays the same, and a backup that has them can be renewed.
        var salt = damaged.Count > 0 ? _options.NextSalt() : file.Entry.Salt;
        var path = _directory.Path + "/" + file.Name;
        using (var copy = _files.Create(path + FileNames.Temporary))
        {
            copy.FillWithZeros(fileBytes, pause: static () => { });
            var header = new LogFileHeader(_directory.DatabaseId, file.Entry.Number, salt, fileBytes, file.Entry.BlockBytes,
                _options.Time.GetUtcNow().ToUnixTimeMilliseconds())
            {
                Copied = file.Entry.IsCopy ? RangeOf(file) : null,
            };
            var block = new byte[LogFormat.FileHeaderBytes];
            header.Encode(block);
            copy.Write(0, block);
            for (long offset = LogFormat.FileHeaderBytes; offset < end;)
            {
                _cancellation.ThrowIfCancellationRequested();
                var frame = damaged.TryGetValue(offset, out var piece) ? FrameOf(piece, salt) : WholeFrame(file, offset, salt);
                copy.Write(offset, frame);
                offset += frame.Length;
            }

            copy.Flush();
            _progress(fileBytes);
        }

        _files.Rename(path + FileNames.Temporary, path);
        return EntryOf(file, fileBytes, salt);
    }

    /// <summary>
    /// What a copy stands for together with others, as it says, or as those say that it was made with; where nobody says so, it stands for
    /// itself.
    /// </summary>
    private CopiedRange RangeOf(ExaminedFile file)
    {
        foreach (var copy in _directory.Files.Where(static one => one.Entry.IsCopy).Prepend(file))
        {
            if (copy.ReadHeader() is { Copied: { } range } header && header.Number == copy.Entry.Number && header.Salt == copy.Entry.Salt
                && range.ResumeLsn == copy.Entry.ResumeLsn && range.FirstLsn <= file.FirstLsn && file.Entry.ResumeLsn <= range.EndLsn)
                return range with { ResumeLsn = file.Entry.ResumeLsn };
        }

        return new CopiedRange(file.FirstLsn, file.Entry.ResumeLsn, file.Entry.ResumeLsn);
    }

    /// <summary>A whole frame, sealed with a salt. The file may end in the zeros behind its payload.</summary>
    private static byte[] WholeFrame(ExaminedFile file, long offset, ulong salt)
    {
        var lsn = file.FirstLsn + (ulong)(offset - LogFormat.FileHeaderBytes);
        if (!file.TryHeader(offset, lsn, out var header, out var problem))
            throw new LogDamagedException(file.Name, offset, lsn, problem);
        var frame = new byte[header.OccupiedBytes(file.Entry.BlockBytes)];
        file.Slice(offset, frame.Length).CopyTo(frame);
        var payload = frame.AsSpan(LogFormat.FrameHeaderBytes, header.PayloadBytes);
        // Its bytes may have changed since they were examined, on a disk that gives back others each time.
        if (FrameHeader.HashPayload(payload, file.Entry.Salt, lsn) != header.PayloadHash)
            throw new LogDamagedException(file.Name, offset, lsn, "the frame was whole when it was examined, and is not any more");
        (header with { PayloadHash = FrameHeader.HashPayload(payload, salt, lsn) }).Encode(frame, salt);
        return frame;
    }

    /// <summary>One frame of the size of the piece: the records that are kept where they lie, padding everywhere else.</summary>
    private static byte[] FrameOf(DamagedPiece damaged, ulong salt)
    {
        var piece = damaged.Piece;
        var frame = new byte[piece.Bytes];
        var start = piece.Offset + LogFormat.FrameHeaderBytes;
        var payloadBytes = piece.State == LogPieceState.Unreadable ? frame.Length - LogFormat.FrameHeaderBytes : piece.Header.PayloadBytes;
        var used = damaged.Keep.Count > 0 ? (int)(damaged.Keep[^1].Offset - start) + damaged.Keep[^1].Bytes : 0;
        if (piece.State == LogPieceState.Unreadable && payloadBytes - used < piece.File.Entry.BlockBytes)
            payloadBytes = used;
        var payload = frame.AsSpan(LogFormat.FrameHeaderBytes, payloadBytes);
        uint records = 0;
        var offset = 0;
        foreach (var (place, bytes) in damaged.Keep)
        {
            records += Pad(payload[offset..(int)(place - start)]);
            piece.File.Slice(place, bytes).CopyTo(payload[(int)(place - start)..]);
            records++;
            offset = (int)(place - start) + bytes;
        }

        records += Pad(payload[offset..]);
        var hash = FrameHeader.HashPayload(payload, salt, piece.Lsn);
        new FrameHeader(damaged.Flags, payloadBytes, records, piece.Lsn, damaged.SyncedLsn, hash).Encode(frame, salt);
        return frame;
    }

    private static uint Pad(Span<byte> gap)
    {
        uint records = 0;
        while (gap.Length > 0)
        {
            // Never a rest too small for a header.
            var bytes = Math.Min(gap.Length, LogFormat.MaxRecordBytes);
            if (gap.Length - bytes is > 0 and < LogFormat.RecordHeaderBytes)
                bytes -= LogFormat.RecordHeaderBytes;
            RecordHeader.Begin(gap, RecordHeader.Padding, bytes - LogFormat.RecordHeaderBytes);
            RecordHeader.Seal(gap[..bytes]);
            gap = gap[bytes..];
            records++;
        }

        return records;
    }

    /// <summary>Damaged manifests, files that are no part of the log, and what can be built again. A crash before it is made up for by the next repair or open.</summary>
    private void RemoveRest(Manifest manifest)
    {
        var listed = manifest.Numbers();
        foreach (var name in _files.List(_directory.Path))
        {
            var isUnlisted = FileNames.TryLog(name, out var number) && !listed.Contains(number);
            if (isUnlisted || _directory.DamagedManifests.Contains(name) || FileNames.IsTemporary(name))
                _files.Delete(_directory.Path + "/" + name);
        }

        _files.FlushDirectory(_directory.Path);
    }
}
