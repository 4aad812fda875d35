namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyDictionary<string, Json>> GetCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default) =>
        Read(
            keys,
            static (self, view, keys) =>
            {
                var values = new Dictionary<string, Json>(StringComparer.Ordinal);
                foreach (var key in Door.List(keys, "keys"))
                {
                    if (self.LiveCacheRow(view.State, Door.CacheKey(key)) is { } row) values[row.Key] = view.Record<Json>(row);
                }
                return (IReadOnlyDictionary<string, Json>)values;
            },
            cancellationToken);

    public async Task SetCacheAsync(IReadOnlyList<CacheEntry> entries, CancellationToken cancellationToken = default)
    {
        var now = Now;
        var items = Door.List(entries, nameof(entries)).Select(Complete.Cache).Select(entry => CacheRowOf(entry, now)).ToArray();
        if (items.Length == 0) return;
        var bodies = items.Select(item => Rows.Encode(item.Row, item.Value)).ToArray();
        await Change(
            draft =>
            {
                draft.Require(Table.Agents, Agent, "cache.agentId");
                for (var i = 0; i < items.Length; i++) draft.Put(items[i].Row, bodies[i]);
                return true;
            },
            cancellationToken,
            BytesOf(bodies)).ConfigureAwait(false);
    }

    public async Task<int> DeleteCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        var wanted = Door.List(keys, nameof(keys)).Select(Door.CacheKey).Distinct().ToArray();
        if (wanted.Length == 0) return 0;
        return await Change(
            draft =>
            {
                var live = wanted.Count(key => LiveCacheRow(draft.State, key) is not null);
                draft.Delete(Table.Cache, wanted.Select(key => draft.State.Cache.Find(new CacheKey(Agent, key))).OfType<CacheRow>().ToList());
                return live;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private CacheRow? LiveCacheRow(DatabaseState state, string key) =>
        state.Cache.Find(new CacheKey(Agent, key)) is { } row && (row.ExpiresMs is not { } expires || expires > Rows.ToMs(Now)) ? row : null;

    private (CacheRow Row, Json Value) CacheRowOf(CacheEntry entry, DateTimeOffset now)
    {
        // A life that would end after the end of time has none.
        var expires = entry.TimeToLive is { } life && life < DateTimeOffset.MaxValue - now ? Rows.ToMs(now + life) : (long?)null;
        return (new CacheRow { Id = Agent, Key = entry.Key, ExpiresMs = expires, Decoded = entry.Value }, entry.Value);
    }
}
