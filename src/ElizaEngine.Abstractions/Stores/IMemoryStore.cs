namespace ElizaEngine;

/// <summary>
/// Memories and their embeddings. A memory with its vector is stored or changed as one: all or nothing.
/// <para>
/// The active dimension that counts, for writes, reads and searches, is that of the adapter's agent, whosever memory it is. A
/// vector of another length is refused, all zeros or not.
/// </para>
/// </summary>
public interface IMemoryStore
{
    /// <summary>The memories that match, newest first. Scope: all agents, unless <see cref="MemoryQuery.AgentId"/> is given.</summary>
    Task<IReadOnlyList<Memory>> GetMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="GetMemoriesAsync"/>, one by one, in bounded memory. The local backend streams one point in time.</summary>
    IAsyncEnumerable<Memory> StreamMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default);

    /// <summary>How many memories match, count and offset left out. Scope: as <see cref="GetMemoriesAsync"/>.</summary>
    Task<int> CountMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// The memories with these ids, newest first (not in input order); unknown ids are skipped, repeated ids count once.
    /// <paramref name="tableName"/> null: any table. Scope: all agents.
    /// </summary>
    Task<IReadOnlyList<Memory>> GetMemoriesByIdsAsync(IReadOnlyList<Guid> ids, string? tableName = null, bool includeEmbeddings = true, CancellationToken cancellationToken = default);

    /// <summary>Memories of any of these rooms, newest first, without embeddings; empty list: nothing. <paramref name="count"/> null: all, 0: none. Scope: this agent.</summary>
    Task<IReadOnlyList<Memory>> GetMemoriesByRoomIdsAsync(IReadOnlyList<Guid> roomIds, string tableName, int? count = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Memories of all rooms of this agent that stand in a world (the room's worldId counts, not the memory's), newest first,
    /// without embeddings. <paramref name="count"/> null: all, 0: none. Scope: this agent.
    /// </summary>
    Task<IReadOnlyList<Memory>> GetMemoriesByWorldIdAsync(Guid worldId, int? count = null, string tableName = "messages", CancellationToken cancellationToken = default);

    /// <summary>The best memories for a vector: see <see cref="MemorySearch"/>. Scope: this agent.</summary>
    /// <exception cref="DimensionMismatchException">The query has another length than the active dimension.</exception>
    /// <exception cref="InvalidEmbeddingException">The query is not finite, or its norm is out of range.</exception>
    Task<IReadOnlyList<Memory>> SearchMemoriesAsync(MemorySearch search, CancellationToken cancellationToken = default);

    /// <summary>Stored vectors (of any dimension; the active one first, else the smallest) whose text resembles another, best first, then newest first. Scope: all agents.</summary>
    Task<IReadOnlyList<CachedEmbedding>> GetCachedEmbeddingsAsync(CachedEmbeddingQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores memories in a table; an id that exists, in whatever table, stays as it is, vector included. One result per
    /// item, in order. Atomic. The first vector an agent stores sets its active dimension in the same commit.
    /// </summary>
    /// <exception cref="ReferenceNotFoundException">Agent, or an entity or room that is named, does not exist.</exception>
    /// <exception cref="DimensionMismatchException">A vector of another length than the active dimension.</exception>
    /// <exception cref="InvalidEmbeddingException">A vector that is not finite, or whose norm is out of range.</exception>
    /// <exception cref="RowTooLargeException">A row over <see cref="Limits.MaxRowBytes"/>.</exception>
    Task<IReadOnlyList<MemoryCreateResult>> CreateMemoriesAsync(IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="CreateMemoriesAsync"/>, but one that exists gets the new content, metadata (null: <c>{}</c>) and, if
    /// given, vector; its other fields stay. Scope: all agents.
    /// </summary>
    Task<IReadOnlyList<MemoryCreateResult>> UpsertMemoriesAsync(IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default);

    /// <summary>Changes memories: see <see cref="MemoryUpdate"/>. Returns how many were there. Scope: all agents; a vector must have the active dimension of this agent. Atomic.</summary>
    Task<int> UpdateMemoriesAsync(IReadOnlyList<MemoryUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes memories with their vectors, and the memories of this agent whose metadata names one of the ids as its documentId (one
    /// level), also where the document itself is gone already. Returns how many memories went, fragments included. Scope: all agents. Atomic.
    /// </summary>
    Task<int> DeleteMemoriesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>Removes all memories of these rooms in one table, as <see cref="DeleteMemoriesAsync"/> of their ids would. Empty list: nothing. Scope: all agents. Atomic.</summary>
    Task<int> DeleteAllMemoriesAsync(IReadOnlyList<Guid> roomIds, string tableName, CancellationToken cancellationToken = default);

    /// <summary>Components of this agent's vectors; null until the first vector is stored or a dimension is set.</summary>
    Task<int?> GetEmbeddingDimensionAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Sets the agent's active dimension, 1 to <see cref="Limits.MaxDimension"/>; it is remembered. Vectors of another
    /// dimension stay stored but are not seen until the dimension is set back. The agent need not exist yet; deleting it forgets
    /// its dimension.
    /// </summary>
    Task EnsureEmbeddingDimensionAsync(int dimension, CancellationToken cancellationToken = default);

    /// <summary>
    /// The memories of this agent in a table that have a vector, but none in the active dimension: those to embed again after
    /// a change of model. Newest first, without embeddings.
    /// </summary>
    IAsyncEnumerable<Memory> StreamStaleMemoriesAsync(string tableName, CancellationToken cancellationToken = default);
}
