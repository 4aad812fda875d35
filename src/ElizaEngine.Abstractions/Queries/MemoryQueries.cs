namespace ElizaEngine;

/// <summary>
/// Which memories to read: those of one table that pass every filter given. Null means "no filter".
/// Ordered by createdAt descending, then id descending.
/// </summary>
/// <param name="TableName">1 to <see cref="Limits.MaxTableNameBytes"/> UTF-8 bytes.</param>
public sealed record MemoryQuery(string TableName)
{
    /// <summary>Only this room.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>Only this world (the memory's own worldId).</summary>
    public Guid? WorldId { get; init; }

    /// <summary>Only this agent; null: all agents.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>Only what this entity said.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>Only memories that are no near-duplicates.</summary>
    public bool UniqueOnly { get; init; }

    /// <summary>Not older than this; inclusive.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>Not newer than this; inclusive.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>At most so many; null: all, 0: none.</summary>
    public int? Count { get; init; }

    /// <summary>So many of the first are left out; 0 or more.</summary>
    public int Offset { get; init; }

    /// <summary>Whether results carry their embeddings. False spares the time and the bytes.</summary>
    public bool IncludeEmbeddings { get; init; } = true;
}

/// <summary>How a search may find its answer.</summary>
public enum SearchMode
{
    /// <summary>The backend chooses; approximate where that pays.</summary>
    Auto,

    /// <summary>The exact answer, at whatever cost.</summary>
    Exact,
}

/// <summary>
/// The memories of the adapter's agent in one table that are most like a vector: the best <see cref="Count"/> among those
/// that pass every filter given, at or above the threshold. Null means "no filter".
/// Ordered by similarity descending, then createdAt descending, then id descending. Rows without a vector in the active
/// dimension are never found; a zero query finds nothing.
/// </summary>
/// <param name="TableName">1 to <see cref="Limits.MaxTableNameBytes"/> UTF-8 bytes.</param>
/// <param name="Embedding">The query: as many components as the agent's active dimension. Before the first embedding is stored any length finds nothing.</param>
public sealed record MemorySearch(string TableName, ReadOnlyMemory<float> Embedding)
{
    /// <summary>Only this room.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>Only this world (the memory's own worldId).</summary>
    public Guid? WorldId { get; init; }

    /// <summary>Only what this entity said.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>Only memories that are no near-duplicates.</summary>
    public bool UniqueOnly { get; init; }

    /// <summary>Similarity at least, inclusive: any finite number, where similarities are from -1 to 1; 0 is a threshold like any other; null: none.</summary>
    public float? Threshold { get; init; }

    /// <summary>At most so many; null: <see cref="Limits.DefaultSearchCount"/>, 0: none.</summary>
    public int? Count { get; init; }

    /// <summary>Whether the answer must be exact.</summary>
    public SearchMode Mode { get; init; }

    /// <summary>Whether results carry their embeddings.</summary>
    public bool IncludeEmbeddings { get; init; } = true;
}

/// <summary>Which stored vectors to reuse: those whose text is within some edits of another text.</summary>
/// <param name="TableName">1 to <see cref="Limits.MaxTableNameBytes"/> UTF-8 bytes.</param>
/// <param name="Input">The text to compare with; any length.</param>
/// <param name="FieldSubName">Key of the content that holds the text of a memory; memories without a string there are left out.</param>
/// <param name="Threshold">Edits at most (Levenshtein distance, unit costs, in Unicode code points); 0 or more.</param>
/// <param name="Count">At most so many; 0: none.</param>
public sealed record CachedEmbeddingQuery(string TableName, string Input, string FieldSubName, int Threshold, int Count);
