using System.Buffers.Binary;

namespace ElizaEngine.Vectors;

/// <summary>The first 64 bytes of a stored graph; FORMAT.md has the picture.</summary>
internal readonly record struct GraphHeader(int Dimension, int Slots, int Covered, int M, int Effort, int Entry, int Unrepaired, float UpperDeviation, float Correlation)
{
    internal const int Bytes = 64;

    private const ulong Magic = 0x465247415A494C45; // "ELIZAGRF"
    private const ushort Major = 1;
    private const ushort Minor = 1;
    private const int CrcAt = 60;

    internal void Write(Span<byte> bytes)
    {
        bytes[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], Major);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], Minor);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], Dimension);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], Slots);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[20..], Covered);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], M);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], Effort);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[32..], Entry);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[36..], Unrepaired);
        BinaryPrimitives.WriteSingleLittleEndian(bytes[40..], UpperDeviation);
        WriteCorrelation(bytes[44..], Correlation);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CrcAt..], CrcOf(bytes[..CrcAt]));
    }

    /// <exception cref="InvalidDataException">These bytes are no header, of another version, or damaged.</exception>
    internal static GraphHeader Read(ReadOnlySpan<byte> bytes)
    {
        Check(BinaryPrimitives.ReadUInt64LittleEndian(bytes) == Magic, "These bytes are no graph.");
        Check(BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcAt..]) == CrcOf(bytes[..CrcAt]), "The header is damaged: its checksum is not that of its bytes.");
        var major = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        Check(major == Major, $"The format is {major}; this program reads {Major}.");
        var header = new GraphHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[36..]),
            BinaryPrimitives.ReadSingleLittleEndian(bytes[40..]),
            ReadCorrelation(bytes[44..]));
        Check(header.Dimension is >= 1 and <= Codes.DimensionMax, $"The dimension is {header.Dimension}.");
        Check(header.Slots >= 0 && header.Slots <= NativeTable.ItemsMax, $"There are {header.Slots} slots.");
        Check(header.Covered >= 0 && header.Covered <= header.Slots, $"Of {header.Slots} slots {header.Covered} are covered.");
        Check(header.M is >= Graph.MMin and <= Graph.MMax, $"M is {header.M}.");
        // Whoever inserts into the graph makes room for as many.
        Check(header.Effort >= header.M && header.Effort <= Graph.EffortMax, $"efConstruction is {header.Effort}.");
        Check(header.Entry >= -1 && header.Entry < header.Covered, $"Walks begin at {header.Entry} of {header.Covered}.");
        Check(header.Unrepaired >= 0, $"Unrepaired are {header.Unrepaired}.");
        CheckUpper(header.UpperDeviation, header.Correlation);
        return header;
    }

    internal static void CheckUpper(float deviation, float correlation)
    {
        Check(deviation is >= 0 and <= 1, $"Half a row is off by {deviation:R}.");
        Check(correlation >= 1, $"It is off by {correlation:R} times what chance makes of it.");
    }

    internal static void WriteCorrelation(Span<byte> bytes, float correlation) =>
        BinaryPrimitives.WriteSingleLittleEndian(bytes, float.IsFinite(correlation) ? correlation : 0);

    /// <summary>0 is written where it was not measured: nothing is known to be chance.</summary>
    internal static float ReadCorrelation(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadSingleLittleEndian(bytes) is var correlation and not 0 ? correlation : float.PositiveInfinity;

    internal static void Check(bool isRight, string message)
    {
        if (!isRight)
            throw new InvalidDataException(message);
    }

    /// <summary>The checksum of a header, without its last bytes, which are it.</summary>
    internal static uint CrcOf(ReadOnlySpan<byte> bytes)
    {
        var crc = new Crc32C();
        crc.Add(bytes);
        return crc.Value;
    }
}
