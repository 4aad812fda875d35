namespace ElizaEngine.Conformance.Model;

internal sealed partial class HistoryMaker
{
    private Call Read() => _random.Next(32) switch
    {
        0 => new GetAgentsByIds(SomeOf(Pool.Agents)),
        1 => new GetAgents(),
        2 => new GetEntitiesByIds(SomeOf(Pool.Entities)),
        3 => new GetEntitiesForRoom(OneOf(Pool.Rooms), Chance(50)),
        4 => new GetEntitiesByNames(Several(0, 2, () => OneOf(Pool.Texts)), Maybe(Pool.Agents, 30)),
        5 => new SearchEntitiesByName(OneOf([.. Pool.Texts, " ", "%", "ADA", "_"]), Maybe(Pool.Agents, 30), Count()),
        6 => new GetComponents(new ComponentQuery(OneOf(Pool.Entities))
        {
            Type = Chance(50) ? OneOf(Pool.Types) : null,
            WorldId = Maybe(Pool.Worlds, 30),
            SourceEntityId = Maybe(Pool.Entities, 30),
        }),
        7 or 8 => new GetMemories(MemoryQuery()),
        9 => new StreamMemories(MemoryQuery()),
        10 => new CountMemories(MemoryQuery()),
        11 => new GetMemoriesByIds(SomeOf(Pool.Memories), Chance(50) ? Table() : null, Chance(70)),
        12 => new GetMemoriesByRoomIds(SomeOf(Pool.Rooms), Table(), Count()),
        13 => new GetMemoriesByWorldId(OneOf(Pool.Worlds), Count(), Table()),
        14 or 15 or 16 or 17 => new SearchMemories(Search()),
        18 => new GetCachedEmbeddings(new CachedEmbeddingQuery(Table(), OneOf(Pool.Texts), "text", OneOf(0, 1, 5, 100, Chance(10) ? -1 : 2), OneOf(0, 1, 3, 100))),
        19 => new GetEmbeddingDimension(),
        20 => new StreamStaleMemories(Table()),
        21 => new GetLogs(LogQuery()),
        22 => new StreamLogs(LogQuery()),
        23 => new CountLogs(LogQuery()),
        24 => new GetAgentRunSummaries(new AgentRunQuery
        {
            RoomId = Maybe(Pool.Rooms, 20),
            EntityId = Maybe(Pool.Entities, 20),
            Status = Maybe(Enum.GetValues<RunStatus>(), 20),
            From = Chance(20) ? Time() : null,
            To = Chance(20) ? Time() : null,
            Count = Count(),
        }),
        25 => new GetRoomsByIds(SomeOf(Pool.Rooms)),
        26 => new GetParticipantsForRoom(OneOf(Pool.Rooms)),
        27 => Chance(50) ? new GetParticipantsForEntity(OneOf(Pool.Entities)) : new IsRoomParticipant(OneOf(Pool.Rooms), OneOf(Pool.Entities)),
        28 => new GetRoomsForParticipants(SomeOf(Pool.Entities)),
        29 => new GetRelationships(RelationshipQuery()),
        30 => Chance(50) ? new GetCache(Several(0, 3, () => OneOf(Pool.CacheKeys))) : new GetParticipantUserState(OneOf(Pool.Rooms), OneOf(Pool.Entities)),
        _ => Chance(70) ? new GetTasks(TaskQuery()) : new GetTasksByIds(SomeOf(Pool.Tasks)),
    };

    /// <summary>A read whose answer no other agent's dimension or clock plays into.</summary>
    private Call PlainRead() => _random.Next(6) switch
    {
        0 => new GetEntitiesByIds(Pool.Entities),
        1 => new GetRoomsByIds(Pool.Rooms),
        2 => new GetMemoriesByIds(Pool.Memories, null, Embeddings: false),
        3 => new GetRelationships(new RelationshipQuery()),
        4 => new GetTasks(new TaskQuery()),
        _ => new GetCache(Pool.CacheKeys),
    };

    private MemoryQuery MemoryQuery() => new(Table())
    {
        RoomId = Maybe(Pool.Rooms, 20),
        WorldId = Maybe(Pool.Worlds, 10),
        AgentId = Maybe(Pool.Agents, 20),
        EntityId = Maybe(Pool.Entities, 15),
        UniqueOnly = Chance(25),
        Start = Chance(20) ? Time() : null,
        End = Chance(20) ? Time() : null,
        Count = Count(),
        Offset = Chance(70) ? 0 : Chance(5) ? -1 : _random.Next(4),
        IncludeEmbeddings = Chance(70),
    };

    private MemorySearch Search() => new(Table(), Vector())
    {
        RoomId = Maybe(Pool.Rooms, 20),
        WorldId = Maybe(Pool.Worlds, 15),
        EntityId = Maybe(Pool.Entities, 15),
        UniqueOnly = Chance(25),
        Threshold = OneOf(Pool.Thresholds),
        Count = Count(),
        Mode = Chance(50) ? SearchMode.Exact : SearchMode.Auto,
        IncludeEmbeddings = Chance(70),
    };

    private LogQuery LogQuery() => new()
    {
        EntityId = Maybe(Pool.Entities, 20),
        RoomId = Maybe(Pool.Rooms, 20),
        Type = Chance(30) ? OneOf("run_event", "action", "evaluator") : null,
        Count = Count(),
        Offset = Chance(80) ? 0 : _random.Next(3),
    };

    private RelationshipQuery RelationshipQuery() => new()
    {
        EntityId = Maybe(Pool.Entities, 30),
        SourceEntityId = Maybe(Pool.Entities, 20),
        TargetEntityId = Maybe(Pool.Entities, 20),
        Tags = Chance(40) ? Several(0, 2, () => OneOf(Pool.Tags)) : null,
    };

    private TaskQuery TaskQuery() => new()
    {
        RoomId = Maybe(Pool.Rooms, 20),
        EntityId = Maybe(Pool.Entities, 20),
        Name = Chance(20) ? OneOf(Pool.Texts) : null,
        Tags = Chance(50) ? Several(0, 2, () => OneOf(Pool.Tags)) : null,
    };
}
