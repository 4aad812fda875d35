namespace ElizaEngine.Storage;

/// <summary>Reads a log whose files are all sealed, from beginning to end, and stops at the first thing that is not as it was written.</summary>
internal static class LogCheck
{
    /// <summary>Reads what a manifest lists; writes nothing.</summary>
    /// <param name="replay">Receives every record of every complete batch.</param>
    /// <param name="progress">Told the bytes of each frame.</param>
    /// <returns>Frames and records.</returns>
    /// <exception cref="LogDamagedException">A checksum, a place or a size is wrong.</exception>
    public static (long Frames, long Records) Run(
        IFileSystem files, string directory, Manifest manifest, ILogReplay replay, Action<long> progress, CancellationToken cancellationToken)
    {
        long frames = 0;
        long records = 0;
        var chain = new FrameChain();
        var open = new List<LogFile>();
        try
        {
            foreach (var entry in manifest.Files)
            {
                if (chain.Count == 0)
                    Close(open);
                var file = LogFile.Open(files, directory, manifest.DatabaseId, entry);
                open.Add(file);
                progress(LogFormat.FileHeaderBytes);
                foreach (var place in FrameReader.Frames(file, file.EndLsn))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    frames++;
                    records += chain.Add(place, replay);
                    progress(place.OccupiedBytes);
                }
            }
        }
        finally
        {
            Close(open);
        }

        return (frames, records);
    }

    private static void Close(List<LogFile> files)
    {
        foreach (var file in files)
            file.Dispose();
        files.Clear();
    }
}
