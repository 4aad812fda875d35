using System.Buffers;
using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>Looks behind the end of the log for what was left there.</summary>
internal static class TailScan
{
    // A write that goes astray lands at a multiple of it.
    private const int SectorBytes = 512;

    // A multiple of every step.
    private const int ChunkBytes = 256 << 10;

    /// <summary>Whether the place of a next frame is not blank.</summary>
    public static bool HoldsDataAt(LogFile file, long offset) =>
        !file.IsEnded && file.Map.Slice(offset, (int)Math.Min(4096, file.FileBytes - offset)).ContainsAnyExcept((byte)0);

    /// <summary>
    /// What lies at an offset or behind it: the highest synced lsn in a frame header that is valid for one of these files, and where the
    /// last byte is that is not zero. A header is its own witness: its checksum holds a salt, so no content of a record can look like one.
    /// It tells the truth wherever it lies: where a write went astray, too.
    /// </summary>
    /// <param name="file">Read, not looked at in place: nearly all of it are zeros that nobody will look at again, a page of which costs
    /// more to map than to copy (decisions/0028).</param>
    /// <param name="files">The files of the log.</param>
    /// <returns>The promise, 0 for none, and the offset behind the last byte that is not zero, or <paramref name="from"/>.</returns>
    public static (ulong Promise, long End) Scan(LogFile file, long from, IReadOnlyList<LogFile> files)
    {
        var (highest, end) = (0UL, from);
        ulong[] salts = [file.Salt, .. files.Select(static file => file.Salt)];
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            for (var offset = from; offset < file.FileBytes; offset += ChunkBytes)
            {
                var bytes = chunk.AsSpan(0, (int)Math.Min(ChunkBytes, file.FileBytes - offset));
                file.File.Read(offset, bytes);
                var last = bytes.LastIndexOfAnyExcept((byte)0);
                if (last < 0)
                    continue;
                end = offset + last + 1;
                highest = Math.Max(highest, HighestPromise(bytes, file.Map.Slice(offset, (int)(file.FileBytes - offset)), file.BlockBytes, salts));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return (highest, end);
    }

    /// <summary>
    /// The highest synced lsn in a frame header that is valid under one of these salts, wherever a write that went astray can have brought it.
    /// </summary>
    /// <param name="bytes">Of a file, from a multiple of the step on.</param>
    /// <param name="place">The same bytes where they lie, to the end of the file: looked at only where a header may be.</param>
    /// <param name="blockBytes">Of the file: the smaller of it and a sector is the step.</param>
    /// <param name="salts">Of the files of the log; the likeliest first.</param>
    /// <returns>0 for none.</returns>
    public static ulong HighestPromise(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> place, int blockBytes, ReadOnlySpan<ulong> salts)
    {
        ulong highest = 0;
        var step = Math.Min(blockBytes, SectorBytes);
        for (var offset = 0; offset + sizeof(uint) <= bytes.Length; offset += step)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]) != FrameHeader.Magic)
                continue;
            foreach (var salt in salts)
            {
                var promise = FrameHeader.Promise(place[offset..], salt);
                highest = Math.Max(highest, promise);
                if (promise > 0)
                    break;
            }
        }

        return highest;
    }
}
