namespace ElizaEngine.Storage;

/// <summary>Where the body of a record lies.</summary>
/// <param name="File">Number of the log file, from 1.</param>
/// <param name="Offset">Byte offset of the body in that file.</param>
/// <param name="Length">Length of the body in bytes.</param>
internal readonly record struct RecordLocation(int File, int Offset, int Length);

/// <summary>The same without a length, which compaction may change.</summary>
/// <param name="File">Number of the log file, from 1.</param>
/// <param name="Offset">Byte offset of the body in that file.</param>
internal readonly record struct RecordPlace(int File, int Offset);
