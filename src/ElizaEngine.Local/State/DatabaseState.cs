using System.Diagnostics;

namespace ElizaEngine.Local;

/// <summary>
/// The whole database at one point in time: an index for each table and for each way it is read. Rows come and go through
/// <see cref="Put"/> and <see cref="Remove"/> only, for a live commit, a transaction and recovery alike, so every index always
/// equals what a rebuild from the rows would give.
/// <para>
/// Edited only by its owner, a number that stands for "one frame", "one call" or "one transaction's call"; readers are only
/// ever shown a state whose owner will edit no more.
/// </para>
/// </summary>
internal sealed class DatabaseState : IRowSet
{
    private static long _lastPrivateOwner;

    private long _owner;

    public RowIndex<Id, AgentRow, ById<AgentRow>> Agents { get; private set; }

    public RowIndex<Id, EntityRow, ById<EntityRow>> Entities { get; private set; }

    public RowIndex<ChildKey, EntityRow, EntitiesByAgent> EntitiesByAgent { get; private set; }

    public RowIndex<Id, ComponentRow, ById<ComponentRow>> Components { get; private set; }

    public RowIndex<TimedKey, ComponentRow, ComponentsByEntity> ComponentsByEntity { get; private set; }

    public RowIndex<ChildKey, ComponentRow, ComponentsByRoom> ComponentsByRoom { get; private set; }

    public RowIndex<Id, MemoryRow, ById<MemoryRow>> Memories { get; private set; }

    public RowIndex<RoomMemoryKey, MemoryRow, MemoriesByRoom> MemoriesByRoom { get; private set; }

    public RowIndex<TableMemoryKey, MemoryRow, MemoriesByTable> MemoriesByTable { get; private set; }

    public RowIndex<ChildKey, MemoryRow, MemoriesByDocument> MemoriesByDocument { get; private set; }

    public RowIndex<Id, RoomRow, ById<RoomRow>> Rooms { get; private set; }

    public RowIndex<ChildKey, RoomRow, RoomsByAgent> RoomsByAgent { get; private set; }

    public RowIndex<TimedKey, RoomRow, RoomsByWorld> RoomsByWorld { get; private set; }

    public RowIndex<Id, WorldRow, ById<WorldRow>> Worlds { get; private set; }

    public RowIndex<TimedKey, WorldRow, WorldsByAgent> WorldsByAgent { get; private set; }

    public RowIndex<PairKey, ParticipantRow, ParticipantsByRoom> Participants { get; private set; }

    public RowIndex<PairKey, ParticipantRow, ParticipantsByEntity> ParticipantsByEntity { get; private set; }

    public RowIndex<Id, RelationshipRow, ById<RelationshipRow>> Relationships { get; private set; }

    public RowIndex<PairKey, RelationshipRow, RelationshipsBySource> RelationshipsBySource { get; private set; }

    public RowIndex<PairKey, RelationshipRow, RelationshipsByTarget> RelationshipsByTarget { get; private set; }

    public RowIndex<Id, TaskRow, ById<TaskRow>> Tasks { get; private set; }

    public RowIndex<TimedKey, TaskRow, TasksByAgent> TasksByAgent { get; private set; }

    public RowIndex<Id, LogRow, ById<LogRow>> Logs { get; private set; }

    public RowIndex<TimedKey, LogRow, LogsByTime> LogsByTime { get; private set; }

    public RowIndex<TimedKey, LogRow, LogsByRoom> LogsByRoom { get; private set; }

    public RowIndex<CacheKey, CacheRow, CacheByKey> Cache { get; private set; }

    public RowIndex<Id, DimensionRow, ById<DimensionRow>> Dimensions { get; private set; }

    /// <summary>Vectors of all memories, of every dimension.</summary>
    public int VectorCount { get; private set; }

