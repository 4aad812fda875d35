using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// Records to and from rows: <c>Of</c> makes the row that memory holds, <c>Encode</c> the body on disk, <c>Read</c> the row of a
/// body (recovery), <c>Decode</c> the record of a body (reads). <c>RECORDS.md</c> lists the fields.
/// </summary>
internal static class Rows
{
    public static long ToMs(DateTimeOffset? time) => time!.Value.ToUnixTimeMilliseconds();

    /// <summary>The first whole millisecond not before a moment; for one within the last millisecond of time the one after all.</summary>
    public static long ToMsNotBefore(DateTimeOffset time) => ToMs(time) + (time.UtcTicks % TimeSpan.TicksPerMillisecond == 0 ? 0 : 1);

    private static Id? ToId(Guid? guid) => guid is { } present ? (Id)present : null;

    private static Guid? ToGuid(Id? id) => id is { } present ? (Guid)present : null;

    public static AgentRow Of(Agent agent) => new() { Id = agent.Id, CreatedMs = ToMs(agent.CreatedAt), Decoded = agent };

    public static byte[] Encode(Agent agent)
    {
        var writer = new RowWriter(16);
        writer.Write((Id)agent.Id);
        writer.Write(ToMs(agent.CreatedAt));
        writer.Write(ToMs(agent.UpdatedAt));
        writer.Write(agent.Enabled);
        writer.Write(agent.Name);
        writer.Write(agent.Username);
        writer.Write(agent.System);
        writer.Write(agent.Bio);
        writer.Write(agent.MessageExamples);
        writer.Write(agent.PostExamples);
        writer.Write(agent.Topics);
        writer.Write(agent.Adjectives);
        writer.Write(agent.Knowledge);
        writer.Write(agent.Plugins);
        writer.Write(agent.Settings);
        writer.Write(agent.Style);
        return writer.ToArray();
    }

