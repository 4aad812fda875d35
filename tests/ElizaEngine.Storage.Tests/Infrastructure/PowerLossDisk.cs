namespace ElizaEngine.Storage.Tests;

/// <summary>
/// A disk that can lose its power. The running log sees every write at once; <see cref="Cut"/> builds what the disk holds afterwards:
/// what was flushed, and of the rest each sector of 512 bytes and each change of a name by the toss of a seeded coin.
/// </summary>
internal sealed class PowerLossDisk(IFileSystem inner, string directory) : IFileSystem
{
    private const int SectorBytes = 512;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SimulatedFile> _live = new(StringComparer.Ordinal);
    private readonly List<(string Name, SimulatedFile? File)> _pendingNames = [];
    private Dictionary<string, SimulatedFile> _durable = new(StringComparer.Ordinal);

    /// <summary>Calls so far that change the disk.</summary>
    public int Calls { get; private set; }

    /// <summary>After this many calls the power is gone: every later one fails.</summary>
    public int CallsMax { get; set; } = int.MaxValue;

    /// <summary>The next flush of a file fails like Linux's: nothing becomes durable, yet what was written counts as clean from then on.</summary>
    public bool FailNextFlush { get; set; }

    /// <summary>What the disk holds when the power comes back.</summary>
    public DiskImage Cut(Random coin)
    {
        lock (_gate)
        {
            var names = new Dictionary<string, SimulatedFile>(_durable, StringComparer.Ordinal);
            foreach (var (name, file) in _pendingNames)
            {
                if (coin.Next(2) == 0)
                    continue;
                if (file is null)
                    names.Remove(name);
                else
                    names[name] = file;
            }

            var image = new DiskImage();
            foreach (var (path, file) in names.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                image.Files.Add(path[(directory.Length + 1)..], file.Cut(coin));
            return image;
        }
    }

    public void CheckSupport(string path, LogOptions options)
    {
    }

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public IReadOnlyList<string> List(string path) => inner.List(path);

    public IFile Create(string path)
    {
        lock (_gate)
        {
            Count();
            var file = new SimulatedFile(this, inner.Create(path));
            _live[path] = file;
            _pendingNames.Add((path, file));
            return file;
        }
    }

    public IFile Open(string path)
    {
        lock (_gate)
        {
            var file = _live.TryGetValue(path, out var known) ? known : _live[path] = _durable[path] = new SimulatedFile(this, inner.Open(path));
            return file;
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            Count();
            inner.Rename(from, to);
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
            Count();
            inner.Delete(path);
            _live.Remove(path);
            _pendingNames.Add((path, null));
        }
    }

    public void FlushDirectory(string path)
    {
        lock (_gate)
        {
            Count();
            _durable = new Dictionary<string, SimulatedFile>(_live, StringComparer.Ordinal);
            _pendingNames.Clear();
        }
    }

    public IDisposable Lock(string path, string lockPath, string owner) => inner.Lock(path, lockPath, owner);

    private void Count()
    {
        if (Calls >= CallsMax)
            throw new StorageIOException("any", directory, 5, "the power is gone");
        Calls++;
    }

    private sealed class SimulatedFile : IFile
    {
        private readonly PowerLossDisk _disk;
        private readonly IFile _inner;
        private readonly HashSet<long> _dirty = [];
        private byte[] _durable;
        private byte[] _written; // Outlives the file's name.

        public SimulatedFile(PowerLossDisk disk, IFile inner)
        {
            _disk = disk;
            _inner = inner;
            _durable = new byte[inner.Length];
            inner.Read(0, _durable);
            _written = (byte[])_durable.Clone();
        }

        public long Length => _inner.Length;

        public byte[] Cut(Random coin)
        {
            var live = _written;
            // A file whose growth was not flushed may have any length that a write gave it; the whole one and the flushed one stand for them.
            var cut = (byte[])_durable.Clone();
            if (live.Length > cut.Length && coin.Next(2) == 0)
                Array.Resize(ref cut, live.Length);
            foreach (var sector in _dirty.Order())
            {
                var start = (int)(sector * SectorBytes);
                if (start < cut.Length && coin.Next(2) == 0)
                    live.AsSpan(start, Math.Min(SectorBytes, cut.Length - start)).CopyTo(cut.AsSpan(start));
            }

            return cut;
        }

        public void Read(long offset, Span<byte> buffer) => _inner.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            lock (_disk._gate)
            {
                _disk.Count();
                _inner.Write(offset, bytes);
                Array.Resize(ref _written, (int)Math.Max(_written.Length, offset + bytes.Length));
                bytes.CopyTo(_written.AsSpan((int)offset));
                for (var sector = offset / SectorBytes; sector * SectorBytes < offset + bytes.Length; sector++)
                    _dirty.Add(sector);
            }
        }

        public void FillWithZeros(long length)
        {
            lock (_disk._gate)
            {
                _disk.Count();
                _inner.FillWithZeros(length);
                Array.Resize(ref _written, (int)Math.Max(_written.Length, length));
            }

            Flush();
        }

        public void Flush()
        {
            lock (_disk._gate)
            {
                _disk.Count();
                var dirty = _dirty.ToArray();
                _dirty.Clear();
                if (_disk.FailNextFlush)
                {
                    _disk.FailNextFlush = false;
                    throw FaultyFileSystem.IoError("fdatasync", "");
                }

                // Only what counted as dirty reaches the disk; a sector that a failed flush dropped does not.
                Array.Resize(ref _durable, _written.Length);
                foreach (var start in dirty.Select(sector => (int)(sector * SectorBytes)))
                    _written.AsSpan(start, Math.Min(SectorBytes, _written.Length - start)).CopyTo(_durable.AsSpan(start));
            }
        }

        public MappedFile Map() => _inner.Map();

        public void Dispose()
        {
        }
    }
}
