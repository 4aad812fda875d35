namespace ElizaEngine.Storage.Simulation;

/// <summary>
/// A disk in memory that can lose its power, fail and lie. The running log sees every write at once, as through a page cache;
/// <see cref="Cut"/> builds what the disk holds when the power goes: what was flushed, and of the rest each sector of 512 bytes, in any of
/// the versions that were written since, and each change of a name, by the toss of a seeded coin.
/// <list type="bullet">
/// <item>Nothing here waits and nothing depends on a clock: the same calls and the same coin give the same image.</item>
/// <item>Folders are there as soon as they are made; what is in them is not.</item>
/// </list>
/// </summary>
internal sealed class SimulatedDisk : IFileSystem, IDisposable
{
    private const int SectorBytes = 512;
    private readonly Lock _gate = new();
    private readonly MemoryFileSystem _cache = new(); // What a process sees.
    private readonly Dictionary<string, SimulatedFile> _live = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedFile> _durable = new(StringComparer.Ordinal);
    private readonly List<(string Name, SimulatedFile? File)> _pendingNames = [];
    private readonly Random _faults;
    private readonly string _directory;

    /// <param name="directory">The one directory whose images are wanted.</param>
    /// <param name="image">What is durable in it at first; null: the directory is missing.</param>
    /// <param name="seed">Decides how a fault goes.</param>
    public SimulatedDisk(string directory, DiskImage? image = null, int seed = 0)
    {
        _directory = directory;
        _faults = new Random(seed);
        if (image is null)
            return;
        image.RestoreTo(_cache, directory);
        foreach (var (name, bytes) in image.Files)
        {
            var path = directory + "/" + name;
            _live[path] = _durable[path] = new SimulatedFile(this, path, _cache.Open(path), bytes);
        }
    }

    /// <summary>Calls so far that change the disk.</summary>
    public int Calls { get; private set; }

    /// <summary>After this many calls the power is gone: every later one fails.</summary>
    public int CallsMax { get; set; } = int.MaxValue;

    /// <summary>
    /// Asked before each call that changes the disk, one at a time, on the thread that makes it. It may take an image: of this call nothing
    /// has happened yet.
    /// </summary>
    public Func<DiskCall, DiskFault>? BeforeCall { get; set; }

    /// <summary>The next flush of a file fails: see <see cref="DiskFault.DroppedPages"/>; none of its pages reaches the disk.</summary>
    public bool FailNextFlush { get; set; }

    /// <summary>What the disk holds when the power comes back.</summary>
    public DiskImage Cut(Random coin)
    {
        // Mostly a fair coin; sometimes nearly everything is lost, or hardly anything.
        var survives = coin.Next(8) switch { 0 => 0.03, 1 => 0.97, 2 => 0.2, 3 => 0.8, _ => 0.5 };
        lock (_gate)
        {
            var names = new Dictionary<string, SimulatedFile>(_durable, StringComparer.Ordinal);
            foreach (var (name, file) in _pendingNames)
            {
                if (coin.NextDouble() >= survives)
                    continue;
                if (file is null)
                    names.Remove(name);
                else
                    names[name] = file;
            }

            return ImageOf(names, file => file.Cut(coin, survives));
        }
    }

    /// <summary>What a killed process leaves, the power staying on: everything it wrote.</summary>
    public DiskImage Kill()
    {
        lock (_gate)
            return ImageOf(_live, static file => file.Written());
    }

    public void CheckSupport(string directory, LogOptions options)
    {
    }

    public void CreateDirectory(string path) => _cache.CreateDirectory(path);

