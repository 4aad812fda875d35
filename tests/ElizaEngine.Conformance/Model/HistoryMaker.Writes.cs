namespace ElizaEngine.Conformance.Model;

internal sealed partial class HistoryMaker
{
    private Call Write() => _random.Next(100) switch
    {
        < 18 => new CreateMemories(Batch(NewMemory), Table()),
        < 23 => new UpsertMemories(Batch(NewMemory), Table()),
        < 30 => new UpdateMemories(Batch(NewMemoryUpdate)),
        < 34 => new DeleteMemories(SomeOf(Pool.Memories)),
        < 35 => new DeleteAllMemories(SomeOf(Pool.Rooms), Table()),
        < 37 => new EnsureEmbeddingDimension(Chance(70) ? 3 : OneOf(4, 4, 2, Chance(30) ? 0 : 4)),
        < 42 => Chance(60) ? new CreateEntities(Batch(NewEntity)) : Chance(50) ? new UpsertEntities(Batch(NewEntity)) : new UpdateEntities(Batch(NewEntity)),
        < 44 => new DeleteEntities(Chance(70) ? [OneOf(Pool.Entities)] : SomeOf(Pool.Entities)),
        < 50 => Chance(40) ? new CreateComponents(Batch(NewComponent)) : new UpsertComponents(Batch(NewComponent)),
        < 53 => Chance(70) ? new UpdateComponents(Batch(NewComponentUpdate)) : new DeleteComponents(SomeOf(Pool.Components)),
        < 60 => Chance(60) ? new CreateRooms(Batch(NewRoom)) : Chance(50) ? new UpsertRooms(Batch(NewRoom)) : new UpdateRooms(Batch(NewRoomUpdate)),
        < 61 => Chance(80) ? new DeleteRooms([OneOf(Pool.Rooms)]) : new DeleteRoomsByWorldId(OneOf(Pool.Worlds)),
        < 65 => Chance(60) ? new CreateWorlds(Batch(NewWorld)) : Chance(50) ? new UpsertWorlds(Batch(NewWorld)) : new UpdateWorlds(Batch(NewWorldUpdate)),
        < 66 => new DeleteWorlds(SomeOf(Pool.Worlds)),
        < 72 => new AddParticipants(Several(0, 2, () => Known(Pool.Entities, 3)), Known(Pool.Rooms, 3)),
        < 74 => new SetParticipantUserState(Known(Pool.Rooms, 3), Known(Pool.Entities, 3), Maybe(Enum.GetValues<ParticipantUserState>(), 80)),
        < 75 => new RemoveParticipants(SomeOf(Pool.Entities), OneOf(Pool.Rooms)),
        < 81 => Chance(50) ? new CreateRelationships(Batch(NewRelationship)) : new UpsertRelationships(Batch(NewRelationship)),
        < 83 => Chance(60) ? new UpdateRelationships(Batch(NewRelationshipUpdate)) : new DeleteRelationships(SomeOf(Pool.Relationships)),
        < 88 => Chance(75) ? new SetCache(Batch(NewCacheEntry)) : new DeleteCache(Several(0, 2, () => OneOf(Pool.CacheKeys))),
        < 92 => Chance(60) ? new CreateTasks(Batch(NewTask)) : Chance(60) ? new UpdateTasks(Batch(NewTaskUpdate)) : new DeleteTasks(SomeOf(Pool.Tasks)),
        < 97 => new CreateLogs(Several(1, 4, NewLog)),
        < 98 => Chance(30) ? new DeleteLogs(SomeOf(Pool.Logs)) : new TrimLogs(NewRetention()),
        < 99 => Chance(50) ? new UpdateAgents(Batch(NewAgentUpdate)) : new UpsertAgents(Batch(NewAgent)),
        _ => Chance(70) ? new CreateAgents(Batch(NewAgent)) : new DeleteAgents([OneOf(Pool.Agents)]),
    };

