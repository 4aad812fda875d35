using System.Text.Json;
using Npgsql;
using Pgvector;

namespace ElizaEngine.Postgres;

/// <summary>
/// Records as rows of elizaOS' tables: for each the columns, in one order, and how a row of them is read. elizaOS leaves more null
/// than the contract knows; here such a null gets the contract's default.
/// </summary>
internal static class Rows
{
    public const string AgentColumns =
        "id, enabled, created_at, updated_at, name, username, system, bio, message_examples, post_examples, topics, adjectives, knowledge, plugins, settings, style";

    public const string EntityColumns = "id, agent_id, created_at, names, metadata";

    public const string ComponentColumns = "id, entity_id, agent_id, room_id, world_id, source_entity_id, type, data, created_at";

    public const string RelationshipColumns = "id, created_at, source_entity_id, target_entity_id, agent_id, tags, metadata";

    public const string WorldColumns = "id, agent_id, name, metadata, message_server_id, created_at";

    public const string RoomColumns = "id, agent_id, source, type, message_server_id, world_id, name, metadata, channel_id, created_at";

    public const string TaskColumns = "id, name, description, room_id, world_id, entity_id, agent_id, tags, metadata, created_at, updated_at";

    public const string LogColumns = "id, created_at, entity_id, body, type, room_id";

    /// <summary>Where <see cref="LogColumns"/> has <c>created_at</c>.</summary>
    public const int LogCreatedAt = 1;

    public const string MemoryColumns = """m.id, m.type, m.created_at, m.content, m.entity_id, m.agent_id, m.room_id, m.world_id, m."unique", m.metadata""";

    /// <summary>Where <see cref="MemoryColumns"/> has <c>created_at</c>.</summary>
    public const int MemoryCreatedAt = 2;

    /// <summary>Where columns after <see cref="MemoryColumns"/> begin.</summary>
    public const int AfterMemory = 10;

    public static Agent Agent(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        Enabled = row.GetBoolean(1),
        CreatedAt = Time(row, 2),
        UpdatedAt = Time(row, 3),
        Name = row.GetString(4),
        Username = TextOrNull(row, 5) ?? "",
        System = TextOrNull(row, 6) ?? "",
        Bio = JsonOrNull(row, 7) ?? Json.EmptyArray,
        MessageExamples = JsonOrNull(row, 8),
        PostExamples = JsonOrNull(row, 9),
        Topics = JsonOrNull(row, 10),
        Adjectives = JsonOrNull(row, 11),
        Knowledge = JsonOrNull(row, 12),
        Plugins = JsonOrNull(row, 13),
        Settings = ObjectOrNull(row, 14),
        Style = ObjectOrNull(row, 15),
    };

    public static Entity Entity(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        AgentId = row.GetGuid(1),
        CreatedAt = Time(row, 2),
        Names = Texts(row, 3),
        Metadata = ObjectOrNull(row, 4) ?? Json.EmptyObject,
    };

    public static Component Component(NpgsqlDataReader row) => Component(row, 0);

    public static Component Component(NpgsqlDataReader row, int first) => new(row.GetGuid(first))
    {
        EntityId = row.GetGuid(first + 1),
        AgentId = row.GetGuid(first + 2),
        RoomId = row.GetGuid(first + 3),
        WorldId = IdOrNull(row, first + 4),
        SourceEntityId = IdOrNull(row, first + 5),
        Type = row.GetString(first + 6),
        Data = ObjectOrNull(row, first + 7) ?? Json.EmptyObject,
        CreatedAt = Time(row, first + 8),
    };

    public static Relationship Relationship(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        CreatedAt = Time(row, 1),
        SourceEntityId = row.GetGuid(2),
        TargetEntityId = row.GetGuid(3),
        AgentId = row.GetGuid(4),
        Tags = Texts(row, 5),
        Metadata = ObjectOrNull(row, 6) ?? Json.EmptyObject,
    };

    public static World World(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        AgentId = row.GetGuid(1),
        Name = row.GetString(2),
        Metadata = ObjectOrNull(row, 3) is { Kind: JsonValueKind.Object } metadata ? new WorldMetadata(metadata) : null,
        MessageServerId = IdOrNull(row, 4),
        CreatedAt = Time(row, 5),
    };

