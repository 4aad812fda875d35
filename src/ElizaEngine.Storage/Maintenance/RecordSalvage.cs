using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>
/// Finds the records in the payload of a frame that is damaged. Each record has its own checksum. Behind a damaged record the next one is
/// where the length of the damaged one says, or else at the next place where a whole record stands.
/// <para>
/// Where a record is known to begin its checksum decides. Of the bytes that are called zero in its header three are under the checksum, and
/// a later version may give them a meaning; four are not. Only where every place is tried they tell a record from what looks like one.
/// </para>
/// </summary>
internal static class RecordSalvage
{
    /// <param name="Kind">Null when the header cannot be believed.</param>
    internal readonly record struct Find(int Offset, int Bytes, bool IsWhole, byte? Kind);

    /// <summary>Records and damaged stretches, which together are the payload. Padding is left out.</summary>
    /// <param name="blockBytes">Of the file, when frames follow each other in the payload because their headers are gone; else 0.</param>
    /// <param name="phase">The offset in the file where the payload begins.</param>
    public static List<Find> Search(ReadOnlySpan<byte> payload, int blockBytes, long phase)
    {
        var found = new List<Find>();
        var offset = 0;
        while (offset < payload.Length)
        {
            if (WholeRecordAt(payload, offset) is { } whole)
            {
                if (whole.Kind != RecordHeader.Padding)
                    found.Add(new Find(offset, whole.OccupiedBytes, true, whole.Kind));
                offset += whole.OccupiedBytes;
                continue;
            }

            var (end, kind) = EndOfDamage(payload, offset);
            if (!IsHarmless(payload[offset..end], kind) && !IsBetweenFrames(payload, offset, end, blockBytes, phase))
                found.Add(new Find(offset, end - offset, false, kind));
            offset = end;
        }

        return found;
    }

    /// <summary>Where the damaged stretch ends, and the kind of the record if it is one record whose length is right.</summary>
    private static (int End, byte? Kind) EndOfDamage(ReadOnlySpan<byte> payload, int offset)
    {
        if (RecordHeader.TryDecode(payload[offset..], out var header))
        {
            // A whole record at the place vouches for the length; the end of the payload does so with a header that looks like one.
            var next = offset + header.OccupiedBytes;
            if (next == payload.Length ? HasZeros(payload[offset..]) : WholeRecordAt(payload, next) is not null)
                return (next, header.Kind);
        }

        var end = offset + LogFormat.RecordHeaderBytes;
        while (end < payload.Length && !(HasZeros(payload[end..]) && WholeRecordAt(payload, end) is not null))
            end += 8;
        return (Math.Min(end, payload.Length), null);
    }

    private static RecordHeader? WholeRecordAt(ReadOnlySpan<byte> payload, int offset) =>
        RecordHeader.TryDecode(payload[offset..], out var header) && header.Matches(payload[offset..]) ? header : null;

    /// <summary>Whether the bytes of a header that are called zero are zero: not one that some text happens to look like.</summary>
    private static bool HasZeros(ReadOnlySpan<byte> record) => record.Length >= LogFormat.RecordHeaderBytes
        && !record.Slice(5, 3).ContainsAnyExcept((byte)0) && !record.Slice(12, 4).ContainsAnyExcept((byte)0);

    /// <summary>Padding in which a byte changed: with zeros for a body its checksum is right.</summary>
    private static bool IsHarmless(ReadOnlySpan<byte> damaged, byte? kind)
    {
        if (kind != RecordHeader.Padding)
            return false;
        var padding = damaged.ToArray();
        padding.AsSpan(LogFormat.RecordHeaderBytes).Clear();
        return RecordHeader.TryDecode(padding, out var header) && header.Matches(padding);
    }

    /// <summary>The zeros behind one frame, and the header of the next, in a stretch of several frames.</summary>
    private static bool IsBetweenFrames(ReadOnlySpan<byte> payload, int offset, int end, int blockBytes, long phase)
    {
        if (blockBytes == 0)
            return false;
        var header = payload[offset..end].IndexOfAnyExcept((byte)0);
        if (header < 0)
            return end - offset < blockBytes && (end == payload.Length || (phase + end) % blockBytes == 0);
        return header < blockBytes && (phase + offset + header) % blockBytes == 0 && end - offset - header == LogFormat.FrameHeaderBytes
            && (header > 0 || BinaryPrimitives.ReadUInt32LittleEndian(payload[(offset + header)..]) == FrameHeader.Magic);
    }
}
