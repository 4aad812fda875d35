namespace ElizaEngine.Storage;

/// <summary>Tells from the names in a directory, and a few first bytes, whose it is. Writes nothing.</summary>
internal static class DirectoryInspection
{
    private static readonly string[] s_telling = ["PG_VERSION", "CURRENT", "data.mdb", "postmaster.pid"];

    /// <summary>A name that says that the files are another program's; null when there is none.</summary>
    public static string? TellingName(IReadOnlyList<string> names) => s_telling.FirstOrDefault(names.Contains);

    /// <summary>
    /// The newest generation of manifest, or 0 for a directory without one: new, or left by our own interrupted creation.
    /// </summary>
    /// <exception cref="LogDirectoryForeignException">It holds files of something else.</exception>
    public static long NewestManifest(IFileSystem files, string directory, IReadOnlyList<string> names)
    {
        long newest = 0;
        foreach (var name in names)
        {
            if (FileNames.TryManifest(name, out var generation))
                newest = Math.Max(newest, generation);
        }

        if (newest > 0)
            return newest;
        var foreign = TellingName(names) ?? names.FirstOrDefault(name => !IsOurs(files, directory, name));
        return foreign is null ? 0 : throw new LogDirectoryForeignException(directory, foreign);
    }

    private static bool IsOurs(IFileSystem files, string directory, string name)
    {
        if (name == FileNames.Lock || FileNames.IsLostAndFound(name) || FileNames.IsTemporary(name) || FileNames.IsDerived(name))
            return true;
        return FileNames.TryLog(name, out _) && HoldsNoFrame(files, directory + "/" + name);
    }

    /// <summary>
    /// The header block of a log file, which that of a copy has before it has its name; null: it is not there, damaged, or of another file.
    /// </summary>
    /// <exception cref="LogFormatUnsupportedException">A newer version wrote it, or one of before version 1.</exception>
    public static LogFileHeader? ReadHeader(IFileSystem files, string directory, int number)
    {
        var name = FileNames.Log(number);
        using var file = files.Open(directory + "/" + name);
        var block = new byte[LogFormat.FileHeaderBytes];
        if (file.Length < block.Length)
            return null;
        file.Read(0, block);
        try
        {
            var header = LogFileHeader.Decode(name, block);
            return header.Number == number ? header : null;
        }
        catch (LogDamagedException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether a log file that no manifest lists is a leftover of an interrupted creation: zeros where the first frame would be, or nothing. A
    /// copy is as large as its frames, and may have less than a block of them.
    /// </summary>
    public static bool HoldsNoFrame(IFileSystem files, string path)
    {
        using var file = files.Open(path);
        var length = file.Length;
        if (length <= LogFormat.FileHeaderBytes)
            return true;
        var first = new byte[Math.Min(LogFormat.MaxBlockBytes, length - LogFormat.FileHeaderBytes)];
        file.Read(LogFormat.FileHeaderBytes, first);
        return !first.AsSpan().ContainsAnyExcept((byte)0);
    }
}
