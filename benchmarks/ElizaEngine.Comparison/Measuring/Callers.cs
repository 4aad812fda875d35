namespace ElizaEngine.Comparison.Measuring;

/// <summary>
/// Callers who do the same thing again and again, each as soon as its last call is answered, until a deadline. The latencies are those of
/// all calls. The rate is of the time until the deadline and not until the last answer: then fewer and fewer callers are left, of an engine
/// that lets them wait for each other perhaps one that sleeps. A call that is under way at the deadline counts by the share of its own time
/// that lies before it. To leave it out would cost every caller half a call on average, nothing where a slice has thousands, and all of
/// it where a call takes longer than a slice; to divide each caller's calls by his own time would count the sleepers' again.
/// </summary>
internal static class Callers
{
    /// <summary>As many callers as there are operations, for so long; every caller makes one call at least.</summary>
    /// <param name="operations">Makes the next call of a caller.</param>
    /// <param name="blocking">Whether a call keeps its thread; then each caller has one of its own.</param>
    /// <param name="duration">After it no call begins.</param>
    /// <param name="maxCalls">Nor after so many calls of each caller.</param>
    /// <param name="clock">Tells the time; null: the system's.</param>
    public static Task<Slice> RunAsync(
        IReadOnlyList<Func<ValueTask>> operations, bool blocking, TimeSpan duration, long maxCalls = long.MaxValue,
        TimeProvider? clock = null) =>
        RunPreparedAsync(
            [.. operations.Select(operation => (Func<Func<ValueTask>>)(() => operation))], blocking, duration, maxCalls, clock);

    /// <summary>The same with calls whose arguments are made before the clock of the call starts.</summary>
    /// <param name="operations">Prepares the next call of a caller.</param>
    /// <param name="blocking">Whether a call keeps its thread; then each caller has one of its own.</param>
    /// <param name="duration">After it no call begins.</param>
    /// <param name="maxCalls">Nor after so many calls of each caller.</param>
    /// <param name="clock">Tells the time; null: the system's.</param>
    public static async Task<Slice> RunPreparedAsync(
        IReadOnlyList<Func<Func<ValueTask>>> operations, bool blocking, TimeSpan duration, long maxCalls = long.MaxValue,
        TimeProvider? clock = null)
    {
        clock ??= TimeProvider.System;
        var calls = operations.Select(_ => new Calls(clock, duration, maxCalls)).ToArray();
        var allocated = GC.GetTotalAllocatedBytes();
        var start = clock.GetTimestamp();
        // The threads' own beginning is not what is measured.
        using var everybodyIsReady = new Barrier(blocking ? operations.Count : 1, _ => start = clock.GetTimestamp());
        await Task.WhenAll(operations.Select((operation, i) => blocking
            ? Task.Factory.StartNew(
                () => CallBlocking(operation, calls[i]), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            : Task.Run(() => CallAsync(operation, calls[i]))));
        var elapsed = clock.GetElapsedTime(start);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        var latencies = new Latencies();
        foreach (var one in calls) latencies.Add(one.Latencies);
        return new Slice(latencies, elapsed < duration ? elapsed : duration)
        {
            OperationsInTime = calls.Sum(one => one.InTime),
            AllocatedBytes = allocated,
        };

        async Task CallAsync(Func<Func<ValueTask>> operation, Calls mine)
        {
            while (mine.MayBegin(start))
            {
                var call = operation();
                var before = clock.GetTimestamp();
                await call();
                mine.Record(start, before);
            }
        }

        void CallBlocking(Func<Func<ValueTask>> operation, Calls mine)
        {
            everybodyIsReady.SignalAndWait();
            while (mine.MayBegin(start))
            {
                var call = operation();
                var before = clock.GetTimestamp();
                var done = call();
                if (!done.IsCompletedSuccessfully) done.AsTask().GetAwaiter().GetResult();
                mine.Record(start, before);
            }
        }
    }

    /// <summary>The calls of one caller.</summary>
    private sealed class Calls(TimeProvider clock, TimeSpan duration, long max)
    {
        private long _count;
#pragma warning disable CS0169, IDE0051 // It only takes room.
        private readonly Spacing _behind;
#pragma warning restore CS0169, IDE0051

        public Latencies Latencies { get; } = new();

        /// <summary>Those before the deadline.</summary>
        public double InTime { get; private set; }

        public bool MayBegin(long start) => _count == 0 || (_count < max && clock.GetElapsedTime(start) < duration);

        /// <param name="start">Of the slice.</param>
        /// <param name="begin">Of the call that has just ended.</param>
        public void Record(long start, long begin)
        {
            var end = clock.GetTimestamp();
            var took = clock.GetElapsedTime(begin, end);
            var left = duration - clock.GetElapsedTime(start, begin);
            _count++;
            Latencies.Record(end - begin, clock.TimestampFrequency);
            InTime += took <= left ? 1 : Math.Max(left / took, 0);
        }
    }
}
