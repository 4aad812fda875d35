using ElizaEngine.Storage;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>Files in memory whose flushes of log files wait while the gate is closed: a slow disk, held in the hand.</summary>
internal sealed class GatedFileSystem : IFileSystem, IDisposable
{
    private readonly MemoryFileSystem _files = new();
    private readonly ManualResetEventSlim _isOpen = new(initialState: true);
    private int _created;
    private int _waiting;

    /// <summary>Log files that were created.</summary>
    public int Created => Volatile.Read(ref _created);

    /// <summary>Flushes that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether files that are created while the gate is closed have a gate of their own, which is open.</summary>
    public bool SparesNew { get; init; }

    public void Close() => _isOpen.Reset();

    public void Open() => _isOpen.Set();

    public void Dispose()
    {
        _files.Dispose();
        _isOpen.Dispose();
    }

    public void CheckSupport(string directory, LogOptions options) => _files.CheckSupport(directory, options);

    public void CreateDirectory(string path) => _files.CreateDirectory(path);

    public bool DirectoryExists(string path) => _files.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory) => _files.List(directory);

    public IFile Create(string path)
    {
        var gate = SparesNew && !_isOpen.IsSet ? null : Gate(path);
        if (path.EndsWith(".seg", StringComparison.Ordinal)) Interlocked.Increment(ref _created);
        return new GatedFile(this, _files.Create(path), gate);
    }

    public IFile Open(string path) => new GatedFile(this, _files.Open(path), Gate(path));

    public void Rename(string from, string to) => _files.Rename(from, to);

    public void Delete(string path) => _files.Delete(path);

    public void FlushDirectory(string directory) => _files.FlushDirectory(directory);

    public IDisposable Lock(string directory, string lockPath, string owner) => _files.Lock(directory, lockPath, owner);

    private ManualResetEventSlim? Gate(string path) => path.EndsWith(".seg", StringComparison.Ordinal) ? _isOpen : null;

    private sealed class GatedFile(GatedFileSystem owner, IFile file, ManualResetEventSlim? gate) : IFile
    {
        public long Length => file.Length;

        public void Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public void FillWithZeros(long length, Action pause) => file.FillWithZeros(length, pause);

        public void Flush()
        {
            Interlocked.Increment(ref owner._waiting);
            gate?.Wait();
            Interlocked.Decrement(ref owner._waiting);
            file.Flush();
        }

        public MappedFile Map() => file.Map();

        public void Dispose() => file.Dispose();
    }
}