    /// <summary>The state of these rows. Each index is built in one go.</summary>
    public static DatabaseState Of(LoadedRows rows)
    {
        var state = new DatabaseState();
        Parallel.Invoke(
            () => state.BuildMemories(rows.Of<MemoryRow>(Table.Memories)),
            () => state.BuildLogs(rows.Of<LogRow>(Table.Logs)),
            () => state.BuildSmallTables(rows));
        return state;
    }

    /// <summary>An owner that no frame and no other call has.</summary>
    public static long NewPrivateOwner() => Interlocked.Decrement(ref _lastPrivateOwner);

    /// <summary>A state that the owner may edit: this one if it is the owner's, else a copy that shares all nodes.</summary>
    public DatabaseState EditableBy(long owner)
    {
        if (_owner == owner) return this;
        var copy = (DatabaseState)MemberwiseClone();
        copy._owner = owner;
        return copy;
    }

    /// <summary>The agent's active dimension, or null.</summary>
    public int? DimensionOf(Id agentId) => Dimensions.Find(agentId)?.Dimension;

    /// <inheritdoc/>
    public Row? Find(Table table, Id id) => table switch
    {
        Table.Agents => Agents.Find(id),
        Table.Entities => Entities.Find(id),
        Table.Components => Components.Find(id),
        Table.Memories => Memories.Find(id),
        Table.Rooms => Rooms.Find(id),
        Table.Worlds => Worlds.Find(id),
        Table.Relationships => Relationships.Find(id),
        Table.Tasks => Tasks.Find(id),
        Table.Logs => Logs.Find(id),
        Table.Dimensions => Dimensions.Find(id),
        _ => throw new UnreachableException(),
    };

    /// <inheritdoc/>
    public MemoryRow? FindMemory(Id id) => Memories.Find(id);

    /// <inheritdoc/>
    public ParticipantRow? FindParticipant(in PairKey key) => Participants.Find(key);

    /// <inheritdoc/>
    public CacheRow? FindCache(in CacheKey key) => Cache.Find(key);

    /// <summary>The version of a row that this state holds, or null.</summary>
    public Row? Find(Row row) => row switch
    {
        ParticipantRow participant => Participants.Find(Local.ParticipantsByRoom.KeyOf(participant)),
        CacheRow cache => Cache.Find(CacheByKey.KeyOf(cache)),
        _ => Find(row.Table, row.Id),
    };

