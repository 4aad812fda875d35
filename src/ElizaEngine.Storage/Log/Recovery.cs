namespace ElizaEngine.Storage;

/// <summary>
/// Reads a directory back after a clean close or a crash.
/// <list type="bullet">
/// <item>Frames are taken in lsn order, whole chains only; the first invalid frame ends the log.</item>
/// <item>It is damage when anything proves that bytes at or behind it were durable; otherwise it is a torn tail.</item>
/// <item>Nothing on disk is changed before that decision, and a crash during recovery is recovered from again.</item>
/// <item>Bytes from disk are hostile: every length is checked before use, every loop ends with the file.</item>
/// </list>
/// </summary>
internal sealed class Recovery
{
    private readonly IFileSystem _files;
    private readonly HashSet<string> _there; // Names in the directory.
    private readonly string _directory;
    private readonly LogOptions _options;
    private readonly ILogReplay _replay;
    private readonly LogOpenReport _report;
    private readonly Manifest _manifest;
    private readonly List<LogFile> _list = [];
    private readonly HashSet<int> _listed = []; // Their numbers.
    private readonly FrameChain _chain = new();
    private readonly List<FramePlace> _unproven = [];
    private readonly List<string> _replaced = [];
    private ulong _proven; // Some valid header, or the manifest, says that everything below it was durable.
    private int _place; // In the list: the file that is being read.
    private LogFile? _indexedFile; // Whose index was looked for.
    private LogIndex? _index;
    private IRecordHeads? _heads;
    private long _offset = LogFormat.FileHeaderBytes;
    private long _blank = LogFileHeader.FieldBytes; // From here to the offset there are zeros.
    private ulong _lsn;

    private Recovery(IFileSystem files, string directory, LogOptions options, ILogReplay replay, Manifest manifest, HashSet<string> there)
    {
        _there = there;
        _files = files;
        _directory = directory;
        _options = options;
        _replay = replay;
        _manifest = manifest;
        _lsn = manifest.StartLsn;
        _proven = manifest.DurableLsn;
        _report = new LogOpenReport { WasClean = manifest.IsClean };
    }

    /// <summary>Recovers the log of the newest manifest. The directory is locked.</summary>
    /// <exception cref="LogDamagedException">Acknowledged bytes are missing or changed.</exception>
    public static RecoveredLog Run(
        IFileSystem files, string directory, LogOptions options, ILogReplay replay, long generation, IReadOnlyList<string> names)
    {
        var recovery = new Recovery(files, directory, options, replay, ManifestCodec.Read(files, directory, generation), [.. names]);
        try
        {
            recovery.OpenFiles(names);
            recovery.LoadCheckpoint();
            recovery.ReplayFrames();
            recovery._index?.Dispose();
            replay.End();
            var cut = recovery.DecideTail();
            // The decision is final: from here on the directory may change.
            recovery.KeepTails(cut);
            recovery.VouchForTail();
            recovery.RemoveLeftovers(names);
            return recovery.Result(cut);
        }
        catch
        {
            recovery._index?.Dispose();
            foreach (var file in recovery._list)
                file.Dispose();
            throw;
        }
    }

    /// <summary>A directory without a manifest: leftovers of an interrupted creation are removed.</summary>
    public static RecoveredLog Create(IFileSystem files, string directory, LogOptions options, IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            if (FileNames.IsTemporary(name) || FileNames.TryLog(name, out _) || FileNames.IsDerived(name))
                files.Delete(directory + "/" + name);
        }

