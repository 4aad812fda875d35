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
    // Changes that leave an old version behind before another era begins; and versions let go of at once at most: no write waits for long.
    private const int EraChanges = 4096;

    private readonly Queue<(WeakReference<Era> Era, (Table Table, Id Id)[] Changes, long End)> _past = new();
    private readonly List<(Table Table, Id Id, object? Before)> _edits = [];
    private readonly List<(Table Table, Id Id)> _changes = [];

    public RowVersions()
        : this(NewTables())
    {
    }

    /// <summary>An empty table for each table.</summary>
    public static RowTable[] NewTables() => [.. Enumerable.Range(0, (int)Enum.GetValues<Table>().Max() + 1).Select(static _ => new RowTable())];

    /// <summary>Begins the next state; the one before is edited no more.</summary>
    /// <param name="sequence">Its number.</param>
    /// <param name="era">The era of the state before.</param>
    /// <returns>The era that it has to hold.</returns>
    public Era Begin(long sequence, Era era)
    {
        Empty(_edits);
        if (_past.TryPeek(out var oldest) && !oldest.Era.TryGetTarget(out _))
        {
            _past.Dequeue();
            foreach (var (table, id) in oldest.Changes) Forget(table, id, oldest.End);
        }
        if (_changes.Count < EraChanges) return era;
        var reference = new WeakReference<Era>(era);
        foreach (var changes in _changes.Chunk(EraChanges)) _past.Enqueue((reference, changes, sequence));
        Empty(_changes);
        return new Era();
    }

    /// <summary>The row with this id in a state, or null.</summary>
    public Row? Find(Table table, Id id, long sequence) => AsOf(tables[(int)table].Find(id), sequence);

    /// <summary>The same; see <see cref="RowTable.Find(Id, ref int)"/>.</summary>
    public Row? Find(Table table, Id id, long sequence, ref int place) => AsOf(tables[(int)table].Find(id, ref place), sequence);

    /// <summary>The rows of a table in a state, in no order.</summary>
    public IEnumerable<Row> Rows(Table table, long sequence)
    {
        foreach (var entry in tables[(int)table].Entries())
        {
            if (AsOf(entry, sequence) is { } row) yield return row;
        }
    }

    /// <summary>Puts a row into the state that was begun last, in place of the one with the same id.</summary>
    public void Put(Row row, long sequence)
    {
        var (table, before) = Edit(row.Table, row.Id);
        row.Since = sequence;
        var older = Past(before, sequence);
        table.Put(older is null ? row : new RowVersion(row, RowVersion.Alive, older));
        if (older is not null) _changes.Add((row.Table, row.Id));
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
    public void Remove(Table table, Id id, long sequence)
    {
        var (rows, before) = Edit(table, id);
        if (Past(before, sequence) is not { } older)
        {
            rows.Remove(id);
            return;
        }
        rows.Put(older);
        _changes.Add((table, id));
    }

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
    }

    // What one huge change needed is not kept for the next.
    private static void Empty<T>(List<T> list)
    {
        list.Clear();
        if (list.Capacity > 2 * EraChanges) list.Capacity = EraChanges;
    }

    private (RowTable Rows, object? Before) Edit(Table table, Id id)
    {
        var rows = tables[(int)table];
        var before = rows.Find(id);
        _edits.Add((table, id, before));
        return (rows, before);
    }

    // What older states can see of an entry that is over at a sequence number.
    private static RowVersion? Past(object? entry, long sequence) => entry switch
    {
        null => null,
        RowVersion { Until: not RowVersion.Alive } gone => gone,
        RowVersion version => version.Row.Since == sequence ? version.Older : new(version.Row, sequence, version.Older),
        _ => ((Row)entry).Since == sequence ? null : new((Row)entry, sequence, null),
    };

    private static Row? AsOf(object? entry, long sequence) => entry switch
    {
        null => null,
        RowVersion version => version.AsOf(sequence),
        _ => ((Row)entry).Since <= sequence ? (Row)entry : null,
    };

    // Every state that is held, and every one to come, has at least this number.
    private void Forget(Table table, Id id, long sequence)
    {
        var rows = tables[(int)table];
        if (rows.Find(id) is not RowVersion version) return;
        var left = version.After(sequence);
        if (left is null) rows.Remove(id);
        else rows.Put(left is { Until: RowVersion.Alive, Older: null } ? left.Row : left);
    }
}

/// <summary>A stretch of time, of which every state holds the one object.</summary>
internal sealed class Era;
