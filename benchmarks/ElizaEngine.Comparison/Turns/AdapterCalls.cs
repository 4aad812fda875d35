using System.Text;
using System.Text.Json;

namespace ElizaEngine.Comparison.Turns;

/// <summary>
/// elizaOS' calls, made on our adapter: the same method, the same arguments, the same answer.
/// <para>
/// Ids, queries and vectors are ready before the call. What is JSON in a row (contents, metadata, log bodies, cached values) is text
/// before it, and becomes a <see cref="Json"/>, which checks it, inside: elizaOS' adapter is given objects and makes text of them
/// inside, so each side's own door is part of what is measured.
/// </para>
/// </summary>
internal static class AdapterCalls
{
    public static PreparedCall Prepare(TurnCall call)
    {
        using var parsed = JsonDocument.Parse(call.Arguments.ToJsonString());
        var arguments = parsed.RootElement.EnumerateArray().Select(argument => argument.Clone()).ToArray();
        return call.Method switch
        {
            "isReady" => Value(adapter => adapter.IsReadyAsync()),
            "getAgent" or "createAgent" or "ensureEmbeddingDimension" => AgentCall(call.Method, arguments[0]),
            "getEntitiesByIds" or "getEntitiesForRoom" or "createEntities" or "updateEntity" or "deleteEntity" or "getComponents" => EntityCall(call.Method, arguments),
            "getWorld" or "getAllWorlds" or "createWorld" or "removeWorld" => WorldCall(call.Method, arguments),
            "getRoomsByIds" or "createRooms" or "deleteRoom" => RoomCall(call.Method, arguments[0]),
            "getParticipantsForRoom" or "getRoomsForParticipants" or "getParticipantUserState" or "addParticipantsRoom" => ParticipantCall(call.Method, arguments),
            "getMemories" or "getMemoriesByRoomIds" or "getMemoryById" or "searchMemories" or "createMemory" or "updateMemory" => MemoryCall(call.Method, arguments),
            "log" => Log(arguments[0]),
            "getCache" or "setCache" or "deleteCache" => CacheCall(call.Method, arguments),
            "getTasks" => Tasks(arguments[0]),
            "getRelationships" => Relationships(arguments[0]),
            _ => throw new NotSupportedException($"{call.Method} is in no recording that was played so far"),
        };
    }

    private static PreparedCall AgentCall(string method, JsonElement argument)
    {
        switch (method)
        {
            case "getAgent":
                var id = argument.GetGuid();
                return Value(adapter => adapter.GetAgentAsync(id));
            case "createAgent":
                var agent = new Agent
                {
                    Id = argument.GetProperty("id").GetGuid(),
                    Name = Text(argument, "name")!,
                    System = Text(argument, "system"),
                    Bio = Value(argument, "bio"),
                    Topics = Value(argument, "topics"),
                    Adjectives = Value(argument, "adjectives"),
                    Style = Value(argument, "style"),
                    MessageExamples = Value(argument, "messageExamples"),
                    Settings = Value(argument, "settings"),
                };
                return Value(adapter => adapter.CreateAgentAsync(agent));
            default:
                var dimension = argument.GetInt32();
                return new PreparedAction(adapter => adapter.EnsureEmbeddingDimensionAsync(dimension));
        }
    }

    private static PreparedCall EntityCall(string method, JsonElement[] arguments)
    {
        var first = arguments[0];
        switch (method)
        {
            case "getEntitiesByIds":
                var ids = Ids(first);
                return List(adapter => adapter.GetEntitiesByIdsAsync(ids));
            case "getEntitiesForRoom":
                var (room, withComponents) = (first.GetGuid(), arguments[1].GetBoolean());
                return List(adapter => adapter.GetEntitiesForRoomAsync(room, withComponents));
            case "createEntities":
                var made = first.EnumerateArray().Select(EntityOf).ToArray();
                return List(adapter => adapter.CreateEntitiesAsync([.. made.Select(entity => entity())]), isList: false);
            case "updateEntity":
                var changed = EntityOf(first);
                return Value(adapter => adapter.UpdateEntityAsync(changed()));
            case "deleteEntity":
                var id = first.GetGuid();
                return Value(adapter => adapter.DeleteEntityAsync(id));
            default:
                var query = new ComponentQuery(first.GetGuid()) { WorldId = OptionalId(arguments, 1), SourceEntityId = OptionalId(arguments, 2) };
                return List(adapter => adapter.GetComponentsAsync(query));
        }
    }

