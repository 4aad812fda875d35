using System.Data;
using System.Diagnostics;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// A transaction of the contract on one of the server: REPEATABLE READ, on a connection of its own.
/// <list type="bullet">
/// <item>The snapshot is taken before the body begins, followed by the savepoint <c>eliza_begin</c>.</item>
/// <item>
/// Nobody waits for the body: shortly after a call the transaction goes back to <c>eliza_begin</c>, which gives up every row lock,
/// and the next call or the commit first makes the writes anew. In one snapshot they have the same effect again, or they meet a
/// change that another committed, and lose. A body that calls in quick succession goes on without going back.
/// </item>
/// <item>A call that is refused leaves nothing, in the same way: back to <c>eliza_begin</c>, and the writes before it are made anew.</item>
/// <item>A lost connection is the end: nothing was stored, and every later call says so.</item>
/// </list>
/// </summary>
internal sealed class PostgresTransaction : PostgresSession, IAsyncDisposable
{
    // Locks outlive a call by so much, or by the time it takes to make the writes anew, so that this never takes most of the time.
    private static readonly TimeSpan LingerMin = TimeSpan.FromMilliseconds(10);

    private static readonly Statement Begin = Statement.Of($"SAVEPOINT eliza_begin");
    private static readonly Statement GoBack = Statement.Of($"ROLLBACK TO SAVEPOINT eliza_begin");

    private readonly PostgresDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly Wire _wire;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<Statement> _writes = [];
    private readonly ITimer _unlock;
    private DatabaseException? _failure;
    private TimeSpan _linger = LingerMin;
    private bool _isApplied;
    private bool _isToGoBack;
    private bool _isOver;
    private bool _isReleased;