    public static Room Room(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        AgentId = IdOrNull(row, 1),
        Source = row.GetString(2),
        Type = row.GetString(3),
        MessageServerId = IdOrNull(row, 4),
        WorldId = IdOrNull(row, 5),
        Name = TextOrNull(row, 6),
        Metadata = ObjectOrNull(row, 7),
        ChannelId = TextOrNull(row, 8),
        CreatedAt = Time(row, 9),
    };

    public static AgentTask Task(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        Name = row.GetString(1),
        Description = TextOrNull(row, 2) ?? "",
        RoomId = IdOrNull(row, 3),
        WorldId = IdOrNull(row, 4),
        EntityId = IdOrNull(row, 5),
        AgentId = row.GetGuid(6),
        Tags = Texts(row, 7),
        Metadata = ObjectOrNull(row, 8) is { Kind: JsonValueKind.Object } metadata ? new TaskMetadata(metadata) : new TaskMetadata(),
        CreatedAt = row.IsDBNull(9) ? DateTimeOffset.UnixEpoch : Time(row, 9),
        UpdatedAt = row.IsDBNull(10) ? DateTimeOffset.UnixEpoch : Time(row, 10),
    };

    public static LogEntry Log(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        CreatedAt = Time(row, 1),
        EntityId = row.GetGuid(2),
        Body = ObjectOrNull(row, 3) is { Kind: JsonValueKind.Object } body ? new LogBody(body) : new LogBody(),
        Type = row.GetString(4),
        RoomId = row.GetGuid(5),
    };

    /// <summary>A memory without its embedding.</summary>
    public static Memory Memory(NpgsqlDataReader row) => new(row.GetGuid(0))
    {
        TableName = row.GetString(1),
        CreatedAt = Time(row, 2),
        Content = ObjectOrNull(row, 3) is { Kind: JsonValueKind.Object } content ? new Content(content) : new Content(),
        EntityId = IdOrNull(row, 4),
        AgentId = row.GetGuid(5),
        RoomId = IdOrNull(row, 6),
        WorldId = IdOrNull(row, 7),
        Unique = row.GetBoolean(8),
        Metadata = ObjectOrNull(row, 9) is { Kind: JsonValueKind.Object } metadata ? new MemoryMetadata(metadata) : new MemoryMetadata(),
    };

    /// <summary>A memory followed by its vector.</summary>
    public static Memory MemoryWithVector(NpgsqlDataReader row) => Memory(row) with { Embedding = Vector(row, AfterMemory) };

    /// <summary>A vector; null for none, and for all zeros, which elizaOS stores for "none".</summary>
    public static ReadOnlyMemory<float>? Vector(NpgsqlDataReader row, int column)
    {
        if (row.IsDBNull(column)) return null;
        var vector = row.GetFieldValue<Vector>(column).Memory;
        return vector.Span.IndexOfAnyExcept(0f) < 0 ? (ReadOnlyMemory<float>?)null : vector;
    }

    public static DateTimeOffset Time(NpgsqlDataReader row, int column) => Door.Time(ExactTime(row, column));

    /// <summary>A time as the server has it, to the microsecond.</summary>
    public static DateTimeOffset ExactTime(NpgsqlDataReader row, int column) => new(DateTime.SpecifyKind(row.GetDateTime(column), DateTimeKind.Utc));

    public static Guid? IdOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);

    public static string? TextOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>JSON of a jsonb column: valid, without duplicate keys and U+0000, by its type.</summary>
    public static Json? JsonOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : Json.FromTrusted(row.GetFieldValue<byte[]>(column));

    // Where an object is meant. One that was encoded twice lies there as a string: elizaOS reads what is in that, and so do we.
    private static Json? ObjectOrNull(NpgsqlDataReader row, int column)
    {
        var json = JsonOrNull(row, column);
        if (json is not { Kind: JsonValueKind.String }) return json;
        try
        {
            return Json.Parse(json.ToElement().GetString()!) is { Kind: JsonValueKind.Object } inside ? inside : json;
        }
        catch (InvalidInputException)
        {
            // A text.
            return json;
        }
    }

    private static string[] Texts(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? [] : [.. row.GetFieldValue<string?[]>(column).Select(text => text ?? "")];
}
