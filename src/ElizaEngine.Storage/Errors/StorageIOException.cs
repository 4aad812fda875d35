namespace ElizaEngine.Storage;

/// <summary>A call to the operating system failed.</summary>
/// <param name="operation">The call, such as "fdatasync".</param>
/// <param name="path">The file or directory.</param>
/// <param name="errno">The error number of the operating system; 0 when there is none.</param>
/// <param name="text">The error in words.</param>
internal class StorageIOException(string operation, string path, int errno, string text)
    : IOException($"{operation} failed on {path}: {text} (errno {errno})")
{
    public string Operation { get; } = operation;

    public string Path { get; } = path;

    public int Errno { get; } = errno;
}
