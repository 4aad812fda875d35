namespace ElizaEngine.Storage;

/// <summary>
/// Runs what takes long on a thread of its own. The pool has as many threads as there are processors before it makes one more, half a second
/// later: they are the callers', who hear of their commits there (decisions/0029).
/// <para>
/// A process at the limit of its threads, or without memory for a stack, gets none, and the runtime throws. Nothing here does: who asks may
/// be in the middle of a commit.
/// </para>
/// </summary>
internal static class OwnThread
{
    /// <summary>What handles fewer bytes is soon done: starting a thread would take as long.</summary>
    private const long BytesMin = 1 << 20;

    private static readonly AsyncLocal<TaskScheduler?> s_scheduler = new();

    /// <summary>For tests: what starts threads for those whom this caller calls; null: the runtime does.</summary>
    public static TaskScheduler? Scheduler
    {
        get => s_scheduler.Value;
        set => s_scheduler.Value = value;
    }

    /// <summary>
    /// Begins what can as well be done another time. Not with the pool instead of a thread: where that needs one more and gets none either,
    /// the runtime ends the process.
    /// </summary>
    /// <returns>Completes when the work has ended. Null: there is no thread for it, and it was not begun.</returns>
    /// <inheritdoc cref="Run(Action, long)"/>
    public static Task? TryRun(Action work, long bytes)
    {
        try
        {
            return bytes < BytesMin ? TryRunInPool(Returning(work), CancellationToken.None, out _) : Start(Returning(work), CancellationToken.None);
        }
        catch (Exception error) when (IsNoThread(error))
        {
            return null;
        }
    }

    /// <summary>Begins, in the pool, what waits more than it works.</summary>
    /// <returns>Completes when the work has ended. Null: the pool has no thread for it, and it was not begun.</returns>
    public static Task? TryRun(Func<Task> work) => TryRunInPool(work, CancellationToken.None, out _)?.Unwrap();

    /// <summary>Completes when the work has ended.</summary>
    /// <param name="work">What takes long if it has much to do.</param>
    /// <param name="bytes">About how many bytes it reads or writes; of few, it is done by the pool.</param>
    public static Task Run(Action work, long bytes) => Run(Returning(work), bytes);

    /// <summary>Completes with what the work returned.</summary>
    /// <inheritdoc cref="Run(Action, long)"/>
    public static Task<T> Run<T>(Func<T> work, long bytes) =>
        bytes < BytesMin ? RunInPool(work, CancellationToken.None) : Run(work, CancellationToken.None);

    /// <summary>
    /// Completes with what the work returned. Where there is no thread for it the pool does it, and where that has none it fails with an
    /// <see cref="OutOfMemoryException"/>.
    /// </summary>
    /// <param name="work">What takes long.</param>
    /// <param name="cancellationToken">Counts until it has begun.</param>
    public static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return Start(work, cancellationToken);
        }
        catch (Exception error) when (IsNoThread(error))
        {
            return RunInPool(work, cancellationToken);
        }
    }

    private static Task<T> RunInPool<T>(Func<T> work, CancellationToken cancellationToken) =>
        TryRunInPool(work, cancellationToken, out var refusal) ?? Task.FromException<T>(refusal!);

    // Null: the pool has no thread, and it is not done.
    private static Task<T>? TryRunInPool<T>(Func<T> work, CancellationToken cancellationToken, out Exception? refusal)
    {
        refusal = null;
        var task = new Task<T>(work, cancellationToken, TaskCreationOptions.DenyChildAttach);
        var isTaken = 0;
        try
        {
            _ = Task.Run(
                () =>
                {
                    if (Interlocked.Exchange(ref isTaken, 1) == 0)
                        task.RunSynchronously(TaskScheduler.Default);
                },
                cancellationToken);
        }
        catch (Exception error) when (IsNoThread(error))
        {
            // The pool queues first and then asks for a thread: it would be done when there is one again, and nobody expects that any more.
            if (Interlocked.Exchange(ref isTaken, 1) == 0)
            {
                refusal = error.InnerException ?? error;
                return null;
            }
        }

        return task;
    }

    private static Task<T> Start<T>(Func<T> work, CancellationToken cancellationToken) => Task.Factory.StartNew(
        work, cancellationToken, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, Scheduler ?? TaskScheduler.Default);

    private static Func<bool> Returning(Action work) => () =>
    {
        work();
        return true;
    };

    // A scheduler that cannot start a thread wraps what the runtime told it, which is that there is no memory, whatever the reason.
    private static bool IsNoThread(Exception error) => error is TaskSchedulerException or OutOfMemoryException;
}
