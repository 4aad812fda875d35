namespace ElizaEngine.Storage;

/// <summary>Keeps the bytes that recovery cuts off.</summary>
internal static class LostAndFound
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Copies a range of a log file, durably, and returns the path of the copy. Doing it again writes the same file.</summary>
    public static string Keep(IFileSystem files, string directory, LogFile source, long from, long end)
    {
        var folder = directory + "/" + FileNames.LostAndFound;
        files.CreateDirectory(folder);
        var path = folder + "/" + FileNames.Tail(source.Number, from);
        using var copy = files.Create(path);
        for (var offset = from; offset < end; offset += ChunkBytes)
            copy.Write(offset - from, source.Map.Slice(offset, (int)Math.Min(ChunkBytes, end - offset)));
        copy.Flush();
        files.FlushDirectory(folder);
        return path;
    }
}
