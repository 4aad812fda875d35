namespace ElizaEngine.Local;

/// <summary>Walks the memories of a table, or of a room in a table, newest first, from a moment on.</summary>
internal struct MemoryCursor
{
    private readonly int _table;
    private readonly Id? _room;
    private RowIndex<RoomMemoryKey, MemoryRow, MemoriesByRoom>.Cursor _byRoom;
    private RowIndex<TableMemoryKey, MemoryRow, MemoriesByTable>.Cursor _byTable;

    public MemoryCursor(DatabaseState state, int table, Id? room, long endMs)
    {
        _table = table;
        _room = room;
        if (room is { } id) _byRoom = state.MemoriesByRoom.Descend(new RoomMemoryKey(id, table, endMs, Id.Max));
        else _byTable = state.MemoriesByTable.Descend(new TableMemoryKey(table, endMs, Id.Max));
    }

    public readonly MemoryRow Current => _room is null ? _byTable.Current : _byRoom.Current;

    public bool MoveNext()
    {
        if (_room is null) return _byTable.MoveNext() && _byTable.Current.TableNumber == _table;
        return _byRoom.MoveNext() && _byRoom.Current.TableNumber == _table && _byRoom.Current.RoomId == _room;
    }

    /// <summary>The same, but a row that nobody has asked for yet is not made.</summary>
    /// <param name="dimension">Of the vectors that are asked for.</param>
    /// <param name="vector">The memory, instead of <see cref="Current"/>.</param>
    public bool MoveNext(int dimension, out MemoryVector vector)
    {
        vector = default;
        IRowSequence<MemoryRow>? source;
        int place;
        if (!(_room is null ? _byTable.MoveNext(out source, out place) : _byRoom.MoveNext(out source, out place))) return false;
        vector = source is StoredMemories.Order stored ? stored.VectorAt(place, dimension) : new MemoryVector(source?[place] ?? Current, dimension);
        return vector.Scope.TableNumber == _table && (_room is null || vector.Scope.RoomId == _room);
    }
}
