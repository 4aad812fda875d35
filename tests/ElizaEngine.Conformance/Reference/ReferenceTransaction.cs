namespace ElizaEngine.Conformance.Reference;

/// <summary>
/// A transaction: it reads and writes a copy of the state as it was when the transaction began, and the commit does the same
/// changes to the newest state (<see cref="ReferenceState.Replay"/>). No lock is held while the body runs.
/// A call of the body that fails has changed nothing, and the body may go on after it.
/// </summary>
internal sealed class ReferenceTransaction : ReferenceSession
{
    private readonly ReferenceDatabase _database;
    private readonly Lock _lock = new();
    private readonly ReferenceState _snapshot;
    private ReferenceState _mine;
    private bool _hasEnded;

    public ReferenceTransaction(ReferenceDatabase database, Guid agentId)
        : base(agentId, database.Time, database.Faults)
    {
        _database = database;
        _snapshot = database.Read(state => state);
        _mine = _snapshot;
    }

    public async Task<T> RunAsync<T>(Func<IDatabaseSession, CancellationToken, Task<T>> body, CancellationToken cancellationToken)
    {
        try
        {
            var result = await body(this, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            _database.Commit(_snapshot, End());
            return result;
        }
        catch when (Faults.Has(Fault.RollbackForgotten))
        {
            _database.Commit(_snapshot, End());
            throw;
        }
        finally
        {
            End();
        }
    }

    private protected override T Read<T>(Func<ReferenceState, T> read)
    {
        lock (_lock)
        {
            ThrowIfEnded();
            if (Faults.Has(Fault.TransactionMissesOwnWrites)) return read(_snapshot);
            if (Faults.Has(Fault.TransactionSeesLaterCommits) && ReferenceEquals(_mine, _snapshot)) return _database.Read(read);
            return read(_mine);
        }
    }

    private protected override T Write<T>(Func<ReferenceState, T> write)
    {
        lock (_lock)
        {
            ThrowIfEnded();
            var copy = _mine.Copy();
            var result = write(copy);
            _mine = copy;
            _database.ShowUncommitted(copy);
            return result;
        }
    }

    private ReferenceState End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            _database.ShowUncommitted(null);
            return _mine;
        }
    }

    private void ThrowIfEnded()
    {
        _database.ThrowIfClosed();
        if (_hasEnded && !Faults.Has(Fault.EndedTransactionAnswers)) throw new DatabaseClosedException("transaction");
    }
}
