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
        new("createTask", "createTask"),
        new("getTasks by tags", "getTasks"),
        new("addParticipant", "addParticipant"),
        new("getParticipantsForRoom", "getParticipantsForRoom"),
        new("createRelationship", "createRelationship"),
        new("getRelationships", "getRelationships"),
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
