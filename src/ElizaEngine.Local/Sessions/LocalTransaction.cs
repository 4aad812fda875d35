using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// A transaction: a private copy of the state that was published when it began, changed by the same code as a live commit, and
/// the effects it had. Nothing of it is in the log before <see cref="CommitAsync"/>.
/// </summary>
internal sealed class LocalTransaction : LocalSession
{
    private readonly LocalDatabase _database;
    private readonly DatabaseState _snapshot;
    private readonly Draft _draft;
    private readonly ReadPin _held;
    private readonly Lock _gate = new();
    private bool _isOver;

    public LocalTransaction(LocalDatabase database, Guid agentId)
        : base(agentId, database.Shared, database.Time)
    {
        _database = database;
        _held = database.Hold();
        _snapshot = database.Sequencer.Published;
        _draft = new Draft(_snapshot, database.Records, isLocked: false);
    }

    protected override ReadScope BeginRead()
    {
        lock (_gate)
        {
            ThrowIfOver();
            return new ReadScope(_draft.View, _database.Pin());
        }
    }

    protected override ReadPin Hold() => _database.Hold();

    protected override bool KeepsEffects => true;

    protected override ValueTask<T> ChangeAsync<T>(Func<Draft, T> plan, long? bytesMax, CancellationToken cancellationToken)
    {
        using var pin = _database.Pin();
        lock (_gate)
        {
            ThrowIfOver();
            return new ValueTask<T>(_draft.Step(plan));
        }
    }

    /// <summary>Ends the transaction: no call on it is served any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (!_isOver) _held.Dispose();
            _isOver = true;
        }
    }

    /// <summary>Logs and applies all effects as one batch, if nothing they rest on has changed.</summary>
    /// <exception cref="TransactionConflictException">Another one first changed the same rows, or deleted one that is referred to.</exception>
    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        // One that only read needs no place in the order of writes; one that left a row as it was still says that it is so.
        if (_draft.Effects.Count == 0 && _draft.ReliedOn.Count == 0) return;
        try
        {
            await _database.Sequencer.CommitAsync(
                newest =>
                {
                    CheckConflicts(newest.State);
                    foreach (var effect in _draft.Effects) newest.Add(effect);
                    return true;
                },
                bytesMax: null,
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is StorageException or StorageIOException)
        {
            throw StorageErrors.Translate(error);
        }
    }

    private void CheckConflicts(DatabaseState newest)
    {
        var before = WithoutWhatWasOver(newest);
        if (!_draft.Effects.All(effect => effect.IsUntouched(before, newest))) throw Conflict("changed a row of this one");
        foreach (var row in _draft.ReliedOn)
        {
            if (!ReferenceEquals(_snapshot.Find(row), newest.Find(row))) throw Conflict($"changed {Name(row)}, which this one relies on,");
        }
        foreach (var (table, id, referencedBy) in _draft.References)
        {
            // What the transaction itself created is in neither.
            if (Draft.Exists(_snapshot, table, id) && !Draft.Exists(newest, table, id))
                throw Conflict($"removed {(Guid)id} from {table.ToString().ToLowerInvariant()}, which {referencedBy} names,");
        }
        foreach (var dependent in Cascade.Dependents(newest, [.. _draft.RemovedParents]))
        {
            if (!ReferenceEquals(_snapshot.Find(dependent), dependent)) throw Conflict($"stored {Name(dependent)}, which names a row that this one removes,");
        }
    }

    // A value whose life was over changes nothing by being cleared away meanwhile.
    private DatabaseState WithoutWhatWasOver(DatabaseState newest)
    {
        var before = _snapshot;
        foreach (var row in _draft.Over)
        {
            if (newest.Find(row) is not null || !ReferenceEquals(_snapshot.Find(row), row)) continue;
            if (ReferenceEquals(before, _snapshot)) before = _snapshot.Branch();
            before.Remove(row);
        }
        return before;
    }

    private static string Name(Row row) => $"{row.Table.ToString().ToLowerInvariant()} row {(Guid)row.Id}";

    private static TransactionConflictException Conflict(string what) => new($"Another transaction {what} first.");

    protected override void ThrowIfClosed()
    {
        lock (_gate) ThrowIfOver();
    }

    private void ThrowIfOver()
    {
        if (_isOver) throw new DatabaseClosedException("transaction");
        if (!_database.IsOpen) throw new DatabaseClosedException("database");
    }
}
