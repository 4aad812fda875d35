using ElizaEngine.Storage;
using Microsoft.Coyote.Specifications;

namespace ElizaEngine.Interleavings;

/// <summary>
/// Files in memory that only one thread at a time may write to or flush, none from a given moment on, and of which one flush may fail.
/// </summary>
internal sealed class WatchedFiles(MemoryFileSystem inner) : IFileSystem
{
    private int _flushes;
    private int _atWork;
    private volatile bool _hasEnded;

    /// <summary>Which flush fails, from 1; 0: none. Counted from when it is set.</summary>
    public int FailingFlush { get; set; }

    /// <summary>From here on nobody may be at work: the files are about to be closed.</summary>
    public void End()
    {
        _hasEnded = true;
        Specification.Assert(Volatile.Read(ref _atWork) == 0, "a thread is writing still");
    }

    public void CheckSupport(string directory, LogOptions options) => inner.CheckSupport(directory, options);

    public void CreateDirectory(string path) => inner.CreateDirectory(path);

    public bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory) => inner.List(directory);

    public IFile Create(string path) => new WatchedFile(this, inner.Create(path));

    public IFile Open(string path) => new WatchedFile(this, inner.Open(path));

    public void Rename(string from, string to) => inner.Rename(from, to);

    public void Delete(string path) => inner.Delete(path);

    public void FlushDirectory(string directory) => inner.FlushDirectory(directory);

    public IDisposable Lock(string directory, string lockPath, string owner) => inner.Lock(directory, lockPath, owner);

    private void Work(Action work)
    {
        Specification.Assert(Interlocked.Increment(ref _atWork) == 1, "two threads write at the same time");
        Specification.Assert(!_hasEnded, "a thread writes to files that are closed");
        work();
        Interlocked.Decrement(ref _atWork);
    }

    private sealed class WatchedFile(WatchedFiles owner, IFile file) : IFile
    {
        public long Length => file.Length;

        public void Read(long offset, Span<byte> buffer) => file.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            var copy = bytes.ToArray();
            owner.Work(() => file.Write(offset, copy));
        }

        public void FillWithZeros(long length, Action pause) => file.FillWithZeros(length, pause);

        public void Flush()
        {
            owner.Work(file.Flush);
            if (owner.FailingFlush > 0 && Interlocked.Increment(ref owner._flushes) == owner.FailingFlush)
                throw new StorageIOException("fdatasync", "", 5, "Input/output error");
        }

        public MappedFile Map() => file.Map();

        public void Dispose() => file.Dispose();
    }
}
