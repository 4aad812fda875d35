namespace ElizaEngine.Storage;

/// <summary>There is no room for the next log file. No commit is in doubt, and a later write may succeed.</summary>
internal sealed class LogDiskFullException(string operation, string path, int errno, string text)
    : StorageIOException(operation, path, errno, text);
