namespace ElizaEngine.Storage;

/// <summary>The base of the errors of this room that are not I/O errors. The room above turns each into a public one.</summary>
internal abstract class StorageException(string message, Exception? inner = null) : Exception(message, inner);
