namespace ElizaEngine.Storage.Simulation;

/// <summary>Passes everything to a real file system until a test says which calls fail.</summary>
internal sealed class FaultyFileSystem(IFileSystem inner) : IFileSystem
{
    /// <summary>Given (operation, path) before each call; what it returns is thrown.</summary>
    public Func<string, string, Exception?> Fault { get; set; } = static (_, _) => null;

    /// <summary>Told the path of each file that was mapped, before anybody looks at it there.</summary>
    public Action<string> Mapped { get; set; } = static _ => { };

    /// <summary>Told each directory that is listed.</summary>
    public Action<string> Listed { get; set; } = static _ => { };

    public static Exception IoError(string operation, string path) => new StorageIOException(operation, path, 5, "Input/output error");

    public static Exception DiskFull(string operation, string path) => new LogDiskFullException(operation, path, 28,
        "No space left on device");

    public void CheckSupport(string directory, LogOptions options) => inner.CheckSupport(directory, options);

    public void CreateDirectory(string path)
    {
        Check("mkdir", path);
        inner.CreateDirectory(path);
    }

    public bool DirectoryExists(string path) => inner.DirectoryExists(path);

    public IReadOnlyList<string> List(string directory)
    {
        Listed(directory);
        return inner.List(directory);
    }

    public IFile Create(string path)
    {
        Check("create", path);
        return new FaultyFile(this, path, inner.Create(path));
    }

    public IFile Open(string path)
    {
        Check("open", path);
        return new FaultyFile(this, path, inner.Open(path));
    }

    public void Rename(string from, string to)
    {
        Check("rename", to);
        inner.Rename(from, to);
    }

    public void Delete(string path)
    {
        Check("delete", path);
        inner.Delete(path);
    }

    public bool TryLink(string from, string to)
    {
        Check("link", to);
        return inner.TryLink(from, to);
    }

    public bool IsInside(string path, string directory) => inner.IsInside(path, directory);

    public void FlushDirectory(string directory)
    {
        Check("open-directory", directory);
        Check("flush-directory", directory);
        inner.FlushDirectory(directory);
    }

    public IDirectory OpenDirectory(string directory)
    {
        Check("open-directory", directory);
        return new FaultyDirectory(this, directory, inner.OpenDirectory(directory));
    }

    public IDisposable Lock(string directory, string lockPath, string owner) => inner.Lock(directory, lockPath, owner);

    private void Check(string operation, string path)
    {
        if (Fault(operation, path) is { } fault)
            throw fault;
    }

    private sealed class FaultyDirectory(FaultyFileSystem owner, string path, IDirectory inner) : IDirectory
    {
        public void Flush()
        {
            owner.Check("flush-directory", path);
            inner.Flush();
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed class FaultyFile(FaultyFileSystem owner, string path, IFile inner) : IFile
    {
        public long Length => inner.Length;

        public void Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            owner.Check("write", path);
            inner.Write(offset, bytes);
        }

        public void FillWithZeros(long length, Action pause)
        {
            owner.Check("fill", path);
            inner.FillWithZeros(length, pause);
        }

        public void Flush()
        {
            owner.Check("flush", path);
            inner.Flush();
        }

        public MappedFile Map()
        {
            var map = inner.Map();
            owner.Mapped(path);
            return map;
        }

        public void Dispose() => inner.Dispose();
    }
}
