using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>One agent's view of a local database. Reads see what is durable; each write is a commit of its own.</summary>
internal sealed class LocalDatabaseAdapter : LocalSession, IDatabaseAdapter
{
    private readonly LocalDatabase _database;
    private volatile bool _isClosed;

    public LocalDatabaseAdapter(LocalDatabase database, Guid agentId)
        : base(agentId, database.Shared, database.Time) => _database = database;

    public Task InitializeAsync(CancellationToken cancellationToken = default) => MigrateAsync(dryRun: false, cancellationToken);

    public Task<bool> IsReadyAsync(CancellationToken cancellationToken = default) => cancellationToken.IsCancellationRequested
        ? Task.FromCanceled<bool>(cancellationToken)
        : Task.FromResult(!_isClosed && _database.IsOpen);

    // There is no schema: what the log holds is what it was written as.
    public Task<IReadOnlyList<string>> MigrateAsync(bool dryRun = false, CancellationToken cancellationToken = default) =>
        Read(0, static (_, _, _) => (IReadOnlyList<string>)[], cancellationToken);

    public object? GetConnection(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type.IsInstanceOfType(_database) ? _database : null;
    }

    public async Task<T> TransactionAsync<T>(
        Func<IDatabaseSession, CancellationToken, Task<T>> body, int attempts = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (attempts < 1) throw new InvalidInputException(nameof(attempts), attempts, "1 or more");
        for (var attempt = 1; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfClosed();
            var transaction = new LocalTransaction(_database, AgentId);
            try
            {
                var result = await body(transaction, cancellationToken).ConfigureAwait(false);
                transaction.End();
                cancellationToken.ThrowIfCancellationRequested();
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
            catch (TransactionConflictException) when (attempt < attempts)
            {
                // Somebody else was first: the body runs again, on what they left.
            }
            finally
            {
                transaction.End();
            }
        }
    }

    public Task CloseAsync(CancellationToken cancellationToken = default)
    {
        _isClosed = true;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => new(CloseAsync());

    protected override ReadScope BeginRead()
    {
        ThrowIfClosed();
        var pin = _database.Pin();
        return new ReadScope(new View(_database.Sequencer.Published, _database.Records, isLocked: false, _database.Partitions), pin);
    }

    protected override ReadPin Hold() => _database.Hold();

    protected override bool KeepsEffects => false;

    protected override ValueTask<T> ChangeAsync<T>(Func<Draft, T> plan, long? bytesMax, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        return _database.Sequencer.CommitAsync(plan, bytesMax, cancellationToken);
    }

    protected override void ThrowIfClosed()
    {
        if (_isClosed) throw new DatabaseClosedException("adapter");
        if (!_database.IsOpen) throw new DatabaseClosedException("database");
    }
}
