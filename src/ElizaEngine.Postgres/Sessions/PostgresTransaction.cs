using System.Data;
using System.Diagnostics;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// A transaction of the contract on one of the server: REPEATABLE READ, on a connection of its own.
/// <list type="bullet">
/// <item>The snapshot is taken before the body begins, followed by the savepoint <c>eliza_begin</c>.</item>
/// <item>Each call is one round trip between <c>SAVEPOINT eliza_call</c> and its release: one that is refused leaves nothing.</item>
/// <item>
/// Nobody waits for the body: shortly after a call the transaction goes back to <c>eliza_begin</c>, which gives up every row lock,
/// and the next call or the commit first makes the writes anew. In one snapshot they have the same effect again, or they meet a
/// change that another committed, and lose. A body that calls in quick succession goes on without going back.
/// </item>
/// </list>
/// </summary>
internal sealed class PostgresTransaction : PostgresSession, IAsyncDisposable
{
    // Locks outlive a call by so much, or by the time it takes to make the writes anew, so that this never takes most of the time.
    private static readonly TimeSpan LingerMin = TimeSpan.FromMilliseconds(10);

    private static readonly Statement Begin = Statement.Of($"SAVEPOINT eliza_begin");
    private static readonly Statement GoBack = Statement.Of($"ROLLBACK TO SAVEPOINT eliza_begin");
    private static readonly Statement BeginCall = Statement.Of($"SAVEPOINT eliza_call");
    private static readonly Statement EndCall = Statement.Of($"RELEASE SAVEPOINT eliza_call");
    private static readonly Statement UndoCall = Statement.Of($"ROLLBACK TO SAVEPOINT eliza_call");

    private readonly PostgresDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<Statement> _writes = [];
    private readonly ITimer _unlock;
    private TransactionConflictException? _conflict;
    private TimeSpan _linger = LingerMin;
    private bool _isApplied;
    private bool _isOver;

    private PostgresTransaction(PostgresDatabase database, Guid agentId, NpgsqlConnection connection, NpgsqlTransaction transaction, int? dimension)
        : base(agentId, database.Time)
    {
        _database = database;
        _connection = connection;
        _transaction = transaction;
        AssumedDimension = dimension;
        _unlock = TimeProvider.System.CreateTimer(static self => _ = ((PostgresTransaction)self!).UnlockAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    protected override bool IsTransaction => true;

    protected override VectorIndexes Indexes => _database.Indexes;

    protected override int? AssumedDimension { get; set; }

    public static async Task<PostgresTransaction> BeginAsync(PostgresDatabase database, Guid agentId, CancellationToken cancellationToken)
    {
        using var use = database.BeginCall();
        return await database.Retry.RunAsync(
            CallKind.Read,
            async token =>
            {
                var connection = await database.Source.OpenConnectionAsync(token).ConfigureAwait(false);
                try
                {
                    var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, token).ConfigureAwait(false);
                    // The first statement takes the snapshot.
                    var dimension = await Wire.SendAsync(connection, [ReadDimensionOf(agentId), Begin], answer => answer.ScalarAsync<int?>(), token).ConfigureAwait(false);
                    return new PostgresTransaction(database, agentId, connection, transaction, dimension);
                }
                catch
                {
                    await connection.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes all writes take effect together.</summary>
    /// <exception cref="TransactionConflictException">Another one first changed the same rows, or removed one that is named.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfOver();
            cancellationToken.ThrowIfCancellationRequested();
            if (_conflict is not null) throw _conflict;
            await ApplyAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await _transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException error) when (IsConflict(error))
            {
                throw Conflict(error);
            }
        }
        finally
        {
            _isOver = true;
            _turn.Release();
        }
    }

    /// <summary>Ends the transaction; what is not committed is undone.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        _isOver = true;
        _turn.Release();
        await _unlock.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    protected override void ThrowIfClosed() => ThrowIfOver();

    protected override Task<T> SendAsync<T>(Call<T> call, CancellationToken cancellationToken) =>
        CallAsync(
            async record =>
            {
                var result = await Wire.SendAsync(_connection, [BeginCall, .. call.Statements, EndCall], call.ReadAsync, cancellationToken).ConfigureAwait(false);
                if (call.Kind != CallKind.Read) record.AddRange(call.Statements);
                return result;
            },
            cancellationToken);

    protected override Task<T> ExchangeAsync<T>(CallKind kind, Func<IExchange, Task<T>> work, CancellationToken cancellationToken) =>
        CallAsync(
            async record =>
            {
                await Wire.ExecuteAsync(_connection, [BeginCall], cancellationToken).ConfigureAwait(false);
                var result = await work(new Exchange(_connection, record, cancellationToken)).ConfigureAwait(false);
                await Wire.ExecuteAsync(_connection, [EndCall], cancellationToken).ConfigureAwait(false);
                return result;
            },
            cancellationToken);

    // One call at a time. `call` is given a list for the statements that change something.
    private async Task<T> CallAsync<T>(Func<List<Statement>, Task<T>> call, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfOver();
            if (_conflict is not null) throw _conflict;
            await ApplyAsync(cancellationToken).ConfigureAwait(false);
            var record = new List<Statement>();
            try
            {
                var result = await call(record).ConfigureAwait(false);
                _writes.AddRange(record);
                _isApplied = _writes.Count > 0;
                return result;
            }
            catch (PostgresException error) when (IsConflict(error))
            {
                throw _conflict = Conflict(error);
            }
            catch (Exception) when (_connection.State == ConnectionState.Open)
            {
                await Wire.ExecuteAsync(_connection, [UndoCall, EndCall], CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }
        finally
        {
            _turn.Release();
            // Only now: the timer finds its turn free, or another call that sets it again.
            if (_isApplied) _unlock.Change(_linger, Timeout.InfiniteTimeSpan);
        }
    }

    // Makes the writes anew that were given up.
    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        if (_isApplied || _writes.Count == 0) return;
        var began = Stopwatch.GetTimestamp();
        try
        {
            await Wire.ExecuteAsync(_connection, _writes, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException error)
        {
            // They went through before: whatever stops them now is what another has done since.
            throw _conflict = Conflict(error);
        }
        _isApplied = true;
        _linger = TimeSpan.FromTicks(Math.Max(LingerMin.Ticks, Stopwatch.GetElapsedTime(began).Ticks));
    }

    // Gives up the locks.
    private async Task UnlockAsync()
    {
        if (!await _turn.WaitAsync(TimeSpan.Zero).ConfigureAwait(false)) return;
        try
        {
            if (_isOver || !_isApplied || _conflict is not null) return;
            await Wire.ExecuteAsync(_connection, [GoBack], CancellationToken.None).ConfigureAwait(false);
            _isApplied = false;
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone: the next call will say so.
        }
        finally
        {
            _turn.Release();
        }
    }

    private static bool IsConflict(PostgresException error) =>
        error.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected;

    private static TransactionConflictException Conflict(Exception error) => new("Another transaction changed a row of this one, or one that it relies on, first.", error);

    private void ThrowIfOver()
    {
        if (_isOver) throw new DatabaseClosedException("transaction");
        if (!_database.IsOpen) throw new DatabaseClosedException("database");
    }

    private sealed class Exchange(NpgsqlConnection connection, List<Statement> record, CancellationToken cancellationToken) : IExchange
    {
        public async Task<T> SendAsync<T>(Call<T> call)
        {
            var result = await Wire.SendAsync(connection, call.Statements, call.ReadAsync, cancellationToken).ConfigureAwait(false);
            if (call.Kind != CallKind.Read) record.AddRange(call.Statements);
            return result;
        }
    }
}