    /// <summary>
    /// A write for two transactions at once: of one row, and without vectors, whose rows are the business of each backend.
    /// </summary>
    private Call PlainWrite() => _random.Next(14) switch
    {
        0 or 1 => new UpdateMemories([new MemoryUpdate(OneOf(Pool.Memories)) { Content = NewContent() }]),
        2 => new CreateMemories([NewMemory() with { Embedding = null, Unique = true }], Table()),
        3 => new UpsertEntities([NewEntity() with { Id = OneOf(Pool.Entities.Take(3).ToList()) }]),
        4 => new UpdateEntities([NewEntity() with { Id = OneOf(Pool.Entities.Take(3).ToList()) }]),
        5 => new DeleteEntities([OneOf(Pool.Entities)]),
        6 => new UpdateRooms([NewRoomUpdate()]),
        7 => new DeleteRooms([OneOf(Pool.Rooms)]),
        8 => new UpsertRooms([NewRoom()]),
        9 => new UpsertRelationships([NewRelationship()]),
        10 => new AddParticipants([OneOf(Pool.Entities)], OneOf(Pool.Rooms)),
        11 => new SetCache([new CacheEntry(OneOf(Pool.CacheKeys), AnyJson())]),
        12 => new UpdateTasks([NewTaskUpdate()]),
        _ => new CreateTasks([NewTask()]),
    };

    private Content NewContent() => Chance(80) ? new Content { Text = OneOf(Pool.Texts) } : new Content(AnyJson());

    private MemoryMetadata? NewMetadata() => _random.Next(10) switch
    {
        < 5 => null,
        < 8 => new MemoryMetadata { Type = MemoryTypes.Fragment, DocumentId = OneOf(Pool.Memories[..8]), Position = _random.Next(3) },
        8 => new MemoryMetadata { Type = MemoryTypes.Document, Timestamp = Chance(90) ? Begin : null },
        _ => new MemoryMetadata(AnyJson()),
    };

    private Memory NewMemory() => new()
    {
        Id = OneOf(Pool.Memories),
        AgentId = Maybe(Pool.Agents, 10),
        EntityId = MaybeKnown(Pool.Entities, 3, 40),
        RoomId = MaybeKnown(Pool.Rooms, 3, 70),
        WorldId = Maybe(Pool.Worlds, 30),
        CreatedAt = Time(),
        Content = NewContent(),
        Metadata = NewMetadata(),
        Embedding = MaybeVector(),
        Unique = Chance(70) ? null : Chance(50),
    };

    private MemoryUpdate NewMemoryUpdate() => new(OneOf(Pool.Memories))
    {
        Content = Chance(50) ? NewContent() : null,
        Metadata = Chance(40) ? NewMetadata() : null,
        Embedding = MaybeVector(),
    };

    private Entity NewEntity() => new()
    {
        Id = OneOf(Pool.Entities),
        AgentId = Maybe(Pool.Agents, 10),
        Names = Several(0, 2, () => OneOf(Pool.Texts)),
        Metadata = MaybeJson(),
        CreatedAt = Time(),
    };

    private Component NewComponent() => new()
    {
        Id = OneOf(Pool.Components),
        EntityId = Known(Pool.Entities, 2),
        AgentId = Maybe(Pool.Agents, 10),
        RoomId = Known(Pool.Rooms, 3),
        WorldId = MaybeKnown(Pool.Worlds, 1, 40),
        SourceEntityId = MaybeKnown(Pool.Entities, 3, 20),
        Type = OneOf(Pool.Types),
        Data = MaybeJson(),
        CreatedAt = Time(),
    };

    private ComponentUpdate NewComponentUpdate() => new(OneOf(Pool.Components))
    {
        EntityId = Maybe(Pool.Entities, 20),
        RoomId = Maybe(Pool.Rooms, 20),
        WorldId = Maybe(Pool.Worlds, 20),
        Type = Chance(20) ? OneOf(Pool.Types) : null,
        Data = MaybeJson(),
    };

    private Room NewRoom() => new()
    {
        Id = OneOf(Pool.Rooms),
        Name = Chance(50) ? OneOf(Pool.Texts) : null,
        Source = "test",
        Type = OneOf(ChannelTypes.Dm, ChannelTypes.Group),
        WorldId = Maybe(Pool.Worlds, 70),
        Metadata = MaybeJson(),
        CreatedAt = Time(),
    };

    private RoomUpdate NewRoomUpdate() => new(OneOf(Pool.Rooms))
    {
        Name = Chance(50) ? OneOf(Pool.Texts) : null,
        WorldId = Maybe(Pool.Worlds, 30),
        Metadata = MaybeJson(),
    };

