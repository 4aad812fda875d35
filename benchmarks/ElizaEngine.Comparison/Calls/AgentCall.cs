using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Calls;

/// <summary>A call that an agent makes of its database, as elizaOS' contract has it.</summary>
/// <param name="Name">As the table has it.</param>
/// <param name="Operation">As tools/comparison/plugin-sql/operations.mjs names it.</param>
internal sealed record AgentCall(string Name, string Operation)
{
    /// <summary>Rows asked for.</summary>
    public int Count { get; init; } = 10;

    /// <summary>Similarity at least; 0: none, as elizaOS has it.</summary>
    public float Threshold { get; init; }

    /// <summary>Whether a search names a room.</summary>
    public bool InRoom { get; init; }

    /// <summary>Whether a memory carries its vector.</summary>
    public bool Embedding { get; init; } = true;

    /// <summary>Whether the database must find out if a memory resembles another.</summary>
    public bool DecideUnique { get; init; }

    /// <summary>Whether it stores nothing, and so waits for no disk.</summary>
    public bool IsRead => Operation.StartsWith("get", StringComparison.Ordinal) || Operation is "countMemories" or "searchMemories";

    /// <summary>Calls at once.</summary>
    public int InFlight { get; init; } = 1;

    /// <summary>What a call adds rows to, or takes one from; null: there are as many rows after it as before.</summary>
    public RowKind? Writes => Operation switch
    {
        "createMemory" or "deleteMemory" => RowKind.Memories,
        "createTask" => RowKind.Tasks,
        "addParticipant" => RowKind.Participants,
        "createRelationship" => RowKind.Relationships,
        "log" => RowKind.Logs,
        _ => null,
    };

    /// <summary>Whether it takes away what was stored for it.</summary>
    public bool Deletes => Operation == "deleteMemory";

    /// <summary>So many can be made before one has nothing left to do; null: any number.</summary>
    public int? CallsMax => Operation switch
    {
        "addParticipant" => CallData.FreeParticipants,
        "createRelationship" => CallData.FreeRelationships,
        _ => null,
    };

    /// <summary>How many rows an answer has, at least and at most, among so many memories.</summary>
    public (int Fewest, int Most) Expected(int memories)
    {
        var inScope = Operation == "searchMemories" && !InRoom ? memories : memories / SampleWorld.RoomCount;
        var all = Math.Min(Count, inScope);
        return Operation switch
        {
            "getMemories" => (all, all),
            "countMemories" => (inScope, inScope),
            // How many are that similar, each question has to say.
            "searchMemories" => (Threshold == 0 ? all : 0, all),
            "getTasks" => (CallData.TasksOfTag, CallData.TasksOfTag),
            "getParticipantsForRoom" => (CallData.ParticipantsOfRoom, CallData.ParticipantsOfRoom),
            "getRelationships" => (CallData.RelationshipsOfEntity, CallData.RelationshipsOfEntity),
            _ => (1, 1),
        };
    }

    /// <summary>What a running agent asks for, reads before writes; those that delete come last.</summary>
    public static IReadOnlyList<AgentCall> All { get; } =
    [
        new("getMemoryById", "getMemoryById"),
        new("getMemoryById, 64 in flight", "getMemoryById") { InFlight = 64 },
        new("getMemories, latest 50 of a room", "getMemories") { Count = 50 },
        new("countMemories of a room", "countMemories"),
        new("searchMemories in a room, threshold 0.7", "searchMemories") { InRoom = true, Threshold = 0.7f },
        new("searchMemories in all, threshold 0.7", "searchMemories") { Threshold = 0.7f },
        new("searchMemories in all", "searchMemories"),
        new("getEntitiesByIds, one", "getEntitiesByIds"),
        new("setCache", "setCache"),
        new("getCache", "getCache"),
        new("getTasks by tags", "getTasks"),
        new("createTask", "createTask"),
        new("getParticipantsForRoom", "getParticipantsForRoom"),
        new("addParticipant", "addParticipant"),
        new("getRelationships", "getRelationships"),
        new("createRelationship", "createRelationship"),
        new("updateMemory, content", "updateMemory") { Embedding = false },
        new("updateMemory, content and vector", "updateMemory"),
        new("createMemory", "createMemory"),
        new("createMemory without vector", "createMemory") { Embedding = false },
        new("createMemory, unique undecided", "createMemory") { DecideUnique = true },
        new("createMemory, 64 in flight", "createMemory") { InFlight = 64 },
        new("log of 30 KB", "log"),
        new("deleteMemory", "deleteMemory"),
    ];
}
