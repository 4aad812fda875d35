namespace ElizaEngine.Conformance.Reference;

/// <summary>An agent's view of a <see cref="ReferenceDatabase"/>. Every call is one step under the database's lock.</summary>
internal sealed class ReferenceAdapter(ReferenceDatabase database, Guid agentId)
    : ReferenceSession(agentId, database.Time, database.Faults), IDatabaseAdapter
{
    private volatile bool _isClosed;

    public Task InitializeAsync(CancellationToken cancellationToken = default) => ReadAsync(cancellationToken, _ => true);

    public Task<bool> IsReadyAsync(CancellationToken cancellationToken = default) =>
        AnswerAsync(cancellationToken, () => !_isClosed && !database.IsClosed());

    public Task<IReadOnlyList<string>> MigrateAsync(bool dryRun = false, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<string>>(cancellationToken, _ => []);

    public object? GetConnection(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type.IsInstanceOfType(database) ? database : null;
    }

    public async Task<T> TransactionAsync<T>(
        Func<IDatabaseSession, CancellationToken, Task<T>> body, int attempts = 1, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed();
        ArgumentNullException.ThrowIfNull(body);
        if (attempts < 1) throw new InvalidInputException("attempts", attempts, "1 or more");
        if (Faults.Has(Fault.AttemptsIgnored)) attempts = 1;
        while (true)
        {
            try
            {
                return await new ReferenceTransaction(database, AgentId).RunAsync(body, cancellationToken);
            }
            catch (TransactionConflictException) when (--attempts > 0)
            {
                // Lost to another: once more, from a new snapshot.
            }
        }
    }

    public Task CloseAsync(CancellationToken cancellationToken = default) => AnswerAsync(cancellationToken, () => _isClosed = true);

    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        return ValueTask.CompletedTask;
    }

    private protected override T Read<T>(Func<ReferenceState, T> read)
    {
        ThrowIfClosed();
        return database.Read(read);
    }

    private protected override T Write<T>(Func<ReferenceState, T> write)
    {
        ThrowIfClosed();
        return database.Write(write);
    }

    private void ThrowIfClosed()
    {
        database.ThrowIfClosed();
        if (_isClosed && !Faults.Has(Fault.ClosedAdapterAnswers)) throw new DatabaseClosedException("adapter");
    }
}
