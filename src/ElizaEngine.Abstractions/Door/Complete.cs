using System.Text;

namespace ElizaEngine;

/// <summary>
/// Records as they are to be stored: every default filled in, text clean, times in whole milliseconds, lists the caller's no
/// more, size checked. The one place that says what null means in a row; how many rows null means stands in <see cref="Limits"/>. What has the
/// name of many takes a list, as a call gives it.
/// </summary>
internal static class Complete
{
    public static Agent[] Agents(IReadOnlyList<Agent> agents, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(agents, nameof(agents)), agent => Agent(agent, now));

    public static Agent Agent(Agent agent, DateTimeOffset now)
    {
        var complete = agent with
        {
            Name = Door.Required(agent.Name, "name"),
            Username = CleanText.NormalizeOrNull(agent.Username) ?? "",
            System = CleanText.NormalizeOrNull(agent.System) ?? "",
            Bio = agent.Bio ?? Json.EmptyArray,
            MessageExamples = agent.MessageExamples ?? Json.EmptyArray,
            PostExamples = agent.PostExamples ?? Json.EmptyArray,
            Topics = agent.Topics ?? Json.EmptyArray,
            Adjectives = agent.Adjectives ?? Json.EmptyArray,
            Knowledge = agent.Knowledge ?? Json.EmptyArray,
            Plugins = agent.Plugins ?? Json.EmptyArray,
            Settings = Door.Object(agent.Settings, "settings"),
            Style = Door.Object(agent.Style, "style"),
            CreatedAt = Door.Time(agent.CreatedAt ?? now),
            UpdatedAt = Door.Time(agent.UpdatedAt ?? now),
        };
        Door.RowSize(Size(complete.Name) + Size(complete.Username) + Size(complete.System) + Size(complete.Bio) + Size(complete.MessageExamples)
            + Size(complete.PostExamples) + Size(complete.Topics) + Size(complete.Adjectives) + Size(complete.Knowledge)
            + Size(complete.Plugins) + Size(complete.Settings) + Size(complete.Style));
        return complete;
    }

    /// <summary>The change itself, its values and their size checked: also when there is no row to change.</summary>
    public static AgentUpdate Check(AgentUpdate update)
    {
        // One that was read from elizaOS' rows can be too deep to be merged.
        JsonNormalizer.CheckDepth(Door.Object(update.Settings, "settings").Utf8.Span, Limits.MaxJsonDepth);
        Door.Object(update.Style, "style");
        Door.RowSize(Size(update.Name) + Size(update.Username) + Size(update.System) + Size(update.Bio) + Size(update.MessageExamples)
            + Size(update.PostExamples) + Size(update.Topics) + Size(update.Adjectives) + Size(update.Knowledge) + Size(update.Plugins)
            + Size(update.Settings) + Size(update.Style));
        return update;
    }

    /// <inheritdoc cref="Check(AgentUpdate)"/>
    public static ComponentUpdate Check(ComponentUpdate update)
    {
        Door.Object(update.Data, "data");
        Door.RowSize(Size(update.Type) + Size(update.Data));
        return update;
    }

    /// <inheritdoc cref="Check(AgentUpdate)"/>
    public static RoomUpdate Check(RoomUpdate update)
    {
        Door.Object(update.Metadata, "metadata");
        Door.RowSize(Size(update.Name) + Size(update.Source) + Size(update.Type) + Size(update.ChannelId) + Size(update.Metadata));
        return update;
    }

    /// <inheritdoc cref="Check(AgentUpdate)"/>
    public static RelationshipUpdate Check(RelationshipUpdate update)
    {
        var complete = update with { Tags = Door.Texts(update.Tags, "tags"), Metadata = Door.Object(update.Metadata, "metadata") };
        Door.RowSize(complete.Tags.Sum(Size) + Size(complete.Metadata));
        return complete;
    }

