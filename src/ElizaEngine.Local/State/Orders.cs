namespace ElizaEngine.Local;

/// <summary>Rows under a parent, in order of id.</summary>
internal readonly record struct ChildKey(Id Parent, Id Id) : IComparable<ChildKey>
{
    public int CompareTo(ChildKey other)
    {
        var order = Parent.CompareTo(other.Parent);
        return order != 0 ? order : Id.CompareTo(other.Id);
    }
}

/// <summary>Rows under a parent, oldest first, then by id.</summary>
internal readonly record struct TimedKey(Id Parent, long CreatedMs, Id Id) : IComparable<TimedKey>
{
    public static TimedKey First(Id parent) => new(parent, long.MinValue, Id.Min);

    public static TimedKey Last(Id parent) => new(parent, long.MaxValue, Id.Max);

    public int CompareTo(TimedKey other)
    {
        var order = Parent.CompareTo(other.Parent);
        if (order != 0) return order;
        order = CreatedMs.CompareTo(other.CreatedMs);
        return order != 0 ? order : Id.CompareTo(other.Id);
    }
}

/// <summary>Rows under two parents, as one key.</summary>
internal readonly record struct PairKey(Id First, Id Second, Id Third) : IComparable<PairKey>
{
    public int CompareTo(PairKey other)
    {
        var order = First.CompareTo(other.First);
        if (order != 0) return order;
        order = Second.CompareTo(other.Second);
        return order != 0 ? order : Third.CompareTo(other.Third);
    }
}

/// <summary>Memories of a room, by table, oldest first, then by id.</summary>
internal readonly record struct RoomMemoryKey(Id RoomId, int TableNumber, long CreatedMs, Id Id) : IComparable<RoomMemoryKey>
{
    public int CompareTo(RoomMemoryKey other)
    {
        var order = RoomId.CompareTo(other.RoomId);
        if (order != 0) return order;
        order = TableNumber.CompareTo(other.TableNumber);
        if (order != 0) return order;
        order = CreatedMs.CompareTo(other.CreatedMs);
        return order != 0 ? order : Id.CompareTo(other.Id);
    }
}

/// <summary>Memories of a table, oldest first, then by id.</summary>
internal readonly record struct TableMemoryKey(int TableNumber, long CreatedMs, Id Id) : IComparable<TableMemoryKey>
{
    public int CompareTo(TableMemoryKey other)
    {
        var order = TableNumber.CompareTo(other.TableNumber);
        if (order != 0) return order;
        order = CreatedMs.CompareTo(other.CreatedMs);
        return order != 0 ? order : Id.CompareTo(other.Id);
    }
}

/// <summary>Cached values: an agent and a text, compared by UTF-16 units.</summary>
internal readonly record struct CacheKey(Id AgentId, string Key) : IComparable<CacheKey>
{
    public int CompareTo(CacheKey other)
    {
        var order = AgentId.CompareTo(other.AgentId);
        return order != 0 ? order : string.CompareOrdinal(Key, other.Key);
    }
}

#pragma warning disable SA1402 // One line each: what an index is ordered by.
internal readonly struct EntitiesByAgent : IRowOrder<ChildKey, EntityRow>
{
    public static ChildKey KeyOf(EntityRow row) => new(row.AgentId, row.Id);
}

internal readonly struct ComponentsByEntity : IRowOrder<TimedKey, ComponentRow>
{
    public static TimedKey KeyOf(ComponentRow row) => new(row.EntityId, row.CreatedMs, row.Id);
}

internal readonly struct ComponentsByRoom : IRowOrder<ChildKey, ComponentRow>
{
    public static ChildKey KeyOf(ComponentRow row) => new(row.RoomId, row.Id);
}

internal readonly struct MemoriesByRoom : IRowOrder<RoomMemoryKey, MemoryRow>
{
    public static RoomMemoryKey KeyOf(MemoryRow row) => new(row.RoomId!.Value, row.TableNumber, row.CreatedMs, row.Id);
}

internal readonly struct MemoriesByTable : IRowOrder<TableMemoryKey, MemoryRow>
{
    public static TableMemoryKey KeyOf(MemoryRow row) => new(row.TableNumber, row.CreatedMs, row.Id);
}

internal readonly struct MemoriesByDocument : IRowOrder<ChildKey, MemoryRow>
{
    public static ChildKey KeyOf(MemoryRow row) => new(row.DocumentId!.Value, row.Id);
}

internal readonly struct RoomsByAgent : IRowOrder<ChildKey, RoomRow>
{
    public static ChildKey KeyOf(RoomRow row) => new(row.AgentId, row.Id);
}

internal readonly struct RoomsByWorld : IRowOrder<TimedKey, RoomRow>
{
    public static TimedKey KeyOf(RoomRow row) => new(row.WorldId!.Value, row.CreatedMs, row.Id);
}

internal readonly struct WorldsByAgent : IRowOrder<TimedKey, WorldRow>
{
    public static TimedKey KeyOf(WorldRow row) => new(row.AgentId, row.CreatedMs, row.Id);
}

internal readonly struct ParticipantsByRoom : IRowOrder<PairKey, ParticipantRow>
{
    public static PairKey KeyOf(ParticipantRow row) => new(row.RoomId, row.EntityId, row.AgentId);
}

internal readonly struct ParticipantsByEntity : IRowOrder<PairKey, ParticipantRow>
{
    public static PairKey KeyOf(ParticipantRow row) => new(row.EntityId, row.RoomId, row.AgentId);
}

internal readonly struct RelationshipsBySource : IRowOrder<PairKey, RelationshipRow>
{
    public static PairKey KeyOf(RelationshipRow row) => new(row.SourceId, row.TargetId, row.AgentId);
}

internal readonly struct RelationshipsByTarget : IRowOrder<PairKey, RelationshipRow>
{
    public static PairKey KeyOf(RelationshipRow row) => new(row.TargetId, row.SourceId, row.AgentId);
}

internal readonly struct TasksByAgent : IRowOrder<TimedKey, TaskRow>
{
    public static TimedKey KeyOf(TaskRow row) => new(row.AgentId, row.CreatedMs, row.Id);
}

internal readonly struct LogsByTime : IRowOrder<TimedKey, LogRow>
{
    // All logs have the same parent here: only time counts.
    public static TimedKey KeyOf(LogRow row) => new(Id.Min, row.CreatedMs, row.Id);
}

internal readonly struct LogsByRoom : IRowOrder<TimedKey, LogRow>
{
    public static TimedKey KeyOf(LogRow row) => new(row.RoomId, row.CreatedMs, row.Id);
}

internal readonly struct CacheByKey : IRowOrder<CacheKey, CacheRow>
{
    public static CacheKey KeyOf(CacheRow row) => new(row.Id, row.Key);
}
