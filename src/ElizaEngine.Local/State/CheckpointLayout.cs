using System.Buffers.Binary;
using System.Numerics;

namespace ElizaEngine.Local;

/// <summary>What the payload of a checkpoint begins with: how much of everything follows, and thereby where. Byte picture: <c>RECORDS.md</c>, "Checkpoint".</summary>
internal sealed record CheckpointLayout(int Memories, int Vectors, int ByRoom, int ByDocument, int ScopesBytes, long HeadsBytes, ulong Key1, ulong Key2)
{
    public const int Bytes = 48;
    public const int MemoriesAt = Bytes;

    // So many slots that at most two thirds are taken: searches end soon.
    public int Slots { get; } = Memories == 0 ? 1 : (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, Memories + (Memories / 2)));

    public int VectorsAt => MemoriesAt + (Memories * StoredMemory.Bytes);

    public int ByRoomAt => VectorsAt + (Vectors * StoredVector.Bytes);

    public int ByDocumentAt => ByRoomAt + (ByRoom * sizeof(int));

    public int SlotsAt => ByDocumentAt + (ByDocument * sizeof(int));

    public int ScopesAt => SlotsAt + (Slots * sizeof(int));

    public int HeadsAt => ScopesAt + ScopesBytes;

    /// <summary>Bytes of all of it; more than an int holds for a state that is too large.</summary>
    public long Length => Bytes + ((long)Memories * StoredMemory.Bytes) + ((long)Vectors * StoredVector.Bytes)
        + (sizeof(int) * ((long)ByRoom + ByDocument + Slots)) + ScopesBytes + HeadsBytes;

    /// <summary>Only of a layout whose <see cref="Length"/> an int holds.</summary>
    public void Encode(Span<byte> header)
    {
        Span<int> counts = [Memories, Vectors, ByRoom, ByDocument, ScopesBytes, checked((int)HeadsBytes)];
        for (var i = 0; i < counts.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(header[(i * sizeof(int))..], counts[i]);
        header[24..32].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], Key1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], Key2);
    }

    /// <summary>The layout of a payload; null: it is none.</summary>
    public static CheckpointLayout? TryDecode(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < Bytes) return null;
        Span<int> counts = stackalloc int[6];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt32LittleEndian(payload[(i * sizeof(int))..]);
            if (counts[i] < 0 || counts[i] > payload.Length) return null;
        }
        var layout = new CheckpointLayout(
            counts[0], counts[1], counts[2], counts[3], counts[4], counts[5],
            BinaryPrimitives.ReadUInt64LittleEndian(payload[32..]), BinaryPrimitives.ReadUInt64LittleEndian(payload[40..]));
        return layout.Length == payload.Length ? layout : null;
    }
}
