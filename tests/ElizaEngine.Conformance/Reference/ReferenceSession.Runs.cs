namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<AgentRunSummaries> GetAgentRunSummariesAsync(AgentRunQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state =>
        {
            ArgumentNullException.ThrowIfNull(query);
            var count = Math.Min(Door.Count(query.Count, 20), 100);
            var matching = LogsOfThisAgent(state, Faults.Has(Fault.RunsSeeOtherAgents))
                .Where(entry => entry.Body.RunId is not null)
                .GroupBy(entry => entry.Body.RunId!)
                .Select(run => (Summary: Summarize(run.Key, [.. run]), Events: Events(run)))
                .Where(run => run.Events.Count > 0)
                .Where(run => IsWanted(run.Events, query))
                .Select(run => run.Summary!)
                .Where(run => query.Status is null || run.Status == query.Status)
                .OrderByDescending(run => run.StartedAt)
                .ThenByDescending(run => run.RunId, StringComparer.Ordinal)
                .ToList();
            var total = Faults.Has(Fault.RunsTotalIsThePage) ? Math.Min(count, matching.Count) : matching.Count;
            return new AgentRunSummaries([.. matching.Take(count)], total, total > count);
        });

    private bool IsWanted(List<LogEntry> events, AgentRunQuery query)
    {
        Predicate<LogEntry>[] filters =
        [
            entry => query.RoomId is null || entry.RoomId == query.RoomId,
            entry => query.EntityId is null || entry.EntityId == query.EntityId,
            entry => query.From is null || entry.CreatedAt >= query.From,
            entry => query.To is null || entry.CreatedAt <= query.To,
        ];
        return Faults.Has(Fault.RunFiltersMetApart)
            ? Array.TrueForAll(filters, filter => events.Exists(filter))
            : events.Exists(entry => Array.TrueForAll(filters, filter => filter(entry)));
    }

    /// <summary>A run's events, oldest first. Of events in the same millisecond, one that ends the run comes last.</summary>
    private static List<LogEntry> Events(IEnumerable<LogEntry> entries) =>
    [
        .. entries.Where(entry => entry.Type == "run_event")
            .OrderBy(entry => entry.CreatedAt)
            .ThenBy(entry => StatusOf(entry) is not (null or RunStatus.Started))
            .ThenBy(entry => entry.Id),
    ];

    /// <summary>A run from all its entries; null without a <c>run_event</c> among them.</summary>
    private AgentRunSummary? Summarize(string runId, List<LogEntry> entries)
    {
        var events = Events(entries);
        if (events.Count == 0) return null;
        var first = events[0];
        var last = events.LastOrDefault(entry => StatusOf(entry) is not null); // Events with a state nobody knows change nothing.
        if (Faults.Has(Fault.RunsKeepTheirFirstState)) last = events.FirstOrDefault(entry => StatusOf(entry) is not null);
        var status = last is null ? RunStatus.Started : StatusOf(last)!.Value;
        var endedAt = status == RunStatus.Started ? null : last!.CreatedAt;
        var actions = entries.Where(entry => entry.Type == "action").ToList();
        var modelCalls = entries.Count(entry => entry.Type.StartsWith("useModel:", StringComparison.Ordinal));
        if (Faults.Has(Fault.RunsDoubleCount)) modelCalls += (int)actions.Sum(action => action.Body.Json.GetNumber("promptCount") ?? 0);
        return new AgentRunSummary
        {
            RunId = runId,
            Status = status,
            StartedAt = first.CreatedAt!.Value,
            EndedAt = endedAt,
            Duration = Faults.Has(Fault.RunsWithoutDuration) ? null : endedAt - first.CreatedAt,
            MessageId = events.Select(entry => entry.Body.MessageId).FirstOrDefault(id => id is not null),
            RoomId = events.Select(entry => entry.Body.RoomId).FirstOrDefault(id => id is not null) ?? first.RoomId,
            EntityId = events.Select(entry => entry.Body.EntityId).FirstOrDefault(id => id is not null) ?? first.EntityId,
            Metadata = events.Select(entry => entry.Body.Metadata).FirstOrDefault(json => json is { IsNull: false }),
            Actions = actions.Count,
            ModelCalls = modelCalls,
            Errors = actions.Count(action => action.Body.Json["result"]?.GetBoolean("success") == false)
                + entries.Count(entry => entry.Type == "embedding_event" && entry.Body.Status == "failed"),
            Evaluators = entries.Count(entry => entry.Type == "evaluator"),
        };
    }

    private static RunStatus? StatusOf(LogEntry entry) => entry.Body.Status switch
    {
        "started" => RunStatus.Started,
        "completed" => RunStatus.Completed,
        "timeout" => RunStatus.Timeout,
        "error" => RunStatus.Error,
        _ => null,
    };
}
