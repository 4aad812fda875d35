namespace ElizaEngine.Storage;

/// <summary>
/// The files of a directory that nobody has open, as the newest valid manifest lists them; where that is not to be had, as the files say
/// of themselves.
/// </summary>
internal sealed class LogDirectory : IDisposable
{
    private readonly IFileSystem _files;
    private readonly IReadOnlyList<string> _names;
    private bool _goesOn;

    private LogDirectory(IFileSystem files, string path)
    {
        _files = files;
        Path = path;
        _names = files.List(path);
    }

    public string Path { get; }

    /// <summary>The newest manifest that is valid; null when there is none.</summary>
    public Manifest? Manifest { get; private set; }

    /// <summary>The highest generation that a name claims.</summary>
    public long NewestGeneration { get; private set; }

    /// <summary>Names of manifests that are not valid.</summary>
    public List<string> DamagedManifests { get; } = [];

    public Guid DatabaseId { get; private set; }

    /// <summary>In the order of the log.</summary>
    public List<ExaminedFile> Files { get; } = [];

    /// <summary>Log files that hold frames and are not part of the log.</summary>
    public List<string> Strays { get; } = [];

    public List<LogFinding> Findings { get; } = [];

    /// <summary>Behind those that a manifest, or the header block of a file of that name, says were used.</summary>
    public int NextFileNumber { get; private set; } = 1;

    /// <summary>Whether the newest of all manifests is the valid one.</summary>
    public bool IsManifestTrusted => Manifest is not null && Manifest.Generation == NewestGeneration;

    /// <summary>Where the log begins.</summary>
    public ulong StartLsn => Manifest?.StartLsn ?? (Files.Count > 0 ? Files[0].FirstLsn : 0);

    public long TotalBytes => Files.Sum(static file => file.Length);

