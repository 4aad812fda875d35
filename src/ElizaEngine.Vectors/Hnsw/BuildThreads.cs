namespace ElizaEngine.Vectors;

/// <summary>Work that several threads do together: when one fails, the others are told to end, and nobody is left at it.</summary>
internal static class BuildThreads
{
    /// <summary>Runs the work on every thread, and returns or throws when all of them have ended.</summary>
    /// <param name="threads">How many, this one among them.</param>
    /// <param name="work">Gets a thread's number, this one's 0, and what tells it to end.</param>
    /// <param name="cancellationToken">Tells all of them.</param>
    /// <exception cref="AggregateException">It failed in another thread.</exception>
    internal static void Run(int threads, Action<int, CancellationToken> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var others = new List<Task>(threads - 1);
        try
        {
            for (var thread = 1; thread < threads; thread++)
            {
                var number = thread;
                others.Add(Task.Factory.StartNew(
                    () => Work(number), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
            }

            work(0, stop.Token);
        }
        catch
        {
            // Also where there is no room for another thread: those that began are at it.
            stop.Cancel();
            throw;
        }
        finally
        {
            Task.WaitAll(others, CancellationToken.None);
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
