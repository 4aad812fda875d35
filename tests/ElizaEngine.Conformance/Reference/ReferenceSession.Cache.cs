namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyDictionary<string, Json>> GetCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyDictionary<string, Json>>(cancellationToken, state => Find(state.Cache, CacheKeys(keys), nameof(keys))
            .Where(IsAlive)
            .ToDictionary(row => row.Key, row => row.Value));

    public Task SetCacheAsync(IReadOnlyList<CacheEntry> entries, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            foreach (var entry in Door.List(entries, nameof(entries)).Select(Complete.Cache).ToList())
            {
                var expiresAt = Door.EndOf(entry.TimeToLive, Now);
                if (Faults.Has(Fault.CacheExpiryKeptOnSet)) expiresAt = state.Cache.Find(CacheKey(entry.Key))?.ExpiresAt ?? expiresAt;
                state.Store(state.Cache, new CachedValue(CacheAgent, entry.Key, entry.Value, expiresAt));
            }
            return true;
        });

    public Task<int> DeleteCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var live = Find(state.Cache, CacheKeys(keys), nameof(keys)).Where(row => IsAlive(row) || Faults.Has(Fault.CacheDeleteCountsExpired)).ToList();
            state.Cache.Remove(live.Select(row => (row.AgentId, row.Key)));
            return live.Count;
        });

    private bool IsAlive(CachedValue row) => row.ExpiresAt is null || Now < row.ExpiresAt || Faults.Has(Fault.CacheNeverExpires);

    private List<(Guid AgentId, string Key)> CacheKeys(IReadOnlyList<string> keys) =>
        [.. Door.List(keys, nameof(keys)).Select(key => CacheKey(Door.CacheKey(key)))];

    private (Guid AgentId, string Key) CacheKey(string key) => (CacheAgent, key);

    // One agent for all, the first of them, is what a cache without scopes amounts to.
    private Guid CacheAgent => Faults.Has(Fault.CacheSeesOtherAgents) ? Read(state => state.Agents.Min(agent => agent.Id)) : AgentId;
}
