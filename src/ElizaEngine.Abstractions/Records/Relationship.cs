namespace ElizaEngine;

/// <summary>A directed tie between two entities, as one agent sees it. There is one for each source, target and agent. Immutable.</summary>
public sealed record Relationship
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public Relationship() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal Relationship(Guid id) => Id = id;

    /// <summary>The relationship's id.</summary>
    public Guid Id { get; init; }

    /// <summary>Where it starts.</summary>
    public required Guid SourceEntityId { get; init; }

    /// <summary>Where it ends.</summary>
    public required Guid TargetEntityId { get; init; }

    /// <summary>Always the adapter's agent; ignored in input.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>Tags; may be empty.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Open object; null in input: <c>{}</c>.</summary>
    public Json? Metadata { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now. Kept by updates.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>A change of one relationship: tags and metadata are both replaced whole.</summary>
/// <param name="Id">The relationship to change.</param>
public sealed record RelationshipUpdate(Guid Id)
{
    /// <inheritdoc cref="Relationship.Tags"/>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <inheritdoc cref="Relationship.Metadata"/>
    public Json? Metadata { get; init; }
}
