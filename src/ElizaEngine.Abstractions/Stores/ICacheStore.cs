namespace ElizaEngine;

/// <summary>Values under keys. Scope of every call: this agent.</summary>
public interface ICacheStore
{
    /// <summary>The values under these keys; a key without one, or whose life is over, is not in the answer.</summary>
    Task<IReadOnlyDictionary<string, Json>> GetCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default);

    /// <summary>Sets values, replacing what was there. Of equal keys in one call the last wins. Atomic.</summary>
    /// <exception cref="InvalidInputException">A key is empty or too long, a value is JSON <c>null</c>, a time to live is not positive.</exception>
    /// <exception cref="ReferenceNotFoundException">The agent does not exist.</exception>
    Task SetCacheAsync(IReadOnlyList<CacheEntry> entries, CancellationToken cancellationToken = default);

    /// <summary>Removes values. Returns how many live ones were there. Atomic.</summary>
    Task<int> DeleteCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default);
}
