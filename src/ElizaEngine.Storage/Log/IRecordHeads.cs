using System.Buffers;

namespace ElizaEngine.Storage;

/// <summary>
/// Makes, or reads back, the heads of the records of one index file: of each record what opening needs to know. A head may refer to the
/// heads before it in the same file. One thread at a time.
/// </summary>
internal interface IRecordHeads
{
    /// <summary>Writes the head of a record.</summary>
    /// <param name="kind">1 to 255.</param>
    /// <param name="body">Mapped bytes; valid during the call only.</param>
    /// <param name="location">Where the body lies, for errors.</param>
    /// <param name="head">Where it goes.</param>
    /// <exception cref="LogDamagedException">The body cannot be decoded.</exception>
    void Write(byte kind, ReadOnlySpan<byte> body, RecordLocation location, IBufferWriter<byte> head);

    /// <summary>Does what <see cref="ILogReplay.Replay"/> does with the body.</summary>
    /// <param name="kind">1 to 255.</param>
    /// <param name="head">As it was written; valid during the call only.</param>
    /// <param name="location">Where the body can be read later.</param>
    void Replay(byte kind, ReadOnlySpan<byte> head, RecordLocation location);
}
