using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>One point in time, readable: a state and the way to its records.</summary>
/// <param name="state">What there is.</param>
/// <param name="records">The way to its records.</param>
/// <param name="isLocked">The log's gate is held.</param>
/// <param name="partitions">The vectors of published states; null: this state is none of those.</param>
internal readonly struct View(DatabaseState state, RecordReader records, bool isLocked, VectorPartitions? partitions = null)
{
    public DatabaseState State => state;

    public VectorPartitions? Partitions => partitions;

    /// <summary>The record of a row; from memory if it is there.</summary>
    public T Record<T>(Row row)
        where T : class
    {
        if (row.Decoded is T record)
        {
            if (!row.IsTouched) row.IsTouched = true;
            return record;
        }
        return (T)records.Load(row, isLocked);
    }

    /// <summary>
    /// The floats of a vector, in place; for as long as the read holds its pin. Their checksum is verified once: not for each of the
    /// thousands that each search compares.
    /// </summary>
    public ReadOnlySpan<float> Floats(VectorSlot slot) => slot.Pending ?? records.Floats(slot, verify: !slot.IsVerified);

    /// <summary>A way to read many vectors that nobody has read yet.</summary>
    public RecordWindow BeginReading() => records.BeginReading();

    /// <summary>A copy of a vector, its checksum verified, to be handed out.</summary>
    public float[] Copy(VectorSlot slot) => slot.Pending?.ToArray() ?? records.Floats(slot, verify: true).ToArray();
}
