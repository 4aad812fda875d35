using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// A state being changed by one call, under the sequencer's gate or inside a transaction: what the call reads, what it
/// requires, and the effects it has had so far. Effects take effect on the draft's own state at once.
/// The sequencer has one for all calls, since they come one by one; a transaction has one of its own.
/// </summary>
internal sealed class Draft(DatabaseState state, RecordReader records, bool isLocked)
{
    // A longer list of effects is not kept for the next call.
    private const int UsualEffects = 1024;

    private static readonly HashSet<(Table Table, Id Id, string ReferencedBy)> s_noReferences = [];
    private static readonly List<Row> s_noParents = [];
    private static readonly HashSet<Row> s_nothing = [];
    private static readonly HashSet<CacheRow> s_noCached = [];

    private readonly List<Effect> _effects = [];

    // Only a transaction fills these.
    private readonly HashSet<(Table Table, Id Id, string ReferencedBy)> _references = isLocked ? s_noReferences : [];
    private readonly List<Row> _removedParents = isLocked ? s_noParents : [];
    private readonly HashSet<Row> _reliedOn = isLocked ? s_nothing : [];
    private readonly HashSet<CacheRow> _over = isLocked ? s_noCached : [];

    // The same in the order in which they came: a call that throws takes its own back.
    private readonly List<(Table Table, Id Id, string ReferencedBy)> _referencesInOrder = [];
    private readonly List<Row> _reliedOnInOrder = [];

    public DatabaseState State { get; private set; } = state;

    /// <summary>Part of a transaction. What a live commit rests on cannot change before it is applied; a transaction has to remember.</summary>
    public bool IsTransaction => !isLocked;

    /// <summary>The state with everything this call has done so far.</summary>
    public View View => new(State, records, isLocked);

    public List<Effect> Effects => _effects;

    /// <summary>An effect has been applied, or has been begun to be.</summary>
    public bool IsDirty { get; private set; }

    /// <summary>Rows that the effects of a transaction name.</summary>
    public IReadOnlyCollection<(Table Table, Id Id, string ReferencedBy)> References => _references;

    /// <summary>Rows of a transaction whose dependents it removed.</summary>
    public IReadOnlyList<Row> RemovedParents => _removedParents;

    /// <summary>Rows that must not change before a transaction is committed.</summary>
    public IReadOnlyCollection<Row> ReliedOn => _reliedOn;

    /// <summary>Cached values that a transaction wrote over, and whose life was over then: to it they were not there.</summary>
    public IReadOnlyCollection<CacheRow> Over => _over;

    /// <summary>Most bytes the effects take in the log.</summary>
    public long Bytes { get; private set; }

    /// <summary>Begins the next call, on a state of its own. Only without a transaction.</summary>
    public void Begin(DatabaseState state)
    {
        Clear();
        State = state;
    }

    /// <summary>Lets go of what the call had done.</summary>
    public void Clear()
    {
        _effects.Clear();
        if (_effects.Capacity > UsualEffects) _effects.Capacity = UsualEffects;
        IsDirty = false;
        Bytes = 0;
    }

    public void Put(Row row, ReadOnlyMemory<byte> body) => Add(new PutRow(row, body));

    public void PutVector(Id memoryId, float[] vector, float inverseNorm) => Add(new PutVector(memoryId, vector, inverseNorm));

    public void DropVector(Id memoryId, int dimension) => Add(new DropVector(memoryId, dimension));

    /// <summary>Deletes rows of one table that the state holds. Returns how many there are.</summary>
    public int Delete(Table table, IReadOnlyCollection<Row> rows, bool areDependents = false)
    {
        Row[] doomed = [.. rows];
        var step = table == Table.Cache ? 1 : DeleteRows.MaxRows;
        for (var start = 0; start < doomed.Length; start += step)
            Add(new DeleteRows(table, new ArraySegment<Row>(doomed, start, Math.Min(step, doomed.Length - start)), areDependents));
        return doomed.Length;
    }

    /// <summary>Notes that what was decided depends on a row as it is.</summary>
    public void RelyOn(Row row)
    {
        if (IsTransaction && _reliedOn.Add(row)) _reliedOnInOrder.Add(row);
    }

    /// <summary>Notes that a cached value is written over whose life is over.</summary>
    public void NoteOver(CacheRow row)
    {
        // A call that throws need not take it back: it is true of the row whatever becomes of the call.
        if (IsTransaction) _over.Add(row);
    }

    /// <summary>Notes that the dependents of a row are being removed with it.</summary>
    public void NoteRemovedParent(Row row)
    {
        if (IsTransaction) _removedParents.Add(row);
    }

    /// <summary>Demands that a row exists, now and when the change is committed.</summary>
    /// <exception cref="ReferenceNotFoundException">It does not.</exception>
    public void Require(Table table, Id id, string referencedBy)
    {
        if (!Exists(State, table, id)) throw new ReferenceNotFoundException(table.ToString().ToLowerInvariant(), id, referencedBy);
        if (IsTransaction && _references.Add((table, id, referencedBy))) _referencesInOrder.Add((table, id, referencedBy));
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
        IsDirty = true;
        effect.Apply(State);
        _effects.Add(effect);
        Bytes += WriteAheadLog.RecordBytes(effect.Length, effect.Alignment);
    }

    /// <summary>
    /// Runs one call of a transaction: on a state of its own, so that a call that throws leaves the transaction as it was.
    /// </summary>
    public T Step<T>(Func<Draft, T> call)
    {
        var (before, effects, parents, bytes) = (State, _effects.Count, _removedParents.Count, Bytes);
        var (references, reliedOn) = (_referencesInOrder.Count, _reliedOnInOrder.Count);
        State = before.Branch();
        try
        {
            return call(this);
        }
        catch
        {
            State = before;
            _effects.RemoveRange(effects, _effects.Count - effects);
            _references.ExceptWith(_referencesInOrder[references..]);
            _referencesInOrder.RemoveRange(references, _referencesInOrder.Count - references);
            _reliedOn.ExceptWith(_reliedOnInOrder[reliedOn..]);
            _reliedOnInOrder.RemoveRange(reliedOn, _reliedOnInOrder.Count - reliedOn);
            _removedParents.RemoveRange(parents, _removedParents.Count - parents);
            Bytes = bytes;
            throw;
        }
    }
}
