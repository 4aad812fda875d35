namespace ElizaEngine;

/// <summary>Calls over a whole adapter.</summary>
public static class DatabaseAdapterExtensions
{
    /// <summary>As <see cref="IDatabaseAdapter.TransactionAsync"/>, for a body without a result.</summary>
    public static Task TransactionAsync(
        this IDatabaseAdapter adapter, Func<IDatabaseSession, CancellationToken, Task> body, int attempts = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        ArgumentNullException.ThrowIfNull(body);
        return adapter.TransactionAsync(
            async (session, token) =>
            {
                await body(session, token).ConfigureAwait(false);
                return true;
            },
            attempts,
            cancellationToken);
    }

    /// <summary>
    /// elizaOS' <c>withEntityContext</c>: runs the body in a transaction. The entity narrows what is visible only under
    /// elizaOS' data isolation, which this database refuses to open; so it changes nothing here.
    /// </summary>
    public static Task<T> WithEntityContextAsync<T>(
        this IDatabaseAdapter adapter, Guid? entityId, Func<IDatabaseSession, CancellationToken, Task<T>> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        _ = entityId;
        return adapter.TransactionAsync(body, 1, cancellationToken);
    }
}
