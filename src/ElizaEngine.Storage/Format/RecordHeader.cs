using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>The header of a record. Byte picture: FORMAT.md, "Record".</summary>
internal readonly record struct RecordHeader(int Length, byte Kind, uint Crc)
{
    /// <summary>Kind of a record that says nothing: it moves the next one to its alignment, or takes up room.</summary>
    public const byte Padding = 0;

    /// <summary>Bytes from the start of this record to the start of the next.</summary>
    public int OccupiedBytes => LogFormat.RecordHeaderBytes + LogFormat.RoundUp(Length, 8);

    /// <summary>Writes the header without its checksum, which <see cref="Seal"/> adds once the body is there.</summary>
    public static void Begin(Span<byte> header, byte kind, int length)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], kind);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], 0);
    }

    /// <summary>Computes the checksum of the record that starts <paramref name="record"/> and writes it into its header.</summary>
    public static void Seal(Span<byte> record)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(record);
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], Compute(record, length));
    }

    /// <summary>Reads the header that starts <paramref name="record"/>; false when it, or its body, is not inside.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> record, out RecordHeader header)
    {
        header = default;
        if (record.Length < LogFormat.RecordHeaderBytes)
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(record);
        if (length < 0 || length > LogFormat.MaxRecordBytes || LogFormat.RoundUp(length, 8) > record.Length - LogFormat.RecordHeaderBytes)
            return false;
        header = new RecordHeader(length, record[4], BinaryPrimitives.ReadUInt32LittleEndian(record[8..]));
        return true;
    }

    /// <summary>Whether the body under the header that starts <paramref name="record"/> is the one that was written.</summary>
    public bool Matches(ReadOnlySpan<byte> record) => Crc == Compute(record, Length);

    private static uint Compute(ReadOnlySpan<byte> record, int length) =>
        Crc32C.Compute(record[..8], record.Slice(LogFormat.RecordHeaderBytes, length));
}