    public static Agent DecodeAgent(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 16);
        var id = reader.Id();
        var createdAt = reader.Time();
        var updatedAt = reader.Time();
        var enabled = reader.Boolean();
        return new Agent(id)
        {
            CreatedAt = createdAt,
            UpdatedAt = updatedAt,
            Enabled = enabled,
            Name = reader.Text(),
            Username = reader.Text(),
            System = reader.Text(),
            Bio = reader.Json(),
            MessageExamples = reader.Json(),
            PostExamples = reader.Json(),
            Topics = reader.Json(),
            Adjectives = reader.Json(),
            Knowledge = reader.Json(),
            Plugins = reader.Json(),
            Settings = reader.Json(),
            Style = reader.Json(),
        };
    }

    public static EntityRow Of(Entity entity) => new() { Id = entity.Id, AgentId = entity.AgentId!.Value, Decoded = entity };

    public static byte[] Encode(Entity entity)
    {
        var writer = new RowWriter(5);
        writer.Write((Id)entity.Id);
        writer.Write((Id)entity.AgentId!.Value);
        writer.Write(ToMs(entity.CreatedAt));
        writer.Write(entity.Names);
        writer.Write(entity.Metadata);
        return writer.ToArray();
    }

    public static Entity DecodeEntity(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 5);
        return new Entity(reader.Id()) { AgentId = reader.Id(), CreatedAt = reader.Time(), Names = reader.Texts(), Metadata = reader.Json() };
    }

    public static ComponentRow Of(Component component) => new()
    {
        Id = component.Id,
        EntityId = component.EntityId,
        AgentId = component.AgentId!.Value,
        RoomId = component.RoomId,
        WorldId = ToId(component.WorldId),
        SourceEntityId = ToId(component.SourceEntityId),
        Type = component.Type,
        CreatedMs = ToMs(component.CreatedAt),
        Decoded = component,
    };

    public static byte[] Encode(Component component)
    {
        var writer = new RowWriter(9);
        writer.Write((Id)component.Id);
        writer.Write((Id)component.EntityId);
        writer.Write((Id)component.AgentId!.Value);
        writer.Write((Id)component.RoomId);
        writer.Write(ToId(component.WorldId));
        writer.Write(ToId(component.SourceEntityId));
        writer.Write(ToMs(component.CreatedAt));
        writer.Write(component.Type);
        writer.Write(component.Data);
        return writer.ToArray();
    }

    public static Component DecodeComponent(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 9);
        return new Component(reader.Id())
        {
            EntityId = reader.Id(),
            AgentId = reader.Id(),
            RoomId = reader.Id(),
            WorldId = ToGuid(reader.OptionalId()),
            SourceEntityId = ToGuid(reader.OptionalId()),
            CreatedAt = reader.Time(),
            Type = reader.Text(),
            Data = reader.Json(),
        };
    }

    public static MemoryRow Of(Memory memory, SharedValues shared) => new()
    {
        Id = memory.Id,
        Scope = shared.Scope(
            memory.TableName!,
            memory.AgentId!.Value,
            ToId(memory.EntityId),
            ToId(memory.RoomId),
            ToId(memory.WorldId),
            ToId(memory.Metadata!.DocumentId)),
        CreatedMs = ToMs(memory.CreatedAt),
        IsUnique = memory.Unique!.Value,
        Decoded = memory,
    };

    public static byte[] Encode(Memory memory) => Write(memory).ToArray();

    public static void Encode(Memory memory, RowBodies bodies) => bodies.Add(Write(memory).Written());

    // What indexes need comes first, so that recovery need not look at the JSON.
    private static RowWriter Write(Memory memory)
    {
        var writer = new RowWriter(11);
        writer.Write((Id)memory.Id);
        writer.Write(memory.TableName);
        writer.Write((Id)memory.AgentId!.Value);
        writer.Write(ToId(memory.EntityId));
        writer.Write(ToId(memory.RoomId));
        writer.Write(ToId(memory.WorldId));
        writer.Write(ToId(memory.Metadata!.DocumentId));
        writer.Write(ToMs(memory.CreatedAt));
        writer.Write(memory.Unique!.Value);
        writer.Write(memory.Content.Json);
        writer.Write(memory.Metadata.Json);
        return writer;
    }

    public static MemoryRow ReadMemory(ReadOnlyMemory<byte> body, SharedValues shared)
    {
        var reader = new RowReader(body, 11);
        return new MemoryRow
        {
            Id = reader.Id(),
            Scope = shared.Scope(reader.Text(), reader.Id(), reader.OptionalId(), reader.OptionalId(), reader.OptionalId(), reader.OptionalId()),
            CreatedMs = reader.TimeMs(),
            IsUnique = reader.Boolean(),
        };
    }

    public static Memory DecodeMemory(ReadOnlyMemory<byte> body, MemoryRow row)
    {
        var reader = new RowReader(body, 11);
        var id = reader.Id();
        reader.Text();
        var agentId = reader.Id();
        var entityId = reader.OptionalId();
        var roomId = reader.OptionalId();
        var worldId = reader.OptionalId();
        reader.OptionalId();
        return new Memory(id)
        {
            TableName = row.TableName,
            AgentId = agentId,
            EntityId = ToGuid(entityId),
            RoomId = ToGuid(roomId),
            WorldId = ToGuid(worldId),
            CreatedAt = reader.Time(),
            Unique = reader.Boolean(),
            Content = new Content(reader.JsonObject()),
            Metadata = new MemoryMetadata(reader.JsonObject()),
        };
    }

    public static RoomRow Of(Room room) => new()
    {
        Id = room.Id,
        AgentId = room.AgentId!.Value,
        WorldId = ToId(room.WorldId),
        CreatedMs = ToMs(room.CreatedAt),
        Decoded = room,
    };

    public static byte[] Encode(Room room)
    {
        var writer = new RowWriter(10);
        writer.Write((Id)room.Id);
        writer.Write((Id)room.AgentId!.Value);
        writer.Write(ToId(room.WorldId));
        writer.Write(ToMs(room.CreatedAt));
        writer.Write(room.Source);
        writer.Write(room.Type);
        writer.Write(room.Name);
        writer.Write(room.ChannelId);
        writer.Write(ToId(room.MessageServerId));
        writer.Write(room.Metadata);
        return writer.ToArray();
    }

    public static Room DecodeRoom(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 10);
        return new Room(reader.Id())
        {
            AgentId = reader.Id(),
            WorldId = ToGuid(reader.OptionalId()),
            CreatedAt = reader.Time(),
            Source = reader.Text(),
            Type = reader.Text(),
            Name = reader.OptionalText(),
            ChannelId = reader.OptionalText(),
            MessageServerId = ToGuid(reader.OptionalId()),
            Metadata = reader.OptionalJson(),
        };
    }

    public static WorldRow Of(World world) => new() { Id = world.Id, AgentId = world.AgentId!.Value, CreatedMs = ToMs(world.CreatedAt), Decoded = world };

    public static byte[] Encode(World world)
    {
        var writer = new RowWriter(6);
        writer.Write((Id)world.Id);
        writer.Write((Id)world.AgentId!.Value);
        writer.Write(ToMs(world.CreatedAt));
        writer.Write(world.Name);
        writer.Write(ToId(world.MessageServerId));
        writer.Write(world.Metadata?.Json);
        return writer.ToArray();
    }

    public static World DecodeWorld(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 6);
        return new World(reader.Id())
        {
            AgentId = reader.Id(),
            CreatedAt = reader.Time(),
            Name = reader.Text(),
            MessageServerId = ToGuid(reader.OptionalId()),
            Metadata = reader.OptionalJsonObject() is { } metadata ? new WorldMetadata(metadata) : null,
        };
    }

    public static byte[] Encode(ParticipantRow participant)
    {
        var writer = new RowWriter(5);
        writer.Write(participant.Id);
        writer.Write(participant.EntityId);
        writer.Write(participant.RoomId);
        writer.Write(participant.AgentId);
        writer.Write((long?)participant.State);
        return writer.ToArray();
    }

    public static ParticipantRow ReadParticipant(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 5);
        return new ParticipantRow
        {
            Id = reader.Id(),
            EntityId = reader.Id(),
            RoomId = reader.Id(),
            AgentId = reader.Id(),
            State = ReadState(reader.OptionalInt64()),
        };
    }

    private static ParticipantUserState? ReadState(long? number) => number switch
    {
        null => null,
        (long)ParticipantUserState.Followed => ParticipantUserState.Followed,
        (long)ParticipantUserState.Muted => ParticipantUserState.Muted,
        _ => throw new MessagePackSerializationException($"There is no state {number} of a participant."),
    };

    public static RelationshipRow Of(Relationship relationship) => new()
    {
        Id = relationship.Id,
        SourceId = relationship.SourceEntityId,
        TargetId = relationship.TargetEntityId,
        AgentId = relationship.AgentId!.Value,
        CreatedMs = ToMs(relationship.CreatedAt),
        Decoded = relationship,
    };

    public static byte[] Encode(Relationship relationship)
    {
        var writer = new RowWriter(7);
        writer.Write((Id)relationship.Id);
        writer.Write((Id)relationship.SourceEntityId);
        writer.Write((Id)relationship.TargetEntityId);
        writer.Write((Id)relationship.AgentId!.Value);
        writer.Write(ToMs(relationship.CreatedAt));
        writer.Write(relationship.Tags);
        writer.Write(relationship.Metadata);
        return writer.ToArray();
    }

    public static Relationship DecodeRelationship(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 7);
        return new Relationship(reader.Id())
        {
            SourceEntityId = reader.Id(),
            TargetEntityId = reader.Id(),
            AgentId = reader.Id(),
            CreatedAt = reader.Time(),
            Tags = reader.Texts(),
            Metadata = reader.Json(),
        };
    }

    public static TaskRow Of(AgentTask task) => new() { Id = task.Id, AgentId = task.AgentId!.Value, CreatedMs = ToMs(task.CreatedAt), Decoded = task };

    public static byte[] Encode(AgentTask task)
    {
        var writer = new RowWriter(11);
        writer.Write((Id)task.Id);
        writer.Write((Id)task.AgentId!.Value);
        writer.Write(ToMs(task.CreatedAt));
        writer.Write(ToMs(task.UpdatedAt));
        writer.Write(task.Name);
        writer.Write(task.Description);
        writer.Write(ToId(task.RoomId));
        writer.Write(ToId(task.WorldId));
        writer.Write(ToId(task.EntityId));
        writer.Write(task.Tags);
        writer.Write(task.Metadata!.Json);
        return writer.ToArray();
    }

    public static AgentTask DecodeTask(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 11);
        return new AgentTask(reader.Id())
        {
            AgentId = reader.Id(),
            CreatedAt = reader.Time(),
            UpdatedAt = reader.Time(),
            Name = reader.Text(),
            Description = reader.Text(),
            RoomId = ToGuid(reader.OptionalId()),
            WorldId = ToGuid(reader.OptionalId()),
            EntityId = ToGuid(reader.OptionalId()),
            Tags = reader.Texts(),
            Metadata = new TaskMetadata(reader.JsonObject()),
        };
    }

    public static LogRow Of(LogEntry entry, SharedValues shared) => new()
    {
        Id = entry.Id,
        EntityId = entry.EntityId,
        RoomId = entry.RoomId,
        Type = shared.Text(entry.Type),
        CreatedMs = ToMs(entry.CreatedAt),
        BodyBytes = entry.Body.Json.Utf8.Length,
        Decoded = entry,
    };

    public static byte[] Encode(LogEntry entry)
    {
        var writer = new RowWriter(6);
        writer.Write((Id)entry.Id);
        writer.Write((Id)entry.EntityId);
        writer.Write((Id)entry.RoomId);
        writer.Write(ToMs(entry.CreatedAt));
        writer.Write(entry.Type);
        writer.Write(entry.Body.Json);
        return writer.ToArray();
    }

    public static LogRow ReadLog(ReadOnlyMemory<byte> body, SharedValues shared)
    {
        var reader = new RowReader(body, 6);
        return new LogRow
        {
            Id = reader.Id(),
            EntityId = reader.Id(),
            RoomId = reader.Id(),
            CreatedMs = reader.TimeMs(),
            Type = shared.Text(reader.Text()),
            BodyBytes = reader.SkipBytes(),
        };
    }

    public static LogEntry DecodeLog(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 6);
        return new LogEntry(reader.Id())
        {
            EntityId = reader.Id(),
            RoomId = reader.Id(),
            CreatedAt = reader.Time(),
            Type = reader.Text(),
            Body = new LogBody(reader.JsonObject()),
        };
    }

    public static byte[] Encode(CacheRow row, Json value)
    {
        var writer = BeginCache(row);
        writer.Write(value);
        return writer.ToArray();
    }

    public static CacheRow ReadCache(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 4);
        return new CacheRow { Id = reader.Id(), Key = reader.Text(), ExpiresMs = reader.OptionalInt64() };
    }

    /// <summary>What <see cref="ReadCache"/> looks at: all but the value.</summary>
    public static ReadOnlyMemory<byte> HeadOfCache(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 4);
        reader.Id();
        reader.Text();
        reader.OptionalInt64();
        return body[..reader.Consumed];
    }

    /// <summary>The same of the row, of which memory has all that it says; until the thread encodes the next one.</summary>
    public static ReadOnlySpan<byte> HeadOf(CacheRow row) => BeginCache(row).Written();

    public static Json DecodeCache(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 4);
        reader.Id();
        reader.Text();
        reader.OptionalInt64();
        return reader.Json();
    }

    public static byte[] Encode(DimensionRow row)
    {
        var writer = new RowWriter(2);
        writer.Write(row.Id);
        writer.Write(row.Dimension);
        return writer.ToArray();
    }

    public static DimensionRow ReadDimension(ReadOnlyMemory<byte> body)
    {
        var reader = new RowReader(body, 2);
        var id = reader.Id();
        var dimension = reader.Int64();
        if (dimension is < 1 or > Limits.MaxDimension) throw new MessagePackSerializationException($"There is no vector of {dimension} dimensions.");
        return new DimensionRow { Id = id, Dimension = (int)dimension };
    }

    private static RowWriter BeginCache(CacheRow row)
    {
        var writer = new RowWriter(4);
        writer.Write(row.Id);
        writer.Write(row.Key);
        writer.Write(row.ExpiresMs);
        return writer;
    }
}
