using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// A row comes, or takes the place of its older version. A memory keeps the vectors it has. A relationship takes out another one of its
/// pair, which is there only if a repair has lost the record that deleted it.
/// </summary>
internal sealed class PutRow(Row row, ReadOnlyMemory<byte> body = default) : Effect
{
    public Row Row => row;

    public override byte Kind => (byte)row.Table;

    public override int Length => body.Length;

    public override bool IsUntouched(DatabaseState before, DatabaseState after) => row switch
    {
        // Each version of a content has a place of its own in the log.
        MemoryRow => before.Find(row)?.Location == after.Find(row)?.Location,
        RelationshipRow relationship => ReferenceEquals(before.Find(row), after.Find(row))
            && ReferenceEquals(
                before.RelationshipsBySource.Find(RelationshipsBySource.KeyOf(relationship)),
                after.RelationshipsBySource.Find(RelationshipsBySource.KeyOf(relationship))),
        _ => ReferenceEquals(before.Find(row), after.Find(row)),
    };

    public override void Write(Span<byte> target) => body.Span.CopyTo(target);

    public override void Apply(IRowSet rows)
    {
        if (row is RelationshipRow relationship)
        {
            var ofPair = rows.FindRelationship(RelationshipsBySource.KeyOf(relationship));
            if (ofPair is not null && ofPair.Id != row.Id) rows.Remove(ofPair);
        }
        var old = rows.Find(row);
        rows.Put(old is MemoryRow { Vectors: { } vectors } ? ((MemoryRow)row).WithVectors(vectors) : row, old);
    }

    public override Row? Place(IRowSet rows, RecordLocation location)
    {
        // Not always the row that was put: another effect of the batch may have put a copy with its vector in its place.
        var placed = rows.Find(row);
        if (placed is not null) placed.Location = location;
        return placed;
    }
}
