namespace ElizaEngine.Storage;

/// <summary>A record body is longer than <see cref="LogFormat.MaxRecordBytes"/>. Nothing was appended.</summary>
internal sealed class LogRecordTooLargeException(long length, long limit)
    : StorageException($"A record of {length} bytes is longer than the limit of {limit} bytes.")
{
    public long Length { get; } = length;

    public long Limit { get; } = limit;
}
