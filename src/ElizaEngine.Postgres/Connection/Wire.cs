using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>Sends the statements of a call over a connection, together, and reads their answer.</summary>
internal static class Wire
{
    /// <summary>One round trip. Outside of a transaction the statements are one of their own.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="statements">In order.</param>
    /// <param name="readAsync">Reads the results of those that return rows.</param>
    /// <param name="cancellationToken">Asks the server to stop.</param>
    public static async Task<T> SendAsync<T>(
        NpgsqlConnection connection, IEnumerable<Statement> statements, Func<Answer, Task<T>> readAsync, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection);
        await using var _ = batch.ConfigureAwait(false);
        foreach (var statement in statements)
        {
            var command = new NpgsqlBatchCommand(statement.Text);
            foreach (var value in statement.Values) command.Parameters.Add(value.ToParameter());
            batch.BatchCommands.Add(command);
        }
        var reader = await batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var __ = reader.ConfigureAwait(false);
        var answer = new Answer(reader, cancellationToken);
        var result = await readAsync(answer).ConfigureAwait(false);
        await answer.EndAsync().ConfigureAwait(false);
        return result;
    }

    /// <summary>As <see cref="SendAsync{T}"/>, for statements without an answer.</summary>
    public static Task ExecuteAsync(NpgsqlConnection connection, IEnumerable<Statement> statements, CancellationToken cancellationToken) =>
        SendAsync(
            connection,
            statements,
            static async answer =>
            {
                await answer.EndAsync().ConfigureAwait(false);
                return true;
            },
            cancellationToken);
}
