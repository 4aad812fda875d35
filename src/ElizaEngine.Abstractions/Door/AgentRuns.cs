namespace ElizaEngine;

/// <summary>Puts an agent's runs together from its log entries.</summary>
internal static class AgentRuns
{
    private const int DefaultCount = 20;
    private const int MaxCount = 100;

    /// <summary>Whether entries of a type say anything about a run.</summary>
    public static bool Counts(string type) => type is "run_event" or "action" or "evaluator" or "embedding_event" || IsModelCall(type);

    /// <summary>The runs that match, from all entries of one agent that <see cref="Counts"/>, in any order.</summary>
    public static AgentRunSummaries Summarize(IEnumerable<LogEntry> entries, AgentRunQuery query)
    {
        var count = Math.Min(Door.Count(query.Count, DefaultCount), MaxCount);
        var matching = entries
            .Select(entry => (Entry: entry, entry.Body.RunId))
            .Where(item => item.RunId is not null)
            .GroupBy(item => item.RunId!, item => item.Entry, StringComparer.Ordinal)
            .Select(run => Summarize(run.Key, [.. run], query))
            .OfType<AgentRunSummary>()
            .OrderByDescending(run => run.StartedAt).ThenByDescending(run => run.RunId, StringComparer.Ordinal)
            .ToList();
        return new AgentRunSummaries([.. matching.Take(count)], matching.Count, matching.Count > count);
    }

    // Null: no run of that kind, or the query does not want it.
    private static AgentRunSummary? Summarize(string runId, List<LogEntry> entries, AgentRunQuery query)
    {
        // Of events in the same millisecond, one that ends the run comes last.
        var events = entries.Where(entry => entry.Type == "run_event")
            .OrderBy(entry => entry.CreatedAt).ThenBy(entry => StatusOf(entry) is not (null or RunStatus.Started)).ThenBy(entry => entry.Id).ToList();
        if (!IsWanted(events, query)) return null;
        var last = events.LastOrDefault(entry => StatusOf(entry) is not null);
        var status = last is null ? RunStatus.Started : StatusOf(last)!.Value;
        if (query.Status is { } wanted && wanted != status) return null;
        var startedAt = events[0].CreatedAt!.Value;
        var endedAt = status == RunStatus.Started ? null : last!.CreatedAt;
        var actions = entries.Where(entry => entry.Type == "action").ToList();
        return new AgentRunSummary
        {
            RunId = runId,
            Status = status,
            StartedAt = startedAt,
            EndedAt = endedAt,
            Duration = endedAt - startedAt,
            MessageId = events.Select(entry => entry.Body.MessageId).FirstOrDefault(id => id is not null),
            RoomId = events.Select(entry => entry.Body.RoomId).FirstOrDefault(id => id is not null) ?? events[0].RoomId,
            EntityId = events.Select(entry => entry.Body.EntityId).FirstOrDefault(id => id is not null) ?? events[0].EntityId,
            Metadata = events.Select(entry => entry.Body.Metadata).FirstOrDefault(json => json is { IsNull: false }),
            Actions = actions.Count,
            ModelCalls = entries.Count(entry => IsModelCall(entry.Type)),
            Errors = actions.Count(action => action.Body.Json["result"]?.GetBoolean("success") == false)
                + entries.Count(entry => entry.Type == "embedding_event" && entry.Body.Status == "failed"),
            Evaluators = entries.Count(entry => entry.Type == "evaluator"),
        };
    }

    private static bool IsWanted(List<LogEntry> events, AgentRunQuery query) =>
        events.Count > 0
        && (query.RoomId is null || events.Exists(entry => entry.RoomId == query.RoomId))
        && (query.EntityId is null || events.Exists(entry => entry.EntityId == query.EntityId))
        && (query.From is null || events.Exists(entry => entry.CreatedAt >= query.From))
        && (query.To is null || events.Exists(entry => entry.CreatedAt <= query.To));

    private static bool IsModelCall(string type) => type.StartsWith("useModel:", StringComparison.Ordinal);

    private static RunStatus? StatusOf(LogEntry entry) => entry.Body.Status switch
    {
        "started" => RunStatus.Started,
        "completed" => RunStatus.Completed,
        "timeout" => RunStatus.Timeout,
        "error" => RunStatus.Error,
        _ => null,
    };
}
