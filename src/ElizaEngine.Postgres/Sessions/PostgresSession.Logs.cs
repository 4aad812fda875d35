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
        Enter(cancellationToken);
        var now = Now;
        var items = Array.ConvertAll(Door.List(entries, nameof(entries)), entry => Complete.Log(entry, now));
        return await CreateAsync(
            LogTable,
            items,
            static entry => entry.Id,
            static entry => [new("entities", entry.EntityId, "logs.entityId", entry.Id), new("rooms", entry.RoomId, "logs.roomId", entry.Id)],
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<LogEntry>> GetLogsAsync(LogQuery query, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        return await LogsAsync(query, Door.Count(query.Count, Limits.DefaultLogCount), null, cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<LogEntry> StreamLogsAsync(
        LogQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        Door.Offset(query.Offset);
        var pages = StreamAsync<LogEntry>(
            (last, rows) => LogsAsync(last is null ? query : query with { Offset = 0 }, rows, last, cancellationToken), Door.Count(query.Count, int.MaxValue), cancellationToken);
        await foreach (var entry in pages.ConfigureAwait(false)) yield return entry;
    }

    public async Task<int> CountLogsAsync(LogQuery query, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        Door.Count(query.Count, 0);
        Door.Offset(query.Offset);
        return (int)await ScalarAsync<long>(Statement.Of($"SELECT count(*) FROM public.logs WHERE {LogFilter(query)}"), cancellationToken).ConfigureAwait(false);
    }

    public Task<int> DeleteLogsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) => DeleteAsync("logs", ids, null, cancellationToken);

    public async Task<int> TrimLogsAsync(LogRetention retention, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(retention);
        if (retention.MaxAge < TimeSpan.Zero) throw new InvalidInputException("maxAge", retention.MaxAge, "zero or more");
        if (retention.MaxBytes < 0) throw new InvalidInputException("maxBytes", retention.MaxBytes, "0 or more");
        var maxCount = Door.Count(retention.MaxCount, int.MaxValue);
        var now = Now;
        var limits = new List<Sql>();
        if (retention.MaxCount is not null) limits.Add(Sql.Of($"place > {DbValue.Int(maxCount)}"));
        if (retention.MaxBytes is { } bytes) limits.Add(Sql.Of($"bytes > {DbValue.Long(bytes)}"));
        if (retention.MaxAge is { } age && age < now - DateTimeOffset.MinValue)
            limits.Add(Sql.Of($"created_at < {DbValue.Instant(Door.NotBefore(now - age)!.Value)}"));
        if (limits.Count == 0) return 0;
        // Bytes are those of the JSON without the blanks that the server's own spelling puts between its parts.
        var size = retention.MaxBytes is null
            ? Sql.Raw("0")
            : Sql.Raw("""sum(octet_length(regexp_replace(l.body::text, '("(?:[^"\\]|\\.)*")|\s', '\1', 'g'))) OVER newest""");
        return await CountRemovedAsync(
            Sql.Of($"""
                DELETE FROM public.logs WHERE id IN (
                    SELECT id FROM (
                        SELECT l.id, l.created_at, row_number() OVER newest AS place, {size} AS bytes
                        FROM public.logs l JOIN public.rooms r ON r.id = l.room_id
                        WHERE r.agent_id = {DbValue.Uuid(AgentId)}
                        WINDOW newest AS (ORDER BY l.created_at DESC, l.id DESC ROWS UNBOUNDED PRECEDING)) AS entry
                    WHERE {Sql.Join(" OR ", limits)})
                """),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<AgentRunSummaries> GetAgentRunSummariesAsync(AgentRunQuery query, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        Door.Count(query.Count, 0);
        // Of the bodies, which are large, only what a summary is made of. All entries are of one point in time.
        var entries = await RowsAsync(
            Statement.Of($"""
                SELECT l.id, l.created_at, l.entity_id, (
                    SELECT coalesce(jsonb_object_agg(part.key, part.value), '{Sql.Raw("{}")}') FROM jsonb_each(l.body) part
                    WHERE part.key IN ('runId', 'status') OR (l.type = 'action' AND part.key = 'result')
                        OR (l.type = 'run_event' AND part.key IN ('messageId', 'roomId', 'entityId', 'metadata'))), l.type, l.room_id
                FROM public.logs l JOIN public.rooms r ON r.id = l.room_id
                WHERE r.agent_id = {DbValue.Uuid(AgentId)} AND jsonb_typeof(l.body) = 'object' AND l.body ? 'runId'
                    AND (l.type IN ('run_event', 'action', 'evaluator', 'embedding_event') OR l.type LIKE 'useModel:%')
                """),
            Rows.Log,
            cancellationToken).ConfigureAwait(false);
        return AgentRuns.Summarize(entries, query);
    }

    // Newest first; those behind the last of the page before.
    private async Task<IReadOnlyList<LogEntry>> LogsAsync(LogQuery query, int count, LogEntry? last, CancellationToken cancellationToken)
    {
        var offset = Door.Offset(query.Offset);
        if (count == 0) return [];
        var behind = last is null
            ? Sql.Raw("true")
            : Sql.Of($"(created_at, id) < ((SELECT created_at FROM public.logs WHERE id = {DbValue.Uuid(last.Id)} UNION ALL SELECT {DbValue.Instant(last.CreatedAt!.Value)} LIMIT 1), {DbValue.Uuid(last.Id)})");
        return await RowsAsync(
            Statement.Of($"""
                SELECT {Sql.Raw(Rows.LogColumns)} FROM public.logs WHERE {LogFilter(query)} AND {behind}
                ORDER BY created_at DESC, id DESC LIMIT {DbValue.Int(count)} OFFSET {DbValue.Int(offset)}
                """),
            Rows.Log,
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
