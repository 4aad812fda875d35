using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// A state being changed by one call, under the sequencer's gate or inside a transaction: what the call reads, what it
/// requires, and the effects it has had so far. Effects take effect on the draft's own state at once.
/// </summary>
internal sealed class Draft(DatabaseState state, RecordReader records, bool isLocked)
{
    private readonly List<Effect> _effects = [];
    private readonly List<(Table Table, Id Id, string ReferencedBy)> _references = [];
    private readonly List<Row> _removedParents = [];
    private readonly List<Row> _reliedOn = [];

    public DatabaseState State { get; private set; } = state;

    /// <summary>The state with everything this call has done so far.</summary>
    public View View => new(State, records, isLocked);

    public IReadOnlyList<Effect> Effects => _effects;

    /// <summary>Rows this draft relies on.</summary>
    public IReadOnlyList<(Table Table, Id Id, string ReferencedBy)> References => _references;

    /// <summary>Rows whose dependents this draft removed.</summary>
    public IReadOnlyList<Row> RemovedParents => _removedParents;

    /// <summary>Rows, by a row of the same key, that must not change before this draft is committed.</summary>
    public IReadOnlyList<Row> ReliedOn => _reliedOn;

    /// <summary>Most bytes the effects take in the log.</summary>
    public long Bytes { get; private set; }

    public void Put(Row row, byte[] body) => Add(new PutRow(row, body));

    public void PutVector(Id memoryId, float[] vector, float inverseNorm) => Add(new PutVector(memoryId, vector, inverseNorm));

    public void DropVector(Id memoryId, int dimension) => Add(new DropVector(memoryId, dimension));

    /// <summary>Deletes rows of one table; rows the state does not hold any more are left out. Returns how many went.</summary>
    public int Delete(Table table, IEnumerable<Row> rows)
    {
        var present = rows.Where(row => State.Find(row) is not null).ToArray();
        var step = table == Table.Cache ? 1 : DeleteRows.MaxRows;
        for (var start = 0; start < present.Length; start += step)
            Add(new DeleteRows(table, new ArraySegment<Row>(present, start, Math.Min(step, present.Length - start))));
        return present.Length;
    }

    /// <summary>Notes that what was decided depends on a row as it is, or on its absence.</summary>
    public void RelyOn(Row key) => _reliedOn.Add(key);

    /// <summary>Notes that the dependents of a row are being removed with it.</summary>
    public void NoteRemovedParent(Row row) => _removedParents.Add(row);

    /// <summary>Demands that a row exists, now and when the change is committed.</summary>
    /// <exception cref="ReferenceNotFoundException">It does not.</exception>
    public void Require(Table table, Id id, string referencedBy)
    {
        Check(State, table, id, referencedBy);
        _references.Add((table, id, referencedBy));
    }

    /// <exception cref="ReferenceNotFoundException">The row does not exist.</exception>
    public static void Check(DatabaseState state, Table table, Id id, string referencedBy)
    {
        if (!Exists(state, table, id)) throw new ReferenceNotFoundException(table.ToString().ToLowerInvariant(), id, referencedBy);
    }

    /// <summary>Whether a state holds a row that others may refer to.</summary>
    public static bool Exists(DatabaseState state, Table table, Id id) => table switch
    {
        Table.Agents => state.Agents.Find(id) is not null,
        Table.Entities => state.Entities.Find(id) is not null,
        Table.Rooms => state.Rooms.Find(id) is not null,
        Table.Worlds => state.Worlds.Find(id) is not null,
        _ => throw new ArgumentOutOfRangeException(nameof(table), table, "no row refers to that table"),
    };

    /// <summary>Adds an effect and applies it.</summary>
    public void Add(Effect effect)
    {
        effect.Apply(State);
        _effects.Add(effect);
        Bytes += WriteAheadLog.RecordBytes(effect.Length, effect.Alignment);
    }

    /// <summary>
    /// Runs one call of a transaction: on a state of its own, so that a call that throws leaves the transaction as it was.
    /// </summary>
    public T Step<T>(Func<Draft, T> call)
    {
        var (before, effects, references, parents, bytes) = (State, _effects.Count, _references.Count, _removedParents.Count, Bytes);
        State = before.EditableBy(DatabaseState.NewPrivateOwner());
        try
        {
            return call(this);
        }
        catch
        {
            State = before;
            _effects.RemoveRange(effects, _effects.Count - effects);
            _references.RemoveRange(references, _references.Count - references);
            _removedParents.RemoveRange(parents, _removedParents.Count - parents);
            Bytes = bytes;
            throw;
        }
    }
}
