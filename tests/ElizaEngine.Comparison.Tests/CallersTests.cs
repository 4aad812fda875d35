using ElizaEngine.Comparison.Measuring;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

/// <summary>
/// A slice's rate was all of its calls by the time until the last answer. SQLite's callers sleep in its busy handler while the others are done:
/// it came out less than half as fast as it was.
/// </summary>
public sealed class CallersTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_rate_stays_that_of_the_quick_caller_when_another_ones_last_call_takes_ten_times_as_long_as_the_slice(bool blocking)
    {
        var clock = new ManualClock();
        using var quickIsDone = new SemaphoreSlim(0);
        var quickCalls = 0;

        var slice = await Callers.RunAsync([Quick, Slow], blocking, Duration, clock: clock);

        // One more or less: the slow call's own share, and the quick one's last that may be read off the clock late.
        Assert.InRange(slice.PerSecond, 99, 101);
        Assert.Equal(Duration, slice.Elapsed);
        // All of it counts in what callers saw.
        Assert.Equal(101, slice.Operations);
        Assert.InRange(slice.Latencies.MaxUs, 10e6 * 0.999, 11e6 * 1.001);

        ValueTask Quick()
        {
            clock.Advance(Duration / 100);
            if (++quickCalls == 100) quickIsDone.Release();
            return default;
        }

        async ValueTask Slow()
        {
            await quickIsDone.WaitAsync();
            clock.Advance(10 * Duration);
        }
    }

    [Fact]
    public async Task A_call_that_is_longer_than_the_slice_counts_by_the_share_that_lies_in_it()
    {
        var clock = new ManualClock();

        var slice = await Callers.RunAsync([Call], blocking: false, Duration, clock: clock);

        Assert.Equal(1 / 2.5, slice.PerSecond, 1e-9);
        Assert.Equal(1, slice.Operations);
        Assert.Equal(2.5e6, slice.Latencies.MaxUs, 2.5e6 * 0.001);

        ValueTask Call()
        {
            clock.Advance(2.5 * Duration);
            return default;
        }
    }

    [Fact]
    public async Task Who_is_done_before_the_deadline_is_measured_until_then()
    {
        var clock = new ManualClock();

        var slice = await Callers.RunAsync([Call], blocking: false, Duration, maxCalls: 5, clock);

        Assert.Equal(10, slice.PerSecond, 1e-9);
        Assert.Equal((5d, Duration / 2), (slice.Operations, slice.Elapsed));

        ValueTask Call()
        {
            clock.Advance(Duration / 10);
            return default;
        }
    }

    [Fact]
    public async Task What_a_call_needs_is_made_outside_of_its_latency_but_within_the_slice()
    {
        var clock = new ManualClock();

        var slice = await Callers.RunPreparedAsync([Prepare], blocking: false, Duration, clock: clock);

        Assert.Equal(5, slice.PerSecond, 1e-9);
        Assert.Equal(0.1e6, slice.Latencies.MaxUs, 0.1e6 * 0.001);

        Func<ValueTask> Prepare()
        {
            clock.Advance(Duration / 10);
            return () =>
            {
                clock.Advance(Duration / 10);
                return default;
            };
        }
    }

    /// <summary>A call of 150 ns was written down as one of 100.</summary>
    [Fact]
    public async Task A_latency_is_as_fine_as_the_clock()
    {
        var clock = new NanosecondClock();

        var slice = await Callers.RunAsync([Call], blocking: false, TimeSpan.FromMicroseconds(15), clock: clock);

        Assert.Equal(100, slice.Operations);
        Assert.Equal(0.150, slice.Latencies.PercentileUs(50), 1e-9);

        ValueTask Call()
        {
            clock.Nanoseconds += 150;
            return default;
        }
    }

    /// <summary>Of one caller; stands still until it is told.</summary>
    private sealed class NanosecondClock : TimeProvider
    {
        public long Nanoseconds { get; set; }

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => Nanoseconds;
    }

    /// <summary>Stands still until it is told.</summary>
    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }
}