    /// <inheritdoc cref="Check(AgentUpdate)"/>
    public static AgentTaskUpdate Check(AgentTaskUpdate update)
    {
        var complete = update with { Tags = Door.TextsOrNull(update.Tags, "tags") };
        Door.RowSize(Size(complete.Name) + Size(complete.Description) + (complete.Tags?.Sum(Size) ?? 0) + Size(complete.Metadata?.Json));
        return complete;
    }

    /// <inheritdoc cref="Check(AgentUpdate)"/>
    public static WorldUpdate Check(WorldUpdate update)
    {
        Door.RowSize(Size(update.Name) + Size(update.Metadata?.Json));
        return update;
    }

    /// <inheritdoc cref="Check(AgentUpdate)"/>
    public static MemoryUpdate Check(MemoryUpdate update)
    {
        if (update.Metadata is not null) Metadata(update.Metadata);
        Door.RowSize(Size(update.Content?.Json) + Size(update.Metadata?.Json));
        return update;
    }

    /// <summary>The stored agent with a change applied.</summary>
    public static Agent Agent(Agent stored, AgentUpdate update, DateTimeOffset now) => Agent(
        stored with
        {
            Name = update.Name ?? stored.Name,
            Enabled = update.Enabled ?? stored.Enabled,
            Username = update.Username ?? stored.Username,
            System = update.System ?? stored.System,
            Bio = update.Bio ?? stored.Bio,
            MessageExamples = update.MessageExamples ?? stored.MessageExamples,
            PostExamples = update.PostExamples ?? stored.PostExamples,
            Topics = update.Topics ?? stored.Topics,
            Adjectives = update.Adjectives ?? stored.Adjectives,
            Knowledge = update.Knowledge ?? stored.Knowledge,
            Plugins = update.Plugins ?? stored.Plugins,
            Settings = update.Settings is null ? stored.Settings : SettingsMerge.Merge(stored.Settings!, Door.Object(update.Settings, "settings")),
            Style = update.Style ?? stored.Style,
            UpdatedAt = update.UpdatedAt ?? now,
        },
        now);

    public static Entity[] Entities(IReadOnlyList<Entity> entities, Guid agentId, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(entities, nameof(entities)), entity => Entity(entity, agentId, now));

    public static Entity Entity(Entity entity, Guid agentId, DateTimeOffset now)
    {
        var complete = entity with
        {
            AgentId = entity.AgentId ?? agentId,
            Names = Door.Texts(entity.Names, "names"),
            Metadata = Door.Object(entity.Metadata, "metadata"),
            CreatedAt = Door.Time(entity.CreatedAt ?? now),
            Components = null,
        };
        Door.RowSize(complete.Names.Sum(Size) + Size(complete.Metadata));
        return complete;
    }

    public static Component[] Components(IReadOnlyList<Component> components, Guid agentId, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(components, nameof(components)), component => Component(component, agentId, now));

    public static Component Component(Component component, Guid agentId, DateTimeOffset now)
    {
        var complete = component with
        {
            AgentId = component.AgentId ?? agentId,
            Type = Door.Required(component.Type, "type"),
            Data = Door.Object(component.Data, "data"),
            CreatedAt = Door.Time(component.CreatedAt ?? now),
        };
        Door.RowSize(Size(complete.Type) + Size(complete.Data));
        return complete;
    }

    /// <summary>The stored component with a change applied.</summary>
    public static Component Component(Component stored, ComponentUpdate update) => Component(
        stored with
        {
            EntityId = update.EntityId ?? stored.EntityId,
            RoomId = update.RoomId ?? stored.RoomId,
            WorldId = update.WorldId ?? stored.WorldId,
            SourceEntityId = update.SourceEntityId ?? stored.SourceEntityId,
            Type = update.Type ?? stored.Type,
            Data = update.Data ?? stored.Data,
        },
        stored.AgentId!.Value,
        stored.CreatedAt!.Value);

