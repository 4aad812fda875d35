using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>Looks behind the end of the log for what was left there.</summary>
internal static class TailScan
{
    /// <summary>Whether the place of a next frame is not blank.</summary>
    public static bool HoldsDataAt(LogFile file, long offset) =>
        !file.IsEnded && file.Map.Slice(offset, (int)Math.Min(4096, file.FileBytes - offset)).ContainsAnyExcept((byte)0);

    /// <summary>The offset behind the last byte that is not zero, or <paramref name="from"/>.</summary>
    public static long EndOfData(LogFile file, long from) =>
        from + file.Map.Slice(from, (int)(file.FileBytes - from)).LastIndexOfAnyExcept((byte)0) + 1;

    /// <summary>
    /// The highest synced lsn in a frame header that is valid for this file. A header is its own witness: its checksum holds the salt of
    /// the file, so no content of a record can look like one.
    /// </summary>
    /// <param name="lsn">The lsn that belongs to <paramref name="from"/>; null when it is not known.</param>
    public static ulong HighestPromise(LogFile file, long from, ulong? lsn)
    {
        ulong highest = 0;
        var bytes = file.Map.Slice(from, (int)(file.FileBytes - from));
        for (var offset = 0; offset + LogFormat.FrameHeaderBytes <= bytes.Length; offset += file.BlockBytes)
        {
            var candidate = bytes[offset..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(candidate) != FrameHeader.Magic || !FrameHeader.TryDecode(candidate, file.Salt, out var header, out _))
                continue;
            if (lsn is null || header.Lsn == lsn + (ulong)offset)
                highest = Math.Max(highest, header.SyncedLsn);
        }

        return highest;
    }
}
