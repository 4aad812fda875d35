namespace ElizaEngine.Local;

/// <summary>
/// Every row that has an id, as of every state that somebody still holds. States follow each other, each with the next sequence number;
/// a row carries the number at which it came, and one that was replaced or removed stays, as a <see cref="RowVersion"/>, while a state is
/// held that can see it. Nobody has to say that he holds one: states of one time share an <see cref="Era"/>, and when the garbage
/// collector has taken that, no state of its time is left.
/// <para>One thread writes at a time; any number read meanwhile, without a lock.</para>
/// </summary>
/// <param name="tables">The rows of each table, by the table's number.</param>
internal sealed class RowVersions(RowTable[] tables)
{
    // Changes that leave an old version behind before another era begins; and how many of them are let go of together.
    private const int EraChanges = 4096;

    // Oldest first: the versions that states of an era made, which hold what only states of that era and before it can see.
    private readonly Queue<(WeakReference<Era> Era, (Table Table, RowVersion Version)[] Changes)> _past = new();
    private readonly List<(Table Table, Id Id, object? Before)> _edits = [];

    // What is not in the past yet; from a number on, of the state that was begun last.
    private readonly List<(Table Table, RowVersion Version)> _changes = [];
    private int _firstChange;

    public RowVersions()
        : this(NewTables())
    {
    }

    /// <summary>An empty table for each table.</summary>
    public static RowTable[] NewTables() => [.. Enumerable.Range(0, (int)Enum.GetValues<Table>().Max() + 1).Select(static _ => new RowTable())];

    /// <summary>Begins the next state; the one before is edited no more.</summary>
    /// <param name="era">The era of the state before.</param>
    /// <returns>The era that it has to hold.</returns>
    public Era Begin(Era era)
    {
        Empty(_edits);
        var isOver = _changes.Count >= EraChanges;
        // Of such arrays one more than come: what piled up while a state was held goes in the end, and no write waits for all of it.
        var most = isOver ? ((_changes.Count + EraChanges - 1) / EraChanges) + 1 : 1;
        for (; most > 0 && _past.TryPeek(out var oldest) && !oldest.Era.TryGetTarget(out _); most--)
        {
            _past.Dequeue();
            foreach (var (table, version) in oldest.Changes) Forget(table, version);
        }
        if (isOver)
        {
            var reference = new WeakReference<Era>(era);
            foreach (var changes in _changes.Chunk(EraChanges)) _past.Enqueue((reference, changes));
            Empty(_changes);
            era = new Era();
        }
        _firstChange = _changes.Count;
        return era;
    }

    /// <summary>The row with this id in a state, or null.</summary>
    public Row? Find(Table table, Id id, long sequence) => RowVersion.AsOf(tables[(int)table].Find(id), sequence);

    /// <summary>The same; see <see cref="RowTable.Find(Id, ref int)"/>.</summary>
    public Row? Find(Table table, Id id, long sequence, ref int place) => RowVersion.AsOf(tables[(int)table].Find(id, ref place), sequence);

    /// <summary>The rows of a table in a state, in no order.</summary>
    public IEnumerable<Row> Rows(Table table, long sequence)
    {
        foreach (var entry in tables[(int)table].Entries())
        {
            if (RowVersion.AsOf(entry, sequence) is { } row) yield return row;
        }
    }

    /// <summary>Puts a row into the state that was begun last, in place of the one with the same id.</summary>
    public void Put(Row row, long sequence)
    {
        row.Since = sequence;
        Edit(row.Table, row.Id, row, sequence);
    }

    /// <summary>Puts a row into the first state, which nobody has seen: nothing is kept of what was there. True: a checkpoint knows the id.</summary>
    public bool Load(Row row) => tables[(int)row.Table].Put(row);

    /// <summary>Takes a row out of the first state, which nobody has seen. True: a checkpoint knows the id.</summary>
    public bool Unload(Table table, Id id)
    {
        tables[(int)table].Remove(id);
        return tables[(int)table].IsStored(id);
    }

    /// <summary>At least as many as <see cref="Loaded"/> are.</summary>
    public int CountLoaded(Table table) => tables[(int)table].Added;

    /// <summary>The rows of the first state whose ids no checkpoint knows.</summary>
    public TRow[] Loaded<TRow>(Table table)
        where TRow : Row => tables[(int)table].ToArray<TRow>(isStored: false);

    /// <summary>Takes the row with this id out of the state that was begun last.</summary>
    public void Remove(Table table, Id id, long sequence) => Edit(table, id, null, sequence);

    /// <summary>Takes back all that was done to the state that was begun last, which nobody else has seen.</summary>
    public void Undo()
    {
        for (var i = _edits.Count - 1; i >= 0; i--)
        {
            var (table, id, before) = _edits[i];
            if (before is null) tables[(int)table].Remove(id);
            else tables[(int)table].Put(before);
        }
        Empty(_edits);
        _changes.RemoveRange(_firstChange, _changes.Count - _firstChange);
    }

    // What one huge change needed is not kept for the next.
    private static void Empty<T>(List<T> list)
    {
        list.Clear();
        if (list.Capacity > 2 * EraChanges) list.Capacity = EraChanges;
    }

    // Null: the row is removed.
    private void Edit(Table table, Id id, Row? row, long sequence)
    {
        var rows = tables[(int)table];
        var before = rows.Find(id);
        if (before is RowVersion version && version.Since == sequence)
        {
            // This state's own: what is behind it, and what to take back, has been noted.
            version.Row = row;
            return;
        }
        _edits.Add((table, id, before));
        if (before is null || (before is Row own && own.Since == sequence))
        {
            Set(rows, id, row);
            return;
        }
        version = new RowVersion(id, row, sequence, before);
        rows.Put(version);
        _changes.Add((table, version));
    }

    // States from this version on are all that are held, or to come.
    private void Forget(Table table, RowVersion version)
    {
        version.Cut();
        var rows = tables[(int)table];
        if (ReferenceEquals(rows.Find(version.Id), version)) Set(rows, version.Id, version.Row);
    }

    private static void Set(RowTable rows, Id id, Row? row)
    {
        if (row is null) rows.Remove(id);
        else rows.Put(row);
    }
}

/// <summary>A stretch of time, of which every state holds the one object.</summary>
internal sealed class Era;
