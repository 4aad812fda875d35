using System.Buffers.Binary;

namespace ElizaEngine.Vectors;

/// <summary>The first 64 bytes of changes of a graph; FORMAT.md has the picture.</summary>
internal readonly record struct GraphChangesHeader(int SlotsBefore, int Slots, int Covered, int Entry, int Unrepaired, int Words, int Nodes, int Lists, float UpperDeviation, float Correlation)
{
    internal const int Bytes = 64;

    private const ulong Magic = 0x474843415A494C45; // "ELIZACHG"
    private const ushort Major = 1;
    private const ushort Minor = 1;
    private const int CrcAt = 60;

    internal void Write(Span<byte> bytes)
    {
        bytes[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], Major);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], Minor);
        ReadOnlySpan<int> numbers = [SlotsBefore, Slots, Covered, Entry, Unrepaired, Words, Nodes, Lists];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(12 + (i * sizeof(int)))..], numbers[i]);
        BinaryPrimitives.WriteSingleLittleEndian(bytes[44..], UpperDeviation);
        GraphHeader.WriteCorrelation(bytes[48..], Correlation);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[CrcAt..], GraphHeader.CrcOf(bytes[..CrcAt]));
    }

    /// <exception cref="InvalidDataException">These bytes are no header, of another version, or damaged.</exception>
    internal static GraphChangesHeader Read(ReadOnlySpan<byte> bytes)
    {
        GraphHeader.Check(BinaryPrimitives.ReadUInt64LittleEndian(bytes) == Magic, "These bytes are no changes of a graph.");
        GraphHeader.Check(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcAt..]) == GraphHeader.CrcOf(bytes[..CrcAt]), "The header is damaged: its checksum is not that of its bytes.");
        var major = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        GraphHeader.Check(major == Major, $"The format of changes is {major}; this program reads {Major}.");
        Span<int> numbers = stackalloc int[8];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(12 + (i * sizeof(int)))..]);
        var header = new GraphChangesHeader(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7],
            BinaryPrimitives.ReadSingleLittleEndian(bytes[44..]), GraphHeader.ReadCorrelation(bytes[48..]));
        GraphHeader.Check(header.SlotsBefore >= 0 && header.Slots >= header.SlotsBefore && header.Slots <= NativeTable.ItemsMax, $"{header.SlotsBefore} slots became {header.Slots}.");
        GraphHeader.Check(header.Covered >= 0 && header.Covered <= header.Slots, $"Of {header.Slots} slots {header.Covered} are covered.");
        GraphHeader.Check(header.Entry >= -1 && header.Entry < header.Covered, $"Walks begin at {header.Entry} of {header.Covered}.");
        GraphHeader.Check(header.Unrepaired >= 0, $"Unrepaired are {header.Unrepaired}.");
        GraphHeader.Check(header.Words >= 0 && header.Nodes >= 0 && header.Lists >= 0, "A number of changes is below 0.");
        GraphHeader.CheckUpper(header.UpperDeviation, header.Correlation);
        return header;
    }
}
