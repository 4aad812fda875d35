namespace ElizaEngine.Storage;

/// <summary>A valid frame in a file.</summary>
internal readonly record struct FramePlace(LogFile File, long Offset, FrameHeader Header)
{
    public int OccupiedBytes => Header.OccupiedBytes(File.BlockBytes);
}

/// <summary>Reads frames of a mapped file, whose bytes may be anything.</summary>
internal static class FrameReader
{
    /// <summary>Reads the frame that should start here: header, place, payload hash.</summary>
    /// <param name="problem">What is wrong, in words.</param>
    public static bool TryRead(LogFile file, long offset, ulong lsn, out FrameHeader header, out string problem)
    {
        var bytes = file.Map.Slice(offset, (int)(file.FileBytes - offset));
        if (!FrameHeader.TryDecode(bytes, file.Salt, out header, out problem))
            return false;
        if (header.Lsn != lsn)
            problem = $"the frame has lsn {header.Lsn} instead of {lsn}";
        else if (header.OccupiedBytes(file.BlockBytes) > bytes.Length)
            problem = "the frame ends behind the file";
        else if (FrameHeader.HashPayload(bytes.Slice(LogFormat.FrameHeaderBytes, header.PayloadBytes), file.Salt, lsn) != header.PayloadHash)
            problem = "the checksum of the frame's payload is wrong";
        return problem.Length == 0;
    }

    /// <summary>The frames of a file from its first lsn up to an end, which must be the end of one of them.</summary>
    /// <exception cref="LogDamagedException">A frame is not valid, or reaches over the end.</exception>
    public static IEnumerable<FramePlace> Frames(LogFile file, ulong endLsn)
    {
        long offset = LogFormat.FileHeaderBytes;
        for (var lsn = file.FirstLsn; lsn < endLsn;)
        {
            if (!TryRead(file, offset, lsn, out var header, out var problem))
                throw new LogDamagedException(file.Name, offset, lsn, problem);
            var place = new FramePlace(file, offset, header);
            if (lsn + (ulong)place.OccupiedBytes > endLsn)
                throw new LogDamagedException(file.Name, offset, lsn, $"the frame reaches over lsn {endLsn}, where the file ends");
            yield return place;
            offset += place.OccupiedBytes;
            lsn += (ulong)place.OccupiedBytes;
        }
    }

    /// <summary>
    /// The lsn of the frame that holds a byte; 0 when a damaged header hides it. Walks the headers of the file: for errors only.
    /// </summary>
    public static ulong LsnOfFrame(LogFile file, long offset)
    {
        long start = LogFormat.FileHeaderBytes;
        while (start <= offset)
        {
            if (!FrameHeader.TryDecode(file.Map.Slice(start, (int)(file.FileBytes - start)), file.Salt, out var header, out _))
                break;
            var end = start + header.OccupiedBytes(file.BlockBytes);
            if (offset < end)
                return header.Lsn;
            start = end;
        }

        return 0;
    }

    /// <summary>Hands the records of a valid frame over and returns how many there were, without padding.</summary>
    /// <exception cref="LogDamagedException">The payload is not made of records.</exception>
    public static long Replay(FramePlace frame, ILogReplay replay)
    {
        var file = frame.File;
        var start = frame.Offset + LogFormat.FrameHeaderBytes;
        var payload = file.Map.Slice(start, frame.Header.PayloadBytes);
        uint count = 0;
        long replayed = 0;
        var offset = 0;
        while (offset < payload.Length)
        {
            if (!RecordHeader.TryDecode(payload[offset..], out var record))
                throw new LogDamagedException(file.Name, start + offset, frame.Header.Lsn, "the record does not fit into its frame");
            if (record.Kind != RecordHeader.Padding)
            {
                var body = offset + LogFormat.RecordHeaderBytes;
                var location = new RecordLocation(file.Number, (int)start + body, record.Length);
                replay.Replay(record.Kind, payload.Slice(body, record.Length), location);
                replayed++;
            }

            count++;
            offset += record.OccupiedBytes;
        }

        return count == frame.Header.Records
            ? replayed
            : throw new LogDamagedException(file.Name, frame.Offset, frame.Header.Lsn,
                $"the frame has {count} records instead of {frame.Header.Records}");
    }
}
