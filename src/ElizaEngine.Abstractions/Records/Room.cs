namespace ElizaEngine;

/// <summary>A conversation: a channel, a chat, a thread. Immutable.</summary>
public sealed record Room
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public Room() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal Room(Guid id) => Id = id;

    /// <summary>The room's id.</summary>
    public Guid Id { get; init; }

    /// <summary>Always the adapter's agent; ignored in input.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>Its name; may be null.</summary>
    public string? Name { get; init; }

    /// <summary>The platform: <c>discord</c>, <c>direct</c>, ...</summary>
    public required string Source { get; init; }

    /// <summary>Kind of channel, one of <see cref="ChannelTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The platform's own id of the channel; may be null.</summary>
    public string? ChannelId { get; init; }

    /// <summary>The message server behind it; may be null.</summary>
    public Guid? MessageServerId { get; init; }

    /// <summary>The world it stands in; may be null, need not exist.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>Open object; may be null.</summary>
    public Json? Metadata { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now. Kept by updates.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>A change of one room; null leaves a part as it is, <see cref="Metadata"/> is replaced whole.</summary>
/// <param name="Id">The room to change.</param>
public sealed record RoomUpdate(Guid Id)
{
    /// <summary>The new name; null: it stays. It cannot become null again.</summary>
    public string? Name { get; init; }

    /// <summary>The new platform; null: it stays.</summary>
    public string? Source { get; init; }

    /// <summary>The new kind of channel, one of <see cref="ChannelTypes"/>; null: it stays.</summary>
    public string? Type { get; init; }

    /// <summary>The platform's new id of the channel; null: it stays.</summary>
    public string? ChannelId { get; init; }

    /// <summary>The new message server; null: it stays.</summary>
    public Guid? MessageServerId { get; init; }

    /// <summary>The new world, which need not exist; null: it stays.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>The new metadata, an object, whole; null: it stays.</summary>
    public Json? Metadata { get; init; }
}

/// <summary>One membership of an entity in a room.</summary>
/// <param name="Id">Id of the membership.</param>
/// <param name="EntityId">The member.</param>
/// <param name="RoomId">The room.</param>
/// <param name="AgentId">The agent that noted it.</param>
public sealed record Participant(Guid Id, Guid EntityId, Guid RoomId, Guid AgentId);

/// <summary>How a participant stands to a room.</summary>
public enum ParticipantUserState
{
    /// <summary>Stored as <c>FOLLOWED</c>.</summary>
    Followed = 1,

    /// <summary>Stored as <c>MUTED</c>.</summary>
    Muted = 2,
}
