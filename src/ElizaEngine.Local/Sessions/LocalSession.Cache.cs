using ElizaEngine.Storage;

namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    // Rows that one write of the cache looks at for some whose life is over.
    private const int SweptRows = 4;

    // Where the next look begins. Only read and written under the gate, or by the one call of a transaction.
    private string _sweptKey = "";

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
        Enter(cancellationToken);
        var now = time.GetUtcNow();
        var items = Door.List(entries, nameof(entries)).Select(Complete.Cache).Select(entry => CacheRowOf(entry, now)).ToArray();
        if (items.Length == 0) return;
        var bodies = items.Select(item => Rows.Encode(item.Row, item.Value)).ToArray();
        await Change(
            draft =>
            {
                draft.Require(Table.Agents, Agent, "cache.agentId");
                for (var i = 0; i < items.Length; i++)
                {
                    if (draft.State.FindCache(CacheByKey.KeyOf(items[i].Row)) is { } old && old.ExpiresMs <= Rows.ToMs(now)) draft.NoteOver(old);
                    draft.Put(items[i].Row, bodies[i]);
                }
                SweepCache(draft, Rows.ToMs(now));
                return true;
            },
            cancellationToken,
            BytesOf(bodies) + (SweptRows * WriteAheadLog.RecordBytes(Id.Bytes + Limits.MaxCacheKeyBytes))).ConfigureAwait(false);
    }

    public async Task<int> DeleteCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        var wanted = Door.List(keys, nameof(keys)).Select(Door.CacheKey).Distinct().ToArray();
        if (wanted.Length == 0) return 0;
        return await Change(
            draft =>
            {
                // What is over is not there; the sweep takes it.
                return draft.Delete(Table.Cache, wanted.Select(key => LiveCacheRow(draft.State, key)).OfType<CacheRow>().ToList());
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes the values of all agents whose life is over, so many in a commit.</summary>
    internal async Task DeleteExpiredCacheAsync(int rowsMax, CancellationToken cancellationToken)
    {
        var expired = new List<CacheKey>();
        using (var scope = BeginRead())
        {
            var now = Rows.ToMs(Now);
            foreach (var row in scope.View.State.Cache.Ascend(new CacheKey(Id.Min, "")))
            {
                if (row.ExpiresMs <= now) expired.Add(CacheByKey.KeyOf(row));
            }
        }

        foreach (var keys in expired.Chunk(rowsMax))
        {
            await Change(
                draft =>
                {
                    var now = Rows.ToMs(Now);
                    return draft.Delete(Table.Cache, [.. keys.Select(key => draft.State.FindCache(key)).OfType<CacheRow>().Where(row => row.ExpiresMs <= now)]);
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    // Each write looks at a few rows of the agent, one round after the other, so that what nobody asks for again goes too.
    private void SweepCache(Draft draft, long nowMs)
    {
        // A transaction touches no row that its body did not mean: another one would conflict with it for nothing.
        if (draft.IsTransaction) return;
        var expired = new List<Row>();
        var looked = 0;
        foreach (var row in draft.State.Cache.Ascend(new CacheKey(Agent, _sweptKey)))
        {
            if (row.Id != Agent || looked == SweptRows) break;
            looked++;
            if (row.ExpiresMs <= nowMs) expired.Add(row);
            _sweptKey = row.Key + '\0';
        }
        if (looked < SweptRows) _sweptKey = "";
        draft.Delete(Table.Cache, expired);
    }

    private CacheRow? LiveCacheRow(DatabaseState state, string key) =>
        state.Cache.Find(new CacheKey(Agent, key)) is { } row && (row.ExpiresMs is not { } expires || expires > Rows.ToMs(Now)) ? row : null;

    private (CacheRow Row, Json Value) CacheRowOf(CacheEntry entry, DateTimeOffset now)
    {
        var expires = Door.EndOf(entry.TimeToLive, now) is { } end ? Rows.ToMs(end) : (long?)null;
        return (new CacheRow { Id = Agent, Key = entry.Key, ExpiresMs = expires, Decoded = entry.Value }, entry.Value);
    }
}
