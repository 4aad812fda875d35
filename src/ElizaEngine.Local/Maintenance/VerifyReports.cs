namespace ElizaEngine;

/// <summary>Something that a verification found.</summary>
/// <param name="File">The file in the data directory; empty for what memory holds.</param>
/// <param name="Offset">Byte in it.</param>
/// <param name="Sequence">Position in the log; 0 outside of it.</param>
/// <param name="What">In words.</param>
/// <param name="IsDamage">
/// False: bytes of a write that a crash interrupted, never acknowledged. Opening the database cuts them off and keeps them aside.
/// </param>
public sealed record VerifyFinding(string File, long Offset, ulong Sequence, string What, bool IsDamage);

/// <summary>What a verification read, and what it found.</summary>
/// <param name="Directory">The data directory; null: the database is in memory.</param>
/// <param name="Findings">In the order of the log; empty: everything is as it was written.</param>
/// <param name="Sequence">Position in the log up to which it was read.</param>
/// <param name="Files">Log files.</param>
/// <param name="Frames">Frames of the log whose headers are right: each holds a commit, a group of commits, or a part of a large one.</param>
/// <param name="Records">Records whose checksums are right and that can be decoded.</param>
/// <param name="Rows">Rows that they amount to.</param>
/// <param name="Indexes">Indexes that were compared with the rows.</param>
/// <param name="Duration">How long it took.</param>
public sealed record VerifyReport(string? Directory, IReadOnlyList<VerifyFinding> Findings, ulong Sequence, int Files, long Frames, long Records,
    long Rows, int Indexes, TimeSpan Duration)
{
    /// <summary>Nothing is damaged.</summary>
    public bool IsSound => !Findings.Any(static finding => finding.IsDamage);
}

/// <summary>A record that a repair cannot bring back.</summary>
/// <param name="What">What it was, such as "memory" or "deletion of rooms"; "records of unknown kind and number" when nothing tells.</param>
/// <param name="Key">The key of the row or rows, as far as the damaged bytes tell; null: not known.</param>
/// <param name="Consequence">What that means for the row, in words.</param>
/// <param name="File">The file in the data directory.</param>
/// <param name="Offset">First byte in it.</param>
/// <param name="Bytes">Bytes.</param>
/// <param name="FirstSequence">Position in the log where the group of commits begins that held it.</param>
/// <param name="EndSequence">Position behind that group.</param>
/// <param name="Why">What is wrong with the bytes.</param>
public sealed record LostRecord(string What, string? Key, string Consequence, string File, long Offset, long Bytes, ulong FirstSequence,
    ulong EndSequence, string Why);

/// <summary>What a repair would do, or did.</summary>
/// <param name="Directory">The data directory.</param>
/// <param name="IsNeeded">False: nothing is damaged, and nothing is to be done.</param>
/// <param name="IsDone">False: nothing was changed.</param>
/// <param name="Findings">What is damaged.</param>
/// <param name="Losses">What is lost with it, record by record; may be empty.</param>
/// <param name="Records">Records that are kept.</param>
/// <param name="WrittenFiles">Log files that are written anew.</param>
/// <param name="KeptFiles">Paths in lost+found that keep the damaged bytes; empty until it is done.</param>
/// <param name="Duration">How long it took.</param>
public sealed record RepairReport(string Directory, bool IsNeeded, bool IsDone, IReadOnlyList<VerifyFinding> Findings, IReadOnlyList<LostRecord> Losses,
    long Records, IReadOnlyList<string> WrittenFiles, IReadOnlyList<string> KeptFiles, TimeSpan Duration);
