namespace ElizaEngine.Postgres;

/// <summary>The tables of elizaOS that the sessions use, and the columns they use of each.</summary>
internal static class ElizaTables
{
    private static readonly Dictionary<string, string> Used = new(StringComparer.Ordinal)
    {
        ["agents"] = Rows.AgentColumns,
        ["cache"] = "key, agent_id, value, created_at, expires_at",
        ["components"] = Rows.ComponentColumns,
        ["embeddings"] = "id, memory_id, created_at, dim_384, dim_512, dim_768, dim_1024, dim_1536, dim_3072",
        ["entities"] = Rows.EntityColumns,
        ["logs"] = Rows.LogColumns,
        ["memories"] = "id, type, created_at, content, entity_id, agent_id, room_id, world_id, unique, metadata",
        ["participants"] = "id, created_at, entity_id, room_id, agent_id, room_state",
        ["relationships"] = Rows.RelationshipColumns,
        ["rooms"] = Rows.RoomColumns,
        ["tasks"] = Rows.TaskColumns,
        ["worlds"] = Rows.WorldColumns,
    };

    /// <summary>The names of the tables, in the schema <c>public</c>.</summary>
    public static IReadOnlyCollection<string> Names => Used.Keys;

    /// <summary>The columns, as <c>memories.room_id</c>.</summary>
    public static IReadOnlyList<string> Columns { get; } = [.. Used.SelectMany(table => table.Value.Split(", ").Select(column => $"{table.Key}.{column}"))];
}
