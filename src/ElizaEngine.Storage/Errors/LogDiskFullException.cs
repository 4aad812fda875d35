namespace ElizaEngine.Storage;

/// <summary>
/// There is no room for the next log file: on the disk, or among the files and mappings that the process may have open. No commit is in
/// doubt, and a later write may succeed.
/// </summary>
internal sealed class LogDiskFullException(string operation, string path, int errno, string text)
    : StorageIOException(operation, path, errno, text)
{
    /// <summary>Whether it is the disk that is full.</summary>
    public bool IsOfDisk => Errno is Libc.NoSpace or Libc.QuotaExceeded;
}
