namespace ElizaEngine;

/// <summary>How much a database holds, whatever its backend: rows of all agents. Each backend adds what only it can tell.</summary>
public abstract record DatabaseStatistics
{
    /// <summary>Agents.</summary>
    public long Agents { get; init; }

    /// <summary>Entities.</summary>
    public long Entities { get; init; }

    /// <summary>Components.</summary>
    public long Components { get; init; }

    /// <summary>Memories, of all tables.</summary>
    public long Memories { get; init; }

    /// <summary>Vectors of memories, of all dimensions.</summary>
    public long Embeddings { get; init; }

    /// <summary>Rooms.</summary>
    public long Rooms { get; init; }

    /// <summary>Worlds.</summary>
    public long Worlds { get; init; }

    /// <summary>Memberships.</summary>
    public long Participants { get; init; }

    /// <summary>Relationships.</summary>
    public long Relationships { get; init; }

    /// <summary>Tasks.</summary>
    public long Tasks { get; init; }

    /// <summary>Log entries.</summary>
    public long Logs { get; init; }

    /// <summary>Cached values, also those whose life is over.</summary>
    public long CacheEntries { get; init; }
}