    /// <summary>
    /// A memory without its embedding, which is validated and stored apart (<see cref="Door.Embedding"/>).
    /// <see cref="ElizaEngine.Memory.Unique"/> stays null when it is still to be decided.
    /// </summary>
    public static Memory Memory(Memory memory, string tableName, Guid agentId, DateTimeOffset now)
    {
        if (memory.Content is null) throw new InvalidInputException("content", null, "a content");
        var complete = memory with
        {
            AgentId = memory.AgentId ?? agentId,
            TableName = tableName,
            Metadata = Metadata(memory.Metadata ?? new MemoryMetadata()),
            CreatedAt = Door.Time(memory.CreatedAt ?? now),
            Embedding = null,
            Similarity = null,
        };
        Door.RowSize(Size(complete.Content.Json) + Size(complete.Metadata.Json));
        return complete;
    }

    /// <summary>The stored memory with new content or metadata, its embedding left out.</summary>
    public static Memory Memory(Memory stored, MemoryUpdate update)
    {
        var complete = stored with
        {
            Content = update.Content ?? stored.Content,
            Metadata = update.Metadata is null ? stored.Metadata : Metadata(update.Metadata),
        };
        Door.RowSize(Size(complete.Content.Json) + Size(complete.Metadata!.Json));
        return complete;
    }

    public static Relationship[] Relationships(IReadOnlyList<Relationship> relationships, Guid agentId, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(relationships, nameof(relationships)), relationship => Relationship(relationship, agentId, now));

    public static Relationship Relationship(Relationship relationship, Guid agentId, DateTimeOffset now)
    {
        var complete = relationship with
        {
            AgentId = agentId,
            Tags = Door.Texts(relationship.Tags, "tags"),
            Metadata = Door.Object(relationship.Metadata, "metadata"),
            CreatedAt = Door.Time(relationship.CreatedAt ?? now),
        };
        Door.RowSize(complete.Tags.Sum(Size) + Size(complete.Metadata));
        return complete;
    }

    public static World[] Worlds(IReadOnlyList<World> worlds, Guid agentId, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(worlds, nameof(worlds)), world => World(world, agentId, now));

    public static World World(World world, Guid agentId, DateTimeOffset now)
    {
        var complete = world with
        {
            AgentId = world.AgentId ?? agentId,
            Name = CleanText.NormalizeOrNull(world.Name) ?? "",
            CreatedAt = Door.Time(world.CreatedAt ?? now),
        };
        Door.RowSize(Size(complete.Name) + Size(complete.Metadata?.Json));
        return complete;
    }

    /// <summary>The stored world with a change applied.</summary>
    public static World World(World stored, WorldUpdate update) => World(
        stored with
        {
            Name = update.Name ?? stored.Name,
            MessageServerId = update.MessageServerId ?? stored.MessageServerId,
            Metadata = update.Metadata ?? stored.Metadata,
        },
        stored.AgentId!.Value,
        stored.CreatedAt!.Value);

    public static Room[] Rooms(IReadOnlyList<Room> rooms, Guid agentId, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(rooms, nameof(rooms)), room => Room(room, agentId, now));

    public static Room Room(Room room, Guid agentId, DateTimeOffset now)
    {
        var complete = room with
        {
            AgentId = agentId,
            Name = CleanText.NormalizeOrNull(room.Name),
            Source = Door.Required(room.Source, "source"),
            Type = Door.Required(room.Type, "type"),
            ChannelId = CleanText.NormalizeOrNull(room.ChannelId),
            Metadata = room.Metadata is null ? null : Door.Object(room.Metadata, "metadata"),
            CreatedAt = Door.Time(room.CreatedAt ?? now),
        };
        Door.RowSize(Size(complete.Name) + Size(complete.Source) + Size(complete.Type) + Size(complete.ChannelId) + Size(complete.Metadata));
        return complete;
    }

