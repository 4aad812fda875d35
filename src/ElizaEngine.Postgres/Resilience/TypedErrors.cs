using System.Globalization;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// What Npgsql throws, as errors of the contract. They name host, port, database and user; Npgsql keeps the password out of its own
/// texts, and of the connection string that a data source shows.
/// </summary>
internal sealed class TypedErrors(NpgsqlDataSource source, TimeSpan commandTimeout)
{
    private const string TooMuchAtOnce = "invalid memory alloc request size ";

    private readonly NpgsqlConnectionStringBuilder _settings = new(source.ConnectionString);

    private string? Database => _settings.Database ?? _settings.Username;

    // A list of hosts has its ports in it.
    private string Place => _settings.Host is { } host && (host.Contains(',') || host.Contains('/') || host.Contains(':')) ? host : $"{_settings.Host}:{_settings.Port}";

    public static CommitOutcomeUnknownException UnknownOutcome(string reason, Exception? inner) =>
        new($"The write was done or not, and nobody can know. {reason} Look for its rows before you make it again.", inner);

    /// <summary>The error that is told; the same one when it is told as it is.</summary>
    /// <param name="error">What was thrown.</param>
    /// <param name="stage">How far the attempt had come.</param>
    /// <param name="isConnected">Whether its session was still there.</param>
    public Exception Of(Exception error, Stage stage, bool isConnected) => error switch
    {
        DatabaseException or OperationCanceledException => error,
        ObjectDisposedException when stage == Stage.Connecting => new DatabaseClosedException("data source"),
        _ when Failures.IsExhaustedPool(error) => TooMany($"All {_settings.MaxPoolSize} connections of the pool are taken", error),
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } refusal => TooMany(refusal.MessageText, error),
        PostgresException refusal when stage == Stage.Connecting || Failures.IsOfConnecting(refusal) => NotReached(refusal.MessageText, error),
        PostgresException refusal when !Failures.IsEndOfSession(refusal) => Refused(refusal),
        NpgsqlException { InnerException: TimeoutException } when isConnected => new CallTimedOutException(
            string.Create(CultureInfo.InvariantCulture, $"The call took longer than {commandTimeout.TotalSeconds:0.###} s and was stopped."), commandTimeout, error),
        _ when stage == Stage.Connecting => NotReached(Reason(error), error),
        _ when Failures.IsOfConnection(error, isConnected) => Lost(Reason(error), error),
        _ => error,
    };

    /// <summary>That a session ended whose call had not taken effect.</summary>
    public ConnectionFailedException Lost(string reason, Exception error) => new(
        $"The connection to the database '{Database}' on {Place} was lost: {Sentence(reason)} Nothing of it was stored.",
        _settings.Host, _settings.Port, Database, _settings.Username, error);

    private DatabaseException Refused(PostgresException refusal) => refusal.SqlState switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => Conflict(refusal),
        PostgresErrorCodes.DiskFull => new DiskFullException($"the database '{Database}' on {Place}", refusal),
        PostgresErrorCodes.ProgramLimitExceeded => new RowTooLargeException(refusal.MessageText, refusal),
        PostgresErrorCodes.InternalError when IsTooMuchAtOnce(refusal.MessageText) => new RowTooLargeException(refusal.MessageText, refusal),
        // Only numbers in JSON come from a caller without limits.
        PostgresErrorCodes.NumericValueOutOfRange => new InvalidJsonException(refusal.MessageText, "JSON with numbers that PostgreSQL's numeric holds", refusal),
        PostgresErrorCodes.QueryCanceled => new CallTimedOutException($"The server stopped the call: {Sentence(refusal.MessageText)}", null, refusal),
        PostgresErrorCodes.ReadOnlySqlTransaction => new ReadOnlyServerException(
            $"The server {Place} takes no writes: {Sentence(refusal.MessageText)}", refusal.SqlState, refusal),
        PostgresErrorCodes.InsufficientPrivilege => new PermissionDeniedException(
            $"The user '{_settings.Username}' may not do this in the database '{Database}': {Sentence(refusal.MessageText)}", refusal.SqlState, refusal),
        _ => new StatementRefusedException($"The server refused a statement: {Sentence(refusal.MessageText)} (SQLSTATE {refusal.SqlState})", refusal.SqlState, refusal),
    };

    /// <summary>That another transaction was first.</summary>
    public static TransactionConflictException Conflict(Exception error) =>
        new("Another transaction changed a row of this one, or one that it relies on, first.", error);

    private ConnectionFailedException NotReached(string reason, Exception error) => new(
        $"The database '{Database}' on {Place} cannot be reached as the user '{_settings.Username}': {Sentence(reason)}",
        _settings.Host, _settings.Port, Database, _settings.Username, error);

    private TooManyConnectionsException TooMany(string reason, Exception error) => new(
        $"There is no connection left to the database '{Database}' on {Place}: {Sentence(reason)}",
        _settings.Host, _settings.Port, Database, _settings.Username, error);

    // The innermost says what happened; those around it that something did.
    private static string Reason(Exception error) => error.InnerException is { } inner && error is not PostgresException ? $"{error.Message}: {inner.Message}" : error.Message;

    // What the server says, in English always, where it would need more than 1 GiB at once, as for JSON with more than 16,777,216 items in an
    // array. A damaged row may have a length below zero, which it says as a number that no long holds.
    private static bool IsTooMuchAtOnce(string message) =>
        message.StartsWith(TooMuchAtOnce, StringComparison.Ordinal) && long.TryParse(message.AsSpan(TooMuchAtOnce.Length), CultureInfo.InvariantCulture, out _);

    private static string Sentence(string text) => text is [.., '.' or '!' or '?'] ? text : $"{text}.";
}
