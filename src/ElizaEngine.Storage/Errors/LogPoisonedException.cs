namespace ElizaEngine.Storage;

/// <summary>A write or a flush failed earlier. The log takes no more writes until it is opened again; reads go on.</summary>
internal sealed class LogPoisonedException(string reason, Exception? inner)
    : StorageException($"The log takes no more writes because an earlier one failed: {reason}", inner)
{
    public string Reason { get; } = reason;
}
