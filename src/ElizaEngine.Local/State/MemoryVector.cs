using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// What a search asks of a memory and its vector of one dimension, of which the row need not have been made: thousands are compared, and
/// few are found.
/// </summary>
/// <param name="Id">Of the memory.</param>
/// <param name="Scope">Where it belongs.</param>
/// <param name="IsUnique">See <see cref="MemoryRow.IsUnique"/>.</param>
internal readonly record struct MemoryVector(Id Id, MemoryScope Scope, bool IsUnique)
{
    private readonly MemoryRow? _row;
    private readonly StoredMemories? _memories;
    private readonly int _number;

    /// <param name="row">A row that has been made.</param>
    /// <param name="dimension">Of the vector.</param>
    public MemoryVector(MemoryRow row, int dimension)
        : this(row.Id, row.Scope, row.IsUnique)
    {
        (_row, Slot) = (row, row.Vector(dimension));
        if (Slot is null) return;
        (HasVector, Location, InverseNorm) = (true, Slot.Location, Slot.InverseNorm);
    }

    /// <param name="memories">Of a checkpoint.</param>
    /// <param name="number">Of one whose row has not been made.</param>
    /// <param name="stored">What the checkpoint says of it.</param>
    /// <param name="scope">Its scope.</param>
    /// <param name="vector">Its vector; null: it has none of the dimension.</param>
    public MemoryVector(StoredMemories memories, int number, in StoredMemory stored, MemoryScope scope, StoredVector? vector)
        : this(stored.Id, scope, stored.IsUnique)
    {
        (_memories, _number) = (memories, number);
        if (vector is not { } there) return;
        (HasVector, Location, InverseNorm) = (true, there.Location, there.InverseNorm);
    }

    /// <summary>Whether it has a vector of the dimension.</summary>
    public bool HasVector { get; }

    /// <summary>The vector, of a row that has been made; null: it has none, or nobody has asked for the row.</summary>
    public VectorSlot? Slot { get; }

    /// <summary>Where the vector's record lies, unless it is not written yet.</summary>
    public RecordLocation Location { get; }

    public float InverseNorm { get; }

    /// <summary>The row, which is made now if nobody has asked for it before.</summary>
    public MemoryRow Row => _row ?? _memories![_number];
}
