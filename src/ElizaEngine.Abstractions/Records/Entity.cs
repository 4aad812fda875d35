namespace ElizaEngine;

/// <summary>Somebody or something an agent knows. Immutable.</summary>
public sealed record Entity
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public Entity() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal Entity(Guid id) => Id = id;

    /// <summary>The entity's id.</summary>
    public Guid Id { get; init; }

    /// <summary>The agent that knows it; null in input: the adapter's agent.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>Its names; any of them finds it. May be empty.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Open object; null in input: <c>{}</c>.</summary>
    public Json? Metadata { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now. Kept by updates.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Its components, oldest first; null when they were not asked for. Ignored in input.</summary>
    public IReadOnlyList<Component>? Components { get; init; }
}

/// <summary>A piece of data about an entity, kept by one agent. Immutable.</summary>
public sealed record Component
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public Component() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal Component(Guid id) => Id = id;

    /// <summary>The component's id.</summary>
    public Guid Id { get; init; }

    /// <summary>The entity it describes.</summary>
    public required Guid EntityId { get; init; }

    /// <summary>The agent that keeps it; null in input: the adapter's agent.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>The room it was learned in.</summary>
    public required Guid RoomId { get; init; }

    /// <summary>The world it belongs to; may be null, else it must exist.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>Who said it; may be null, else it must exist.</summary>
    public Guid? SourceEntityId { get; init; }

    /// <summary>Its kind.</summary>
    public required string Type { get; init; }

    /// <summary>Open object; null in input: <c>{}</c>.</summary>
    public Json? Data { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now. Kept by updates.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>A change of one component; null leaves a part as it is, <see cref="Data"/> is replaced whole.</summary>
/// <param name="Id">The component to change.</param>
public sealed record ComponentUpdate(Guid Id)
{
    /// <summary>The new entity, which must exist; null: it stays.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>The new room, which must exist; null: it stays.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>The new world, which must exist; null: it stays.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>The new one who said it, who must exist; null: it stays.</summary>
    public Guid? SourceEntityId { get; init; }

    /// <summary>The new kind; null: it stays.</summary>
    public string? Type { get; init; }

    /// <summary>The new data, an object, whole; null: it stays.</summary>
    public Json? Data { get; init; }
}
