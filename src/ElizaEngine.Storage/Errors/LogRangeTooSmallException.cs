namespace ElizaEngine.Storage;

/// <summary>
/// The copies of a range of log files do not fit into its lsns: frames and alignments may fall worse in them than where the records lie.
/// Nothing was changed. <see cref="WriteAheadLog.CommitPaddingLocked"/> makes room behind the range.
/// </summary>
/// <param name="bytesMissing">More than 0. With so many lsns more, and the same records, they fit.</param>
internal sealed class LogRangeTooSmallException(long bytesMissing)
    : StorageException($"the copies of the range take {bytesMissing} bytes more of the log than it does")
{
    public long BytesMissing { get; } = bytesMissing;
}
