namespace ElizaEngine.Storage;

/// <summary>
/// A file was written by a newer version, or needs a feature this version does not have; or it is of before version 1. Nothing was changed.
/// </summary>
/// <param name="file">Name of the file.</param>
/// <param name="found">Format and features found, in words.</param>
/// <param name="known">All formats and features that are read here, in words.</param>
/// <param name="isOlder">It is of before version 1.</param>
internal sealed class LogFormatUnsupportedException(string file, string found, string known, bool isOlder = false)
    : StorageException($"{file} has format {found}; this version reads {known}. Nothing was changed.")
{
    public string File { get; } = file;

    public string Found { get; } = found;

    public bool IsOlder { get; } = isOlder;
}
