using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>Looks behind the end of the log for what was left there.</summary>
internal static class TailScan
{
    /// <summary>A write that goes astray lands at a multiple of it.</summary>
    private const int SectorBytes = 512;

    /// <summary>Whether the place of a next frame is not blank.</summary>
    public static bool HoldsDataAt(LogFile file, long offset) =>
        !file.IsEnded && file.Map.Slice(offset, (int)Math.Min(4096, file.FileBytes - offset)).ContainsAnyExcept((byte)0);

    /// <summary>The offset behind the last byte that is not zero, or <paramref name="from"/>.</summary>
    public static long EndOfData(LogFile file, long from) =>
        from + file.Map.Slice(from, (int)(file.FileBytes - from)).LastIndexOfAnyExcept((byte)0) + 1;

    /// <summary>
    /// The highest synced lsn in a frame header that is valid for one of these files. A header is its own witness: its checksum holds a
    /// salt, so no content of a record can look like one. It tells the truth wherever it lies: where a write went astray, too.
    /// </summary>
    /// <param name="files">The files of the log.</param>
    public static ulong HighestPromise(LogFile file, long from, IReadOnlyList<LogFile> files)
    {
        ulong highest = 0;
        var bytes = file.Map.Slice(from, (int)(file.FileBytes - from));
        var step = Math.Min(file.BlockBytes, SectorBytes);
        for (var offset = 0; offset + LogFormat.FrameHeaderBytes <= bytes.Length; offset += step)
        {
            var candidate = bytes[offset..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(candidate) != FrameHeader.Magic)
                continue;
            foreach (var owner in files)
            {
                if (FrameHeader.TryDecode(candidate, owner.Salt, out var header, out _))
                    highest = Math.Max(highest, header.SyncedLsn);
            }
        }

        return highest;
    }
}
