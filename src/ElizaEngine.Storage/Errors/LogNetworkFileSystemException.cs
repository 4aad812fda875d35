namespace ElizaEngine.Storage;

/// <summary>The directory lies on a network file system, where locks and flushes cannot be relied on.</summary>
internal sealed class LogNetworkFileSystemException(string path, string fileSystem)
    : StorageException(
        $"{path} lies on a network file system ({fileSystem}); {nameof(LogOptions.AllowNetworkFileSystem)} accepts that risk.")
{
    public string Path { get; } = path;
}
