namespace ElizaEngine;

/// <summary>How much a local database holds. Counts are rows of all agents; sizes are bytes.</summary>
public sealed record LocalStatistics : DatabaseStatistics
{
    /// <summary>Log files.</summary>
    public long Files { get; init; }

    /// <summary>Bytes of the log files on disk, with the room prepared ahead.</summary>
    public long FileBytes { get; init; }

    /// <summary>Commits since opening.</summary>
    public long Commits { get; init; }

    /// <summary>Flushes since opening: one serves many commits.</summary>
    public long Flushes { get; init; }

    /// <summary>
    /// Indexes of vectors in memory: one for each agent, table and dimension of which many vectors, or few among very many
    /// rows, were searched.
    /// </summary>
    public long VectorIndexes { get; init; }

    /// <summary>Bytes of memory that they take, nearly; see <see cref="LocalDatabaseOptions.SearchMemoryLimit"/>.</summary>
    public long VectorIndexBytes { get; init; }

    /// <summary>Indexes of vectors that came from their file since opening, instead of being built.</summary>
    public long VectorIndexesRestored { get; init; }

    /// <summary>Indexes of vectors that were released since opening, because there was no room for them.</summary>
    public long VectorIndexesReleased { get; init; }

    /// <summary>Times that an index of vectors, or what changed of it, was written to a file since opening.</summary>
    public long VectorIndexesSaved { get; init; }
}

/// <summary>What opening a local database found.</summary>
/// <param name="IsNew">There was no database before.</param>
/// <param name="WasClean">It had been closed.</param>
/// <param name="Frames">Frames of the log that were replayed.</param>
/// <param name="Records">Records in them.</param>
/// <param name="IndexFiles">Log files of which only the index was read, not the data.</param>
/// <param name="CutBytes">Bytes of an unfinished write that were cut off: never acknowledged.</param>
/// <param name="KeptTails">Files that keep what was cut off.</param>
/// <param name="Duration">How long it took.</param>
public sealed record LocalOpenReport(
    bool IsNew, bool WasClean, long Frames, long Records, int IndexFiles, long CutBytes, IReadOnlyList<string> KeptTails, TimeSpan Duration)
{
    /// <summary>A checkpoint, the state as it was written down earlier, stood for the log in front of it: frames and records are those behind it.</summary>
    public bool FromCheckpoint { get; init; }
}
