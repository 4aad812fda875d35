namespace ElizaEngine;

/// <summary>A line of an agent's log: a model call, an action, a run. Immutable.</summary>
public sealed record LogEntry
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public LogEntry() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal LogEntry(Guid id) => Id = id;

    /// <summary>The entry's id.</summary>
    public Guid Id { get; init; }

    /// <summary>Whom it concerns.</summary>
    public required Guid EntityId { get; init; }

    /// <summary>Where it happened.</summary>
    public required Guid RoomId { get; init; }

    /// <summary>What happened: <c>run_event</c>, <c>action</c>, <c>evaluator</c>, <c>useModel:...</c>, ...</summary>
    public required string Type { get; init; }

    /// <summary>Open object; often tens of kilobytes.</summary>
    public LogBody Body { get; init; } = new();

    /// <summary>UTC, whole milliseconds; null in input: now.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>What a log entry says: an open JSON object.</summary>
public sealed record LogBody : OpenObject
{
    /// <summary>An empty one, to be filled by an object initialiser.</summary>
    public LogBody()
        : base(Json.EmptyObject)
    {
    }

    /// <summary>One of the given JSON object.</summary>
    public LogBody(Json json)
        : base(json)
    {
    }

    /// <summary>The run it belongs to.</summary>
    public string? RunId { get => Json.GetString("runId"); init => Set("runId", value); }

    /// <summary>State of a run: <c>started</c>, <c>completed</c>, <c>timeout</c>, <c>error</c>.</summary>
    public string? Status { get => Json.GetString("status"); init => Set("status", value); }

    /// <summary>The message it is about.</summary>
    public Guid? MessageId { get => Json.GetGuid("messageId"); init => Set("messageId", value); }

    /// <summary>The room it is about.</summary>
    public Guid? RoomId { get => Json.GetGuid("roomId"); init => Set("roomId", value); }

    /// <summary>The entity it is about.</summary>
    public Guid? EntityId { get => Json.GetGuid("entityId"); init => Set("entityId", value); }

    /// <summary>Anything else about the run.</summary>
    public Json? Metadata { get => Json["metadata"]; init => Set("metadata", value); }
}

/// <summary>State of a run of an agent.</summary>
public enum RunStatus
{
    /// <summary>Not ended yet.</summary>
    Started,

    /// <summary>Ended well.</summary>
    Completed,

    /// <summary>Ended by its time limit.</summary>
    Timeout,

    /// <summary>Ended by a failure.</summary>
    Error,
}

/// <summary>One run of an agent, put together from its log entries.</summary>
public sealed record AgentRunSummary
{
    /// <summary>Id of the run.</summary>
    public required string RunId { get; init; }

    /// <summary>Its last known state.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Time of its first <c>run_event</c>.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Time of the event that ended it; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>From start to end; null while it runs.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>The message that began it, when known.</summary>
    public Guid? MessageId { get; init; }

    /// <summary>The room, when known.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>The entity, when known.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>The run's metadata, when it has any.</summary>
    public Json? Metadata { get; init; }

    /// <summary>Log entries of type <c>action</c>.</summary>
    public int Actions { get; init; }

    /// <summary>Model calls: log entries <c>useModel:*</c>. Prompts that an action reports are those same calls and are not counted again.</summary>
    public int ModelCalls { get; init; }

    /// <summary>Actions that failed (<c>result.success</c> false) and <c>embedding_event</c> entries with status <c>failed</c>.</summary>
    public int Errors { get; init; }

    /// <summary>Log entries of type <c>evaluator</c>.</summary>
    public int Evaluators { get; init; }
}

/// <summary>A page of run summaries.</summary>
/// <param name="Runs">The runs, latest start first; ties by run id, descending.</param>
/// <param name="Total">How many runs match.</param>
/// <param name="HasMore">Whether <paramref name="Runs"/> leaves some out.</param>
public sealed record AgentRunSummaries(IReadOnlyList<AgentRunSummary> Runs, int Total, bool HasMore);
