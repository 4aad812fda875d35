namespace ElizaEngine;

/// <summary>elizaOS' calls for one memory or log entry, over the batch calls.</summary>
public static class MemoryStoreExtensions
{
    /// <summary>The memory, with its embedding unless that is declined, or null.</summary>
    public static Task<Memory?> GetMemoryByIdAsync(this IMemoryStore store, Guid id, bool includeEmbedding = true, CancellationToken cancellationToken = default)
    {
        return store is IMemoryById direct ? direct.GetMemoryByIdAsync(id, includeEmbedding, cancellationToken) : FirstAsync();

        async Task<Memory?> FirstAsync()
        {
            ArgumentNullException.ThrowIfNull(store);
            return (await store.GetMemoriesByIdsAsync([id], null, includeEmbedding, cancellationToken).ConfigureAwait(false)).FirstOrNull();
        }
    }

    /// <summary>Stores a memory and returns its id. An id that exists stays as it is.</summary>
    /// <param name="store">The store.</param>
    /// <param name="memory">The memory.</param>
    /// <param name="tableName">The table, such as <c>messages</c>.</param>
    /// <param name="unique">Wins over <see cref="Memory.Unique"/> when given.</param>
    /// <param name="cancellationToken">Cancels until the write has its place in the order of writes.</param>
    public static async Task<Guid> CreateMemoryAsync(this IMemoryStore store, Memory memory, string tableName, bool? unique = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(memory);
        if (unique is not null) memory = memory with { Unique = unique };
        return (await store.CreateMemoriesAsync([memory], tableName, cancellationToken).ConfigureAwait(false))[0].Id;
    }

    /// <summary>Stores a memory, or gives the one there new content, metadata and vector.</summary>
    public static async Task<MemoryCreateResult> UpsertMemoryAsync(this IMemoryStore store, Memory memory, string tableName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(memory);
        return (await store.UpsertMemoriesAsync([memory], tableName, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Changes a memory. False: there is none.</summary>
    public static async Task<bool> UpdateMemoryAsync(this IMemoryStore store, MemoryUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(update);
        return await store.UpdateMemoriesAsync([update], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>
    /// Removes a memory, and this agent's fragments of it if it is a document, also where it is gone itself. False: neither it nor a fragment was there.
    /// </summary>
    public static async Task<bool> DeleteMemoryAsync(this IMemoryStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteMemoriesAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes all memories of a room in one table. Returns how many went, fragments included.</summary>
    public static Task<int> DeleteAllMemoriesAsync(this IMemoryStore store, Guid roomId, string tableName, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.DeleteAllMemoriesAsync([roomId], tableName, cancellationToken);
    }

    /// <summary>How many memories a room has in one table; near-duplicates only count when asked for. Scope: all agents.</summary>
    public static Task<int> CountMemoriesAsync(this IMemoryStore store, Guid roomId, string tableName, bool uniqueOnly = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.CountMemoriesAsync(new MemoryQuery(tableName) { RoomId = roomId, UniqueOnly = uniqueOnly }, cancellationToken);
    }

    /// <summary>Writes a log entry.</summary>
    public static Task LogAsync(this ILogStore store, LogEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(entry);
        return store.CreateLogsAsync([entry], cancellationToken);
    }

    /// <summary>Removes a log entry. False: there was none.</summary>
    public static async Task<bool> DeleteLogAsync(this ILogStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteLogsAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }
}
