using System.Diagnostics;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>Callers who do the same thing again and again, each as soon as its last call is answered.</summary>
internal static class Callers
{
    /// <summary>As many callers as there are operations, for so long; every caller makes one call at least.</summary>
    /// <param name="operations">The next call of each caller.</param>
    /// <param name="blocking">Whether a call keeps its thread; then each caller has one of its own.</param>
    /// <param name="duration">After it no call begins.</param>
    /// <param name="maxCalls">Nor after so many calls of each caller.</param>
    public static async Task<Slice> RunAsync(IReadOnlyList<Func<ValueTask>> operations, bool blocking, TimeSpan duration, long maxCalls = long.MaxValue)
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

        async Task CallAsync(Func<ValueTask> operation, Latencies mine)
        {
            for (long calls = 0; calls == 0 || (calls < maxCalls && Stopwatch.GetElapsedTime(start) < duration); calls++)
            {
                var before = Stopwatch.GetTimestamp();
                await operation();
                mine.Record(Stopwatch.GetElapsedTime(before));
            }
        }

        void CallBlocking(Func<ValueTask> operation, Latencies mine)
        {
            // The threads' own beginning is not what is measured.
            if (everybodyIsReady.SignalAndWait(Timeout.Infinite) && everybodyIsReady.CurrentPhaseNumber == 1) Volatile.Write(ref start, Stopwatch.GetTimestamp());
            for (long calls = 0; calls == 0 || (calls < maxCalls && Stopwatch.GetElapsedTime(Volatile.Read(ref start)) < duration); calls++)
            {
                var before = Stopwatch.GetTimestamp();
                var done = operation();
                if (!done.IsCompletedSuccessfully) done.AsTask().GetAwaiter().GetResult();
                mine.Record(Stopwatch.GetElapsedTime(before));
            }
        }
    }
}
