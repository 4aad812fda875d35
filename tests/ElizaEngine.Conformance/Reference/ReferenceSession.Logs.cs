namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<CreateResult>> CreateLogsAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken = default) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var entry in Door.List(entries, nameof(entries)).Select(entry => Complete.Log(entry, Now)).ToList())
            {
                var existed = state.Logs.Has(entry.Id);
                if (!existed) state.Store(state.Logs, entry);
                results.Add(Result(entry.Id, existed));
            }
            return results;
        });

    public Task<IReadOnlyList<LogEntry>> GetLogsAsync(LogQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state => GetLogs(state, query, Faults.Has(Fault.LogDefaultCountDropped) ? int.MaxValue : Limits.DefaultLogCount));

    public IAsyncEnumerable<LogEntry> StreamLogsAsync(LogQuery query, CancellationToken cancellationToken = default) =>
        StreamAsync(state => GetLogs(state, query, int.MaxValue), cancellationToken);

    public Task<int> CountLogsAsync(LogQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state => Matching(state, query).Count());

    public Task<int> DeleteLogsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => state.Logs.Remove(Door.List(ids, nameof(ids))));

    public Task<int> TrimLogsAsync(LogRetention retention, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            Door.Retention(retention);
            var entries = LogsOfThisAgent(state, Faults.Has(Fault.TrimLogsOtherAgents)).NewestFirst(entry => entry.CreatedAt, entry => entry.Id).ToList();
            if (Faults.Has(Fault.TrimLogsKeepsOldest)) entries.Reverse();

            // Each limit keeps so many of the newest; the strictest decides.
            var now = Door.Time(Now); // Entries have whole milliseconds: one of this very millisecond has no age.
            var bytes = 0L;
            var kept = entries
                .TakeWhile(entry => retention.MaxAge is null || now - entry.CreatedAt <= retention.MaxAge)
                .Take(retention.MaxCount ?? int.MaxValue)
                .TakeWhile(entry => retention.MaxBytes is null || Faults.Has(Fault.TrimLogsIgnoresBytes) || (bytes += entry.Body.Json.Utf8.Length) <= retention.MaxBytes)
                .Count();
            return state.Logs.Remove(entries.Skip(kept).Select(entry => entry.Id));
        });

    private IReadOnlyList<LogEntry> GetLogs(ReferenceState state, LogQuery query, int defaultCount)
    {
        var ordered = Matching(state, query).NewestFirst(entry => entry.CreatedAt, entry => entry.Id);
        if (Faults.Has(Fault.LogOrderReversed)) ordered = ordered.Reverse();
        return [.. Page(ordered, query.Offset, query.Count ?? defaultCount)];
    }

    private IEnumerable<LogEntry> Matching(ReferenceState state, LogQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        Door.Count(query.Count, 0);
        Door.Offset(query.Offset);
        var type = CleanText.NormalizeOrNull(query.Type);
        return state.Logs
            .Where(entry => query.EntityId is null || entry.EntityId == query.EntityId || Faults.Has(Fault.LogEntityFilterDropped))
            .Where(entry => query.RoomId is null || entry.RoomId == query.RoomId)
            .Where(entry => type is null || entry.Type == type);
    }

    private IEnumerable<LogEntry> LogsOfThisAgent(ReferenceState state, bool orAnyAgent) =>
        state.Logs.Where(entry => state.Rooms.Find(entry.RoomId)?.AgentId == AgentId || orAnyAgent);
}
