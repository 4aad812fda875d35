namespace ElizaEngine.Storage;

/// <summary>
/// Runs what takes long on a thread of its own. The pool has as many threads as there are processors before it makes one more, half a second
/// later: they are the callers', who hear of their commits there (decisions/0029).
/// </summary>
internal static class OwnThread
{
    /// <summary>What handles fewer bytes is soon done: starting a thread would take as long.</summary>
    private const long BytesMin = 1 << 20;

    /// <summary>Completes when the work has ended.</summary>
    /// <param name="work">What takes long if it has much to do.</param>
    /// <param name="bytes">About how many bytes it reads or writes; of few, it is done by the pool.</param>
    public static Task Run(Action work, long bytes) => Run(
        () =>
        {
            work();
            return true;
        },
        bytes);

    /// <summary>Completes with what the work returned.</summary>
    /// <inheritdoc cref="Run(Action, long)"/>
    public static Task<T> Run<T>(Func<T> work, long bytes) => bytes < BytesMin ? Task.Run(work) : Run(work, CancellationToken.None);

    /// <summary>Completes with what the work returned.</summary>
    /// <param name="work">What takes long.</param>
    /// <param name="cancellationToken">Counts until it has begun.</param>
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken) => Task.Factory.StartNew(
        work, cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
}
