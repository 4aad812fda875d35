namespace ElizaEngine.Storage;

/// <summary>
/// The log files that can be read, by number: the place of a record names its file so. Reading takes no lock; one thread at a time changes
/// them.
/// </summary>
internal sealed class NumberedFiles
{
    private volatile LogFile?[] _files = new LogFile?[8];

    public IEnumerable<LogFile> All => _files.OfType<LogFile>();

    /// <summary>The file with this number, or null.</summary>
    public LogFile? Find(int number)
    {
        var files = _files;
        return (uint)number < (uint)files.Length ? files[number] : null;
    }

    public void Add(LogFile file)
    {
        var files = _files;
        if (file.Number >= files.Length)
            Array.Resize(ref files, Math.Max(file.Number + 1, files.Length * 2));
        files[file.Number] = file;
        _files = files;
    }

    public void Remove(LogFile file) => _files[file.Number] = null;

    public void Clear() => _files = [];
}
