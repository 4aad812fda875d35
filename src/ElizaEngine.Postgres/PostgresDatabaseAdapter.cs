using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>One agent's view of a PostgreSQL database. Each call is a transaction of its own on a connection of the pool.</summary>
internal sealed class PostgresDatabaseAdapter : PostgresSession, IDatabaseAdapter
{
    private readonly PostgresDatabase _database;
    private readonly InFlight _calls = new("adapter");

    public PostgresDatabaseAdapter(PostgresDatabase database, Guid agentId)
        : base(agentId, database.Time) => _database = database;

    protected override bool IsTransaction => false;

    protected override VectorIndexes Indexes => _database.Indexes;

    protected override int? AssumedDimension
    {
        get => _database.DimensionOf(AgentId);
        set => _database.SetDimension(AgentId, value);
    }

    public Task InitializeAsync(CancellationToken cancellationToken = default) => MigrateAsync(dryRun: false, cancellationToken);

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_calls.IsClosed || !_database.IsOpen) return false;
        try
        {
            return await SendAsync(
                new Call<int>(CallKind.Read, [Statement.Of($"SELECT 1")], answer => answer.ScalarAsync<int>()), cancellationToken).ConfigureAwait(false) == 1;
        }
        catch (Exception error) when (error is NpgsqlException or DatabaseException)
        {
            return false;
        }
    }

    public async Task<IReadOnlyList<string>> MigrateAsync(bool dryRun = false, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var call = _calls.Begin();
        using var use = _database.BeginCall();
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
            catch (TransactionConflictException) when (attempt < attempts)
            {
                // Somebody else was first: the body runs again, on what they left.
            }
        }
    }

    public Task CloseAsync(CancellationToken cancellationToken = default) => _calls.CloseAsync();

    public ValueTask DisposeAsync() => new(CloseAsync());

    protected override void ThrowIfClosed()
    {
        _calls.ThrowIfClosed();
        if (!_database.IsOpen) throw new DatabaseClosedException("database");
    }

    protected override async Task<T> SendAsync<T>(Call<T> call, CancellationToken cancellationToken)
    {
        using var mine = _calls.Begin();
        using var use = _database.BeginCall();
        return await _database.Retry.RunAsync(
            call.Kind,
            async token =>
            {
                var connection = await _database.Source.OpenConnectionAsync(token).ConfigureAwait(false);
                await using var open = connection.ConfigureAwait(false);
                return await Wire.SendAsync(connection, call.Statements, call.ReadAsync, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    protected override async Task<T> ExchangeAsync<T>(CallKind kind, Func<IExchange, Task<T>> work, CancellationToken cancellationToken)
    {
        using var mine = _calls.Begin();
        using var use = _database.BeginCall();
        return await _database.Retry.RunAsync(
            kind,
            async token =>
            {
                var connection = await _database.Source.OpenConnectionAsync(token).ConfigureAwait(false);
                await using var open = connection.ConfigureAwait(false);
                // A read of several trips is of one point in time; a write sees at each trip what others have committed.
                var transaction = await connection.BeginTransactionAsync(
                    kind == CallKind.Read ? System.Data.IsolationLevel.RepeatableRead : System.Data.IsolationLevel.ReadCommitted, token).ConfigureAwait(false);
                await using var begun = transaction.ConfigureAwait(false);
                var result = await work(new Exchange(connection, token)).ConfigureAwait(false);
                await transaction.CommitAsync(token).ConfigureAwait(false);
                return result;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private sealed class Exchange(NpgsqlConnection connection, CancellationToken cancellationToken) : IExchange
    {
        public Task<T> SendAsync<T>(Call<T> call) => Wire.SendAsync(connection, call.Statements, call.ReadAsync, cancellationToken);
    }
}
