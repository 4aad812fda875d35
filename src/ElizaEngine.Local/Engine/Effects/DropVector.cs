using System.Buffers.Binary;
using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>A memory loses its vector of one dimension. Body: memory id 16 bytes, dimension int32, 4 zero bytes.</summary>
internal sealed class DropVector(Id memoryId, int dimension) : Effect
{
    private const int BodyBytes = 24;

    public Id MemoryId => memoryId;

    public int Dimension => dimension;

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