    private static PreparedCall WorldCall(string method, JsonElement[] arguments)
    {
        switch (method)
        {
            case "getAllWorlds":
                return List(adapter => adapter.GetAllWorldsAsync());
            case "getWorld":
                var id = arguments[0].GetGuid();
                return Value(adapter => adapter.GetWorldAsync(id));
            case "removeWorld":
                var removed = arguments[0].GetGuid();
                return Value(adapter => adapter.RemoveWorldAsync(removed));
            default:
                var world = new World { Id = arguments[0].GetProperty("id").GetGuid(), Name = Text(arguments[0], "name"), MessageServerId = Id(arguments[0], "messageServerId") };
                return Value(adapter => adapter.CreateWorldAsync(world));
        }
    }

    private static PreparedCall RoomCall(string method, JsonElement argument)
    {
        switch (method)
        {
            case "getRoomsByIds":
                var ids = Ids(argument);
                return List(adapter => adapter.GetRoomsByIdsAsync(ids));
            case "createRooms":
                var rooms = argument.EnumerateArray().Select(room => new Room
                {
                    Id = room.GetProperty("id").GetGuid(),
                    Name = Text(room, "name"),
                    Source = Text(room, "source")!,
                    Type = Text(room, "type")!,
                    ChannelId = Text(room, "channelId"),
                    MessageServerId = Id(room, "messageServerId"),
                    WorldId = Id(room, "worldId"),
                }).ToArray();
                return List(adapter => adapter.CreateRoomsAsync(rooms));
            default:
                var deleted = argument.GetGuid();
                return Value(adapter => adapter.DeleteRoomAsync(deleted));
        }
    }

    private static PreparedCall ParticipantCall(string method, JsonElement[] arguments)
    {
        switch (method)
        {
            case "getParticipantsForRoom":
                var room = arguments[0].GetGuid();
                return List(adapter => adapter.GetParticipantsForRoomAsync(room));
            case "getRoomsForParticipants":
                var entities = Ids(arguments[0]);
                return List(adapter => adapter.GetRoomsForParticipantsAsync(entities));
            case "getParticipantUserState":
                var (where, who) = (arguments[0].GetGuid(), arguments[1].GetGuid());
                return Value(adapter => adapter.GetParticipantUserStateAsync(where, who));
            default:
                var (added, to) = (Ids(arguments[0]), arguments[1].GetGuid());
                return List(adapter => adapter.AddParticipantsAsync(added, to), isList: false);
        }
    }

    private static PreparedCall MemoryCall(string method, JsonElement[] arguments)
    {
        var first = arguments[0];
        switch (method)
        {
            case "getMemories":
                var query = new MemoryQuery(Text(first, "tableName")!) { RoomId = Id(first, "roomId"), Count = Integer(first, "count"), UniqueOnly = Flag(first, "unique") == true };
                return List(adapter => adapter.GetMemoriesAsync(query));
            case "getMemoriesByRoomIds":
                var (rooms, table, limit) = (Ids(first.GetProperty("roomIds")), Text(first, "tableName")!, Integer(first, "limit"));
                return List(adapter => adapter.GetMemoriesByRoomIdsAsync(rooms, table, limit));
            case "getMemoryById":
                var id = first.GetGuid();
                return Value(adapter => adapter.GetMemoryByIdAsync(id));
            case "searchMemories":
                var search = new MemorySearch(Text(first, "tableName")!, Vector(first)!.Value)
                {
                    RoomId = Id(first, "roomId"),
                    WorldId = Id(first, "worldId"),
                    EntityId = Id(first, "entityId"),
                    Count = Integer(first, "count"),
                };
                return List(adapter => adapter.SearchMemoriesAsync(search));
            case "createMemory":
                var (memory, tableName) = (MemoryOf(first), arguments[1].GetString()!);
                return Value(adapter => adapter.CreateMemoryAsync(memory(), tableName));
            default:
                if (first.TryGetProperty("content", out _) || first.TryGetProperty("metadata", out _)) throw new NotSupportedException("updateMemory of more than the vector");
                var update = new MemoryUpdate(first.GetProperty("id").GetGuid()) { Embedding = Vector(first) };
                return Value(adapter => adapter.UpdateMemoryAsync(update));
        }
    }

