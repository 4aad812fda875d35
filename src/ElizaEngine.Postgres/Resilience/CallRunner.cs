using System.Data;
using System.Runtime.ExceptionServices;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// Runs calls, each on a connection of the pool: makes attempts as <see cref="Retry"/> says, and says what became of them. An
/// error that comes out is typed. Thread-safe.
/// </summary>
internal sealed class CallRunner(PostgresDatabaseOptions options, NpgsqlDataSource source, Func<bool> isOpen)
{
    private readonly Retry _retry = new(options.Retry, options.TimeProvider, isOpen);

    public TypedErrors Errors { get; } = new(source, options.CommandTimeout);

    /// <summary>Runs a call on a connection that goes back to the pool afterwards.</summary>
    /// <param name="kind">What it may do.</param>
    /// <param name="work">One attempt at it; run again from its beginning.</param>
    /// <param name="cancellationToken">Cancels it, the wait for a connection too.</param>
    /// <exception cref="CommitOutcomeUnknownException">An attempt may have been done, and no other one succeeded or could be made.</exception>
    public Task<T> RunAsync<T>(CallKind kind, Func<Attempt, Task<T>> work, CancellationToken cancellationToken) =>
        ToAnswerAsync(
            new CallRun(kind),
            run => _retry.RunAsync(run, token => AttemptAsync(run, work, token), cancellationToken),
            cancellationToken);

    /// <summary>As <see cref="RunAsync{T}"/>, for what only reads, but there is one attempt only.</summary>
    public Task<T> RunOnceAsync<T>(Func<Attempt, Task<T>> work, CancellationToken cancellationToken) =>
        ToAnswerAsync(new CallRun(CallKind.Read), run => AttemptAsync(run, work, cancellationToken), cancellationToken);

    /// <summary>Runs work that finds its own connections. It must leave nothing when it fails, or the same when it is done twice.</summary>
    public Task<T> RunApartAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        ToAnswerAsync(
            new CallRun(CallKind.Read),
            run => _retry.RunAsync(
                run,
                async token =>
                {
                    try
                    {
                        return await work(token).ConfigureAwait(false);
                    }
                    catch (Exception error)
                    {
                        // What the server refuses, it refuses to somebody who is in; what else goes wrong is between here and there.
                        var isBetween = error is ObjectDisposedException || (error is not PostgresException && Failures.IsOfConnection(error, isConnected: true));
                        var stage = isBetween ? Stage.Connecting : Stage.Working;
                        run.Failed(Failures.Of(error, stage, isConnected: false), stage, isConnected: false, LostSession.None);
                        throw;
                    }
                },
                cancellationToken),
            cancellationToken);

    private async Task<T> AttemptAsync<T>(CallRun run, Func<Attempt, Task<T>> work, CancellationToken cancellationToken)
    {
        var connection = source.CreateConnection();
        var attempt = new Attempt(new Wire(connection, options.CommandTimeout, run.IsOutcomeUnknown, cancellationToken));
        var session = LostSession.None;
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            session = new LostSession(connection.Host, connection.Port, connection.ProcessID, false);
            if (run.Lost is { } lost && !await lost.EndAsync(attempt.Wire).ConfigureAwait(false))
                throw TypedErrors.UnknownOutcome("The session that was to make it cannot be ended, so it is not made again.", null);
            attempt.Stage = Stage.Working;
            var result = await work(attempt).ConfigureAwait(false);
            if (attempt.IsConnectionKept) connection = null;
            return result;
        }
        catch (Exception error)
        {
            var isConnected = connection!.State == ConnectionState.Open;
            run.Failed(
                Failures.Of(error, attempt.Stage, isConnected), attempt.Stage, isConnected, session with { IsEndedByServer = Failures.IsEndedByServer(error) });
            if (Failures.IsStalePool(error)) source.Clear();
            throw;
        }
        finally
        {
            if (connection is not null) await ReleaseAsync(connection).ConfigureAwait(false);
        }
    }

    /// <summary>Gives a connection back. A transaction that is open on it is undone, by the server if not by us.</summary>
    public static async ValueTask ReleaseAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException or OperationCanceledException)
        {
            // It is gone, and has nothing more to tell: the pool makes another.
        }
    }

    private async Task<T> ToAnswerAsync<T>(CallRun run, Func<CallRun, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(run).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            var told = Told(error, run, cancellationToken);
            if (ReferenceEquals(told, error)) ExceptionDispatchInfo.Throw(error);
            throw told;
        }
    }

    private Exception Told(Exception error, CallRun run, CancellationToken cancellationToken)
    {
        if (error is CommitOutcomeUnknownException) return error;
        if (run.IsOutcomeUnknown) return TypedErrors.UnknownOutcome("The connection was lost while it was under way.", error);
        if (cancellationToken.IsCancellationRequested && run.Failure is Failure.NotDone or Failure.LostRace)
            return new OperationCanceledException(cancellationToken);
        return run.Failure is null ? error : Errors.Of(error, run.Stage, run.IsConnected);
    }
}
