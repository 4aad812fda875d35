namespace ElizaEngine.Storage;

/// <summary>
/// Keeps the bytes that recovery cuts off or a repair replaces. At the root of a file system lost+found may be there already, root's and
/// closed to everybody else: then a folder of our own, beside it, keeps them.
/// </summary>
internal static class LostAndFound
{
    private const int ChunkBytes = 1 << 20;
    private const int NotPermitted = 1;
    private const int NoPermission = 13;

    /// <summary>Copies a range of a log file, durably, and returns the path of the copy. Doing it again writes the same file.</summary>
    public static string Keep(IFileSystem files, string directory, LogFile source, long from, long end) => InFolder(
        files,
        directory,
        folder =>
        {
            var path = folder + "/" + FileNames.Tail(source.Number, from);
            using var copy = files.Create(path);
            for (var offset = from; offset < end; offset += ChunkBytes)
                copy.Write(offset - from, source.Map.Slice(offset, (int)Math.Min(ChunkBytes, end - offset)));
            copy.Flush();
            files.FlushDirectory(folder);
            return path;
        });

    /// <summary>Does something with the path of the folder that keeps what is cut off, which is created when it is missing.</summary>
    /// <param name="files">Where the directory is.</param>
    /// <param name="directory">Of the log.</param>
    /// <param name="keep">Given the path; begun again, in the other folder, where it may not write to the first.</param>
    public static T InFolder<T>(IFileSystem files, string directory, Func<string, T> keep)
    {
        try
        {
            return In(FileNames.LostAndFound);
        }
        catch (StorageIOException error) when (error.Errno is NoPermission or NotPermitted)
        {
            return In(FileNames.OwnLostAndFound);
        }

        T In(string name)
        {
            var folder = directory + "/" + name;
            files.CreateDirectory(folder);
            return keep(folder);
        }
    }
}