    private World NewWorld() => new()
    {
        Id = OneOf(Pool.Worlds),
        AgentId = Maybe(Pool.Agents, 10),
        Name = Chance(50) ? OneOf(Pool.Texts) : null,
        Metadata = Chance(50) ? new WorldMetadata { OwnerId = OneOf(Pool.Entities) } : null,
        CreatedAt = Time(),
    };

    private WorldUpdate NewWorldUpdate() => new(OneOf(Pool.Worlds))
    {
        Name = Chance(50) ? OneOf(Pool.Texts) : null,
        Metadata = Chance(50) ? new WorldMetadata(AnyJson()) : null,
    };

    private Relationship NewRelationship() => new()
    {
        Id = OneOf(Pool.Relationships),
        SourceEntityId = Known(Pool.Entities, 3),
        TargetEntityId = Known(Pool.Entities, 3),
        Tags = Several(0, 2, () => OneOf(Pool.Tags)),
        Metadata = MaybeJson(),
        CreatedAt = Time(),
    };

    private RelationshipUpdate NewRelationshipUpdate() => new(OneOf(Pool.Relationships))
    {
        Tags = Several(0, 2, () => OneOf(Pool.Tags)),
        Metadata = MaybeJson(),
    };

    private CacheEntry NewCacheEntry() => new(OneOf(Pool.CacheKeys), Chance(98) ? AnyJson() : Json.Null)
    {
        TimeToLive = Chance(50) ? OneOf(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(30)) : null,
    };

    private AgentTask NewTask() => new()
    {
        Id = OneOf(Pool.Tasks),
        Name = OneOf(Pool.Texts),
        RoomId = Maybe(Pool.Rooms, 50),
        WorldId = Maybe(Pool.Worlds, 97),
        EntityId = Maybe(Pool.Entities, 30),
        Tags = Several(0, 3, () => OneOf(Pool.Tags)),
        Metadata = Chance(40) ? new TaskMetadata { UpdateIntervalMs = 1000 } : null,
        CreatedAt = Time(),
    };

    private AgentTaskUpdate NewTaskUpdate() => new(OneOf(Pool.Tasks))
    {
        Name = Chance(40) ? OneOf(Pool.Texts) : null,
        RoomId = Maybe(Pool.Rooms, 20),
        Tags = Chance(40) ? Several(0, 2, () => OneOf(Pool.Tags)) : null,
        Metadata = Chance(40) ? new TaskMetadata(AnyJson()) : null,
    };

    private LogEntry NewLog()
    {
        var type = OneOf("run_event", "run_event", "action", "evaluator", "useModel:TEXT_LARGE", "embedding_event");
        var status = OneOf("started", "completed", "error", "failed");
        var body = new LogBody { RunId = Chance(90) ? OneOf(Pool.Runs) : null, Status = Chance(90) ? status : null };
        if (type == "action") body = new LogBody(body.Json.With("result", Json.ObjectOf(("success", Json.From(Chance(50))))).With("promptCount", Json.From(2)));
        return new LogEntry { Id = OneOf(Pool.Logs), EntityId = Known(Pool.Entities, 3), RoomId = Known(Pool.Rooms, 3), Type = type, Body = body, CreatedAt = Time() };
    }

    private LogRetention NewRetention() => new()
    {
        MaxAge = Chance(40) ? TimeSpan.FromSeconds(_random.Next(5)) : null,
        MaxCount = Chance(50) ? _random.Next(6) : null,
    };

    private Agent NewAgent() => new()
    {
        Id = OneOf(Pool.Agents),
        Name = OneOf(Pool.Texts),
        Bio = Chance(50) ? Json.From("A person.") : null,
        Settings = MaybeJson(),
        CreatedAt = Time(),
    };

    private AgentUpdate NewAgentUpdate() => new(OneOf(Pool.Agents))
    {
        Name = Chance(30) ? OneOf(Pool.Texts) : null,
        Settings = Chance(80) ? Json.Parse(OneOf("""{"a":null}""", """{"a":{"b":null,"d":1}}""", """{"x":{}}""", """{"x":{"y":[1]}}""")) : null,
    };
}
