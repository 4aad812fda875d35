namespace ElizaEngine.Storage;

/// <summary>The write or the flush of this commit failed: it may or may not be there after the next open.</summary>
internal sealed class LogOutcomeUnknownException(Exception inner)
    : StorageException($"Nobody can know whether this commit is durable: {inner.Message}", inner);