    public bool DirectoryExists(string path) => _cache.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory) => _cache.List(directory);

    public IFile Create(string path)
    {
        lock (_gate)
        {
            FailOn(Begin("create", path), "create", path);
            var file = new SimulatedFile(this, path, _cache.Create(path), []);
            _live[path] = file;
            _pendingNames.Add((path, file));
            return file;
        }
    }

    public IFile Open(string path)
    {
        lock (_gate)
            return _live.TryGetValue(path, out var file) ? file : throw new StorageIOException("open", path, 2, "no such file");
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            FailOn(Begin("rename", to), "rename", to);
            _cache.Rename(from, to);
            _live.Remove(from, out var file);
            _live[to] = file!;
            _pendingNames.Add((from, null));
            _pendingNames.Add((to, file));
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            FailOn(Begin("delete", path), "delete", path);
            _cache.Delete(path);
            _live.Remove(path);
            _pendingNames.Add((path, null));
        }
    }

    public void FlushDirectory(string directory)
    {
        lock (_gate)
        {
            var fault = Begin("flush-directory", directory);
            if (fault == DiskFault.Ignored)
                return;
            FailOn(fault, "flush-directory", directory);
            foreach (var (name, file) in _pendingNames.Where(change => IsIn(directory, change.Name)))
            {
                if (file is null)
                    _durable.Remove(name);
                else
                    _durable[name] = file;
            }

            _pendingNames.RemoveAll(change => IsIn(directory, change.Name));
        }
    }

    public IDisposable Lock(string directory, string lockPath, string owner) => _cache.Lock(directory, lockPath, owner);

    public void Dispose() => _cache.Dispose();

    private static bool IsIn(string directory, string path) =>
        path.LastIndexOf('/') == directory.Length && path.StartsWith(directory, StringComparison.Ordinal);

    private static void FailOn(DiskFault fault, string operation, string path)
    {
        if (fault is DiskFault.Full or DiskFault.ShortWrite)
            throw FaultyFileSystem.DiskFull(operation, path);
        if (fault is DiskFault.IoError or DiskFault.DroppedPages)
            throw FaultyFileSystem.IoError(operation, path);
    }

    private DiskImage ImageOf(Dictionary<string, SimulatedFile> names, Func<SimulatedFile, byte[]> bytes)
    {
        var image = new DiskImage();
        foreach (var (path, file) in names.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (path.StartsWith(_directory + "/", StringComparison.Ordinal))
                image.Files.Add(path[(_directory.Length + 1)..], bytes(file));
            else
                image.Elsewhere.Add(path, bytes(file));
        }

        return image;
    }

    private DiskFault Begin(string operation, string path)
    {
        if (Calls >= CallsMax)
            throw new StorageIOException(operation, path, 5, "the power is gone");
        Calls++;
        return BeforeCall?.Invoke(new DiskCall(Calls, operation, path)) ?? DiskFault.None;
    }

    private sealed class SimulatedFile : IFile
    {
        private readonly SimulatedDisk _disk;
        private readonly string _path;
        private readonly IFile _cache;
        private readonly SortedDictionary<int, List<byte[]>> _dirty = []; // The versions of each sector since the last flush, oldest first.
        private SharedBytes _durable;
        private SharedBytes _written; // Outlives the file's name.

        // The bytes are what is in it, flushed; nobody changes them.
        public SimulatedFile(SimulatedDisk disk, string path, IFile cache, byte[] bytes)
        {
            _disk = disk;
            _path = path;
            _cache = cache;
            _durable = new SharedBytes(bytes);
            _written = new SharedBytes(bytes);
        }

        public long Length => _cache.Length;

        public byte[] Written() => _written.Share();

        public byte[] Cut(Random coin, double survives)
        {
            var cut = new SharedBytes(_durable.Share());
            // A file whose growth was not flushed may have any length that a write gave it; the whole one and the flushed one stand for
            // them.
            if (_written.Length > cut.Length && coin.NextDouble() < survives)
                cut.Own(_written.Length);
            foreach (var (sector, versions) in _dirty)
            {
                var start = sector * SectorBytes;
                if (start >= cut.Length || coin.NextDouble() >= survives)
                    continue;
                var version = versions[coin.Next(4) == 0 ? coin.Next(versions.Count) : ^1];
                version.AsSpan(0, Math.Min(version.Length, cut.Length - start)).CopyTo(cut.Own(cut.Length)[start..]);
            }

            return cut.Share();
        }

        public void Read(long offset, Span<byte> buffer) => _cache.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            lock (_disk._gate)
            {
                var fault = _disk.Begin("write", _path);
                if (fault == DiskFault.Misdirected)
                {
                    Misdirect(offset, bytes);
                    return;
                }

                if (fault == DiskFault.ShortWrite)
                    Put(offset, bytes[.._disk._faults.Next(bytes.Length)]);
                FailOn(fault, "write", _path);
                Put(offset, bytes);
            }
        }

        public void FillWithZeros(long length, Action pause)
        {
            lock (_disk._gate)
            {
                var fault = _disk.Begin("fill", _path);
                var reached = fault == DiskFault.ShortWrite ? length / 2 : length;
                if (fault is DiskFault.None or DiskFault.Ignored or DiskFault.Misdirected or DiskFault.ShortWrite)
                {
                    _cache.FillWithZeros(reached, pause);
                    _written.Own((int)Math.Max(_written.Length, reached));
                }

                FailOn(fault, "fill", _path);
            }

            Flush();
        }

        public void Flush()
        {
            lock (_disk._gate)
            {
                var fault = _disk.Begin("flush", _path);
                if (fault == DiskFault.Ignored)
                    return;
                var isDropped = _disk.FailNextFlush || fault == DiskFault.DroppedPages;
                if (isDropped)
                {
                    foreach (var sector in _dirty.Keys.ToArray())
                    {
                        if (!_disk.FailNextFlush && _disk._faults.Next(2) == 0)
                            Settle(sector);
                    }

                    _dirty.Clear();
                    _disk.FailNextFlush = false;
                    throw FaultyFileSystem.IoError("fdatasync", _path);
                }

                FailOn(fault, "fdatasync", _path);
                // Only what counts as dirty reaches the disk; a sector that a failed flush dropped does not.
                if (_durable.Length != _written.Length)
                    _durable.Own(_written.Length);
                foreach (var sector in _dirty.Keys)
                    Settle(sector);
                _dirty.Clear();
            }
        }

        public MappedFile Map() => _cache.Map();

        public void Dispose()
        {
        }

        private void Settle(int sector)
        {
            var version = _dirty[sector][^1];
            version.CopyTo(_durable.Own(Math.Max(_durable.Length, (sector * SectorBytes) + version.Length))[(sector * SectorBytes)..]);
        }

        private void Put(long offset, ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length == 0)
                return;
            _cache.Write(offset, bytes);
            var written = _written.Own((int)Math.Max(_written.Length, offset + bytes.Length));
            bytes.CopyTo(written[(int)offset..]);
            for (var sector = (int)(offset / SectorBytes); (long)sector * SectorBytes < offset + bytes.Length; sector++)
            {
                var start = sector * SectorBytes;
                if (!_dirty.TryGetValue(sector, out var versions))
                    _dirty.Add(sector, versions = []);
                versions.Add(written.Slice(start, Math.Min(SectorBytes, written.Length - start)).ToArray());
            }
        }

        // Inside the files that are there: a disk knows no ends of files, but a longer file would only be another length to refuse.
        private void Misdirect(long offset, ReadOnlySpan<byte> bytes)
        {
            var length = bytes.Length;
            var targets = _disk._live.Values.Where(file => file._written.Length >= length).OrderBy(file => file._path, StringComparer.Ordinal)
                .ToArray();
            if (targets.Length == 0)
                return; // Lost altogether.
            var target = _disk._faults.Next(2) == 0 && targets.Contains(this) ? this : targets[_disk._faults.Next(targets.Length)];
            var sectors = (target._written.Length - bytes.Length) / SectorBytes;
            var place = _disk._faults.Next(sectors + 1) * (long)SectorBytes;
            if (target == this && place == offset)
                return;
            target.Put(place, bytes);
            // It was the disk that put it there: no power cut takes it back.
            for (var sector = (int)(place / SectorBytes); (long)sector * SectorBytes < place + bytes.Length; sector++)
            {
                target.Settle(sector);
                target._dirty.Remove(sector);
            }
        }
    }

    /// <summary>The bytes of a file or of an image of it: one array for all who hold it, until one of them changes his.</summary>
    private struct SharedBytes(byte[] bytes)
    {
        private byte[] _bytes = bytes;
        private bool _isShared = true;

        public readonly int Length => _bytes.Length;

        /// <summary>For an image. Nobody changes it.</summary>
        public byte[] Share()
        {
            _isShared = true;
            return _bytes;
        }

        /// <summary>For a change: of this length, zeros behind what was there.</summary>
        public Span<byte> Own(int length)
        {
            if (length != _bytes.Length)
                Array.Resize(ref _bytes, length);
            else if (_isShared)
                _bytes = (byte[])_bytes.Clone();
            _isShared = false;
            return _bytes;
        }
    }
}