    /// <summary>Opens the files for reading. The directory is locked.</summary>
    /// <exception cref="LogFormatUnsupportedException">A newer version wrote it, or one of before version 1.</exception>
    public static LogDirectory Open(IFileSystem files, string path)
    {
        var directory = new LogDirectory(files, path);
        try
        {
            directory.ReadManifests();
            directory.OpenFiles();
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Whether the files are ours, valid or not. Changes nothing.</summary>
    /// <exception cref="LogBackupRefusedException">There is no database.</exception>
    /// <exception cref="LogDirectoryForeignException">The files are another program's.</exception>
    /// <exception cref="PlatformNotSupportedException">This operating system is not Linux.</exception>
    public static void CheckIsOurs(IFileSystem files, string path)
    {
        files.CheckSupport(path, new LogOptions { AllowNetworkFileSystem = true });
        if (!files.DirectoryExists(path))
            throw new LogBackupRefusedException(path, "does not exist.");
        var names = files.List(path);
        if (names.Any(static name => FileNames.TryManifest(name, out _)))
            return;
        if (names.Contains(FileNames.IncompleteBackup))
            throw new LogBackupRefusedException(path, "holds a backup or a restore that was never completed: do that again.");
        var foreign = DirectoryInspection.TellingName(names);
        if (foreign is null && names.Any(static name => FileNames.TryLog(name, out _)))
            return;
        foreign ??= names.FirstOrDefault(static name => name != FileNames.Lock && !FileNames.IsLostAndFound(name));
        throw foreign is null ? new LogBackupRefusedException(path, "holds no database.") : new LogDirectoryForeignException(path, foreign);
    }

    /// <summary>Reads everything.</summary>
    public LogExamination Examine(ILogVisitor visitor, Action<long> progress, CancellationToken cancellationToken)
    {
        // Where files go on behind it, a manifest was the last one only until a newer one was lost.
        var isClosed = IsManifestTrusted && Manifest!.IsClean && !_goesOn;
        if (Manifest is null && StartLsn > 0)
        {
            const string Gone = "the beginning of the log is gone, and no manifest tells what was in it";
            Findings.Add(new LogFinding(Files[0].Name, 0, 0, Gone));
            visitor.VisitLost(new LostBytes(Files[0].Name, 0, 0, 0, StartLsn, null, Gone), default);
        }

        var examination = LogExamination.Run(
            DatabaseId, Files, StartLsn, Manifest?.DurableLsn ?? 0, isClosed, visitor, progress, cancellationToken);
        examination.Findings.InsertRange(0, Findings);
        return examination;
    }

    public void Dispose()
    {
        foreach (var file in Files)
            file.Dispose();
    }

    private void ReadManifests()
    {
        var generations = new List<long>();
        foreach (var name in _names)
        {
            if (FileNames.TryManifest(name, out var generation))
                generations.Add(generation);
        }

        foreach (var generation in generations.OrderDescending())
        {
            NewestGeneration = Math.Max(NewestGeneration, generation);
            try
            {
                var manifest = ManifestCodec.Read(_files, Path, generation);
                Manifest ??= manifest;
            }
            catch (LogDamagedException error)
            {
                DamagedManifests.Add(error.File);
                Findings.Add(new LogFinding(error.File, error.Offset, 0, error.What, IsDamage: Manifest is null));
            }
        }

        if (generations.Count == 0)
            Findings.Add(new LogFinding(FileNames.Manifest(1), 0, 0, "there is no manifest"));
    }

    private void OpenFiles()
    {
        var onDisk = new Dictionary<int, string>();
        foreach (var name in _names)
        {
            if (FileNames.TryLog(name, out var number))
                onDisk.Add(number, name);
        }

        NextFileNumber = Manifest?.NextFileNumber ?? 1;
        DatabaseId = Manifest?.DatabaseId ?? Guid.Empty;
        foreach (var entry in Manifest?.Files ?? [])
        {
            var file = ExaminedFile.Open(_files, Path, entry, onDisk.Remove(entry.Number));
            Files.Add(file);
            if (file.TryAdopt(DatabaseId))
                Findings.Add(new LogFinding(
                    file.Name, 40, entry.FirstLsn, "the file is not the one that the manifest lists, but whole: a repair that was interrupted wrote it, or it is of a copy of this database"));
        }

        foreach (var entry in Manifest?.Replaced ?? [])
            onDisk.Remove(entry.Number);
        // Beside a backup they are what an interrupted, newer backup left.
        if (!(IsManifestTrusted && Manifest!.IsBackup))
            AddUnlisted(onDisk.Keys.Order());
    }

    /// <summary>
    /// Files with frames that no manifest lists. Where the newest manifest is gone they go on where the listed ones end, in the order of
    /// their lsns; where two claim the same lsn, recovery had cut the one with the lower number.
    /// </summary>
    private void AddUnlisted(IEnumerable<int> numbers)
    {
        var candidates = new List<ExaminedFile>();
        var copies = new List<LogFileHeader>();
        var headers = numbers.Select(number => (Number: number, Header: DirectoryInspection.ReadHeader(_files, Path, number))).ToList();
        if (Manifest is null)
            DatabaseId = IdOfMost(headers.Select(static file => file.Header).OfType<LogFileHeader>());
        foreach (var (number, found) in headers)
        {
            if (found is not { } header)
            {
                AddStray(FileNames.Log(number), "it says not what it is");
                continue;
            }

            // What no file of this database says is not counted: all later numbers would be behind it.
            if (header.DatabaseId == DatabaseId)
                NextFileNumber = Math.Max(NextFileNumber, number + 1);
            // One that the manifest does not list was not completed, or was replaced itself.
            if (header.Copied is not null && header.DatabaseId == DatabaseId)
            {
                if (Manifest is null)
                    copies.Add(header);
                continue;
            }

            var file = Open(header);
            if (file.FindFirstLsn() is { } first && header.DatabaseId == DatabaseId)
            {
                file.FirstLsn = first;
                candidates.Add(file);
                continue;
            }

            if (!file.IsBlank)
                AddStray(file.Name, header.DatabaseId == DatabaseId ? "no frame in it is valid" : $"it is of another database, {header.DatabaseId}");
            file.Dispose();
        }

        AddCopies(copies, candidates);
        foreach (var file in candidates)
            Findings.Add(new LogFinding(file.Name, LogFormat.FileHeaderBytes, file.FirstLsn, "the file holds frames, but no valid manifest lists it"));
        Insert(candidates);
    }

    private ExaminedFile Open(LogFileHeader header) => ExaminedFile.Open(
        _files, Path, new ManifestFile(header.Number, header.FileBytes, header.Salt, 0, 0, header.BlockBytes, LogFileFlags.None), exists: true);

    /// <summary>
    /// Where nothing else says whose the directory is: of which database most bytes are, up to the last of each file that is not zero. A file
    /// without a frame has none: what lies in it says nothing.
    /// </summary>
    private Guid IdOfMost(IEnumerable<LogFileHeader> headers) =>
        headers.GroupBy(static header => header.DatabaseId).MaxBy(files => files.Sum(BytesOf))?.Key ?? Guid.Empty;

    private long BytesOf(LogFileHeader header)
    {
        using var file = Open(header);
        return file.FindFirstLsn() is null ? 0 : file.EndOfData(LogFormat.FileHeaderBytes) - LogFormat.FileHeaderBytes;
    }

    private void AddStray(string name, string why)
    {
        Strays.Add(name);
        Findings.Add(new LogFinding(name, LogFormat.FileHeaderBytes, 0, "the file holds bytes, but no manifest lists it, and " + why));
    }

    /// <summary>
    /// Without a manifest the copies of a range count if they are all there, and then not what else begins in it. Of two ranges that
    /// overlap the one with the higher numbers counts, which was made of the other. Copies that are not all there are strays, unless the file
    /// is there with which their range began: then they were never completed.
    /// </summary>
    private void AddCopies(List<LogFileHeader> copies, List<ExaminedFile> candidates)
    {
        var taken = new List<CopiedRange>();
        var incomplete = new List<LogFileHeader>();
        foreach (var group in copies.GroupBy(static copy => (copy.Copied!.Value.FirstLsn, copy.Copied!.Value.EndLsn)).OrderByDescending(static group => group.Max(static copy => copy.Number)))
        {
            var (first, end) = group.Key;
            if (taken.Exists(range => range.FirstLsn < end && first < range.EndLsn))
            {
                // What the other was not made of has something that it has not.
                if (!taken.Exists(range => range.FirstLsn <= first && end <= range.EndLsn))
                    incomplete.AddRange(group);
                continue;
            }

            var set = new List<ExaminedFile>();
            var lsn = first;
            foreach (var copy in group.OrderBy(static copy => copy.Number))
            {
                var own = new ManifestFile(copy.Number, copy.FileBytes, copy.Salt, lsn, lsn + (ulong)(copy.FileBytes - LogFormat.FileHeaderBytes), copy.BlockBytes,
                    LogFileFlags.Sealed | LogFileFlags.Copy)
                {
                    ResumeLsn = copy.Copied!.Value.ResumeLsn,
                };
                set.Add(ExaminedFile.Open(_files, Path, own, exists: true));
                lsn = own.ResumeLsn;
            }

            if (lsn != end || set.Exists(static file => file.Entry.EndLsn > file.Entry.ResumeLsn || file.FindFirstLsn() is { } found && found != file.FirstLsn))
            {
                set.ForEach(static file => file.Dispose());
                incomplete.AddRange(group);
                continue;
            }

            taken.Add(new CopiedRange(first, end, end));
            foreach (var old in candidates.Where(file => file.FirstLsn >= first && file.FirstLsn < end && file.Entry.Number < set[0].Entry.Number).ToList())
            {
                candidates.Remove(old);
                old.Dispose();
            }

            candidates.AddRange(set);
        }

        foreach (var copy in incomplete.OrderBy(static copy => copy.Number))
        {
            var first = copy.Copied!.Value.FirstLsn;
            if (candidates.Exists(file => file.FirstLsn == first && !file.Entry.IsCopy))
                continue;
            var name = FileNames.Log(copy.Number);
            Strays.Add(name);
            Findings.Add(new LogFinding(
                name, LogFormat.FileHeaderBytes, first, "the file is a copy, but others that it was made with are not there"));
        }
    }

    private void Insert(List<ExaminedFile> candidates)
    {
        var listedEnd = Manifest?.Files.Where(static file => file.IsSealed).Select(static file => file.EndLsn).DefaultIfEmpty().Max() ?? 0;
        foreach (var file in candidates.OrderBy(static file => file.FirstLsn).ThenByDescending(static file => file.Entry.Number))
        {
            var rival = candidates.Exists(other => other.FirstLsn == file.FirstLsn && other.Entry.Number > file.Entry.Number)
                || Files.Exists(other => other.FindFirstLsn() == file.FirstLsn && !other.Entry.IsSealed && other.Entry.Number > file.Entry.Number);
            if (rival || file.FirstLsn < listedEnd)
            {
                Strays.Add(file.Name);
                file.Dispose();
                continue;
            }

            // Among the files that are not sealed, where its lsns belong.
            var place = Files.FindIndex(other => !other.Entry.IsSealed && (other.FindFirstLsn() ?? ulong.MaxValue) > file.FirstLsn);
            Files.Insert(place < 0 ? Files.Count : place, file);
            _goesOn = true;
        }
    }
}
