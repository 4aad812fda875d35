namespace ElizaEngine.Storage;

/// <summary>The log was closed, or is closing.</summary>
internal sealed class LogClosedException() : StorageException("The log is closed.");
