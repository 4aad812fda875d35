namespace ElizaEngine.Storage;

/// <summary>The directory holds files of something else. Nothing was written into it.</summary>
/// <param name="path">The directory.</param>
/// <param name="evidence">The name that gave it away, such as "PG_VERSION".</param>
internal sealed class LogDirectoryForeignException(string path, string evidence)
    : StorageException($"{path} holds files that are not ours: {evidence}. Nothing was written into it.")
{
    public string Path { get; } = path;

    public string Evidence { get; } = evidence;
}
