using Npgsql;

namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<LogEntry> LogTable = new(
        "logs",
        new("id", entries => DbValue.Uuids([.. entries.Select(entry => entry.Id)])),
        new("created_at", entries => DbValue.Instants(entries.Select(entry => entry.CreatedAt))),
        new("entity_id", entries => DbValue.Uuids([.. entries.Select(entry => entry.EntityId)])),
        new("body", entries => DbValue.Jsons(entries.Select(entry => entry.Body.Json))),
        new("type", entries => DbValue.Texts([.. entries.Select(entry => entry.Type)])),
        new("room_id", entries => DbValue.Uuids([.. entries.Select(entry => entry.RoomId)])));

    public async Task<IReadOnlyList<CreateResult>> CreateLogsAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Complete.Logs(entries, Now);
        return await CreateAsync(
            LogTable,
            items,
            static entry => entry.Id,
            static entry => [new("entities", entry.EntityId, "logs.entityId", entry.Id), new("rooms", entry.RoomId, "logs.roomId", entry.Id)],
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<LogEntry>> GetLogsAsync(LogQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        return await LogsAsync(query, Door.Count(query.Count, Limits.DefaultLogCount), Sql.Raw("true"), Rows.Log, cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<LogEntry> StreamLogsAsync(
        LogQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfStopped(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        Door.Offset(query.Offset);
        var pages = StreamAsync<LogEntry>(
            (last, rows) => LogsAsync(
                last is null ? query : query with { Offset = 0 },
                rows,
                last is null ? Sql.Raw("true") : Sql.Of($"(created_at, id) < ({DbValue.Instant(last.CreatedAt)}, {DbValue.Uuid(last.Row.Id)})"),
                static row => new Timed<LogEntry>(Rows.Log(row), Rows.ExactTime(row, Rows.LogCreatedAt)),
                cancellationToken),
            Door.Count(query.Count, int.MaxValue),
            cancellationToken);
        await foreach (var entry in pages.ConfigureAwait(false)) yield return entry;
    }

    public async Task<int> CountLogsAsync(LogQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        Door.Count(query.Count, 0);
        Door.Offset(query.Offset);
        return (int)await ScalarAsync<long>(Statement.Of($"SELECT count(*) FROM public.logs WHERE {LogFilter(query)}"), cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteLogsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) => DeleteAsync("logs", ids, null, cancellationToken);

    public async Task<int> TrimLogsAsync(LogRetention retention, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        Door.Retention(retention);
        var now = Now;
        var limits = new List<Sql>();
        var page = new LogPage(AgentId);
        if (retention.MaxCount is { } maxCount) limits.Add(page.Newest(Sql.Raw("true"), skipped: maxCount));
        if (retention.MaxAge is { } age && age < now - DateTimeOffset.MinValue)
            limits.Add(page.Newest(Sql.Of($"l.created_at < {DbValue.Instant(Door.NotBefore(now - age)!.Value)}"), skipped: 0));
        var first = await FirstBeyondAsync(page, limits, retention.MaxBytes, cancellationToken).ConfigureAwait(false);
        return first is null ? 0 : await DeleteFromAsync(page, first, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The newest entry that is beyond a limit, at one point in time; null: none is.</summary>
    /// <param name="page">Entries in question.</param>
    /// <param name="limits">Each gives the newest entry beyond a limit of count or age, or no row.</param>
    /// <param name="maxBytes">The limit of bytes; null: none.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    private async Task<LogPlace?> FirstBeyondAsync(LogPage page, List<Sql> limits, long? maxBytes, CancellationToken cancellationToken)
    {
        var beyond = Sql.Join(") UNION ALL (", limits);
        Call<List<LogPlace>>? strictest = limits.Count == 0 ? null : new(
            CallKind.Read,
            [Sql.Of($"SELECT created_at, id FROM (({beyond})) AS entry ORDER BY created_at DESC, id DESC LIMIT 1")],
            static answer => answer.RowsAsync(LogPlace.Read));
        if (maxBytes is not { } limit)
            return strictest is null ? null : (await SendAsync(strictest, cancellationToken).ConfigureAwait(false)).FirstOrDefault();
        return await ExchangeAsync(
            CallKind.Read,
            async exchange =>
            {
                var first = strictest is null ? null : (await exchange.SendAsync(strictest).ConfigureAwait(false)).FirstOrDefault();
                // What goes anyway need not be measured.
                var stays = first is null ? Sql.Raw("true") : Sql.Of($"(l.created_at, l.id) > {first.Value}");
                var unmeasured = stays;
                var bytes = 0L;
                while (true)
                {
                    var measure = new Call<List<(LogPlace Place, int Bytes)>>(
                        CallKind.Read,
                        [page.Measure(unmeasured)],
                        static answer => answer.RowsAsync(static row => (LogPlace.Read(row), row.GetInt32(2))));
                    var entries = await exchange.SendAsync(measure).ConfigureAwait(false);
                    if (entries.Count == 0) return first;
                    foreach (var entry in entries)
                    {
                        if ((bytes += entry.Bytes) > limit) return entry.Place;
                    }
                    unmeasured = Sql.Of($"{stays} AND (l.created_at, l.id) < {entries[^1].Place.Value}");
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes an entry and all that are older, together. Returns how many went.</summary>
    private Task<int> DeleteFromAsync(LogPage page, LogPlace first, CancellationToken cancellationToken) => ExchangeAsync(
        CallKind.Counted,
        async exchange =>
        {
            var removed = 0L;
            var left = Sql.Of($"(l.created_at, l.id) <= {first.Value}");
            while (true)
            {
                var delete = new Call<List<(LogPlace Oldest, long Gone)>>(
                    CallKind.Counted,
                    [page.Delete(left)],
                    static answer => answer.RowsAsync(static row => (LogPlace.Read(row), row.GetInt64(2))));
                if (await exchange.SendAsync(delete).ConfigureAwait(false) is not [var step]) return (int)removed;
                removed += step.Gone;
                left = Sql.Of($"(l.created_at, l.id) < {step.Oldest.Value}");
            }
        },
        cancellationToken);

    public async Task<AgentRunSummaries> GetAgentRunSummariesAsync(AgentRunQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        Door.Count(query.Count, 0);
        // Of the bodies, which are large, only what a summary is made of. All entries are of one point in time.
        var entries = Statement.Of($"""
            SELECT l.id, l.created_at, l.entity_id, (
                SELECT coalesce(jsonb_object_agg(part.key, part.value), '{Sql.Raw("{}")}') FROM jsonb_each(l.body) part
                WHERE part.key IN ('runId', 'status') OR (l.type = 'action' AND part.key = 'result')
                    OR (l.type = 'run_event' AND part.key IN ('messageId', 'roomId', 'entityId', 'metadata'))), l.type, l.room_id
            FROM public.logs l JOIN public.rooms r ON r.id = l.room_id
            WHERE r.agent_id = {DbValue.Uuid(AgentId)} AND jsonb_typeof(l.body) = 'object' AND l.body ? 'runId'
                AND (l.type IN ('run_event', 'action', 'evaluator', 'embedding_event') OR l.type LIKE 'useModel:%')
            """);
        var call = new Call<AgentRunSummaries>(CallKind.Read, [entries], async answer =>
        {
            var runs = new AgentRuns(query);
            await answer.EachAsync(row => runs.Add(Rows.Log(row))).ConfigureAwait(false);
            return runs.Summaries();
        });
        return await SendAsync(call, cancellationToken).ConfigureAwait(false);
    }

    // Newest first.
    private async Task<IReadOnlyList<T>> LogsAsync<T>(LogQuery query, int count, Sql behind, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var offset = Door.Offset(query.Offset);
        if (count == 0) return [];
        return await RowsAsync(
            Statement.Of($"""
                SELECT {Sql.Raw(Rows.LogColumns)} FROM public.logs WHERE {LogFilter(query)} AND {behind}
                ORDER BY created_at DESC, id DESC LIMIT {DbValue.Int(count)} OFFSET {DbValue.Int(offset)}
                """),
            read,
            cancellationToken).ConfigureAwait(false);
    }

    private static Sql LogFilter(LogQuery query)
    {
        var filters = new List<Sql>();
        if (query.EntityId is { } entity) filters.Add(Sql.Of($"entity_id = {DbValue.Uuid(entity)}"));
        if (query.RoomId is { } room) filters.Add(Sql.Of($"room_id = {DbValue.Uuid(room)}"));
        if (query.Type is not null) filters.Add(Sql.Of($"type = {DbValue.Text(CleanText.Normalize(query.Type))}"));
        return Sql.All(filters);
    }
}
