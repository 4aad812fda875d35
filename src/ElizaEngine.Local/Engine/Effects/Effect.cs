using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// One change of the state, decided: a row put, a vector put or dropped, rows deleted. What the log holds, and the only thing
/// that changes a state: a live commit makes effects, recovery reads them, both call <see cref="Apply"/>.
/// </summary>
internal abstract class Effect
{
    /// <summary>Kinds of records beside the tables' numbers; see <c>RECORDS.md</c>.</summary>
    public const byte VectorKind = 32;

    public const byte DropVectorKind = 33;

    /// <summary>A log entry with a compressed body: only compaction writes it, in the place of one of <see cref="Table.Logs"/>.</summary>
    public const byte PackedLogKind = 34;

    public const byte DeleteKind = 64;

    /// <summary>Kind of its record.</summary>
    public abstract byte Kind { get; }

    /// <summary>Bytes of its record's body.</summary>
    public abstract int Length { get; }

    public virtual int Alignment => 8;

    public virtual int AlignedOffset => 0;

    /// <summary>
    /// Whether what it changes is the same in two states: no other transaction was first. A memory's content and each of its
    /// vectors are changed apart, but a memory is deleted with all of them.
    /// </summary>
    public abstract bool IsUntouched(DatabaseState before, DatabaseState after);

    public abstract void Write(Span<byte> body);

    public abstract void Apply(IRowSet rows);

    /// <summary>Tells the row, of those that this effect has been applied to, where its record lies. Returns that row, if it has one.</summary>
    public virtual Row? Place(IRowSet rows, RecordLocation location) => null;

    /// <summary>The effect of a record. Rows it deletes are those of the set.</summary>
    public static Effect Read(byte kind, ReadOnlyMemory<byte> body, IRowSet rows, SharedValues shared) => kind switch
    {
        (byte)Table.Agents => new PutRow(Loaded(Rows.Of(Rows.DecodeAgent(body)))),
        (byte)Table.Entities => new PutRow(Loaded(Rows.Of(Rows.DecodeEntity(body)))),
        (byte)Table.Components => new PutRow(Loaded(Rows.Of(Rows.DecodeComponent(body)))),
        (byte)Table.Memories => new PutRow(Rows.ReadMemory(body, shared)),
        (byte)Table.Rooms => new PutRow(Loaded(Rows.Of(Rows.DecodeRoom(body)))),
        (byte)Table.Worlds => new PutRow(Loaded(Rows.Of(Rows.DecodeWorld(body)))),
        (byte)Table.Participants => new PutRow(Rows.ReadParticipant(body)),
        (byte)Table.Relationships => new PutRow(Loaded(Rows.Of(Rows.DecodeRelationship(body)))),
        (byte)Table.Tasks => new PutRow(Loaded(Rows.Of(Rows.DecodeTask(body)))),
        (byte)Table.Logs => new PutRow(Rows.ReadLog(body, shared)),
        (byte)Table.Cache => new PutRow(Rows.ReadCache(body)),
        (byte)Table.Dimensions => new PutRow(Rows.ReadDimension(body)),
        VectorKind => PutVector.Read(body.Span),
        DropVectorKind => DropVector.Read(body.Span),
        PackedLogKind => new PutRow(PackedLog.ReadRow(body, shared)),
        _ => DeleteRows.Read(kind, body.Span, rows),
    };

    // A row read back at opening does not hold its record: only what is asked for again does.
    private static T Loaded<T>(T row)
        where T : Row
    {
        row.Decoded = null;
        return row;
    }
}
