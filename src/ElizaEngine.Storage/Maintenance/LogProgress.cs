namespace ElizaEngine.Storage;

/// <summary>How far a long work is, in bytes. Called on the thread that works, often.</summary>
internal delegate void LogProgress(LogStage stage, long done, long total);

/// <summary>The steps of a long work.</summary>
internal enum LogStage
{
    Compare,
    Copy,
    Examine,
    Write,
}
