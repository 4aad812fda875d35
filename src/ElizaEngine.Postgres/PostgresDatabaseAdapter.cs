namespace ElizaEngine.Postgres;

/// <summary>One agent's view of a PostgreSQL database. Each call is a transaction of its own on a connection of the pool.</summary>
internal sealed class PostgresDatabaseAdapter : PostgresSession, IDatabaseAdapter
{
    private readonly PostgresDatabase _database;
    private readonly InFlight _calls;

    public PostgresDatabaseAdapter(PostgresDatabase database, Guid agentId)
        : base(agentId, database.Options)
    {
        _database = database;
        _calls = database.PartOfCalls("adapter");
    }

    protected override bool IsTransaction => false;

    protected override VectorIndexes Indexes => _database.Indexes;

    protected override int? AssumedDimension
    {
        get => _database.DimensionOf(AgentId);
        set => _database.SetDimension(AgentId, value);
    }

    public async Task InitializeAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var call = _calls.Begin();
        await _database.PrepareAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_calls.IsClosed || !_database.IsOpen) return false;
        try
        {
            using var use = _database.BeginCall();
            var one = new Call<int>(CallKind.Read, [Statement.Of($"SELECT 1")], answer => answer.ScalarAsync<int>());
            return await _database.Runner.RunOnceAsync(attempt => attempt.SendAsync(one), cancellationToken).ConfigureAwait(false) == 1;
        }
        catch (DatabaseException)
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<string>> MigrateAsync(bool dryRun = false, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var call = _calls.Begin();
        return await _database.MigrateAsync(dryRun, cancellationToken).ConfigureAwait(false);
    }

    public object? GetConnection(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type.IsInstanceOfType(_database) ? _database : type.IsInstanceOfType(_database.Source) ? _database.Source : null;
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
            var transaction = await PostgresTransaction.BeginAsync(_database, AgentId, cancellationToken).ConfigureAwait(false);
            await using var begun = transaction.ConfigureAwait(false);
            try
            {
                var result = await body(transaction, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            }
            catch (DatabaseException error) when (attempt < attempts && (error is TransactionConflictException || transaction.HasLostConnection(error)))
            {
                // Somebody else was first, or the connection is gone and nothing was stored: the body runs again, on what is there now.
            }
        }
    }

    public Task CloseAsync(CancellationToken cancellationToken = default) => _calls.CloseAsync();

    public ValueTask DisposeAsync() => new(CloseAsync());

    protected override void ThrowIfClosed() => _calls.ThrowIfClosed();

    protected override InFlight.Call BeginCall() => _calls.Begin();

    protected override Task<T> SendAsync<T>(Call<T> call, CancellationToken cancellationToken) =>
        _database.Runner.RunAsync(call.Kind, attempt => attempt.SendAsync(call), cancellationToken);

    protected override Task<T> ExchangeAsync<T>(CallKind kind, Func<IExchange, Task<T>> work, CancellationToken cancellationToken) =>
        _database.Runner.RunAsync(
            kind,
            async attempt =>
            {
                // A read of several trips is of one point in time; a write sees at each trip what others have committed.
                var level = kind == CallKind.Read ? System.Data.IsolationLevel.RepeatableRead : System.Data.IsolationLevel.ReadCommitted;
                var transaction = await attempt.Connection.BeginTransactionAsync(level, cancellationToken).ConfigureAwait(false);
                await using var begun = transaction.ConfigureAwait(false);
                var result = await work(new Exchange(attempt.Wire)).ConfigureAwait(false);
                await attempt.CommitAsync(transaction, kind).ConfigureAwait(false);
                return result;
            },
            cancellationToken);

    private sealed class Exchange(Wire wire) : IExchange
    {
        public Task<T> SendAsync<T>(Call<T> call) => wire.SendAsync(call.Statements, call.ReadAsync);
    }
}
