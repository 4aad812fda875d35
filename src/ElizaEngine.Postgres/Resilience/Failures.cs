using System.Net.Sockets;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>How far an attempt at a call had come when it failed.</summary>
internal enum Stage
{
    /// <summary>No statement of the call has been sent.</summary>
    Connecting,

    /// <summary>What was sent goes with the session: reads, and writes of a transaction that is open.</summary>
    Working,

    /// <summary>What was sent takes effect without another word of ours: a write in one trip, a commit.</summary>
    Committing,
}

/// <summary>What a failed attempt left behind. It decides whether there is another one.</summary>
internal enum Failure
{
    /// <summary>The caller gave up, and nothing was done.</summary>
    Cancelled,

    /// <summary>Nothing was done, and nothing would be the next time.</summary>
    Refused,

    /// <summary>Another transaction was first, and nothing was done. The next moment is another one.</summary>
    LostRace,

    /// <summary>Nothing was done, or all of it was undone. Later, or on another server, it may be.</summary>
    NotDone,

    /// <summary>The session ended with a write under way: it was done or not.</summary>
    Unknown,
}

/// <summary>
/// The table of failures, one for all calls; <see cref="CallRun"/> says what follows from them. It goes by what was sent and by
/// what the server said. Npgsql's <see cref="NpgsqlException.IsTransient"/> is another rule, and a wrong one here: it holds a
/// full disk and a statement that took too long for passing, and a standby that refuses a write for lasting.
/// </summary>
internal static class Failures
{
    // Npgsql has no types for these two. Tests provoke both, so that another wording would be noticed.
    private const string NoSuitableHost = "No suitable host";
    private const string PoolExhausted = "The connection pool has been exhausted";

    /// <param name="error">As Npgsql threw it.</param>
    /// <param name="stage">How far the attempt had come.</param>
    /// <param name="isConnected">Whether the session is still there: then the server has undone what it was doing.</param>
    public static Failure Of(Exception error, Stage stage, bool isConnected) => error switch
    {
        OperationCanceledException { InnerException: PostgresException } => Failure.Cancelled, // The server says so.
        OperationCanceledException => stage == Stage.Committing && !isConnected ? Failure.Unknown : Failure.Cancelled,
        PostgresException refusal when IsEndOfSession(refusal) => stage switch
        {
            Stage.Committing => Failure.Unknown,
            Stage.Working when !IsOfConnecting(refusal) => Failure.NotDone,
            _ => OfCode(refusal.SqlState),
        },
        PostgresException refusal when refusal.Routine == "RevalidateCachedQuery" => Failure.NotDone, // A prepared statement of an older schema.
        PostgresException refusal => OfCode(refusal.SqlState),
        _ when !IsOfNpgsql(error) => Failure.Refused,
        _ when stage == Stage.Connecting => IsOutage(error) ? Failure.NotDone : Failure.Refused,
        _ when isConnected => Failure.Refused, // The time was up, and the server has stopped.
        _ => stage == Stage.Committing ? Failure.Unknown : Failure.NotDone,
    };

    /// <summary>
    /// Whether the session is over. After an ERROR the server has undone what it was doing, and goes on; so it does when Npgsql leaves,
    /// as after a full disk. After anything worse nobody heard what it had done.
    /// </summary>
    public static bool IsEndOfSession(PostgresException refusal) =>
        refusal.InvariantSeverity is not "ERROR" || refusal.SqlState is PostgresErrorCodes.ConnectionFailure or PostgresErrorCodes.TransactionResolutionUnknown;

    /// <summary>Whether a server says so only to somebody who is not in yet.</summary>
    public static bool IsOfConnecting(PostgresException refusal) =>
        refusal.SqlState is ['2', '8', ..] or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.CannotConnectNow;

    /// <summary>Whether all connections that the pool may have are taken.</summary>
    public static bool IsExhaustedPool(Exception error) => error is NpgsqlException && error.Message.StartsWith(PoolExhausted, StringComparison.Ordinal);

    /// <summary>Whether it was the other side that ended the session, and not we who gave up waiting for it.</summary>
    public static bool IsEndedByServer(Exception? error) => error switch
    {
        null or OperationCanceledException or TimeoutException => false,
        PostgresException or EndOfStreamException => true,
        SocketException lost => lost.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown,
        _ => IsEndedByServer(error.InnerException),
    };

    /// <summary>Whether the connections of the pool lead to a server that has changed, so that new ones are needed.</summary>
    public static bool IsStalePool(Exception error) => error is PostgresException
    {
        SqlState: PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement,
    };

    private static Failure OfCode(string code) => code switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => Failure.LostRace,
        PostgresErrorCodes.LockNotAvailable => Failure.NotDone,
        PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.CannotConnectNow => Failure.NotDone,
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => Failure.NotDone,
        PostgresErrorCodes.ReadOnlySqlTransaction => Failure.NotDone, // A write met a standby: after a failover the primary is another.
        PostgresErrorCodes.InvalidSqlStatementName or PostgresErrorCodes.DuplicatePreparedStatement => Failure.NotDone, // A pooler changed sessions.
        ['0', '8', ..] => Failure.NotDone, // No connection, says a pooler.
        _ => Failure.Refused, // 57014, 53100, 54xxx, 23xxx, 22xxx, 42xxx, 28xxx, and what nobody thought of.
    };

    private static bool IsOfNpgsql(Exception error) => error is NpgsqlException or SocketException or IOException or TimeoutException;

    private static bool IsOutage(Exception? error) => error switch
    {
        SocketException or IOException or TimeoutException => true,
        PostgresException refusal => OfCode(refusal.SqlState) == Failure.NotDone,
        AggregateException several => several.InnerExceptions.Any(IsOutage),
        NpgsqlException when error.Message.StartsWith(NoSuitableHost, StringComparison.Ordinal) => true,
        NpgsqlException => IsOutage(error.InnerException),
        _ => false,
    };
}
