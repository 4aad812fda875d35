using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

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
