using System.Text.Json;

namespace ElizaEngine;

/// <summary>Something an agent means to do. Named apart from <see cref="System.Threading.Tasks.Task"/>. Immutable.</summary>
public sealed record AgentTask
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public AgentTask() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal AgentTask(Guid id) => Id = id;

    /// <summary>The task's id.</summary>
    public Guid Id { get; init; }

    /// <summary>Name of the worker that runs it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for; null in input: empty.</summary>
    public string? Description { get; init; }

    /// <summary>Always the adapter's agent; ignored in input.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>The room it concerns; may be null, need not exist.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>The world it concerns; a create without one is refused. Need not exist.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>The entity it concerns; may be null, need not exist.</summary>
    public Guid? EntityId { get; init; }

    /// <summary>Tags; may be empty.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Interval, options, and anything else; null in input: <c>{}</c>.</summary>
    public TaskMetadata? Metadata { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now. Kept by updates.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>UTC, whole milliseconds, of the last change. Filled in results; null in input: now.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>A change of one task; null leaves a part as it is, lists and metadata are replaced whole.</summary>
/// <param name="Id">The task to change.</param>
public sealed record AgentTaskUpdate(Guid Id)
{
    /// <summary>The name of the new worker; null: it stays.</summary>
    public string? Name { get; init; }

    /// <summary>The new description; null: it stays. Empty text takes it away.</summary>
    public string? Description { get; init; }

    /// <summary>The new room, which need not exist; null: it stays.</summary>
    public Guid? RoomId { get; init; }

    /// <summary>The new world, which need not exist; null: it stays.</summary>
    public Guid? WorldId { get; init; }

    /// <summary>The new tags, all of them; null: they stay, an empty list takes them away.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The new metadata, whole; null: it stays.</summary>
    public TaskMetadata? Metadata { get; init; }
}

/// <summary>What is known about a task: an open JSON object.</summary>
public sealed record TaskMetadata : OpenObject
{
    /// <summary>An empty one, to be filled by an object initialiser.</summary>
    public TaskMetadata()
        : base(Json.EmptyObject)
    {
    }

    /// <summary>One of the given JSON object.</summary>
    public TaskMetadata(Json json)
        : base(json)
    {
    }

    /// <summary>Milliseconds between two runs of a repeating task; null when it does not repeat.</summary>
    public long? UpdateIntervalMs
    {
        get => (long?)Json.GetNumber("updateInterval");
        init => Set("updateInterval", value is { } ms ? Json.From(ms) : null);
    }

    /// <summary>Choices offered to the user.</summary>
    public IReadOnlyList<TaskOption>? Options
    {
        get => Json["options"] is { Kind: JsonValueKind.Array } items
            ? items.Items().Where(item => item.Kind == JsonValueKind.Object)
                .Select(item => new TaskOption(item.GetString("name") ?? "", item.GetString("description") ?? "")).ToList()
            : null;
        init => Set("options", value is null ? null : Json.From(value.Select(option =>
            Json.ObjectOf(("name", Json.From(option.Name)), ("description", Json.From(option.Description))))));
    }
}

/// <summary>A choice a task offers.</summary>
/// <param name="Name">What the user types.</param>
/// <param name="Description">What it does.</param>
public sealed record TaskOption(string Name, string Description);
