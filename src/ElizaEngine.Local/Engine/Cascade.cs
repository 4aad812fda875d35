namespace ElizaEngine.Local;

/// <summary>
/// What goes with a row: elizaOS' foreign keys with "on delete cascade". A room takes its memories, participants, logs and
/// components; an entity what it said and what is said of it; a world its components; an agent everything.
/// </summary>
internal static class Cascade
{
    private static readonly Table[] Order =
    [
        Table.Memories, Table.Logs, Table.Components, Table.Participants, Table.Relationships, Table.Tasks, Table.Cache, Table.Dimensions,
        Table.Entities, Table.Rooms, Table.Worlds, Table.Agents,
    ];

    /// <summary>Deletes rows of one table and everything that goes with them.</summary>
    public static int Delete(Draft draft, IReadOnlyList<Row> roots)
    {
        foreach (var root in roots) draft.NoteRemovedParent(root);
        var doomed = new List<Row>?[Order.Length + 1];
        foreach (var row in Dependents(draft.State, roots))
        {
            (doomed[(int)row.Table] ??= []).Add(row);
            // Others may know it as no dependent of these: a transaction may have given it to them.
            if (row is RoomRow or EntityRow or WorldRow) draft.NoteRemovedParent(row);
        }
        foreach (var table in Order)
        {
            if (doomed[(int)table] is { } rows) draft.Delete(table, rows, areDependents: true);
        }
        if (roots.Count > 0) draft.Delete(roots[0].Table, roots);
        return roots.Count;
    }

    /// <summary>Every row that goes with these, in no order; one that goes for two reasons may be there twice.</summary>
    public static List<Row> Dependents(DatabaseState state, IReadOnlyList<Row> roots)
    {
        var found = new List<Row>();
        var agents = Ids(roots.OfType<AgentRow>());
        foreach (var agent in agents) AddOfAgent(state, agent, found);

        var parents = roots.Concat(found).ToList();
        foreach (var room in Ids(parents.OfType<RoomRow>())) AddOfRoom(state, room, found);
        var entities = Ids(parents.OfType<EntityRow>());
        foreach (var entity in entities) AddOfEntity(state, entity, found);

        var worlds = Ids(parents.OfType<WorldRow>());
        AddByScan(state, agents, entities, worlds, found);
        return found;
    }

    private static HashSet<Id> Ids(IEnumerable<Row> rows) => [.. rows.Select(row => row.Id)];

    private static void AddOfAgent(DatabaseState state, Id agent, List<Row> found)
    {
        found.AddRange(state.EntitiesByAgent.AscendWhile(new ChildKey(agent, Id.Min), row => row.AgentId == agent));
        found.AddRange(state.RoomsByAgent.AscendWhile(new ChildKey(agent, Id.Min), row => row.AgentId == agent));
        found.AddRange(state.WorldsByAgent.AscendWhile(TimedKey.First(agent), row => row.AgentId == agent));
        found.AddRange(state.TasksByAgent.AscendWhile(TimedKey.First(agent), row => row.AgentId == agent));
        found.AddRange(state.Cache.AscendWhile(new CacheKey(agent, ""), row => row.Id == agent));
        if (state.Dimensions.Find(agent) is { } dimension) found.Add(dimension);
    }

    private static void AddOfRoom(DatabaseState state, Id room, List<Row> found)
    {
        found.AddRange(state.MemoriesByRoom.AscendWhile(new RoomMemoryKey(room, int.MinValue, long.MinValue, Id.Min), row => row.RoomId == room));
        found.AddRange(state.LogsByRoom.AscendWhile(TimedKey.First(room), row => row.RoomId == room));
        found.AddRange(state.ComponentsByRoom.AscendWhile(new ChildKey(room, Id.Min), row => row.RoomId == room));
        found.AddRange(state.Participants.AscendWhile(new PairKey(room, Id.Min, Id.Min), row => row.RoomId == room));
    }

    private static void AddOfEntity(DatabaseState state, Id entity, List<Row> found)
    {
        found.AddRange(state.ComponentsByEntity.AscendWhile(TimedKey.First(entity), row => row.EntityId == entity));
        found.AddRange(state.ParticipantsByEntity.AscendWhile(new PairKey(entity, Id.Min, Id.Min), row => row.EntityId == entity));
        found.AddRange(state.RelationshipsBySource.AscendWhile(new PairKey(entity, Id.Min, Id.Min), row => row.SourceId == entity));
        found.AddRange(state.RelationshipsByTarget.AscendWhile(new PairKey(entity, Id.Min, Id.Min), row => row.TargetId == entity));
    }

    // What no index leads to: deleting entities, worlds and agents is rare, an index for it would cost every write.
    private static void AddByScan(DatabaseState state, HashSet<Id> agents, HashSet<Id> entities, HashSet<Id> worlds, List<Row> found)
    {
        if (agents.Count + entities.Count + worlds.Count == 0) return;
        foreach (var row in state.Components.All())
        {
            if (agents.Contains(row.AgentId) || (row.WorldId is { } world && worlds.Contains(world))
                || (row.SourceEntityId is { } source && entities.Contains(source))) found.Add(row);
        }
        if (agents.Count + entities.Count == 0) return;
        foreach (var row in state.Memories.All())
        {
            if (agents.Contains(row.AgentId) || (row.EntityId is { } entity && entities.Contains(entity))) found.Add(row);
        }
        foreach (var row in state.LogsByTime.Ascend(TimedKey.First(Id.Min)))
        {
            if (entities.Contains(row.EntityId)) found.Add(row);
        }
        if (agents.Count == 0) return;
        foreach (var row in state.Relationships.All())
        {
            if (agents.Contains(row.AgentId)) found.Add(row);
        }
        foreach (var row in state.Participants.Ascend(new PairKey(Id.Min, Id.Min, Id.Min)))
        {
            if (agents.Contains(row.AgentId)) found.Add(row);
        }
    }
}
