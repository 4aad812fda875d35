using System.Buffers.Binary;
using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>What a code was made of.</summary>
/// <param name="MemoryId">Whose vector.</param>
/// <param name="IsAlive">Whether it was there when the file was written.</param>
/// <param name="Place">Where its record lay then; none when the log has no such file any more.</param>
internal readonly record struct SavedSource(Id MemoryId, bool IsAlive, RecordPlace Place)
{
    private const int LogBytes = 12;
    private const int SourceBytes = 24;

    /// <summary>Bytes of so many log files and sources.</summary>
    public static long BytesOf(int logs, int sources) => ((long)logs * LogBytes) + ((long)sources * SourceBytes);

    /// <summary>The log files in which these lie, rising.</summary>
    public static int[] LogsOf(SavedSource[] sources) => [.. sources.Select(static source => source.Place.File).Where(static file => file > 0).Distinct().Order()];

    /// <summary>Writes log files and sources.</summary>
    public static void Write(WriteAheadLog log, int[] logs, SavedSource[] sources, Span<byte> bytes)
    {
        foreach (var number in logs)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[sizeof(int)..], log.SaltOf(number) ?? 0);
            bytes = bytes[LogBytes..];
        }

        foreach (var source in sources)
        {
            source.MemoryId.Write(bytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[Id.Bytes..], source.Place.File);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(Id.Bytes + sizeof(int))..], source.Place.Offset);
            bytes = bytes[SourceBytes..];
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote, as many as there is room for.</summary>
    /// <returns>The log files among them that are still there.</returns>
    public static int[] Read(WriteAheadLog log, int logs, ReadOnlySpan<byte> bytes, Span<SavedSource> sources)
    {
        var same = new HashSet<int>();
        for (var i = 0; i < logs; i++, bytes = bytes[LogBytes..])
        {
            // A place in a file of another history, or of one that is gone, is none.
            var number = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (log.SaltOf(number) == BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(int)..])) same.Add(number);
        }

        for (var i = 0; i < sources.Length; i++, bytes = bytes[SourceBytes..])
        {
            var place = new RecordPlace(BinaryPrimitives.ReadInt32LittleEndian(bytes[Id.Bytes..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[(Id.Bytes + sizeof(int))..]));
            sources[i] = new SavedSource(Id.Read(bytes), place.File > 0, same.Contains(place.File) ? place : default);
        }

        return [.. same];
    }
}
