namespace ElizaEngine.Local.Tests.Codecs;

/// <summary>Records of every kind, complete as the door leaves them: ordinary ones, and ones at the edges of what is allowed.</summary>
internal static class Samples
{
    public const string Unicode = "na\u00efve \u6771\u4eac \ud83d\udc69\u200d\ud83d\udcbb e\u0301 \u202e \ufffd \u0001 \"\\/";

    private static readonly Json s_object = Json.Parse("""{"text":"\u6771","n":[1,-2.5e3,null,true],"o":{"":{}}}""");
    private static readonly string[] s_words = ["tea", "coffee", "at four", "remembers", "the garden", "never", "a letter", "Ada", "tomorrow", "because", "blue"];
    private static readonly DateTimeOffset s_time = DateTimeOffset.FromUnixTimeMilliseconds(1_767_323_045_678);

    public static Guid Guid(byte number) => new([number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    public static IEnumerable<Agent> Agents()
    {
        foreach (var (text, json, time) in Edges())
        {
            yield return new Agent
            {
                Id = Guid(1),
                CreatedAt = time,
                UpdatedAt = s_time,
                Enabled = text.Length > 3,
                Name = text,
                Username = text + "1",
                System = text + "2",
                Bio = Json.From(text),
                MessageExamples = Json.EmptyArray,
                PostExamples = Json.From(["a", text]),
                Topics = Json.From(1),
                Adjectives = Json.From(["b"]),
                Knowledge = Json.From(["c"]),
                Plugins = Json.From(["d"]),
                Settings = json,
                Style = json.With("style", Json.Null),
            };
        }
    }

    public static IEnumerable<Entity> Entities()
    {
        foreach (var (text, json, time) in Edges())
            yield return new Entity { Id = Guid(1), AgentId = Guid(2), CreatedAt = time, Names = [text, "", text], Metadata = json };
        yield return new Entity { Id = default, AgentId = Guid(2), CreatedAt = s_time, Names = [], Metadata = Json.EmptyObject };
        yield return new Entity
        {
            Id = Guid(1),
            AgentId = Guid(2),
            CreatedAt = s_time,
            Names = [.. Enumerable.Range(0, 70_000).Select(i => $"{i}")],
            Metadata = Json.EmptyObject,
        };
    }

    public static IEnumerable<Component> Components()
    {
        foreach (var (text, json, time) in Edges())
        {
            var component = new Component { Id = Guid(1), EntityId = Guid(2), AgentId = Guid(3), RoomId = Guid(4), Type = text, Data = json, CreatedAt = time };
            yield return component;
            yield return component with { WorldId = Guid(5) };
            yield return component with { SourceEntityId = Guid(6) };
        }
    }

    public static IEnumerable<Memory> Memories()
    {
        foreach (var (text, json, time) in Edges())
        {
            var memory = new Memory
            {
                Id = Guid(1),
                AgentId = Guid(2),
                TableName = text.Length is > 0 and < 200 ? text : "messages",
                CreatedAt = time,
                Content = new Content(json) { Text = text },
                Metadata = new MemoryMetadata(),
                Unique = true,
            };
            yield return memory;
            yield return memory with { EntityId = Guid(3), Unique = false };
            yield return memory with { RoomId = Guid(4), WorldId = Guid(5) };
            yield return memory with { WorldId = Guid(5), Metadata = new MemoryMetadata(json) { Type = "fragment", DocumentId = Guid(6), Position = 7 } };
        }
    }

    public static IEnumerable<Room> Rooms()
    {
        foreach (var (text, json, time) in Edges())
        {
            var room = new Room { Id = Guid(1), AgentId = Guid(2), CreatedAt = time, Source = text, Type = text + "t" };
            yield return room;
            yield return room with { WorldId = Guid(3), Name = text, Metadata = json };
            yield return room with { ChannelId = text, MessageServerId = Guid(4) };
        }
    }

    public static IEnumerable<World> Worlds()
    {
        foreach (var (text, json, time) in Edges())
        {
            var world = new World { Id = Guid(1), AgentId = Guid(2), CreatedAt = time, Name = text };
            yield return world;
            yield return world with { MessageServerId = Guid(3), Metadata = new WorldMetadata(json) };
        }
    }

    public static IEnumerable<Relationship> Relationships()
    {
        foreach (var (text, json, time) in Edges())
        {
            yield return new Relationship
            {
                Id = Guid(1),
                SourceEntityId = Guid(2),
                TargetEntityId = Guid(3),
                AgentId = Guid(4),
                CreatedAt = time,
                Tags = [text, ""],
                Metadata = json,
            };
        }
    }

    public static IEnumerable<AgentTask> Tasks()
    {
        foreach (var (text, json, time) in Edges())
        {
            var task = new AgentTask
            {
                Id = Guid(1),
                AgentId = Guid(2),
                CreatedAt = time,
                UpdatedAt = s_time,
                Name = text,
                Description = text + "d",
                Tags = [text],
                Metadata = new TaskMetadata(json),
            };
            yield return task;
            yield return task with { RoomId = Guid(3), Tags = [] };
            yield return task with { WorldId = Guid(4), EntityId = Guid(5) };
        }
    }

    public static IEnumerable<LogEntry> Logs()
    {
        foreach (var (text, json, time) in Edges())
            yield return new LogEntry { Id = Guid(1), EntityId = Guid(2), RoomId = Guid(3), CreatedAt = time, Type = text, Body = new LogBody(json) };
        yield return new LogEntry { Id = Guid(1), EntityId = Guid(2), RoomId = Guid(3), CreatedAt = s_time, Type = "useModel:TEXT_LARGE", Body = Prompt(1_500) };
    }

    /// <summary>The body of a log entry that compaction compresses: words, some of them again and again.</summary>
    public static LogBody Prompt(int length)
    {
        var text = new System.Text.StringBuilder();
        for (var i = 0; text.Length < length; i++) text.Append($"line {i}: {s_words[i * 7 % s_words.Length]} {s_words[i * i % s_words.Length]} \u6771\n");
        return new LogBody { ["prompt"] = Json.From(text.ToString(0, length)) };
    }

    public static IEnumerable<(CacheRow Row, Json Value)> CacheEntries()
    {
        foreach (var (text, json, time) in Edges())
        {
            yield return (new CacheRow { Id = Guid(1), Key = text, ExpiresMs = null }, json);
            yield return (new CacheRow { Id = Guid(1), Key = text, ExpiresMs = time.ToUnixTimeMilliseconds() }, Json.From(text));
        }
    }

    public static IEnumerable<ParticipantRow> Participants()
    {
        foreach (var state in new ParticipantUserState?[] { null, ParticipantUserState.Followed, ParticipantUserState.Muted })
            yield return new ParticipantRow { Id = Guid(1), EntityId = Guid(2), RoomId = Guid(3), AgentId = Guid(4), State = state };
    }

    public static IEnumerable<DimensionRow> Dimensions()
    {
        yield return new DimensionRow { Id = Guid(1), Dimension = 1 };
        yield return new DimensionRow { Id = new Guid("ffffffff-ffff-ffff-ffff-ffffffffffff"), Dimension = Limits.MaxDimension };
    }

    /// <summary>The body of every sample but the huge ones, with the kind of its record and a full decoding of it.</summary>
    public static IEnumerable<(byte Kind, byte[] Body, Action<byte[]> Decode)> Bodies()
    {
        foreach (var item in Agents()) yield return ((byte)Table.Agents, Local.Rows.Encode(item), body => Local.Rows.DecodeAgent(body));
        foreach (var item in Entities()) yield return ((byte)Table.Entities, Local.Rows.Encode(item), body => Local.Rows.DecodeEntity(body));
        foreach (var item in Components()) yield return ((byte)Table.Components, Local.Rows.Encode(item), body => Local.Rows.DecodeComponent(body));
        var shared = new SharedValues();
        foreach (var item in Memories())
        {
            var row = Local.Rows.Of(item, shared);
            yield return ((byte)Table.Memories, Local.Rows.Encode(item), body => Local.Rows.DecodeMemory(body, row));
        }
        foreach (var item in Rooms()) yield return ((byte)Table.Rooms, Local.Rows.Encode(item), body => Local.Rows.DecodeRoom(body));
        foreach (var item in Worlds()) yield return ((byte)Table.Worlds, Local.Rows.Encode(item), body => Local.Rows.DecodeWorld(body));
        foreach (var item in Participants()) yield return ((byte)Table.Participants, Local.Rows.Encode(item), body => Local.Rows.ReadParticipant(body));
        foreach (var item in Relationships()) yield return ((byte)Table.Relationships, Local.Rows.Encode(item), body => Local.Rows.DecodeRelationship(body));
        foreach (var item in Tasks()) yield return ((byte)Table.Tasks, Local.Rows.Encode(item), body => Local.Rows.DecodeTask(body));
        foreach (var item in Logs()) yield return ((byte)Table.Logs, Local.Rows.Encode(item), body => Local.Rows.DecodeLog(body));
        foreach (var item in Logs())
        {
            if (PackedLog.TryPack(Local.Rows.Encode(item)) is { } packed) yield return (Effect.PackedLogKind, packed, body => PackedLog.Decode(body));
        }
        foreach (var (row, value) in CacheEntries()) yield return ((byte)Table.Cache, Local.Rows.Encode(row, value), body => Local.Rows.DecodeCache(body));
        foreach (var item in Dimensions()) yield return ((byte)Table.Dimensions, Local.Rows.Encode(item), body => Local.Rows.ReadDimension(body));
    }

    // Empty, ordinary, hard, the lengths at which MessagePack changes its headers, huge; the first and the last moment there is.
    private static IEnumerable<(string Text, Json Json, DateTimeOffset Time)> Edges()
    {
        yield return ("", Json.EmptyObject, s_time);
        yield return ("plain", s_object, DateTimeOffset.UnixEpoch);
        yield return (Unicode, s_object.With(Unicode, Json.From(Unicode)), DateTimeOffset.FromUnixTimeMilliseconds(-62_135_596_800_000));
        foreach (var length in (int[])[31, 32, 255, 256, 65_535, 65_536]) yield return (new string('x', length), s_object, s_time);
        yield return (
            string.Concat(Enumerable.Repeat("\u6771\ud83d\udc69", 150_000)),
            s_object.With("huge", Json.From(new string('y', 1 << 20))),
            DateTimeOffset.FromUnixTimeMilliseconds(253_402_300_799_999));
    }
}
