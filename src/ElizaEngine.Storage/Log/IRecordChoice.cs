namespace ElizaEngine.Storage;

/// <summary>Says which records of a range of log files still count, while copies take the place of the files. One thread.</summary>
internal interface IRecordChoice
{
    /// <summary>Records of one family lie in copies of their own. The range is read once for each.</summary>
    int Families { get; }

    /// <summary>The family of a kind of record, from 0. Records of different families could as well have been written in another order.</summary>
    int FamilyOf(byte kind);

    /// <summary>
    /// Takes a record of the family that is being copied, in the order of the log, and hands what has to be in its place to
    /// <paramref name="copies"/>.
    /// </summary>
    /// <param name="kind">1 to 255.</param>
    /// <param name="body">Mapped bytes; valid during the call only.</param>
    /// <param name="location">Where it lies.</param>
    /// <param name="copies">Where what counts goes.</param>
    /// <exception cref="LogDamagedException">The body cannot be decoded.</exception>
    void Choose(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ICopies copies);
}

/// <summary>Takes records of copies.</summary>
internal interface ICopies
{
    /// <summary>Adds a record.</summary>
    /// <param name="kind">1 to 255.</param>
    /// <param name="body">Its bytes.</param>
    /// <param name="from">
    /// The place of the record that readers will find here from now on; null: none. One of the range.
    /// </param>
    /// <param name="alignment">As in <see cref="WriteAheadLog.AppendLocked"/>.</param>
    /// <param name="alignedOffset">Likewise.</param>
    void Add(byte kind, ReadOnlySpan<byte> body, RecordLocation? from, int alignment = 8, int alignedOffset = 0);
}