    /// <summary>The stored room with a change applied; it becomes the agent's.</summary>
    public static Room Room(Room stored, RoomUpdate update, Guid agentId) => Room(
        stored with
        {
            Name = update.Name ?? stored.Name,
            Source = update.Source ?? stored.Source,
            Type = update.Type ?? stored.Type,
            ChannelId = update.ChannelId ?? stored.ChannelId,
            MessageServerId = update.MessageServerId ?? stored.MessageServerId,
            WorldId = update.WorldId ?? stored.WorldId,
            Metadata = update.Metadata ?? stored.Metadata,
        },
        agentId,
        stored.CreatedAt!.Value);

    public static AgentTask[] Tasks(IReadOnlyList<AgentTask> tasks, Guid agentId, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(tasks, nameof(tasks)), task => Task(task, agentId, now));

    public static AgentTask Task(AgentTask task, Guid agentId, DateTimeOffset now)
    {
        if (task.WorldId is null) throw new InvalidInputException("worldId", null, "the id of the task's world");
        var complete = task with
        {
            AgentId = agentId,
            Name = Door.Required(task.Name, "name"),
            Description = CleanText.NormalizeOrNull(task.Description) ?? "",
            Tags = Door.Texts(task.Tags, "tags"),
            Metadata = task.Metadata ?? new TaskMetadata(),
            CreatedAt = Door.Time(task.CreatedAt ?? now),
            UpdatedAt = Door.Time(task.UpdatedAt ?? now),
        };
        Door.RowSize(Size(complete.Name) + Size(complete.Description) + complete.Tags.Sum(Size) + Size(complete.Metadata.Json));
        return complete;
    }

    /// <summary>The stored task with a change applied.</summary>
    public static AgentTask Task(AgentTask stored, AgentTaskUpdate update, DateTimeOffset now) => Task(
        stored with
        {
            Name = update.Name ?? stored.Name,
            Description = update.Description ?? stored.Description,
            RoomId = update.RoomId ?? stored.RoomId,
            WorldId = update.WorldId ?? stored.WorldId,
            Tags = update.Tags ?? stored.Tags,
            Metadata = update.Metadata ?? stored.Metadata,
            UpdatedAt = now,
        },
        stored.AgentId!.Value,
        now);

    public static LogEntry[] Logs(IReadOnlyList<LogEntry> entries, DateTimeOffset now) =>
        Array.ConvertAll(Door.List(entries, nameof(entries)), entry => Log(entry, now));

    public static LogEntry Log(LogEntry entry, DateTimeOffset now)
    {
        if (entry.Body is null) throw new InvalidInputException("body", null, "a log body");
        var complete = entry with { Type = Door.Required(entry.Type, "type"), CreatedAt = Door.Time(entry.CreatedAt ?? now) };
        Door.RowSize(Size(complete.Type) + Size(complete.Body.Json));
        return complete;
    }

    public static CacheEntry Cache(CacheEntry entry)
    {
        if (entry.Value is null || entry.Value.IsNull) throw new InvalidInputException("value", "null", "any JSON value but null");
        if (entry.TimeToLive <= TimeSpan.Zero) throw new InvalidInputException("timeToLive", entry.TimeToLive, "more than zero");
        Door.RowSize(Size(entry.Value));
        return entry with { Key = Door.CacheKey(entry.Key) };
    }

    // PostgreSQL's checks in elizaOS' schema.
    private static MemoryMetadata Metadata(MemoryMetadata metadata)
    {
        var json = metadata.Json;
        switch (json.GetString("type"))
        {
            case MemoryTypes.Fragment when json["documentId"] is null || json["position"] is null:
                throw new InvalidInputException("metadata", json.ToString(), "with documentId and position, as its type is fragment");
            case MemoryTypes.Document when json["timestamp"] is null:
                throw new InvalidInputException("metadata", json.ToString(), "with a timestamp, as its type is document");
            default:
                return metadata;
        }
    }

    private static long Size(string? text) => text is null ? 0 : Encoding.UTF8.GetByteCount(text);

    private static long Size(Json? json) => json?.Utf8.Length ?? 0;
}
