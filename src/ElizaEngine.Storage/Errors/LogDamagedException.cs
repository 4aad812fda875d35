namespace ElizaEngine.Storage;

/// <summary>Bytes that were once acknowledged are missing or changed. Nothing was modified on disk.</summary>
/// <param name="file">Name of the file inside the directory.</param>
/// <param name="offset">Byte offset in that file.</param>
/// <param name="lsn">Position in the log; 0 when it is not known.</param>
/// <param name="what">What was found, in words.</param>
internal sealed class LogDamagedException(string file, long offset, ulong lsn, string what)
    : StorageException($"{file} is damaged at offset {offset} (lsn {lsn}): {what}")
{
    public string File { get; } = file;

    public long Offset { get; } = offset;

    public ulong Lsn { get; } = lsn;

    public string What { get; } = what;
}
