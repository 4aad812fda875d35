namespace ElizaEngine.Storage;

/// <summary>Receives every record of every complete batch, in log order, while the log is opened.</summary>
internal interface ILogReplay
{
    /// <param name="kind">1 to 255.</param>
    /// <param name="body">Mapped bytes; valid during the call only.</param>
    /// <param name="location">Where the body can be read later.</param>
    void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location);

    /// <summary>The heads of another index file, or null: then there are no index files. Any thread, at any time.</summary>
    IRecordHeads? NewHeads() => null;

    /// <summary>
    /// Takes the state of a checkpoint in place of the records in front of its end, before any record. True: it is taken, and the receiver
    /// disposes of it. False: it cannot be used, and nothing was taken.
    /// </summary>
    bool TryLoad(LogCheckpoint checkpoint) => false;

    /// <summary>Every record has been handed over. What the receiver does on another thread then takes place beside the end of recovery, which may still fail.</summary>
    void End()
    {
    }
}
