namespace ElizaEngine.Postgres;

/// <summary>Which memories of an agent a search may find; null means no filter.</summary>
internal readonly record struct SearchScope(Guid AgentId, string Table, Guid? RoomId, Guid? WorldId, Guid? EntityId, bool UniqueOnly)
{
    /// <summary>The conditions, on a memory <c>m</c>: only those that are asked for, so that the server can plan for each shape.</summary>
    public Sql Filter()
    {
        var filters = new List<Sql> { Sql.Of($"m.agent_id = {DbValue.Uuid(AgentId)}"), Sql.Of($"m.type = {DbValue.Text(Table)}") };
        if (RoomId is { } room) filters.Add(Sql.Of($"m.room_id = {DbValue.Uuid(room)}"));
        if (WorldId is { } world) filters.Add(Sql.Of($"m.world_id = {DbValue.Uuid(world)}"));
        if (EntityId is { } entity) filters.Add(Sql.Of($"m.entity_id = {DbValue.Uuid(entity)}"));
        if (UniqueOnly) filters.Add(Sql.Raw("""m."unique" """));
        return Sql.All(filters);
    }

    /// <summary>
    /// That a distance is within a similarity, null for none. elizaOS' zero vectors are at no distance at all (NaN, which orders
    /// behind every number).
    /// </summary>
    public static Sql IsNear(Sql distance, float? threshold) => threshold is { } least
        ? Sql.Of($"{distance} < 'NaN' AND (1 - {distance})::real >= {DbValue.Double(least)}::real")
        : Sql.Of($"{distance} < 'NaN'");
}
