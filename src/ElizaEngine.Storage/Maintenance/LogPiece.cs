namespace ElizaEngine.Storage;

/// <summary>How much of a stretch of the log can be read.</summary>
internal enum LogPieceState
{
    /// <summary>A frame as it was written.</summary>
    Whole,

    /// <summary>A frame whose header is right and whose payload is not.</summary>
    DamagedPayload,

    /// <summary>No frame begins where one must: one or more of them, or a whole file, are gone.</summary>
    Unreadable,
}

/// <summary>A stretch of the log in one file.</summary>
/// <param name="File">Where it lies, or should.</param>
/// <param name="Header">Of the frame; of an unreadable piece the default.</param>
/// <param name="Problem">What is wrong, in words.</param>
internal readonly record struct LogPiece(ExaminedFile File, long Offset, long Bytes, ulong Lsn, LogPieceState State, FrameHeader Header, string Problem)
{
    public ulong EndLsn => Lsn + (ulong)Bytes;
}

/// <summary>A piece that has to be replaced, so that the log can be read, by one frame of the same size at the same place.</summary>
/// <param name="Flags">Of the new frame.</param>
/// <param name="SyncedLsn">Of the new frame.</param>
/// <param name="Keep">The records that can be used: (offset in the file, bytes with header). They stay where they are.</param>
internal sealed record DamagedPiece(LogPiece Piece, FrameFlags Flags, ulong SyncedLsn, IReadOnlyList<(long Offset, int Bytes)> Keep);