    private static PreparedAction Log(JsonElement argument)
    {
        var (entity, room, type, body) = (argument.GetProperty("entityId").GetGuid(), argument.GetProperty("roomId").GetGuid(), Text(argument, "type")!, Utf8(argument, "body")!);
        return new PreparedAction(adapter => adapter.LogAsync(new LogEntry { EntityId = entity, RoomId = room, Type = type, Body = new LogBody(Json.Parse(body)) }));
    }

    private static PreparedCall CacheCall(string method, JsonElement[] arguments)
    {
        var key = arguments[0].GetString()!;
        if (method == "getCache") return Value(adapter => adapter.GetCacheAsync(key));
        if (method == "deleteCache") return Value(adapter => adapter.DeleteCacheAsync(key));
        var value = Encoding.UTF8.GetBytes(arguments[1].GetRawText());
        return Value(adapter => adapter.SetCacheAsync(key, Json.Parse(value)));
    }

    private static PreparedCall Tasks(JsonElement argument)
    {
        var query = new TaskQuery { RoomId = Id(argument, "roomId"), Tags = Texts(argument, "tags") };
        return List(adapter => adapter.GetTasksAsync(query));
    }

    private static PreparedCall Relationships(JsonElement argument)
    {
        var query = new RelationshipQuery { EntityId = Id(argument, "entityId"), Tags = Texts(argument, "tags") };
        return List(adapter => adapter.GetRelationshipsAsync(query));
    }

    private static Func<Entity> EntityOf(JsonElement entity)
    {
        var (id, names, metadata) = (entity.GetProperty("id").GetGuid(), Texts(entity, "names")!, Utf8(entity, "metadata"));
        return () => new Entity { Id = id, Names = names, Metadata = metadata is null ? null : Json.Parse(metadata) };
    }

    private static Func<Memory> MemoryOf(JsonElement memory)
    {
        var (content, metadata) = (Utf8(memory, "content")!, Utf8(memory, "metadata"));
        var rest = new Memory
        {
            Id = memory.GetProperty("id").GetGuid(),
            EntityId = Id(memory, "entityId"),
            RoomId = Id(memory, "roomId"),
            WorldId = Id(memory, "worldId"),
            AgentId = Id(memory, "agentId"),
            CreatedAt = memory.TryGetProperty("createdAt", out var time) ? DateTimeOffset.FromUnixTimeMilliseconds(time.GetInt64()) : null,
            Unique = Flag(memory, "unique"),
            Embedding = Vector(memory),
        };
        return () => rest with { Content = new Content(Json.Parse(content)), Metadata = metadata is null ? null : new MemoryMetadata(Json.Parse(metadata)) };
    }

    private static PreparedCall<T> Value<T>(Func<IDatabaseAdapter, Task<T>> begin) => new(begin, _ => null);

    // elizaOS answers some creates with true, where we give a list.
    private static PreparedCall<IReadOnlyList<T>> List<T>(Func<IDatabaseAdapter, Task<IReadOnlyList<T>>> begin, bool isList = true) =>
        new(begin, rows => isList ? rows.Count : null);

    private static Guid[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetGuid())];

    private static Guid? OptionalId(JsonElement[] arguments, int place) =>
        arguments.Length > place && arguments[place].ValueKind == JsonValueKind.String ? arguments[place].GetGuid() : null;

    private static Guid? Id(JsonElement of, string key) => of.TryGetProperty(key, out var id) && id.ValueKind == JsonValueKind.String ? id.GetGuid() : null;

    private static int? Integer(JsonElement of, string key) => of.TryGetProperty(key, out var number) ? number.GetInt32() : null;

    private static bool? Flag(JsonElement of, string key) => of.TryGetProperty(key, out var flag) && flag.ValueKind != JsonValueKind.Null ? flag.GetBoolean() : null;

    private static string? Text(JsonElement of, string key) => of.TryGetProperty(key, out var text) ? text.GetString() : null;

    private static string[]? Texts(JsonElement of, string key) => of.TryGetProperty(key, out var texts) ? [.. texts.EnumerateArray().Select(text => text.GetString()!)] : null;

    private static Json? Value(JsonElement of, string key) => Utf8(of, key) is { } text ? Json.Parse(text) : null;

    private static byte[]? Utf8(JsonElement of, string key) => of.TryGetProperty(key, out var value) ? Encoding.UTF8.GetBytes(value.GetRawText()) : null;

    private static ReadOnlyMemory<float>? Vector(JsonElement of) =>
        of.TryGetProperty("embedding", out var vector) ? vector.EnumerateArray().Select(component => component.GetSingle()).ToArray() : default(ReadOnlyMemory<float>?);
}
