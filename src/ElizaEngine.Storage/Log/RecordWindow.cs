using System.Buffers;

namespace ElizaEngine.Storage;

/// <summary>
/// Published records that are read for the first time, many of them: from their files into memory that is used again and again, with one
/// call for those that lie close behind each other. In place each page would have to be made part of the mapping first, which costs more
/// than to copy what is read of it, on some machines several times as much (decisions/0028). For one thread at a time; the caller holds a
/// pin until it is disposed of.
/// </summary>
internal sealed class RecordWindow(WriteAheadLog log) : IDisposable
{
    private const int WindowBytes = 256 << 10;

    // So many bytes that nobody asked for are copied in the time that another call takes, where a call takes a microsecond.
    private const int GapMax = 24 << 10;

    private byte[]? _bytes;
    private LogFile? _file;
    private long _start;
    private int _length;

    /// <summary>Reads the first of some records, and as many as follow it closely in its file, in this order.</summary>
    /// <param name="locations">At least one, of published records.</param>
    /// <returns>How many <see cref="Body"/> finds quickest.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    /// <exception cref="StorageIOException">The file cannot be read.</exception>
    public int Read(ReadOnlySpan<RecordLocation> locations)
    {
        var (file, place) = log.Resolve(locations[0]);
        var start = (long)place.Offset - LogFormat.RecordHeaderBytes;
        var end = EndOf(locations[0], place);
        var count = 1;
        for (; count < locations.Length; count++)
        {
            var (other, next) = log.Resolve(locations[count]);
            var (nextStart, nextEnd) = ((long)next.Offset - LogFormat.RecordHeaderBytes, EndOf(locations[count], next));
            if (other != file || nextStart < end || nextStart - end > GapMax || nextEnd - start > WindowBytes)
                break;
            end = nextEnd;
        }

        (_file, _start, _length) = (file, start, 0);
        if (end - start > WindowBytes || end > file.FileBytes)
            return count;
        _bytes ??= ArrayPool<byte>.Shared.Rent(WindowBytes);
        file.File.Read(start, _bytes.AsSpan(0, (int)(end - start)));
        _length = (int)(end - start);
        return count;
    }

    /// <summary>
    /// The body of a record whose checksum is right; until the next <see cref="Read"/>. One that was not read, or has changed its length or
    /// its place meanwhile, comes from the mapping, and so does the report of one that is damaged.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    /// <exception cref="LogDamagedException">The checksum is wrong.</exception>
    public ReadOnlySpan<byte> Body(RecordLocation location)
    {
        var (file, place) = log.Resolve(location);
        var start = place.Offset - LogFormat.RecordHeaderBytes - _start;
        if (file == _file && start >= 0 && EndOf(location, place) - _start <= _length)
        {
            var record = _bytes.AsSpan((int)start, LogFormat.RecordHeaderBytes + LogFormat.RoundUp(location.Length, 8));
            if (RecordHeader.TryDecode(record, out var header) && header.Length == location.Length && header.Matches(record))
                return record.Slice(LogFormat.RecordHeaderBytes, header.Length);
        }

        return log.ReadVerified(location);
    }

    public void Dispose()
    {
        if (_bytes is not null)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = null;
    }

    private static long EndOf(RecordLocation location, RecordPlace place) => (long)place.Offset + LogFormat.RoundUp(location.Length, 8);
}
