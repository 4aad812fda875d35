using System.Text.Json;

namespace ElizaEngine;

/// <summary>A place that holds rooms: a server, a workspace. Immutable.</summary>
public sealed record World
{
    /// <summary>One with a new id, in time order, unless the initialiser gives another.</summary>
    public World() => Id = TimeOrderedId.Next();

    /// <summary>One that has its id: making another, only to lose it, would cost more than all the rest.</summary>
    internal World(Guid id) => Id = id;

    /// <summary>The world's id.</summary>
    public Guid Id { get; init; }

    /// <summary>The agent that knows it; null in input: the adapter's agent.</summary>
    public Guid? AgentId { get; init; }

    /// <summary>Its name; null in input: empty.</summary>
    public string? Name { get; init; }

    /// <summary>The message server behind it; may be null.</summary>
    public Guid? MessageServerId { get; init; }

    /// <summary>Owner, roles, and anything else; may be null.</summary>
    public WorldMetadata? Metadata { get; init; }

    /// <summary>UTC, whole milliseconds; null in input: now. Kept by updates.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>A change of one world; null leaves a part as it is, <see cref="Metadata"/> is replaced whole.</summary>
/// <param name="Id">The world to change.</param>
public sealed record WorldUpdate(Guid Id)
{
    /// <summary>The new name; null: it stays. Empty text takes it away.</summary>
    public string? Name { get; init; }

    /// <summary>The new message server; null: it stays.</summary>
    public Guid? MessageServerId { get; init; }

    /// <summary>The new metadata, whole; null: it stays.</summary>
    public WorldMetadata? Metadata { get; init; }
}

/// <summary>What is known about a world: an open JSON object.</summary>
public sealed record WorldMetadata : OpenObject
{
    /// <summary>An empty one, to be filled by an object initialiser.</summary>
    public WorldMetadata()
        : base(Json.EmptyObject)
    {
    }

    /// <summary>One of the given JSON object.</summary>
    public WorldMetadata(Json json)
        : base(json)
    {
    }

    /// <summary>The entity that owns the world, at <c>ownership.ownerId</c>.</summary>
    public Guid? OwnerId
    {
        get => Json["ownership"]?.GetGuid("ownerId");
        init
        {
            var ownership = Json["ownership"] is { Kind: JsonValueKind.Object } stored ? stored : Json.EmptyObject;
            ownership = ownership.With("ownerId", value is { } id ? Json.From(id.ToString("D")) : null);
            Set("ownership", ownership == Json.EmptyObject ? null : ownership);
        }
    }

    /// <summary>Role of each entity, at <c>roles</c>: <c>OWNER</c>, <c>ADMIN</c>, <c>NONE</c>; null when absent.</summary>
    public IReadOnlyDictionary<Guid, string>? Roles
    {
        get
        {
            if (Json["roles"] is not { Kind: JsonValueKind.Object } stored) return null;
            var roles = new Dictionary<Guid, string>();
            foreach (var (key, value) in stored.Members())
            {
                if (Uuids.TryParse(key, out var entityId) && value.Kind == JsonValueKind.String)
                    roles[entityId] = stored.GetString(key)!;
            }
            return roles;
        }
        init => Set("roles", value is null ? null : Json.ObjectOf([.. value.Select(role => (role.Key.ToString("D"), Json.From(role.Value)))]));
    }
}
