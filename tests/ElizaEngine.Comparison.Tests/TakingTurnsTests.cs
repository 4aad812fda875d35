using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class TakingTurnsTests
{
    private static readonly ProbeReading Quiet = new(10_000, 100, 20, 20, 200);
    private static readonly ProbeReading Busy = Quiet with { DotNanoseconds = 40 };
    private static readonly ProbeReading SlowDisk = Quiet with { DiskWriteP50Us = 500 };

    private readonly List<string> _order = [];

    [Fact]
    public async Task Engines_take_turns_and_nobody_is_always_the_first()
    {
        await new TakingTurns(() => Quiet, rounds: 3).RunAsync([Contender("a"), Contender("b")]);

        Assert.Equal(["b", "a", "a", "b", "b", "a"], _order);
    }

    [Fact]
    public async Task Everybody_warms_up_once_and_that_does_not_count()
    {
        var rows = await new TakingTurns(() => Quiet, rounds: 2, warmsUp: true).RunAsync([Contender("a"), Contender("b")]);

        Assert.Equal(6, _order.Count);
        Assert.All(rows, row => Assert.Equal((2, 2L), (row.Slices, row.Operations)));
    }

    [Fact]
    public async Task Everybody_begins_anew_between_two_halves_that_both_count()
    {
        var rows = await new TakingTurns(() => Quiet, rounds: 2, warmsUp: true).RunAsync([Contender("a"), Contender("b")], renew: () =>
        {
            _order.Add("renew");
            return Task.CompletedTask;
        });

        Assert.Equal(["a", "b", "b", "a", "a", "b", "renew", "a", "b", "b", "a", "a", "b"], _order);
        Assert.All(rows, row => Assert.Equal((4, 4), (row.Slices, row.SliceP50sUs!.Count)));
    }

    [Fact]
    public async Task A_slice_between_two_different_machines_is_taken_again_twice_and_then_marked()
    {
        var readings = new Queue<ProbeReading>([Quiet, Busy, Quiet, Busy, Quiet, Busy]);

        var row = Assert.Single(await new TakingTurns(readings.Dequeue, rounds: 1).RunAsync([Contender("a")]));

        Assert.Equal(3, _order.Count);
        Assert.Equal((1, 1), (row.Slices, row.UnsteadySlices));
        Assert.Empty(readings);
    }

    [Fact]
    public async Task A_slice_that_meets_a_quiet_machine_at_last_is_not_marked()
    {
        var readings = new Queue<ProbeReading>([Quiet, Busy, Quiet, Quiet]);

        var row = Assert.Single(await new TakingTurns(readings.Dequeue, rounds: 1).RunAsync([Contender("a")]));

        Assert.Equal((1, 0), (row.Slices, row.UnsteadySlices));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task The_moods_of_a_disk_count_for_those_who_wait_for_it(bool usesDisk, int unsteady)
    {
        var readings = new Queue<ProbeReading>(Enumerable.Repeat(new[] { Quiet, SlowDisk }, 3).SelectMany(pair => pair));

        var row = Assert.Single(await new TakingTurns(readings.Dequeue, rounds: 1, usesDisk: usesDisk).RunAsync([Contender("a")]));

        Assert.Equal(unsteady, row.UnsteadySlices);
    }

    [Fact]
    public async Task Who_cannot_do_it_is_named_with_the_reason_and_the_others_go_on()
    {
        var unable = new Contender(Label("b"), () => throw new NotSupportedException("no vectors"));

        var rows = await new TakingTurns(() => Quiet, rounds: 2).RunAsync([Contender("a"), unable]);

        Assert.Equal((null, 2), (rows[0].NotRun, rows[0].Slices));
        Assert.Equal("no vectors", rows[1].NotRun);
        Assert.Null(rows[1].PerSecond);
    }

    [Fact]
    public async Task The_throughput_is_the_median_of_the_slices_and_the_latencies_are_all_of_them()
    {
        var seconds = new Queue<double>([1, 10, 2, 4]);

        var row = Assert.Single(await new TakingTurns(() => Quiet, rounds: 4).RunAsync([new Contender(Label("a"), () => Task.FromResult(Slice(seconds.Dequeue())))]));

        Assert.Equal(0.375, row.PerSecond);
        Assert.Equal([1, 0.1, 0.5, 0.25], row.SliceRates!);
        Assert.Equal(10e6, row.MaxUs!.Value, 10e6 * 0.001);
        Assert.Equal(3e6, row.P50Us!.Value, 3e6 * 0.001);
    }

    /// <summary>An opening is a slice of one operation: the median of four was the second smallest of them, and decided a target.</summary>
    [Fact]
    public async Task The_median_of_four_slices_of_one_operation_is_the_mean_of_the_two_in_the_middle()
    {
        var seconds = new Queue<double>([0.008, 0.001, 0.004, 0.002]);
        var contender = new Contender(Label("a"), () => Task.FromResult(Slice(seconds.Dequeue())));

        var row = Assert.Single(await new TakingTurns(() => Quiet, rounds: 4).RunAsync([contender]));

        Assert.Equal(3_000, row.P50Us!.Value, 3_000 * 0.001);
        Assert.Equal(8_000, row.P99Us!.Value, 8_000 * 0.001);
    }

    private Contender Contender(string name) => new(Label(name), () =>
    {
        _order.Add(name);
        return Task.FromResult(Slice(1));
    });

    private static Row Label(string engine) => new("suite", "workload", "setting", engine);

    private static Slice Slice(double seconds)
    {
        var latencies = new Latencies();
        latencies.RecordUs(seconds * 1e6);
        return new Slice(latencies, TimeSpan.FromSeconds(seconds));
    }
}
