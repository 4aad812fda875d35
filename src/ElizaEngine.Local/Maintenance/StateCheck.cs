using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// Compares a state with another that was built from the same rows, or from the same log: table by table, index by index, row by row.
/// </summary>
internal sealed class StateCheck
{
    /// <summary>Tables and indexes of a state.</summary>
    public const int IndexCount = 27;

    private readonly Func<RecordLocation, RecordPlace>? _placeOf; // Null: the rows are the same objects.
    private readonly Action<int> _progress;
    private readonly CancellationToken _cancellation;

    private StateCheck(Func<RecordLocation, RecordPlace>? placeOf, Action<int> progress, CancellationToken cancellationToken)
    {
        _placeOf = placeOf;
        _progress = progress;
        _cancellation = cancellationToken;
    }

    /// <summary>Tables and indexes compared.</summary>
    public int Indexes { get; private set; }

    public List<VerifyFinding> Findings { get; } = [];

    /// <summary>Compares every index of a state with what its tables amount to.</summary>
    public static StateCheck WithItsOwnRows(DatabaseState state, Action<int> progress, CancellationToken cancellationToken)
    {
        var rows = new LoadedRows();
        foreach (var row in TableRows(state))
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Put(row, old: null);
        }

        var check = new StateCheck(placeOf: null, progress, cancellationToken);
        check.CompareAll(state, DatabaseState.Of(rows));
        return check;
    }

    /// <summary>Compares every index of a state with one that the log was replayed into.</summary>
    /// <param name="state">The state.</param>
    /// <param name="replayed">The other.</param>
    /// <param name="placeOf">Where a record is now: compaction may have moved it, before or since.</param>
    /// <param name="progress">Told how many indexes are done.</param>
    /// <param name="cancellationToken">Ends it between two indexes.</param>
    public static StateCheck WithLog(
        DatabaseState state, DatabaseState replayed, Func<RecordLocation, RecordPlace> placeOf, Action<int> progress, CancellationToken cancellationToken)
    {
        var check = new StateCheck(placeOf, progress, cancellationToken);
        check.CompareAll(state, replayed);
        return check;
    }

    /// <summary>Every row, table by table; looked for while it is enumerated.</summary>
    /// <param name="state">The state.</param>
    /// <param name="except">A table that is left out; null: none.</param>
    public static IEnumerable<Row> TableRows(DatabaseState state, Table? except = null) =>
        Enum.GetValues<Table>().Where(table => table != except).SelectMany<Table, Row>(table => table switch
        {
            Table.Participants => RowsOf(state.Participants),
            Table.Cache => RowsOf(state.Cache),
            _ => state.RowsOf(table),
        });

    private void CompareAll(DatabaseState state, DatabaseState other)
    {
        Compare("agents", state.Agents, other.Agents);
        Compare("entities", state.Entities, other.Entities);
        Compare("entities by agent", state.EntitiesByAgent, other.EntitiesByAgent);
        Compare("components", state.Components, other.Components);
        Compare("components by entity", state.ComponentsByEntity, other.ComponentsByEntity);
        Compare("components by room", state.ComponentsByRoom, other.ComponentsByRoom);
        Compare("memories", state.Memories, other.Memories);
        Compare("memories by room", state.MemoriesByRoom, other.MemoriesByRoom);
        Compare("memories by table", state.MemoriesByTable, other.MemoriesByTable);
        Compare("memories by document", state.MemoriesByDocument, other.MemoriesByDocument);
        Compare("rooms", state.Rooms, other.Rooms);
        Compare("rooms by agent", state.RoomsByAgent, other.RoomsByAgent);
        Compare("rooms by world", state.RoomsByWorld, other.RoomsByWorld);
        Compare("worlds", state.Worlds, other.Worlds);
        Compare("worlds by agent", state.WorldsByAgent, other.WorldsByAgent);
        Compare("participants by room", state.Participants, other.Participants);
        Compare("participants by entity", state.ParticipantsByEntity, other.ParticipantsByEntity);
        Compare("relationships", state.Relationships, other.Relationships);
        Compare("relationships by source", state.RelationshipsBySource, other.RelationshipsBySource);
        Compare("relationships by target", state.RelationshipsByTarget, other.RelationshipsByTarget);
        Compare("tasks", state.Tasks, other.Tasks);
        Compare("tasks by agent", state.TasksByAgent, other.TasksByAgent);
        Compare("log entries", state.Logs, other.Logs);
        Compare("log entries by time", state.LogsByTime, other.LogsByTime);
        Compare("log entries by room", state.LogsByRoom, other.LogsByRoom);
        Compare("cached values", state.Cache, other.Cache);
        Compare("dimensions", state.Dimensions, other.Dimensions);
        if (state.VectorCount != other.VectorCount) Find($"the counter of vectors says {state.VectorCount} instead of {other.VectorCount}");
    }

    private void Compare<TKey, TRow, TOrder>(string name, RowIndex<TKey, TRow, TOrder> index, RowIndex<TKey, TRow, TOrder> other)
        where TKey : struct, IComparable<TKey>
        where TRow : Row
        where TOrder : struct, IRowOrder<TKey, TRow>
    {
        _cancellation.ThrowIfCancellationRequested();
        _progress(++Indexes);
        var count = 0;
        var wanted = RowsOf(other).GetEnumerator();
        TKey? last = null;
        foreach (var row in RowsOf(index))
        {
            count++;
            var key = TOrder.KeyOf(row);
            if (last is { } before && before.CompareTo(key) >= 0)
            {
                Find($"the index of {name} is out of order at {key}");
                return;
            }

            last = key;
            if (!wanted.MoveNext() || key.CompareTo(TOrder.KeyOf(wanted.Current)) != 0 || !IsSame(row, wanted.Current))
            {
                Find($"the index of {name} is not what its rows amount to, from {key} on");
                return;
            }
        }

        if (count != other.Count || count != index.Count) Find($"the index of {name} counts {index.Count} rows and holds {count}, instead of {other.Count}");
    }

    private void Compare<TRow>(string name, RowsById<TRow> table, RowsById<TRow> other)
        where TRow : Row
    {
        _cancellation.ThrowIfCancellationRequested();
        _progress(++Indexes);
        var count = 0;
        foreach (var row in table.All())
        {
            count++;
            if (!ReferenceEquals(table.Find(row.Id), row) || (_placeOf is not null && (other.Find(row.Id) is not { } wanted || !IsSame(row, wanted))))
            {
                Find($"the table of {name} is not what its rows amount to, at {(Guid)row.Id}");
                return;
            }
        }

        if (count != other.Count || count != table.Count) Find($"the table of {name} counts {table.Count} rows and holds {count}, instead of {other.Count}");
    }

    private bool IsSame(Row row, Row other) => _placeOf is null
        ? ReferenceEquals(row, other)
        : IsSamePlace(row.Location, other.Location) && (row is not MemoryRow memory || HasSameVectors(memory, (MemoryRow)other));

    private bool HasSameVectors(MemoryRow memory, MemoryRow other)
    {
        var count = 0;
        for (var slot = memory.Vectors; slot is not null; slot = slot.Next)
        {
            count++;
            if (other.Vector(slot.Dimension) is not { } same || !IsSamePlace(slot.Location, same.Location)) return false;
        }

        for (var slot = other.Vectors; slot is not null; slot = slot.Next) count--;
        return count == 0;
    }

    // Both lie where they lay at one moment: a compaction may take effect between the two questions.
    private bool IsSamePlace(RecordLocation location, RecordLocation other)
    {
        while (true)
        {
            var (place, otherPlace) = (_placeOf!(location), _placeOf(other));
            if (place == otherPlace) return true;
            if (_placeOf(location) == place && _placeOf(other) == otherPlace) return false;
        }
    }

    private void Find(string what) => Findings.Add(new VerifyFinding("", 0, 0, what, IsDamage: true));

    // By the nodes: a cursor trusts the separators that are in question.
    private static IEnumerable<TRow> RowsOf<TKey, TRow, TOrder>(RowIndex<TKey, TRow, TOrder> index)
        where TKey : struct, IComparable<TKey>
        where TRow : class
        where TOrder : struct, IRowOrder<TKey, TRow>
    {
        var nodes = new Stack<RowIndex<TKey, TRow, TOrder>.Node>();
        if (index.Root is not null) nodes.Push(index.Root);
        while (nodes.TryPop(out var node))
        {
            if (node.Rows is null)
            {
                for (var i = node.Count - 1; i >= 0; i--) nodes.Push(node.Children![i]);
                continue;
            }

            for (var i = 0; i < node.Count; i++) yield return node.Rows[i];
        }
    }
}
