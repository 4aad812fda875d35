namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    // Rows whose life is over that one write of the cache takes away at most.
    private const int SweptRows = 4;

    public async Task<IReadOnlyDictionary<string, Json>> GetCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = Array.ConvertAll(Door.List(keys, nameof(keys)), Door.CacheKey);
        if (wanted.Length == 0) return new Dictionary<string, Json>();
        var rows = await RowsAsync(
            Statement.Of($"""
                SELECT key, value FROM public.cache
                WHERE agent_id = {DbValue.Uuid(AgentId)} AND key = ANY({DbValue.Texts(wanted)}) AND (expires_at IS NULL OR expires_at > {DbValue.Instant(Now)})
                """),
            static row => (Key: row.GetString(0), Value: Rows.JsonOrNull(row, 1)!),
            cancellationToken).ConfigureAwait(false);
        return rows.ToDictionary(row => row.Key, row => row.Value, StringComparer.Ordinal);
    }

    public async Task SetCacheAsync(IReadOnlyList<CacheEntry> entries, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Array.ConvertAll(Door.List(entries, nameof(entries)), Complete.Cache);
        if (items.Length == 0) return;
        var exactly = ExactlyNow;
        var now = Door.Time(exactly);
        // Of equal keys the last wins; rows in order, so that two writers of the same keys do not deadlock.
        var last = items.Reverse().DistinctBy(entry => entry.Key).OrderBy(entry => entry.Key, StringComparer.Ordinal).ToArray();
        var agent = DbValue.Uuid(AgentId);
        var sets = InParts(last, Set);
        // What nobody asks for again goes too, a few rows with each write. A transaction touches no row that its body did not mean.
        var sweep = Statement.Of($"""
            DELETE FROM public.cache WHERE ctid IN (
                SELECT ctid FROM public.cache WHERE agent_id = {DbValue.Uuid(AgentId)} AND expires_at <= {DbValue.Instant(now)}
                LIMIT {Sql.Number(SweptRows)} FOR UPDATE SKIP LOCKED)
            """);
        var call = new Call<bool>(CallKind.Repeatable, IsTransaction ? sets : [.. sets, sweep], static async answer =>
        {
            await answer.EndAsync().ConfigureAwait(false);
            return true;
        });
        await WriteAsync(() => SendAsync(call, cancellationToken), () => [new Reference("agents", AgentId, "cache.agentId")], cancellationToken).ConfigureAwait(false);

        Statement Set(CacheEntry[] entries)
        {
            var given = Sql.Of($"""
                unnest({DbValue.Texts([.. entries.Select(entry => entry.Key)])}, {DbValue.Jsons(entries.Select(entry => entry.Value))},
                    {DbValue.Instants(entries.Select(entry => Door.EndOf(entry.TimeToLive, exactly)))}) AS item(key, value, expires_at)
                """);
            var insert = Sql.Of($"""
                INSERT INTO public.cache (agent_id, key, value, created_at, expires_at)
                SELECT {agent}, key, value, {DbValue.Instant(now)}, expires_at FROM {given}
                """);
            var replace = Sql.Raw("ON CONFLICT (key, agent_id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at");
            if (!IsTransaction) return Statement.Of($"{insert} {replace}");
            // A key that the snapshot shows is changed and not inserted: whoever removed it meanwhile has won. Where its life was over it
            // was no key any more, and whoever swept it has won nothing.
            return Statement.Of($"""
                WITH changed AS (
                    UPDATE public.cache AS c SET value = item.value, expires_at = item.expires_at FROM {given}
                    WHERE c.agent_id = {agent} AND c.key = item.key AND (c.expires_at IS NULL OR c.expires_at > {DbValue.Instant(now)}) RETURNING c.key)
                {insert} WHERE item.key NOT IN (SELECT key FROM changed) {replace}
                """);
        }
    }

    public async Task<int> DeleteCacheAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = Door.List(keys, nameof(keys)).Select(Door.CacheKey).Distinct().ToArray();
        if (wanted.Length == 0) return 0;
        // What is over is not there; the sweep takes it.
        Statement delete = Sql.Of($"""
            WITH gone AS (
                DELETE FROM public.cache WHERE agent_id = {DbValue.Uuid(AgentId)} AND key = ANY({DbValue.Texts(wanted)})
                    AND (expires_at IS NULL OR expires_at > {DbValue.Instant(Now)}) RETURNING 1)
            SELECT count(*) FROM gone
            """);
        return (int)await SendAsync(new Call<long>(CallKind.Counted, [delete], answer => answer.ScalarAsync<long>()), cancellationToken).ConfigureAwait(false);
    }
}
