namespace ElizaEngine.Storage;

/// <summary>A file was written by a newer version, or needs a feature this version does not have.</summary>
/// <param name="file">Name of the file.</param>
/// <param name="found">Format and features found, in words.</param>
/// <param name="known">Format and features known here, in words.</param>
internal sealed class LogFormatNewerException(string file, string found, string known)
    : StorageException($"{file} has format {found}; this version reads {known}.")
{
    public string File { get; } = file;

    public string Found { get; } = found;

    public string Known { get; } = known;
}
