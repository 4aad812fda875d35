namespace ElizaEngine.Storage;

/// <summary>A range of log files cannot be compacted, because a batch lies across one of its ends. Nothing was changed.</summary>
/// <param name="file">The file at that end.</param>
/// <param name="lsn">Where the range begins, or where the log goes on behind it.</param>
/// <param name="reason">What lies there, as the end of a sentence that begins with the file.</param>
internal sealed class LogRangeRefusedException(string file, ulong lsn, string reason) : StorageException($"{file} {reason}, at lsn {lsn}")
{
    public string File { get; } = file;

    public ulong Lsn { get; } = lsn;
}
