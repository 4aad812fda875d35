namespace ElizaEngine.Storage;

/// <summary>
/// Runs what takes long on a thread of its own. The pool has as many threads as there are processors before it makes one more, half a second
/// later: they are the callers', who hear of their commits there.
/// </summary>
internal static class OwnThread
{
    /// <summary>Completes when the work has ended.</summary>
    public static Task Run(Action work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>Completes with what the work returned.</summary>
    /// <param name="work">What takes long.</param>
    /// <param name="cancellationToken">Counts until it has begun.</param>
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken) => Task.Factory.StartNew(
        work, cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
}
