namespace ElizaEngine;

/// <summary>
/// Puts an agent's runs together from its log entries, given one by one in any order. Entries, whose bodies are large, are not kept:
/// memory is per run. Not thread-safe.
/// </summary>
internal sealed class AgentRuns(AgentRunQuery query)
{
    private readonly int _count = Math.Min(Door.Count(query.Count, Limits.DefaultRunCount), Limits.MaxRunCount);
    private readonly Dictionary<string, Run> _runs = new(StringComparer.Ordinal);

    /// <summary>Whether entries of a type say anything about a run.</summary>
    public static bool Counts(string type) => type is "run_event" or "action" or "evaluator" or "embedding_event" || IsModelCall(type);

    /// <summary>The runs that match, from all entries of one agent that <see cref="Counts"/>, in any order.</summary>
    public static AgentRunSummaries Summarize(IEnumerable<LogEntry> entries, AgentRunQuery query)
    {
        var runs = new AgentRuns(query);
        foreach (var entry in entries) runs.Add(entry);
        return runs.Summaries();
    }

    /// <summary>Takes an entry of the agent that <see cref="Counts"/>.</summary>
    public void Add(LogEntry entry)
    {
        if (entry.Body.RunId is not { } runId) return;
        if (!_runs.TryGetValue(runId, out var run)) _runs.Add(runId, run = new Run());
        run.Add(entry, query);
    }

    /// <summary>The runs that match, latest first, so many as asked for.</summary>
    public AgentRunSummaries Summaries()
    {
        var matching = _runs
            .Where(run => run.Value.IsWanted(query))
            .OrderByDescending(run => run.Value.StartedAt).ThenByDescending(run => run.Key, StringComparer.Ordinal)
            .ToList();
        return new AgentRunSummaries([.. matching.Take(_count).Select(run => run.Value.Summary(run.Key))], matching.Count, matching.Count > _count);
    }

    private static bool IsModelCall(string type) => type.StartsWith("useModel:", StringComparison.Ordinal);

    private static RunStatus? StatusOf(LogEntry entry) => entry.Body.Status switch
    {
        "started" => RunStatus.Started,
        "completed" => RunStatus.Completed,
        "timeout" => RunStatus.Timeout,
        "error" => RunStatus.Error,
        _ => null,
    };

    /// <summary>What is known of one run after some of its entries.</summary>
    private sealed class Run
    {
        private (EventOrder Order, Guid RoomId, Guid EntityId)? _first;
        private (EventOrder Order, RunStatus Status)? _last;
        private (EventOrder Order, Guid Id)? _messageId;
        private (EventOrder Order, Guid Id)? _roomId;
        private (EventOrder Order, Guid Id)? _entityId;
        private (EventOrder Order, Json Json)? _metadata;
        private bool _passes;
        private int _actions;
        private int _modelCalls;
        private int _errors;
        private int _evaluators;

        public DateTimeOffset StartedAt => _first!.Value.Order.Time;

        private RunStatus Status => _last?.Status ?? RunStatus.Started;

        public void Add(LogEntry entry, AgentRunQuery query)
        {
            switch (entry.Type)
            {
                case "run_event":
                    AddEvent(entry, query);
                    break;
                case "action":
                    _actions++;
                    if (entry.Body.Json["result"]?.GetBoolean("success") == false) _errors++;
                    break;
                case "evaluator":
                    _evaluators++;
                    break;
                case "embedding_event":
                    if (entry.Body.Status == "failed") _errors++;
                    break;
                default:
                    if (IsModelCall(entry.Type)) _modelCalls++;
                    break;
            }
        }

        // A run without an event is none: whatever else it has belongs to a run whose events are gone.
        public bool IsWanted(AgentRunQuery query) =>
            _passes && (query.Status is null || query.Status == Status);

        public AgentRunSummary Summary(string runId)
        {
            DateTimeOffset? endedAt = Status == RunStatus.Started ? null : _last!.Value.Order.Time;
            return new AgentRunSummary
            {
                RunId = runId,
                Status = Status,
                StartedAt = StartedAt,
                EndedAt = endedAt,
                Duration = endedAt - StartedAt,
                MessageId = _messageId?.Id,
                RoomId = _roomId?.Id ?? _first!.Value.RoomId,
                EntityId = _entityId?.Id ?? _first!.Value.EntityId,
                Metadata = _metadata?.Json,
                Actions = _actions,
                ModelCalls = _modelCalls,
                Errors = _errors,
                Evaluators = _evaluators,
            };
        }

        private void AddEvent(LogEntry entry, AgentRunQuery query)
        {
            _passes |= (query.RoomId is null || entry.RoomId == query.RoomId)
                && (query.EntityId is null || entry.EntityId == query.EntityId)
                && (query.From is null || entry.CreatedAt >= query.From)
                && (query.To is null || entry.CreatedAt <= query.To);

            var status = StatusOf(entry);
            var order = new EventOrder(entry.CreatedAt!.Value, status is not (null or RunStatus.Started), entry.Id);
            if (order.IsBefore(_first?.Order)) _first = (order, entry.RoomId, entry.EntityId);
            // An event with a state that nobody knows changes nothing.
            if (status is { } known && (_last is not { } last || last.Order.IsBefore(order))) _last = (order, known);
            // What the events say is taken from the first that says it.
            if (order.IsBefore(_messageId?.Order) && entry.Body.MessageId is { } messageId) _messageId = (order, messageId);
            if (order.IsBefore(_roomId?.Order) && entry.Body.RoomId is { } roomId) _roomId = (order, roomId);
            if (order.IsBefore(_entityId?.Order) && entry.Body.EntityId is { } entityId) _entityId = (order, entityId);
            if (order.IsBefore(_metadata?.Order) && entry.Body.Metadata is { IsNull: false } metadata) _metadata = (order, metadata);
        }
    }

    /// <summary>The order of a run's events: by time; of those in the same millisecond one that ends the run comes last; then by id.</summary>
    private readonly record struct EventOrder(DateTimeOffset Time, bool Ends, Guid Id)
    {
        /// <summary>Also true when there is no other.</summary>
        public bool IsBefore(EventOrder? other) => other is not { } order || (Time, Ends, Id).CompareTo((order.Time, order.Ends, order.Id)) < 0;
    }
}
