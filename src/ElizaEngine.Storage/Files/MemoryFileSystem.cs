namespace ElizaEngine.Storage;

/// <summary>Files in memory, for a database that lives as long as its process. Closing a log leaves them, so it can be opened again.</summary>
internal sealed class MemoryFileSystem : IFileSystem, IDisposable
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, MemoryContent> _files = new(StringComparer.Ordinal);
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _locks = new(StringComparer.Ordinal);

    public void CheckSupport(string directory, LogOptions options)
    {
    }

    public void CreateDirectory(string path)
    {
        lock (_gate)
            _directories.Add(path);
    }

    public bool DirectoryExists(string path)
    {
        lock (_gate)
            return _directories.Contains(path);
    }

    public IReadOnlyList<string> List(string directory)
    {
        var prefix = directory + "/";
        lock (_gate)
        {
            return [.. _files.Keys.Concat(_directories)
                .Where(path => path.StartsWith(prefix, StringComparison.Ordinal))
                .Select(path => path[prefix.Length..].Split('/')[0])
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)];
        }
    }

    public IFile Create(string path)
    {
        lock (_gate)
        {
            if (_files.Remove(path, out var old))
                old.Dispose();
            var content = new MemoryContent(path);
            _files.Add(path, content);
            return new MemoryFile(content);
        }
    }

    public IFile Open(string path)
    {
        lock (_gate)
            return _files.TryGetValue(path, out var content) ? new MemoryFile(content) : throw Missing("open", path);
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            if (!_files.Remove(from, out var content))
                throw Missing("rename", from);
            if (_files.Remove(to, out var old))
                old.Dispose();
            _files.Add(to, content);
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (!_files.Remove(path, out var content))
                throw Missing("unlink", path);
            content.Dispose();
        }
    }

    public void FlushDirectory(string directory)
    {
    }

    public IDisposable Lock(string directory, string lockPath, string owner)
    {
        lock (_gate)
        {
            if (_locks.TryGetValue(lockPath, out var holder))
                throw new LogDirectoryInUseException(directory, DirectoryLock.ProcessIdOf(holder), holder);
            _locks.Add(lockPath, owner);
            return new MemoryLock(this, lockPath);
        }
    }

    /// <summary>Gives the memory back; open logs keep what they mapped until they are closed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var content in _files.Values)
                content.Dispose();
            _files.Clear();
        }
    }

    private static StorageIOException Missing(string operation, string path) => new(operation, path, 2, "no such file");

    private sealed class MemoryLock(MemoryFileSystem owner, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._gate)
                owner._locks.Remove(path);
        }
    }
}
