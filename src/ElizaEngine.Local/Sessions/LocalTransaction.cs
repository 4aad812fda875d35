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
    private readonly Lock _gate = new();
    private bool _isOver;

    public LocalTransaction(LocalDatabase database, Guid agentId)
        : base(agentId, database.Names, database.Time)
    {
        _database = database;
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
        lock (_gate) _isOver = true;
    }

    /// <summary>Logs and applies all effects as one batch, if nothing they rest on has changed.</summary>
    /// <exception cref="TransactionConflictException">Another one committed a change of the same rows first.</exception>
    /// <exception cref="ReferenceNotFoundException">A row that is referred to has been deleted meanwhile.</exception>
    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        if (_draft.Effects.Count == 0) return;
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

    private void CheckConflicts(DatabaseState newest)
    {
        foreach (var row in _draft.Effects.SelectMany(effect => effect.Targets).Concat(_draft.ReliedOn))
        {
            if (!ReferenceEquals(_snapshot.Find(row), newest.Find(row))) throw Conflict(row);
            if (row is RelationshipRow relationship)
            {
                var pair = RelationshipsBySource.KeyOf(relationship);
                if (!ReferenceEquals(_snapshot.RelationshipsBySource.Find(pair), newest.RelationshipsBySource.Find(pair))) throw Conflict(row);
            }
        }
        foreach (var (table, id, referencedBy) in _draft.References)
        {
            // What the transaction itself created is in neither.
            if (Draft.Exists(_snapshot, table, id)) Draft.Check(newest, table, id, referencedBy);
        }
        foreach (var dependent in Cascade.Dependents(newest, [.. _draft.RemovedParents]))
        {
            if (!ReferenceEquals(_snapshot.Find(dependent), dependent)) throw Conflict(dependent);
        }
    }

    private static TransactionConflictException Conflict(Row row) =>
        new($"Another transaction changed {row.Table.ToString().ToLowerInvariant()} row {(Guid)row.Id} first.");

    private void ThrowIfOver()
    {
        if (_isOver) throw new DatabaseClosedException("transaction");
    }
}
