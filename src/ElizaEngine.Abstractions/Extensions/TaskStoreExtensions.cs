using System.Text.Json.Serialization.Metadata;

namespace ElizaEngine;

/// <summary>elizaOS' calls for one task or cached value, over the batch calls.</summary>
public static class TaskStoreExtensions
{
    /// <summary>This agent's task, or null.</summary>
    public static async Task<AgentTask?> GetTaskAsync(this ITaskStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return (await store.GetTasksByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrNull();
    }

    /// <summary>This agent's tasks of that name, oldest first.</summary>
    public static Task<IReadOnlyList<AgentTask>> GetTasksByNameAsync(this ITaskStore store, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(name);
        return store.GetTasksAsync(new TaskQuery { Name = name }, cancellationToken);
    }

    /// <summary>
    /// Stores a task and returns its id. One that exists, also another agent's, stays as it is, and the id is returned all the same:
    /// <see cref="ITaskStore.CreateTasksAsync"/> tells which it was.
    /// </summary>
    public static async Task<Guid> CreateTaskAsync(this ITaskStore store, AgentTask task, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(task);
        return (await store.CreateTasksAsync([task], cancellationToken).ConfigureAwait(false))[0].Id;
    }

    /// <summary>Changes a task. False: there is none.</summary>
    public static async Task<bool> UpdateTaskAsync(this ITaskStore store, AgentTaskUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(update);
        return await store.UpdateTasksAsync([update], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes a task. False: there was none.</summary>
    public static async Task<bool> DeleteTaskAsync(this ITaskStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteTasksAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>The cached value, or null.</summary>
    public static async Task<Json?> GetCacheAsync(this ICacheStore store, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        return (await store.GetCacheAsync([key], cancellationToken).ConfigureAwait(false)).Values.FirstOrDefault();
    }

    /// <summary>
    /// The cached value as a type of the caller's own; <c>default(T)</c> when there is none, which for a value type is a value
    /// too: with <c>int</c>, 0 may mean a cached 0 or nothing cached. To tell them apart ask for a nullable type
    /// (<c>int?</c>, with its type information), or use <see cref="GetCacheAsync(ICacheStore, string, CancellationToken)"/>,
    /// which says null.
    /// </summary>
    /// <exception cref="System.Text.Json.JsonException">The value is none of that type, or nests deeper than its options allow.</exception>
    public static async Task<T?> GetCachedValueAsync<T>(this ICacheStore store, string key, JsonTypeInfo<T> typeInfo, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(typeInfo);
        var value = await store.GetCacheAsync(key, cancellationToken).ConfigureAwait(false);
        return value is null ? default : value.Deserialize(typeInfo);
    }

    /// <summary>Sets a cached value. True always, as elizaOS has it: what cannot be stored throws.</summary>
    public static async Task<bool> SetCacheAsync(this ICacheStore store, string key, Json value, TimeSpan? timeToLive = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        await store.SetCacheAsync([new CacheEntry(key, value) { TimeToLive = timeToLive }], cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Removes a cached value. False: there was none.</summary>
    public static async Task<bool> DeleteCacheAsync(this ICacheStore store, string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        return await store.DeleteCacheAsync([key], cancellationToken).ConfigureAwait(false) > 0;
    }
}
