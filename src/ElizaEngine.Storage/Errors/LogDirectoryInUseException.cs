namespace ElizaEngine.Storage;

/// <summary>Another opener, in this process or another, owns the directory.</summary>
/// <param name="path">The directory.</param>
/// <param name="processId">The owner's process id; 0 when LOCK does not tell.</param>
/// <param name="owner">The text the owner left in LOCK.</param>
internal sealed class LogDirectoryInUseException(string path, int processId, string owner)
    : StorageException($"{path} is in use by process {processId} ({owner}).")
{
    public string Path { get; } = path;

    public int ProcessId { get; } = processId;

    public string Owner { get; } = owner;
}
