namespace ElizaEngine;

/// <summary>Which components to read: those of one entity that pass every filter given. Oldest first, then by id ascending.</summary>
/// <param name="EntityId">The entity.</param>
public sealed record ComponentQuery(Guid EntityId)
{
    /// <summary>Only this kind.</summary>
    public string? Type { get; init; }

    /// <summary>Only this world.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>Only from this source.</summary>
    public Guid? SourceEntityId { get; init; }
}

/// <summary>Which relationships to read. Oldest first, then by id ascending.</summary>
public sealed record RelationshipQuery
{
    /// <summary>With this entity on either side.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>From this entity.</summary>
    public Guid? SourceEntityId { get; init; }

    /// <summary>To this entity.</summary>
    public Guid? TargetEntityId { get; init; }

    /// <summary>With at least one of these tags; null: any tags; empty: nothing.</summary>
    public IReadOnlyList<string>? Tags { get; init; }
}

/// <summary>Which tasks of the adapter's agent to read. Oldest first, then by id ascending.</summary>
public sealed record TaskQuery
{
    /// <summary>Only this room.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>Only this entity.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>Only this name, exactly.</summary>
    public string? Name { get; init; }

    /// <summary>With all of these tags; null: any tags; empty: nothing.</summary>
    public IReadOnlyList<string>? Tags { get; init; }
}

/// <summary>Which log entries to read. Newest first, then by id descending.</summary>
public sealed record LogQuery
{
    /// <summary>Only this entity.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>Only this room.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>Only this type, exactly.</summary>
    public string? Type { get; init; }

    /// <summary>At most so many; null: <see cref="Limits.DefaultLogCount"/> for a list, all for a stream or a count; 0: none.</summary>
    public int? Count { get; init; }

    /// <summary>So many of the first are left out; 0 or more.</summary>
    public int Offset { get; init; }
}

/// <summary>What is to be left of an agent's log. Entries beyond any limit given go, oldest first.</summary>
public sealed record LogRetention
{
    /// <summary>Entries older than this go; null: age does not matter.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>At most so many entries stay; null: number does not matter.</summary>
    public int? MaxCount { get; init; }

    /// <summary>
    /// The newest entries whose bodies together are at most so many bytes of UTF-8 JSON stay, as the backend spells it: the local one as the
    /// caller did, PostgreSQL anew, without blanks, needless escapes and exponents; null: size does not matter.
    /// </summary>
    public long? MaxBytes { get; init; }
}

/// <summary>
/// Which runs to summarise: those of rooms of the adapter's agent that pass every filter given. One event of a run passes all those of
/// room, entity and time; what else the run has counts whole.
/// </summary>
public sealed record AgentRunQuery
{
    /// <summary>Only runs with an event in this room.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>Only runs with an event of this entity.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>Only runs in this state; null: all.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>Only runs with an event at or after this.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only runs with an event at or before this.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>At most so many; null: <see cref="Limits.DefaultRunCount"/>; more than <see cref="Limits.MaxRunCount"/> is that; 0: none.</summary>
    public int? Count { get; init; }
}
