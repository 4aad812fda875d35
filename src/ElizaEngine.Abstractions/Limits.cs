namespace ElizaEngine;

/// <summary>The limits both backends share. Input beyond one is refused with a typed error that names it.</summary>
public static class Limits
{
    /// <summary>Bytes of one row at most: its JSON and its text, in UTF-8. 64 MiB.</summary>
    public const int MaxRowBytes = 64 << 20;

    /// <summary>Levels of nesting in one JSON value at most.</summary>
    public const int MaxJsonDepth = 64;

    /// <summary>UTF-8 bytes of a table name at most; it has at least one.</summary>
    public const int MaxTableNameBytes = 256;

    /// <summary>UTF-8 bytes of a cache key at most; it has at least one.</summary>
    public const int MaxCacheKeyBytes = 1024;

    /// <summary>Components of an embedding at most; it has at least one.</summary>
    public const int MaxDimension = 4000;

    /// <summary>The shortest embedding that is not the zero vector (Euclidean norm).</summary>
    public const double MinNorm = 1e-12;

    /// <summary>The longest embedding (Euclidean norm).</summary>
    public const double MaxNorm = 1e12;

    /// <summary>Rows of <c>searchMemories</c> when no count is given.</summary>
    public const int DefaultSearchCount = 10;

    /// <summary>Rows of <c>getLogs</c> when no count is given.</summary>
    public const int DefaultLogCount = 10;

    /// <summary>Rows of <c>searchEntitiesByName</c> when no count is given.</summary>
    public const int DefaultNameSearchCount = 10;

    /// <summary>Runs of <c>getAgentRunSummaries</c> when no count is given.</summary>
    public const int DefaultRunCount = 20;

    /// <summary>Runs of <c>getAgentRunSummaries</c> at most: a larger count counts as this.</summary>
    public const int MaxRunCount = 100;

    /// <summary>Similarity from which an undecided new memory counts as a near-duplicate.</summary>
    public const float DuplicateSimilarity = 0.95f;
}