    /// <summary>Puts a row into its table and indexes, in place of the version there.</summary>
    /// <param name="row">The new version.</param>
    /// <param name="old">The version that this state holds; null: none.</param>
    public void Put(Row row, Row? old)
    {
        Debug.Assert(ReferenceEquals(old, Find(row)), "the caller has looked");
        // The usual change keeps every key: the new version takes the old one's place in each index. Only a key that moves must go first.
        if (old is not null && !HasSameKeys(old, row))
        {
            Remove(old);
            old = null;
        }
        switch (row)
        {
            case AgentRow agent:
                Agents = Agents.Put(agent, _owner);
                break;
            case EntityRow entity:
                Entities = Entities.Put(entity, _owner);
                EntitiesByAgent = EntitiesByAgent.Put(entity, _owner);
                break;
            case ComponentRow component:
                Components = Components.Put(component, _owner);
                ComponentsByEntity = ComponentsByEntity.Put(component, _owner);
                ComponentsByRoom = ComponentsByRoom.Put(component, _owner);
                break;
            case MemoryRow memory:
                Memories = Memories.Put(memory, _owner);
                MemoriesByTable = MemoriesByTable.Put(memory, _owner);
                if (memory.RoomId is not null) MemoriesByRoom = MemoriesByRoom.Put(memory, _owner);
                if (memory.DocumentId is not null) MemoriesByDocument = MemoriesByDocument.Put(memory, _owner);
                VectorCount += CountVectors(memory) - CountVectors(old as MemoryRow);
                break;
            case RoomRow room:
                Rooms = Rooms.Put(room, _owner);
                RoomsByAgent = RoomsByAgent.Put(room, _owner);
                if (room.WorldId is not null) RoomsByWorld = RoomsByWorld.Put(room, _owner);
                break;
            case WorldRow world:
                Worlds = Worlds.Put(world, _owner);
                WorldsByAgent = WorldsByAgent.Put(world, _owner);
                break;
            case ParticipantRow participant:
                Participants = Participants.Put(participant, _owner);
                ParticipantsByEntity = ParticipantsByEntity.Put(participant, _owner);
                break;
            case RelationshipRow relationship:
                Relationships = Relationships.Put(relationship, _owner);
                RelationshipsBySource = RelationshipsBySource.Put(relationship, _owner);
                RelationshipsByTarget = RelationshipsByTarget.Put(relationship, _owner);
                break;
            case TaskRow task:
                Tasks = Tasks.Put(task, _owner);
                TasksByAgent = TasksByAgent.Put(task, _owner);
                break;
            case LogRow log:
                Logs = Logs.Put(log, _owner);
                LogsByTime = LogsByTime.Put(log, _owner);
                LogsByRoom = LogsByRoom.Put(log, _owner);
                break;
            case CacheRow cache:
                Cache = Cache.Put(cache, _owner);
                break;
            case DimensionRow dimension:
                Dimensions = Dimensions.Put(dimension, _owner);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <inheritdoc/>
    public void PutVectors(MemoryRow row, VectorSlot? vectors) => Put(row.WithVectors(vectors), row);

    /// <summary>Takes a row that this state holds out of its table and indexes.</summary>
    public void Remove(Row row)
    {
        switch (row)
        {
            case AgentRow agent:
                Agents = Agents.Remove(agent.Id, _owner);
                break;
            case EntityRow entity:
                Entities = Entities.Remove(entity.Id, _owner);
                EntitiesByAgent = EntitiesByAgent.Remove(Local.EntitiesByAgent.KeyOf(entity), _owner);
                break;
            case ComponentRow component:
                Components = Components.Remove(component.Id, _owner);
                ComponentsByEntity = ComponentsByEntity.Remove(Local.ComponentsByEntity.KeyOf(component), _owner);
                ComponentsByRoom = ComponentsByRoom.Remove(Local.ComponentsByRoom.KeyOf(component), _owner);
                break;
            case MemoryRow memory:
                Memories = Memories.Remove(memory.Id, _owner);
                MemoriesByTable = MemoriesByTable.Remove(Local.MemoriesByTable.KeyOf(memory), _owner);
                if (memory.RoomId is not null) MemoriesByRoom = MemoriesByRoom.Remove(Local.MemoriesByRoom.KeyOf(memory), _owner);
                if (memory.DocumentId is not null) MemoriesByDocument = MemoriesByDocument.Remove(Local.MemoriesByDocument.KeyOf(memory), _owner);
                VectorCount -= CountVectors(memory);
                break;
            case RoomRow room:
                Rooms = Rooms.Remove(room.Id, _owner);
                RoomsByAgent = RoomsByAgent.Remove(Local.RoomsByAgent.KeyOf(room), _owner);
                if (room.WorldId is not null) RoomsByWorld = RoomsByWorld.Remove(Local.RoomsByWorld.KeyOf(room), _owner);
                break;
            case WorldRow world:
                Worlds = Worlds.Remove(world.Id, _owner);
                WorldsByAgent = WorldsByAgent.Remove(Local.WorldsByAgent.KeyOf(world), _owner);
                break;
            case ParticipantRow participant:
                Participants = Participants.Remove(ParticipantsByRoom.KeyOf(participant), _owner);
                ParticipantsByEntity = ParticipantsByEntity.Remove(Local.ParticipantsByEntity.KeyOf(participant), _owner);
                break;
            case RelationshipRow relationship:
                Relationships = Relationships.Remove(relationship.Id, _owner);
                RelationshipsBySource = RelationshipsBySource.Remove(Local.RelationshipsBySource.KeyOf(relationship), _owner);
                RelationshipsByTarget = RelationshipsByTarget.Remove(Local.RelationshipsByTarget.KeyOf(relationship), _owner);
                break;
            case TaskRow task:
                Tasks = Tasks.Remove(task.Id, _owner);
                TasksByAgent = TasksByAgent.Remove(Local.TasksByAgent.KeyOf(task), _owner);
                break;
            case LogRow log:
                Logs = Logs.Remove(log.Id, _owner);
                LogsByTime = LogsByTime.Remove(Local.LogsByTime.KeyOf(log), _owner);
                LogsByRoom = LogsByRoom.Remove(Local.LogsByRoom.KeyOf(log), _owner);
                break;
            case CacheRow cache:
                Cache = Cache.Remove(CacheByKey.KeyOf(cache), _owner);
                break;
            case DimensionRow dimension:
                Dimensions = Dimensions.Remove(dimension.Id, _owner);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void BuildSmallTables(LoadedRows rows)
    {
        Agents = Index<Id, AgentRow, ById<AgentRow>>(rows.Of<AgentRow>(Table.Agents));
        var entities = rows.Of<EntityRow>(Table.Entities);
        Entities = Index<Id, EntityRow, ById<EntityRow>>(entities);
        EntitiesByAgent = Index<ChildKey, EntityRow, EntitiesByAgent>(entities);
        var components = rows.Of<ComponentRow>(Table.Components);
        Components = Index<Id, ComponentRow, ById<ComponentRow>>(components);
        ComponentsByEntity = Index<TimedKey, ComponentRow, ComponentsByEntity>(components);
        ComponentsByRoom = Index<ChildKey, ComponentRow, ComponentsByRoom>(components);
        var rooms = rows.Of<RoomRow>(Table.Rooms);
        Rooms = Index<Id, RoomRow, ById<RoomRow>>(rooms);
        RoomsByAgent = Index<ChildKey, RoomRow, RoomsByAgent>(rooms);
        RoomsByWorld = Index<TimedKey, RoomRow, RoomsByWorld>(rooms, static row => row.WorldId is not null);
        var worlds = rows.Of<WorldRow>(Table.Worlds);
        Worlds = Index<Id, WorldRow, ById<WorldRow>>(worlds);
        WorldsByAgent = Index<TimedKey, WorldRow, WorldsByAgent>(worlds);
        var participants = rows.Of<ParticipantRow>(Table.Participants);
        Participants = Index<PairKey, ParticipantRow, ParticipantsByRoom>(participants);
        ParticipantsByEntity = Index<PairKey, ParticipantRow, ParticipantsByEntity>(participants);
        var relationships = rows.Of<RelationshipRow>(Table.Relationships);
        Relationships = Index<Id, RelationshipRow, ById<RelationshipRow>>(relationships);
        RelationshipsBySource = Index<PairKey, RelationshipRow, RelationshipsBySource>(relationships);
        RelationshipsByTarget = Index<PairKey, RelationshipRow, RelationshipsByTarget>(relationships);
        var tasks = rows.Of<TaskRow>(Table.Tasks);
        Tasks = Index<Id, TaskRow, ById<TaskRow>>(tasks);
        TasksByAgent = Index<TimedKey, TaskRow, TasksByAgent>(tasks);
        Cache = Index<CacheKey, CacheRow, CacheByKey>(rows.Of<CacheRow>(Table.Cache));
        Dimensions = Index<Id, DimensionRow, ById<DimensionRow>>(rows.Of<DimensionRow>(Table.Dimensions));
    }

    // Sorted by id, then by time, then by table, then by room: each sort keeps the order of the one before where its own key is equal.
    private void BuildMemories(MemoryRow[] memories)
    {
        RowSort.ByKey(memories, static row => row.Id.High);
        Memories = RowIndex<Id, MemoryRow, ById<MemoryRow>>.Of(memories);
        RowSort.ByKey(memories, static row => RowSort.KeyOf(row.CreatedMs));
        RowSort.ByKey(memories, static row => (uint)row.TableNumber);
        MemoriesByTable = RowIndex<TableMemoryKey, MemoryRow, MemoriesByTable>.Of(memories);
        VectorCount = memories.Sum(CountVectors);

        MemoriesByDocument = Index<ChildKey, MemoryRow, MemoriesByDocument>(memories, static row => row.DocumentId is not null);
        var inRooms = Array.FindAll(memories, static row => row.RoomId is not null);
        SortByRoom(inRooms, static row => row.RoomId!.Value);
        MemoriesByRoom = RowIndex<RoomMemoryKey, MemoryRow, MemoriesByRoom>.Of(inRooms);
    }

    private void BuildLogs(LogRow[] logs)
    {
        RowSort.ByKey(logs, static row => row.Id.High);
        Logs = RowIndex<Id, LogRow, ById<LogRow>>.Of(logs);
        RowSort.ByKey(logs, static row => RowSort.KeyOf(row.CreatedMs));
        LogsByTime = RowIndex<TimedKey, LogRow, LogsByTime>.Of(logs);
        SortByRoom(logs, static row => row.RoomId);
        LogsByRoom = RowIndex<TimedKey, LogRow, LogsByRoom>.Of(logs);
    }

    // Rooms are few: each gets its number in their order.
    private static void SortByRoom<TRow>(TRow[] rows, Func<TRow, Id> roomOf)
        where TRow : class
    {
        var numbers = new Dictionary<Id, ulong>();
        foreach (var row in rows) numbers.TryAdd(roomOf(row), 0);
        var number = 0ul;
        foreach (var room in numbers.Keys.Order().ToArray()) numbers[room] = number++;
        RowSort.ByKey(rows, row => numbers[roomOf(row)]);
    }

    private static RowIndex<TKey, TRow, TOrder> Index<TKey, TRow, TOrder>(TRow[] rows, Predicate<TRow>? filter = null)
        where TKey : struct, IComparable<TKey>
        where TRow : class
        where TOrder : struct, IRowOrder<TKey, TRow> =>
        RowIndex<TKey, TRow, TOrder>.Of(filter is null ? [.. rows] : Array.FindAll(rows, filter));

    // Whether two versions of a row lie at the same place in every index: all that KeyOf of the orders looks at, beside the key of the table.
    private static bool HasSameKeys(Row old, Row row) => (old, row) switch
    {
        (EntityRow a, EntityRow b) => a.AgentId == b.AgentId,
        (ComponentRow a, ComponentRow b) => a.EntityId == b.EntityId && a.RoomId == b.RoomId && a.CreatedMs == b.CreatedMs,
        (MemoryRow a, MemoryRow b) =>
            a.TableNumber == b.TableNumber && a.RoomId == b.RoomId && a.DocumentId == b.DocumentId && a.CreatedMs == b.CreatedMs,
        (RoomRow a, RoomRow b) => a.AgentId == b.AgentId && a.WorldId == b.WorldId && a.CreatedMs == b.CreatedMs,
        (WorldRow a, WorldRow b) => a.AgentId == b.AgentId && a.CreatedMs == b.CreatedMs,
        (RelationshipRow a, RelationshipRow b) => a.SourceId == b.SourceId && a.TargetId == b.TargetId && a.AgentId == b.AgentId,
        (TaskRow a, TaskRow b) => a.AgentId == b.AgentId && a.CreatedMs == b.CreatedMs,
        (LogRow a, LogRow b) => a.RoomId == b.RoomId && a.CreatedMs == b.CreatedMs,
        // Their indexes know nothing but the key they were found by.
        (AgentRow, AgentRow) or (ParticipantRow, ParticipantRow) or (CacheRow, CacheRow) or (DimensionRow, DimensionRow) => true,
        _ => false,
    };

    private static int CountVectors(MemoryRow? row)
    {
        var count = 0;
        for (var slot = row?.Vectors; slot is not null; slot = slot.Next) count++;
        return count;
    }
}
