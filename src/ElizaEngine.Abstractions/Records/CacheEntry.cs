namespace ElizaEngine;

/// <summary>A value to be cached under a key of the adapter's agent.</summary>
/// <param name="Key">1 to <see cref="Limits.MaxCacheKeyBytes"/> UTF-8 bytes.</param>
/// <param name="Value">Any JSON value but <c>null</c>.</param>
public sealed record CacheEntry(string Key, Json Value)
{
    /// <summary>How long it lives from now, gone at that moment, or at the first whole millisecond after it; null, or beyond the end of time: for ever. Must be positive. Setting a key anew also sets its life anew.</summary>
    public TimeSpan? TimeToLive { get; init; }
}
