namespace ElizaEngine.Storage;

/// <summary>Something that is not as it should be.</summary>
/// <param name="File">Name in the directory.</param>
/// <param name="Offset">Byte in it.</param>
/// <param name="Lsn">Position in the log; 0 outside of it.</param>
/// <param name="What">In words.</param>
/// <param name="IsDamage">False: opening takes care of it, and nothing acknowledged is concerned.</param>
internal sealed record LogFinding(string File, long Offset, ulong Lsn, string What, bool IsDamage = true);

/// <summary>Bytes of the log that held records and cannot be used.</summary>
/// <param name="File">Name in the directory.</param>
/// <param name="Offset">First byte in it.</param>
/// <param name="Bytes">How many.</param>
/// <param name="FirstLsn">Position in the log where the frame begins.</param>
/// <param name="EndLsn">Position behind it.</param>
/// <param name="Kind">The record's kind, as far as the bytes tell; null: how many records of what kinds is not known.</param>
/// <param name="What">What is wrong, in words.</param>
internal readonly record struct LostBytes(string File, long Offset, long Bytes, ulong FirstLsn, ulong EndLsn, byte? Kind, string What);

/// <summary>Receives what an examination reads, in the order of the log.</summary>
internal interface ILogVisitor
{
    /// <summary>A record of a complete batch, its checksum right.</summary>
    /// <returns>Null, or why it cannot be used: then it counts as lost.</returns>
    string? Visit(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn);

    /// <summary>Bytes that cannot be used.</summary>
    /// <param name="lost">Where they are.</param>
    /// <param name="body">The body of the record as it was found, damaged; empty when the kind is not known.</param>
    void VisitLost(in LostBytes lost, ReadOnlySpan<byte> body);
}
