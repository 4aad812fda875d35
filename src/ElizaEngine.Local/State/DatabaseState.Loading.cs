namespace ElizaEngine.Local;

/// <summary>
/// A state out of what opening read: all rows at once, or a checkpoint and what the log says behind it. Indexes are built in one go, which
/// gives what putting row by row would.
/// </summary>
internal sealed partial class DatabaseState
{
    /// <summary>So many rows are worth a thread more.</summary>
    public const int ManyToIndex = 2000;

    /// <summary>The state of these rows, whose tables it takes over. Each index is built in one go.</summary>
    public static DatabaseState Of(LoadedRows rows)
    {
        var state = WithCounts(rows.Tables);
        Parallel.Invoke(
            () => state.BuildMemories(rows.Of<MemoryRow>(Table.Memories)),
            () => state.BuildLogs(rows.Of<LogRow>(Table.Logs)),
            () => state.BuildSmallTables(rows));
        return state;
    }

    /// <summary>
    /// The state of these rows and the memories of a checkpoint. It may be edited until it is loaded: what the log says behind the
    /// checkpoint belongs to the same moment. Until then nobody has seen its rows, and the indexes lack new memories.
    /// </summary>
    public static DatabaseState Of(LoadedRows rows, StoredMemories memories)
    {
        rows.Tables[(int)Table.Memories] = new RowTable(memories);
        var state = WithCounts(rows.Tables);
        state._owner = NewPrivateOwner();
        state._isLoading = true;
        state.VectorCount = memories.VectorCount;
        state.MemoriesByTable = RowIndex<TableMemoryKey, MemoryRow, MemoriesByTable>.Of(memories.ByTable);
        state.MemoriesByRoom = RowIndex<RoomMemoryKey, MemoryRow, MemoriesByRoom>.Of(memories.ByRoom);
        state.MemoriesByDocument = RowIndex<ChildKey, MemoryRow, MemoriesByDocument>.Of(memories.ByDocument);
        state.BuildLogs(rows.Of<LogRow>(Table.Logs));
        state.BuildSmallTables(rows);
        return state;
    }

    /// <summary>While it is loaded: most memories that are in no index yet.</summary>
    public int Unindexed => _rows.CountLoaded(Table.Memories);

    /// <summary>Ends the loading of a state that began with a checkpoint.</summary>
    public void EndLoading()
    {
        _isLoading = false;
        var rows = _rows.Loaded<MemoryRow>(Table.Memories);
        if (rows.Length == 0) return;
        if (rows.Length < ManyToIndex)
        {
            AddByTable(rows);
            AddByParents(rows);
        }
        else
        {
            Parallel.Invoke(() => AddByTable(rows), () => AddByParents(rows));
        }
    }

    private static DatabaseState WithCounts(RowTable[] tables)
    {
        var state = new DatabaseState(new RowVersions(tables));
        foreach (var table in Enum.GetValues<Table>()) state._counts[(int)table] = tables[(int)table].Count;
        return state;
    }

    private void AddByTable(MemoryRow[] rows)
    {
        foreach (var row in rows) MemoriesByTable = MemoriesByTable.Put(row, _owner);
    }

    private void AddByParents(MemoryRow[] rows)
    {
        foreach (var row in rows)
        {
            if (row.RoomId is not null) MemoriesByRoom = MemoriesByRoom.Put(row, _owner);
            if (row.DocumentId is not null) MemoriesByDocument = MemoriesByDocument.Put(row, _owner);
        }
    }

    private void BuildSmallTables(LoadedRows rows)
    {
        var entities = rows.Of<EntityRow>(Table.Entities);
        EntitiesByAgent = Index<ChildKey, EntityRow, EntitiesByAgent>(entities);
        var components = rows.Of<ComponentRow>(Table.Components);
        ComponentsByEntity = Index<TimedKey, ComponentRow, ComponentsByEntity>(components);
        ComponentsByRoom = Index<ChildKey, ComponentRow, ComponentsByRoom>(components);
        var rooms = rows.Of<RoomRow>(Table.Rooms);
        RoomsByAgent = Index<ChildKey, RoomRow, RoomsByAgent>(rooms);
        RoomsByWorld = Index<TimedKey, RoomRow, RoomsByWorld>(rooms, static row => row.WorldId is not null);
        var worlds = rows.Of<WorldRow>(Table.Worlds);
        WorldsByAgent = Index<TimedKey, WorldRow, WorldsByAgent>(worlds);
        var participants = rows.Of<ParticipantRow>(Table.Participants);
        Participants = Index<PairKey, ParticipantRow, ParticipantsByRoom>(participants);
        ParticipantsByEntity = Index<PairKey, ParticipantRow, ParticipantsByEntity>(participants);
        var relationships = rows.Of<RelationshipRow>(Table.Relationships);
        RelationshipsBySource = Index<PairKey, RelationshipRow, RelationshipsBySource>(relationships);
        RelationshipsByTarget = Index<PairKey, RelationshipRow, RelationshipsByTarget>(relationships);
        var tasks = rows.Of<TaskRow>(Table.Tasks);
        TasksByAgent = Index<TimedKey, TaskRow, TasksByAgent>(tasks);
        Cache = Index<CacheKey, CacheRow, CacheByKey>(rows.Of<CacheRow>(Table.Cache));
    }

    // Sorted by time, then by table, then by room: each sort keeps the order of the one before where its own key is equal.
    private void BuildMemories(MemoryRow[] memories)
    {
        RowSort.ByTime(memories, static row => row.CreatedMs);
        RowSort.ByKey(memories, static row => (uint)row.TableNumber);
        MemoriesByTable = RowIndex<TableMemoryKey, MemoryRow, MemoriesByTable>.Of(memories);
        VectorCount = memories.Sum(static row => row.VectorCount);

        MemoriesByDocument = Index<ChildKey, MemoryRow, MemoriesByDocument>(memories, static row => row.DocumentId is not null);
        var inRooms = Array.FindAll(memories, static row => row.RoomId is not null);
        SortByRoom(inRooms, static row => row.RoomId!.Value);
        MemoriesByRoom = RowIndex<RoomMemoryKey, MemoryRow, MemoriesByRoom>.Of(inRooms);
    }

    private void BuildLogs(LogRow[] logs)
    {
        RowSort.ByTime(logs, static row => row.CreatedMs);
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
}
