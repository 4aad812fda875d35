using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// Sends the statements of a call over a connection, together, and reads their answer. Errors come out as Npgsql throws them: what
/// they mean depends on the call.
/// </summary>
/// <param name="connection">An open connection, once something is sent.</param>
/// <param name="timeout">How long a statement may take; in whole seconds, rounded up.</param>
/// <param name="isRepeated">Whether an earlier attempt at the same call may have been done.</param>
/// <param name="cancellationToken">Asks the server to stop.</param>
internal sealed class Wire(NpgsqlConnection connection, TimeSpan timeout, bool isRepeated = false, CancellationToken cancellationToken = default)
{
    private readonly int _timeoutSeconds = (int)Math.Min(Math.Ceiling(timeout.TotalSeconds), int.MaxValue);

    public NpgsqlConnection Connection => connection;

    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>The same connection for a call that is cancelled by another token.</summary>
    public Wire With(CancellationToken token) => new(connection, timeout, isRepeated, token);

    /// <summary>One round trip. Outside of a transaction the statements are one of their own.</summary>
    /// <param name="statements">In order.</param>
    /// <param name="readAsync">Reads the results of those that return rows.</param>
    public async Task<T> SendAsync<T>(IEnumerable<Statement> statements, Func<Answer, Task<T>> readAsync)
    {
        var batch = new NpgsqlBatch(connection) { Timeout = _timeoutSeconds };
        await using var _ = batch.ConfigureAwait(false);
        foreach (var statement in statements)
        {
            var command = new NpgsqlBatchCommand(statement.Text);
            foreach (var value in statement.Values) command.Parameters.Add(value.ToParameter());
            batch.BatchCommands.Add(command);
        }
        var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var answer = new Answer(reader, isRepeated, cancellationToken);
        var result = await readAsync(answer).ConfigureAwait(false);
        // The server says last that it has committed.
        await answer.EndAsync().ConfigureAwait(false);
        return result;
    }

    /// <summary>As <see cref="SendAsync{T}"/>, for statements without an answer.</summary>
    public Task ExecuteAsync(IEnumerable<Statement> statements) => SendAsync(
        statements,
        static async answer =>
        {
            await answer.EndAsync().ConfigureAwait(false);
            return true;
        });
}
