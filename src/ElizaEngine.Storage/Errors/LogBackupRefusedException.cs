namespace ElizaEngine.Storage;

/// <summary>A directory cannot be the source or the target of a backup or a restore. Nothing in it was changed.</summary>
/// <param name="path">The directory.</param>
/// <param name="reason">Why, as the end of a sentence that begins with the path.</param>
internal sealed class LogBackupRefusedException(string path, string reason) : StorageException($"{path} {reason}")
{
    public string Path { get; } = path;

    public string Reason { get; } = reason;
}