        return new RecoveredLog
        {
            DatabaseId = options.NextDatabaseId(),
            Used = [],
            Prepared = [],
            Tail = default,
            NextFileNumber = 1,
            Report = new LogOpenReport { IsNew = true, WasClean = true },
        };
    }

    private void OpenFiles(IReadOnlyList<string> names)
    {
        foreach (var listed in _manifest.Files)
        {
            var name = FileNames.Log(listed.Number);
            if (!_there.Contains(name))
                throw new LogDamagedException(name, 0, listed.FirstLsn, "the file is missing");
            _list.Add(LogFile.Open(_files, _directory, _manifest.DatabaseId, listed));
            _listed.Add(listed.Number);
        }

        foreach (var name in names)
        {
            var isUnlisted = FileNames.TryLog(name, out var number) && !_listed.Contains(number);
            // Beside a backup they are what an interrupted, newer backup left; and what compaction replaced, or did not complete, goes.
            if (isUnlisted && !_manifest.IsBackup && !_manifest.Replaced.Any(file => file.Number == number)
                && !DirectoryInspection.HoldsNoFrame(_files, _directory + "/" + name)
                && !(DirectoryInspection.ReadHeader(_files, _directory, number) is { Copied: not null } header && header.DatabaseId == _manifest.DatabaseId))
                throw new LogDamagedException(name, LogFormat.FileHeaderBytes, 0,
                    "the file holds frames, but the manifest does not list it");
        }
    }

    /// <summary>Goes on behind what a checkpoint stands for, where there is one. That is durable, and whole batches.</summary>
    private void LoadCheckpoint()
    {
        if (LogCheckpoint.TryOpen(_files, _directory, _manifest) is not { } checkpoint)
            return;
        var end = checkpoint.EndLsn;
        if (!checkpoint.IsOf(_list) || !_replay.TryLoad(checkpoint))
        {
            checkpoint.Dispose();
            return;
        }

        _report.CheckpointLsn = end;
        while (_list[_place] is { IsEnded: true } file && file.EndLsn <= end)
        {
            GoOnBehind(file, file.EndLsn);
            MoveTo(_place + 1);
            if (_place == _list.Count || _lsn >= end)
                return;
        }

        // No index begins in the middle of a file.
        _indexedFile = _list[_place];
        GoOnBehind(_indexedFile, end);

        void GoOnBehind(LogFile file, ulong lsn)
        {
            if (_there.Contains(FileNames.Index(file.Number)))
                file.IndexedTo = lsn;
            Skip(file, lsn);
        }
    }

    /// <summary>Goes on behind frames that something else stood for; where the last of them ends it does not say.</summary>
    private void Skip(LogFile file, ulong lsn)
    {
        if (_offset == LogFormat.FileHeaderBytes && !file.IsEnded)
            file.Start(_lsn);
        file.UnreadTo = lsn;
        _offset += (long)(lsn - _lsn);
        _blank = _offset;
        _lsn = lsn;
    }

    private void ReplayFrames()
    {
        while (_place < _list.Count)
        {
            var file = _list[_place];
            if (file.IsEnded && _offset == LogFormat.FileHeaderBytes && file.FirstLsn != _lsn)
                throw Damage($"the log reaches lsn {_lsn}, the file begins at lsn {file.FirstLsn}");
            if (file.IsEnded && _lsn == file.EndLsn)
                MoveTo(_place + 1);
            else if (TryReplayIndex(file))
                continue;
            else if (FrameReader.TryRead(file, _offset, _lsn, out var header, out var problem))
                Accept(new FramePlace(file, _offset, header));
            else if (file.IsEnded)
                throw Damage(problem);
            else if (FindContinuation() is { } next)
                MoveTo(next);
            else
                return;
        }
    }

    /// <summary>Takes the frames that the file's index stands for, when they begin here. They are durable, and whole batches.</summary>
    private bool TryReplayIndex(LogFile file)
    {
        if (_indexedFile != file)
        {
            _index?.Dispose();
            _indexedFile = file;
            _heads = _replay.NewHeads();
            _index = _heads is null ? null : LogIndex.TryOpen(_files, _directory, file, _manifest.DurableLsn);
        }

        if (_index is not { } index || index.FirstLsn != _lsn || _chain.Count > 0)
            return false;
        index.Replay(_heads!);
        file.IndexedTo = index.EndLsn;
        _report.Records += index.Records;
        _report.Frames += index.Frames;
        _report.IndexFiles++;
        Skip(file, index.EndLsn);
        return true;
    }

    /// <summary>
    /// The file whose first frame has the lsn that is due, when the current one has ended; blank files in between are skipped.
    /// </summary>
    private int? FindContinuation()
    {
        for (var i = _place + 1; i < _list.Count; i++)
        {
            var file = _list[i];
            if (file.IsEnded ? file.FirstLsn == _lsn && file.EndLsn > _lsn : FrameReader.TryRead(file, LogFormat.FileHeaderBytes, _lsn,
                out _, out _))
                return i;
            if (file.IsEnded ? file.EndLsn > file.FirstLsn : !file.IsBlank)
                return null;
        }

        return null;
    }

    private void MoveTo(int next)
    {
        for (var i = _place; i < next; i++)
        {
            if (!_list[i].IsEnded)
                _list[i].End(i == _place && _offset > LogFormat.FileHeaderBytes ? _list[i].FirstLsn : _lsn, _lsn, isCut: false);
        }

        if (_list[_place].IsCopy)
            _lsn = _list[_place].NextLsn;

        _place = next;
        _offset = LogFormat.FileHeaderBytes;
        _blank = LogFileHeader.FieldBytes;
    }

    private void Accept(FramePlace place)
    {
        var header = place.Header;
        if (_offset == LogFormat.FileHeaderBytes && !place.File.IsEnded)
            place.File.Start(_lsn);
        _report.Records += _chain.Add(place, _replay);
        _report.Frames++;
        _proven = Math.Max(_proven, header.SyncedLsn);
        _unproven.Add(place);
        if (_unproven[0].Header.Lsn < _proven)
            _unproven.RemoveAll(frame => frame.Header.Lsn < _proven);
        _blank = _offset + LogFormat.FrameHeaderBytes + header.PayloadBytes;
        _offset += place.OccupiedBytes;
        _lsn += (ulong)place.OccupiedBytes;
    }

    /// <summary>Damage, or the tails to cut: index of the file, and from where to where bytes lie in it that do not belong to the log.</summary>
    private List<(int Index, long Offset, long End)> DecideTail()
    {
        _chain.Abandon();
        _report.UnfinishedChains = _chain.Abandoned;
        if (_lsn < _proven)
            throw Damage($"the log ends here, but was durable up to lsn {_proven}");
        if (_manifest.IsClean)
        {
            if (_lsn != _manifest.DurableLsn)
                throw Damage($"the log was closed at lsn {_manifest.DurableLsn}, but goes on to lsn {_lsn}");
            for (var i = _place; i < _list.Count; i++)
            {
                if (TailScan.HoldsDataAt(_list[i], i == _place ? _offset : LogFormat.FileHeaderBytes))
                    throw Damage($"the log was closed at this lsn, but {_list[i].Name} has data behind it");
            }

            return [];
        }

        var cut = new List<(int, long, long)>();
        for (var i = _place; i < _list.Count; i++)
        {
            var from = i == _place ? _offset : LogFormat.FileHeaderBytes;
            if (_list[i].IsEnded && _list[i].EndLsn > _lsn)
                throw Damage($"the log ends here, but {_list[i].Name} holds lsn {_list[i].FirstLsn} to {_list[i].EndLsn}");
            if (_list[i].IsEnded)
                continue;
            var blank = i == _place ? _blank : LogFileHeader.FieldBytes;
            if (_list[i].Map.Slice(blank, (int)(from - blank)).ContainsAnyExcept((byte)0))
                throw new LogDamagedException(_list[i].Name, blank, _lsn, "bytes lie where zeros must be: a write went astray");
            var (promise, end) = TailScan.Scan(_list[i], from, _list);
            if (promise > _lsn)
                throw Damage($"the frame here is not valid, but a later one says that lsn {promise} was durable");
            if (end > from)
                cut.Add((i, from, end));
        }

        return cut;
    }

    private void KeepTails(List<(int Index, long Offset, long End)> cut)
    {
        foreach (var (index, offset, end) in cut)
        {
            var file = _list[index];
            var path = LostAndFound.Keep(_files, _directory, file, offset, end);
            _report.KeptTails.Add(path);
            _report.CutBytes += end - offset;
        }
    }

    /// <summary>
    /// Frames nobody promised to be durable may lie in the page cache only, even marked clean after a flush that failed in the process
    /// before. They are written again, byte for byte, and flushed, before anything is built on them.
    /// </summary>
    private void VouchForTail()
    {
        if (_manifest.IsClean || _options.Durability == Durability.None)
            return;
        foreach (var frame in _unproven)
            frame.File.File.Write(frame.Offset, frame.File.Map.Slice(frame.Offset, frame.OccupiedBytes).ToArray());
        foreach (var file in _unproven.Select(frame => frame.File).Distinct())
            file.File.Flush();
    }

    private void RemoveLeftovers(IReadOnlyList<string> names)
    {
        var useless = new List<string>();
        foreach (var name in names)
        {
            var isOldManifest = FileNames.TryManifest(name, out var generation) && generation < _manifest.Generation - 1;
            var isUnlistedLog = FileNames.TryLog(name, out var number) && !_listed.Contains(number);
            var isOrphan = FileNames.TryIndex(name, out var indexed) && !_listed.Contains(indexed);
            if (isUnlistedLog && _manifest.Replaced.Any(file => file.Number == number))
                _replaced.Add(name);
            else if (isOldManifest || isUnlistedLog || isOrphan || (name == FileNames.Checkpoint && _report.CheckpointLsn == 0) || FileNames.IsTemporary(name))
                useless.Add(name);
        }

        if (useless.Count == 0)
            return;
        // The manifest in force may be one whose name did not become durable, because the process before failed to flush it. An older one,
        // which a power cut would put in force again, may list what is of no use to this one.
        _files.FlushDirectory(_directory);
        foreach (var name in useless)
            _files.Delete(_directory + "/" + name);
    }

    private RecoveredLog Result(List<(int Index, long Offset, long End)> cut)
    {
        var tail = new LogTail(null, 0, _lsn);
        var used = _list.GetRange(0, Math.Min(_place + 1, _list.Count));
        var prepared = new List<LogFile>();
        if (_place < _list.Count)
        {
            var file = _list[_place];
            var isCut = cut.Exists(entry => entry.Index == _place);
            // A file whose blocks are smaller than asked for ends too: a torn write could touch an acknowledged frame in it. So does one
            // with a file behind it that ends here, at this lsn: the log must not grow past it.
            if (isCut || file.BlockBytes < _options.BlockBytes || Enumerable.Range(_place + 1, _list.Count - _place - 1).Any(i => Ends(i, cut)))
                file.End(_offset > LogFormat.FileHeaderBytes ? file.FirstLsn : _lsn, _lsn, isCut);
            else
                tail = new LogTail(file, _offset, _lsn);
            if (_offset == LogFormat.FileHeaderBytes && tail.File is not null)
                file.Start(_lsn);
        }

        for (var i = _place + 1; i < _list.Count; i++)
        {
            if (Ends(i, cut))
            {
                _list[i].End(_lsn, _lsn, cut.Exists(entry => entry.Index == i) || _list[i].IsCut);
                used.Add(_list[i]);
            }
            else
            {
                prepared.Add(_list[i]);
            }
        }

        return new RecoveredLog
        {
            DatabaseId = _manifest.DatabaseId,
            Manifest = _manifest,
            Used = used,
            Prepared = prepared,
            Tail = tail,
            NextFileNumber = _manifest.NextFileNumber,
            Replaced = _replaced,
            Report = _report,
        };
    }

    /// <summary>Whether a file behind the end of the log can take no frame.</summary>
    private bool Ends(int index, List<(int Index, long Offset, long End)> cut) =>
        _list[index].IsEnded || _list[index].BlockBytes < _options.BlockBytes || cut.Exists(entry => entry.Index == index);

    private LogDamagedException Damage(string what) =>
        _place < _list.Count ? new LogDamagedException(_list[_place].Name, _offset, _lsn, what)
        : _list.Count > 0 ? new LogDamagedException(_list[^1].Name, _list[^1].FileBytes, _lsn, what)
        : new LogDamagedException(FileNames.Manifest(_manifest.Generation), 0, _lsn, what);
}