    private PostgresTransaction(PostgresDatabase database, Guid agentId, NpgsqlConnection connection, NpgsqlTransaction transaction, int? dimension)
        : base(agentId, database.Options)
    {
        _database = database;
        _connection = connection;
        _transaction = transaction;
        _wire = new Wire(connection, database.Options.CommandTimeout);
        AssumedDimension = dimension;
        _unlock = TimeProvider.System.CreateTimer(static self => _ = ((PostgresTransaction)self!).UnlockAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        database.Add(this);
    }

    protected override bool IsTransaction => true;

    protected override VectorIndexes Indexes => _database.Indexes;

    protected override int? AssumedDimension { get; set; }

    private bool IsConnected => _connection.State == ConnectionState.Open;

    public static async Task<PostgresTransaction> BeginAsync(PostgresDatabase database, Guid agentId, CancellationToken cancellationToken)
    {
        using var use = database.BeginCall();
        return await database.Runner.RunAsync(
            CallKind.Read,
            async attempt =>
            {
                var transaction = await attempt.Connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
                // The first statement takes the snapshot.
                var dimension = await attempt.Wire.SendAsync([ReadDimensionOf(agentId), Begin], answer => answer.ScalarAsync<int?>()).ConfigureAwait(false);
                attempt.KeepConnection();
                return new PostgresTransaction(database, agentId, attempt.Connection, transaction, dimension);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether an error says that the connection was lost, before anything of this transaction could be stored.</summary>
    public bool HasLostConnection(DatabaseException error) => error is ConnectionFailedException && ReferenceEquals(error, _failure);

    /// <summary>Makes all writes take effect together.</summary>
    /// <exception cref="TransactionConflictException">Another one first changed the same rows, or removed one that is named.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfOver();
            cancellationToken.ThrowIfCancellationRequested();
            if (_failure is not null) throw _failure;
            // What only read has nothing to lose.
            if (_writes.Count == 0) return;
            ThrowIfFailed();
            await ApplyAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await _transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                var told = Failures.Of(error, Stage.Committing, IsConnected) == Failure.Unknown
                    ? TypedErrors.UnknownOutcome("The connection was lost during the commit.", error)
                    : Told(error);
                if (ReferenceEquals(told, error)) throw;
                throw told;
            }
        }
        finally
        {
            _isOver = true;
            _turn.Release();
        }
    }

    /// <summary>Ends the transaction, after a call that is under way; what is not committed is undone. Harmless twice.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            _isOver = true;
            if (_isReleased) return;
            _isReleased = true;
            await _unlock.DisposeAsync().ConfigureAwait(false);
            await CallRunner.ReleaseAsync(_connection).ConfigureAwait(false);
            _database.Remove(this);
        }
        finally
        {
            _turn.Release();
        }
    }

    protected override void ThrowIfClosed() => ThrowIfOver();

    // Closing waits for the turn.
    protected override InFlight.Call BeginCall()
    {
        ThrowIfOver();
        return default;
    }

    protected override Task<T> SendAsync<T>(Call<T> call, CancellationToken cancellationToken) =>
        CallAsync((wire, record) => new Exchange(wire, record).SendAsync(call), cancellationToken);

    protected override Task<T> ExchangeAsync<T>(CallKind kind, Func<IExchange, Task<T>> work, CancellationToken cancellationToken) =>
        CallAsync((wire, record) => work(new Exchange(wire, record)), cancellationToken);

    // One call at a time. `call` is given a list for the statements that change something.
    private async Task<T> CallAsync<T>(Func<Wire, List<Statement>, Task<T>> call, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfOver();
            ThrowIfFailed();
            cancellationToken.ThrowIfCancellationRequested();
            await ApplyAsync(cancellationToken).ConfigureAwait(false);
            var record = new List<Statement>();
            try
            {
                var result = await call(_wire.With(cancellationToken), record).ConfigureAwait(false);
                _writes.AddRange(record);
                _isApplied = _writes.Count > 0;
                return result;
            }
            catch (Exception error)
            {
                var told = Told(error);
                await GoBackAsync().ConfigureAwait(false);
                if (ReferenceEquals(told, error)) throw;
                throw told;
            }
        }
        finally
        {
            _turn.Release();
            // Only now: the timer finds its turn free, or another call that sets it again.
            if (_isApplied && !_isOver) _unlock.Change(_linger, Timeout.InfiniteTimeSpan);
        }
    }

    // Makes the writes anew that were given up.
    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        if (_isApplied || (_writes.Count == 0 && !_isToGoBack)) return;
        var began = Stopwatch.GetTimestamp();
        try
        {
            await _wire.With(cancellationToken).ExecuteAsync(_isToGoBack ? [GoBack, .. _writes] : _writes).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // They went through before: what they break now is what another has done since.
            var told = error is PostgresException { SqlState: ['2', '3', ..] } ? _failure = TypedErrors.Conflict(error) : Told(error);
            await GoBackAsync().ConfigureAwait(false);
            if (ReferenceEquals(told, error)) throw;
            throw told;
        }
        _isToGoBack = false;
        _isApplied = _writes.Count > 0;
        _linger = TimeSpan.FromTicks(Math.Max(LingerMin.Ticks, Stopwatch.GetElapsedTime(began).Ticks));
    }

    // Gives up the locks.
    private async Task UnlockAsync()
    {
        if (!await _turn.WaitAsync(TimeSpan.Zero).ConfigureAwait(false)) return;
        try
        {
            if (!_isOver && _isApplied && _failure is null) await GoBackAsync().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    // Gives up what was done since the beginning, and every lock. If this cannot be said to the server now, it is before the next word.
    private async Task GoBackAsync()
    {
        _isApplied = false;
        _isToGoBack = true;
        if (!IsConnected) return;
        try
        {
            await _wire.ExecuteAsync([GoBack]).ConfigureAwait(false);
            _isToGoBack = false;
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
        {
            // If the connection is gone, the next call says so.
        }
    }

    // The error as it is told. A lost race and a lost connection are the end of the transaction.
    private Exception Told(Exception error)
    {
        if (error is DatabaseException) return error;
        if (Failures.Of(error, Stage.Working, IsConnected) == Failure.LostRace) return _failure = TypedErrors.Conflict(error);
        var told = _database.Runner.Errors.Of(error, Stage.Working, IsConnected);
        if (!IsConnected) _failure = told as DatabaseException ?? _database.Runner.Errors.Lost("a cancelled call could not be ended", error);
        return told;
    }

    // A connection that went while the body was not using it is noticed here.
    private void ThrowIfFailed()
    {
        if (_failure is not null) throw _failure;
        if (!IsConnected) throw _failure = _database.Runner.Errors.Lost("it was closed between two calls", new InvalidOperationException("The connection is not open."));
    }

    private void ThrowIfOver()
    {
        if (!_database.IsOpen) throw new DatabaseClosedException("database");
        if (_isOver) throw new DatabaseClosedException("transaction");
    }

    private sealed class Exchange(Wire wire, List<Statement> record) : IExchange
    {
        public async Task<T> SendAsync<T>(Call<T> call)
        {
            var result = await wire.SendAsync(call.Statements, call.ReadAsync).ConfigureAwait(false);
            if (call.Kind != CallKind.Read) record.AddRange(call.Statements);
            return result;
        }
    }
}
