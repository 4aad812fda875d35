using System.Diagnostics;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>Callers who do the same thing again and again, each as soon as its last call is answered.</summary>
internal static class Callers
{
    /// <summary>As many callers as there are operations, for so long; every caller makes one call at least.</summary>
    /// <param name="operations">Makes the next call of a caller.</param>
    /// <param name="blocking">Whether a call keeps its thread; then each caller has one of its own.</param>
    /// <param name="duration">After it no call begins.</param>
    /// <param name="maxCalls">Nor after so many calls of each caller.</param>
    public static Task<Slice> RunAsync(IReadOnlyList<Func<ValueTask>> operations, bool blocking, TimeSpan duration, long maxCalls = long.MaxValue) =>
        RunPreparedAsync([.. operations.Select(operation => (Func<Func<ValueTask>>)(() => operation))], blocking, duration, maxCalls);

    /// <summary>The same with calls whose arguments are made before the clock of the call starts.</summary>
    /// <param name="operations">Prepares the next call of a caller.</param>
    /// <param name="blocking">Whether a call keeps its thread; then each caller has one of its own.</param>
    /// <param name="duration">After it no call begins.</param>
    /// <param name="maxCalls">Nor after so many calls of each caller.</param>
    public static async Task<Slice> RunPreparedAsync(IReadOnlyList<Func<Func<ValueTask>>> operations, bool blocking, TimeSpan duration, long maxCalls = long.MaxValue)
    {
        var latencies = operations.Select(_ => new Latencies()).ToArray();
        var allocated = GC.GetTotalAllocatedBytes();
        using var everybodyIsReady = new Barrier(blocking ? operations.Count : 1);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(operations.Select((operation, i) => blocking
            ? Task.Factory.StartNew(() => CallBlocking(operation, latencies[i]), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : Task.Run(() => CallAsync(operation, latencies[i]))));
        var elapsed = Stopwatch.GetElapsedTime(start);
        var all = new Latencies();
        foreach (var one in latencies) all.Add(one);
        return new Slice(all, elapsed) { AllocatedBytes = GC.GetTotalAllocatedBytes() - allocated };

        async Task CallAsync(Func<Func<ValueTask>> operation, Latencies mine)
        {
            for (long calls = 0; calls == 0 || (calls < maxCalls && Stopwatch.GetElapsedTime(start) < duration); calls++)
            {
                var call = operation();
                var before = Stopwatch.GetTimestamp();
                await call();
                mine.Record(Stopwatch.GetElapsedTime(before));
            }
        }

        void CallBlocking(Func<Func<ValueTask>> operation, Latencies mine)
        {
            // The threads' own beginning is not what is measured.
            if (everybodyIsReady.SignalAndWait(Timeout.Infinite) && everybodyIsReady.CurrentPhaseNumber == 1) Volatile.Write(ref start, Stopwatch.GetTimestamp());
            for (long calls = 0; calls == 0 || (calls < maxCalls && Stopwatch.GetElapsedTime(Volatile.Read(ref start)) < duration); calls++)
            {
                var call = operation();
                var before = Stopwatch.GetTimestamp();
                var done = call();
                if (!done.IsCompletedSuccessfully) done.AsTask().GetAwaiter().GetResult();
                mine.Record(Stopwatch.GetElapsedTime(before));
            }
        }
    }
}
