using System.Runtime.InteropServices;

namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public async Task<IReadOnlyList<CreateResult>> CreateLogsAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        var items = Complete.Logs(entries, Now);
        if (items.Length == 0) return [];
        var bodies = Array.ConvertAll(items, Rows.Encode);
        return await Change<IReadOnlyList<CreateResult>>(
            draft =>
            {
                var results = new CreateResult[items.Length];
                for (var i = 0; i < items.Length; i++)
                {
                    var entry = items[i];
                    results[i] = new CreateResult(entry.Id, CreateOutcome.Existed);
                    if (draft.State.Logs.Find(entry.Id) is not null) continue;
                    draft.Require(Table.Entities, entry.EntityId, "logs.entityId");
                    draft.Require(Table.Rooms, entry.RoomId, "logs.roomId");
                    draft.Put(Rows.Of(entry, Shared), bodies[i]);
                    results[i] = new CreateResult(entry.Id, CreateOutcome.Created);
                }
                return results;
            },
            cancellationToken,
            items.Length == Single ? BytesOf(bodies) : null).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<LogEntry>> GetLogsAsync(LogQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (_, view, query) => (IReadOnlyList<LogEntry>)LogRows(view.State, query, Limits.DefaultLogCount).Select(row => view.Record<LogEntry>(row)).ToList(),
            cancellationToken);

    public IAsyncEnumerable<LogEntry> StreamLogsAsync(LogQuery query, CancellationToken cancellationToken = default) =>
        Stream(
            (_, view) => LogRows(view.State, query, int.MaxValue),
            static (_, view, row) => view.Record<LogEntry>(row),
            cancellationToken);

    public Task<int> CountLogsAsync(LogQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (_, view, query) =>
            {
                ArgumentNullException.ThrowIfNull(query);
                Door.Count(query.Count, 0);
                Door.Offset(query.Offset);
                return LogRows(view.State, query with { Count = null, Offset = 0 }, int.MaxValue).Count();
            },
            cancellationToken);

    public async Task<int> DeleteLogsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, static (state, id) => state.Logs.Find(id), cancellationToken).ConfigureAwait(false);

    public async Task<int> TrimLogsAsync(LogRetention retention, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        Door.Retention(retention);
        List<LogRow> doomed;
        using (var scope = BeginRead()) doomed = LogsBeyond(scope.View.State, retention, Agent);
        return doomed.Count == 0 ? 0 : await DeleteLogRows(doomed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Trims the logs of every agent, the oldest entries first, so many in a commit.</summary>
    internal async Task TrimLogsOfAllAgentsAsync(LogRetention retention, int rowsMax, CancellationToken cancellationToken)
    {
        Enter(cancellationToken);
        List<LogRow> doomed;
        using (var scope = BeginRead()) doomed = LogsBeyond(scope.View.State, retention, onlyOf: null);
        doomed.Reverse();
        foreach (var rows in doomed.Chunk(rowsMax)) await DeleteLogRows(rows, cancellationToken).ConfigureAwait(false);
    }

    // Found in what readers see, so that no writer waits for the walk over all entries; meanwhile some may have gone, or come anew.
    private async ValueTask<int> DeleteLogRows(IEnumerable<LogRow> rows, CancellationToken cancellationToken) =>
        await Change(draft => draft.Delete(Table.Logs, [.. rows.Where(row => ReferenceEquals(draft.State.Logs.Find(row.Id), row))]), cancellationToken).ConfigureAwait(false);

    // Of rooms of one agent, or of each; newest first.
    private List<LogRow> LogsBeyond(DatabaseState state, LogRetention retention, Id? onlyOf)
    {
        var now = Now;
        var oldest = retention.MaxAge is { } age && age < now - DateTimeOffset.MinValue ? Rows.ToMs(Door.NotBefore(now - age)) : long.MinValue;
        var (maxCount, maxBytes) = (retention.MaxCount ?? int.MaxValue, retention.MaxBytes ?? long.MaxValue);
        var met = new Dictionary<Id, (int Count, long Bytes, bool IsOver)>();
        var doomed = new List<LogRow>();
        foreach (var row in InTime(state))
        {
            if (state.Rooms.Find(row.RoomId) is not { } room || (onlyOf is { } agent && room.AgentId != agent)) continue;
            ref var before = ref CollectionsMarshal.GetValueRefOrAddDefault(met, room.AgentId, out _);
            var (count, bytes) = (before.Count + 1, before.Bytes + row.BodyBytes);
            before = (count, bytes, before.IsOver || count > maxCount || bytes > maxBytes || row.CreatedMs < oldest);
            if (before.IsOver) doomed.Add(row);
        }
        return doomed;
    }

    public Task<AgentRunSummaries> GetAgentRunSummariesAsync(AgentRunQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (self, view, query) =>
            {
                ArgumentNullException.ThrowIfNull(query);
                return AgentRuns.Summarize(self.OwnLogRows(view.State).Where(row => AgentRuns.Counts(row.Type)).Select(row => view.Record<LogEntry>(row)), query);
            },
            cancellationToken);

    // Newest first.
    private static IEnumerable<LogRow> LogRows(DatabaseState state, LogQuery query, int defaultCount)
    {
        ArgumentNullException.ThrowIfNull(query);
        var left = Door.Count(query.Count, defaultCount);
        var skip = Door.Offset(query.Offset);
        var type = CleanText.NormalizeOrNull(query.Type);
        Id? entity = query.EntityId is { } given ? (Id)given : null;
        return Walk();

        IEnumerable<LogRow> Walk()
        {
            if (left == 0) yield break;
            foreach (var row in query.RoomId is { } room ? InRoom(state, room) : InTime(state))
            {
                if ((type is not null && row.Type != type) || (entity is not null && row.EntityId != entity) || skip-- > 0) continue;
                yield return row;
                if (--left == 0) yield break;
            }
        }
    }

    private static IEnumerable<LogRow> InRoom(DatabaseState state, Id room)
    {
        foreach (var row in state.LogsByRoom.Descend(TimedKey.Last(room)))
        {
            if (row.RoomId != room) yield break;
            yield return row;
        }
    }

    private static IEnumerable<LogRow> InTime(DatabaseState state)
    {
        foreach (var row in state.LogsByTime.Descend(TimedKey.Last(Id.Min))) yield return row;
    }

    // Of rooms of this agent, newest first.
    private IEnumerable<LogRow> OwnLogRows(DatabaseState state) =>
        InTime(state).Where(row => state.Rooms.Find(row.RoomId) is { } room && room.AgentId == Agent);
}
