namespace ElizaEngine;

/// <summary>
/// One thing an agent remembers. Immutable. In results every property that the backend knows is filled;
/// in input null means "not given", with the default that the property names.
/// Equality compares identity and fields; embeddings are compared by content.
/// </summary>
public sealed record Memory
{
    private static readonly Content s_nothing = new();

    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public Memory() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal Memory(Guid id) => Id = id;

    /// <summary>The memory's id. Made here, in time order, unless given, so that a retried create cannot store twice.</summary>
    public Guid Id { get; init; }

    /// <summary>Who said it; may be null.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>Whose memory it is; null in input: the adapter's agent.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>The room it belongs to; may be null.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>The world it belongs to; may be null, need not exist.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>The table it lies in (<c>messages</c>, <c>facts</c>, <c>documents</c>, <c>knowledge</c>, ...). Filled in results, ignored in input.</summary>
    public string? TableName { get; init; }

    /// <summary>UTC, whole milliseconds (finer parts are cut off); null in input: now.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>What it says.</summary>
    public Content Content { get; init; } = s_nothing;

    /// <summary>What is known about it; null in input: the empty object.</summary>
    public MemoryMetadata? Metadata { get; init; }

    /// <summary>
    /// Components of its vector, stored as given (float32). Null: none. All zeros: stored as none.
    /// In results: the vector of the agent's active dimension, or null when there is none or it was not asked for.
    /// Beware of a <c>float[]</c> variable that is null: C# converts it to an empty vector, not to null, and that is refused
    /// for having 0 components.
    /// </summary>
    public ReadOnlyMemory<float>? Embedding { get; init; }

    /// <summary>
    /// False marks a near-duplicate. Null in input: decided by a search of the same table, room, world and entity
    /// (<see cref="Limits.DuplicateSimilarity"/>); true when there is no embedding.
    /// </summary>
    public bool? Unique { get; init; }

    /// <summary>Cosine similarity to the query, -1 to 1, higher is closer. Only in results of a search.</summary>
    public float? Similarity { get; init; }

    /// <inheritdoc/>
    public bool Equals(Memory? other) =>
        other is not null && Id == other.Id && EntityId == other.EntityId && AgentId == other.AgentId && RoomId == other.RoomId
        && WorldId == other.WorldId && TableName == other.TableName && CreatedAt == other.CreatedAt && Unique == other.Unique
        && Similarity == other.Similarity && Content == other.Content && Metadata == other.Metadata
        && Embedding.HasValue == other.Embedding.HasValue
        && (Embedding is not { } mine || mine.Span.SequenceEqual(other.Embedding!.Value.Span));

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();
}

/// <summary>A change of one memory; null leaves a part as it is, anything else replaces that part whole.</summary>
/// <param name="Id">The memory to change.</param>
public sealed record MemoryUpdate(Guid Id)
{
    /// <summary>The new content, whole; null: it stays.</summary>
    public Content? Content { get; init; }

    /// <summary>The new metadata, whole; null: it stays.</summary>
    public MemoryMetadata? Metadata { get; init; }

    /// <summary>
    /// The new vector in the active dimension; all zeros removes it. Vectors in other dimensions stay. Null: it stays as it is.
    /// Beware of a <c>float[]</c> variable that is null: C# converts it to an empty vector, not to null, and that is refused
    /// for having 0 components.
    /// </summary>
    public ReadOnlyMemory<float>? Embedding { get; init; }
}

/// <summary>A stored vector whose text resembles the one asked for.</summary>
/// <param name="Embedding">The vector, in whatever dimension it was stored.</param>
/// <param name="LevenshteinScore">Edits between the texts, in characters; 0 = equal.</param>
public sealed record CachedEmbedding(ReadOnlyMemory<float> Embedding, int LevenshteinScore);
