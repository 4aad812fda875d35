namespace ElizaEngine.Vectors;

/// <summary>
/// Work that several threads do together: when one fails, the others are told to end, and nobody is left at it. A process at the limit of
/// its threads, or without memory for a stack, gets fewer of them, and be it this one alone.
/// </summary>
internal static class BuildThreads
{
    /// <summary>Runs the work on every thread, and returns or throws when all of them have ended.</summary>
    /// <param name="threads">How many at most, this one among them.</param>
    /// <param name="work">Gets a thread's number, this one's 0, and what tells it to end.</param>
    /// <param name="cancellationToken">Tells all of them.</param>
    /// <param name="scheduler">For tests: what starts threads; null: the runtime does.</param>
    /// <exception cref="AggregateException">It failed in another thread.</exception>
    internal static void Run(int threads, Action<int, CancellationToken> work, CancellationToken cancellationToken, TaskScheduler? scheduler = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var others = new List<Task>(threads - 1);
        try
        {
            var thread = 1;
            while (thread < threads && TryStart(thread))
                thread++;
            work(0, stop.Token);
        }
        catch
        {
            stop.Cancel();
            throw;
        }
        finally
        {
            Task.WaitAll(others, CancellationToken.None);
        }

        bool TryStart(int number)
        {
            try
            {
                others.Add(Task.Factory.StartNew(
                    () => Work(number), CancellationToken.None, TaskCreationOptions.LongRunning, scheduler ?? TaskScheduler.Default));
                return true;
            }
            catch (Exception error) when (error is TaskSchedulerException or OutOfMemoryException)
            {
                return false;
            }
        }

        void Work(int number)
        {
            try
            {
                work(number, stop.Token);
            }
            catch
            {
                stop.Cancel();
                throw;
            }
        }
    }
}
