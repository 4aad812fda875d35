using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>Tells whether a record may lie where a checkpoint says. For one thread.</summary>
/// <param name="bytesOf">Sizes of the log files, by number, which may be any.</param>
internal sealed class LogFileSizes(IReadOnlyDictionary<int, long> bytesOf)
{
    // Most records lie in the file in which the one before lies. No file has number 0.
    private int _file;
    private long _bytes = -1;

    public bool Have(RecordLocation location)
    {
        if (location.File != _file)
        {
            if (!bytesOf.TryGetValue(location.File, out var bytes)) return false;
            (_file, _bytes) = (location.File, bytes);
        }
        return location.Offset >= 0 && location.Length >= 0 && (long)location.Offset + location.Length <= _bytes;
    }
}
