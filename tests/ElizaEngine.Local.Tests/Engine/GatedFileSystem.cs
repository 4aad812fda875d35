using ElizaEngine.Storage;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>Files in memory whose flushes of log files wait while the gate is closed: a slow disk, held in the hand.</summary>
internal sealed class GatedFileSystem : IFileSystem, IDisposable
{
    private readonly MemoryFileSystem _files = new();
    private readonly ManualResetEventSlim _isOpen = new(initialState: true);

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

    public IFile Create(string path) => new GatedFile(_files.Create(path), Gate(path));

    public IFile Open(string path) => new GatedFile(_files.Open(path), Gate(path));

    public void Rename(string from, string to) => _files.Rename(from, to);

    public void Delete(string path) => _files.Delete(path);

    public void FlushDirectory(string directory) => _files.FlushDirectory(directory);

    public IDisposable Lock(string directory, string lockPath, string owner) => _files.Lock(directory, lockPath, owner);

    private ManualResetEventSlim? Gate(string path) => path.EndsWith(".seg", StringComparison.Ordinal) ? _isOpen : null;

    private sealed class GatedFile(IFile file, ManualResetEventSlim? gate) : IFile
    {
        public long Length => file.Length;

        public void Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

        public void FillWithZeros(long length) => file.FillWithZeros(length);

        public void Flush()
        {
            gate?.Wait();
            file.Flush();
        }

        public MappedFile Map() => file.Map();

        public void Dispose() => file.Dispose();
    }
}
