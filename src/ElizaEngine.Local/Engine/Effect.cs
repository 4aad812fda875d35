using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using ElizaEngine.Storage;
using MessagePack;

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

/// <summary>A row comes, or takes the place of its older version. A memory keeps the vectors it has.</summary>
internal sealed class PutRow(Row row, ReadOnlyMemory<byte> body = default) : Effect
{
    public Row Row => row;

    /// <summary>The older version was a cached value whose life was over: whoever clears that away changes nothing.</summary>
    public bool OldIsOver { get; init; }

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
        _ => after.Find(row) is var found && (ReferenceEquals(before.Find(row), found) || (OldIsOver && found is null)),
    };

    public override void Write(Span<byte> target) => body.Span.CopyTo(target);

    public override void Apply(IRowSet rows)
    {
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

/// <summary>
/// A memory gets a vector, or another one of that dimension.
/// Body: memory id 16 bytes, inverse norm float32, dimension int32, then the float32s, which lie at a multiple of 64 in the file.
/// </summary>
internal sealed class PutVector : Effect
{
    /// <summary>Bytes of a body in front of the floats: all that opening needs.</summary>
    public const int FloatsOffset = 24;

    /// <summary>The floats lie at a multiple of it in the file.</summary>
    public const int FloatsAlignment = 64;

    private readonly float _inverseNorm;

    // Null when it was read back at opening: then the floats stay where they are.
    private readonly float[]? _vector;
    private readonly bool _isVerified;

    public PutVector(Id memoryId, float[] vector, float inverseNorm)
        : this(memoryId, vector.Length, inverseNorm, isVerified: true) => _vector = vector;

    private PutVector(Id memoryId, int dimension, float inverseNorm, bool isVerified)
    {
        _isVerified = isVerified;
        MemoryId = memoryId;
        Dimension = dimension;
        _inverseNorm = inverseNorm;
    }

    /// <summary>Where its record lies, when it was read back; a live one learns it later, from <see cref="Place"/>.</summary>
    public RecordLocation Location { get; set; }

    public Id MemoryId { get; }

    public int Dimension { get; }

    public override byte Kind => VectorKind;

    public override int Length => FloatsOffset + (Dimension * sizeof(float));

    public override int Alignment => FloatsAlignment;

    public override int AlignedOffset => FloatsOffset;

    public override bool IsUntouched(DatabaseState before, DatabaseState after) => IsUntouched(before, after, MemoryId, Dimension);

    /// <summary>The floats of a stored body, in place.</summary>
    public static ReadOnlySpan<float> Floats(ReadOnlySpan<byte> body) => MemoryMarshal.Cast<byte, float>(body[FloatsOffset..]);

    public static PutVector Read(ReadOnlySpan<byte> body)
    {
        var vector = Read(body, isVerified: true);
        if (body.Length != vector.Length) throw new MessagePackSerializationException($"A vector of {vector.Dimension} dimensions has {body.Length} bytes.");
        return vector;
    }

    /// <summary>The effect of the head of a body, whose floats nobody has looked at yet.</summary>
    public static PutVector ReadHead(ReadOnlySpan<byte> head) => Read(head, isVerified: false);

    private static PutVector Read(ReadOnlySpan<byte> body, bool isVerified)
    {
        if (body.Length < FloatsOffset) throw new MessagePackSerializationException($"A vector has {body.Length} bytes.");
        var dimension = BinaryPrimitives.ReadInt32LittleEndian(body[20..]);
        if (dimension is < 1 or > Limits.MaxDimension) throw new MessagePackSerializationException($"A vector has {dimension} dimensions.");
        return new PutVector(Id.Read(body), dimension, BinaryPrimitives.ReadSingleLittleEndian(body[16..]), isVerified);
    }

    /// <summary>Whether a memory is still there, if it was, with the same vector of a dimension, or still without one.</summary>
    public static bool IsUntouched(DatabaseState before, DatabaseState after, Id memoryId, int dimension)
    {
        var (was, now) = (before.Memories.Find(memoryId), after.Memories.Find(memoryId));
        return was is null == now is null && was?.Vector(dimension)?.Location == now?.Vector(dimension)?.Location;
    }

    public override void Write(Span<byte> body)
    {
        MemoryId.Write(body);
        BinaryPrimitives.WriteSingleLittleEndian(body[16..], _inverseNorm);
        BinaryPrimitives.WriteInt32LittleEndian(body[20..], Dimension);
        MemoryMarshal.AsBytes(_vector.AsSpan()).CopyTo(body[FloatsOffset..]);
    }

    public override void Apply(IRowSet rows)
    {
        if (rows.FindMemory(MemoryId) is not { } row) return;
        var slot = new VectorSlot
        {
            Dimension = Dimension,
            InverseNorm = _inverseNorm,
            Next = VectorSlot.Without(row.Vectors, Dimension),
            Pending = _vector,
            Location = Location,
            IsVerified = _isVerified,
        };
        rows.PutVectors(row, slot);
    }

    public override Row? Place(IRowSet rows, RecordLocation location)
    {
        var row = rows.FindMemory(MemoryId);
        if (row?.Vector(Dimension) is { } slot)
        {
            slot.Location = location;
            slot.Pending = null;
        }
        return row;
    }
}

/// <summary>A memory loses its vector of one dimension. Body: memory id 16 bytes, dimension int32, 4 zero bytes.</summary>
internal sealed class DropVector(Id memoryId, int dimension) : Effect
{
    private const int BodyBytes = 24;

    public override byte Kind => DropVectorKind;

    public override int Length => BodyBytes;

    public override bool IsUntouched(DatabaseState before, DatabaseState after) => PutVector.IsUntouched(before, after, memoryId, dimension);

    public static DropVector Read(ReadOnlySpan<byte> body) => body.Length == BodyBytes
        ? new(Id.Read(body), BinaryPrimitives.ReadInt32LittleEndian(body[16..]))
        : throw new MessagePackSerializationException($"A dropped vector has {body.Length} bytes.");

    public override void Write(Span<byte> body)
    {
        body.Clear();
        memoryId.Write(body);
        BinaryPrimitives.WriteInt32LittleEndian(body[16..], dimension);
    }

    public override void Apply(IRowSet rows)
    {
        if (rows.FindMemory(memoryId) is { } row) rows.PutVectors(row, VectorSlot.Without(row.Vectors, dimension));
    }

    public override Row? Place(IRowSet rows, RecordLocation location) => rows.FindMemory(memoryId);
}

/// <summary>
/// Rows of one table go, memories with their vectors. Kind: 64 + the table's number. Body: the keys, one after the other; an id
/// is 16 bytes, a participant three of them (room, entity, agent), a cached value its agent and then its text in UTF-8, alone.
/// </summary>
internal sealed class DeleteRows(Table table, ArraySegment<Row> rows) : Effect
{
    /// <summary>Rows in one record at most; a longer list becomes several.</summary>
    public const int MaxRows = 4096;

    public override byte Kind => (byte)(DeleteKind + (byte)table);

    public override int Length => table switch
    {
        Table.Cache => Id.Bytes + Encoding.UTF8.GetByteCount(((CacheRow)rows[0]).Key),
        Table.Participants => rows.Count * 3 * Id.Bytes,
        _ => rows.Count * Id.Bytes,
    };

    public override bool IsUntouched(DatabaseState before, DatabaseState after)
    {
        foreach (var row in rows)
        {
            if (!ReferenceEquals(before.Find(row), after.Find(row))) return false;
        }
        return true;
    }

    public static DeleteRows Read(byte kind, ReadOnlySpan<byte> body, IRowSet set)
    {
        var table = (Table)(kind - DeleteKind);
        if (kind < DeleteKind || !Enum.IsDefined(table)) throw new MessagePackSerializationException($"There is no kind of record {kind}.");
        var keyBytes = table == Table.Participants ? 3 * Id.Bytes : Id.Bytes;
        if (table == Table.Cache ? body.Length < keyBytes : body.Length % keyBytes != 0)
            throw new MessagePackSerializationException($"A record of kind {kind} has {body.Length} bytes, which are no whole keys.");
        if (table == Table.Cache)
            return new DeleteRows(table, set.FindCache(new CacheKey(Id.Read(body), Encoding.UTF8.GetString(body[Id.Bytes..]))) is { } entry ? new Row[] { entry } : []);

        var rows = new List<Row>(body.Length / keyBytes);
        for (var rest = body; rest.Length > 0; rest = rest[keyBytes..])
        {
            var row = table == Table.Participants
                ? set.FindParticipant(new PairKey(Id.Read(rest), Id.Read(rest[Id.Bytes..]), Id.Read(rest[(2 * Id.Bytes)..])))
                : set.Find(table, Id.Read(rest));
            if (row is not null) rows.Add(row);
        }
        return new DeleteRows(table, rows.ToArray());
    }

    public override void Write(Span<byte> body)
    {
        foreach (var row in rows)
        {
            switch (row)
            {
                case CacheRow cache:
                    cache.Id.Write(body);
                    Encoding.UTF8.GetBytes(cache.Key, body[Id.Bytes..]);
                    break;
                case ParticipantRow participant:
                    participant.RoomId.Write(body);
                    participant.EntityId.Write(body[Id.Bytes..]);
                    participant.AgentId.Write(body[(2 * Id.Bytes)..]);
                    body = body[(3 * Id.Bytes)..];
                    break;
                default:
                    row.Id.Write(body);
                    body = body[Id.Bytes..];
                    break;
            }
        }
    }

    public override void Apply(IRowSet set)
    {
        // Of a row that a transaction both wrote and deleted, the newest state may hold another version than the one noted here.
        foreach (var row in rows)
        {
            if (set.Find(row) is { } stored) set.Remove(stored);
        }
    }
}
