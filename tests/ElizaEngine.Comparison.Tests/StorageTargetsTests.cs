using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;
using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

/// <summary>A disk that becomes four times as fast within a run: what stands side by side is what was measured in one round.</summary>
public sealed class StorageTargetsTests
{
    [Theory]
    [InlineData("x R", 14)]
    [InlineData("x RocksDB sync", 3)]
    [InlineData("x SQLite WAL FULL", 50)]
    public async Task A_ratio_of_durable_creates_is_the_median_of_the_rounds(string unit, double expected)
    {
        // Each side's own medians say 9.6 R, 2.4 x RocksDB and 37 x SQLite.
        double[] disk = [1_500, 1_600, 4_000, 6_000], ours = [30_000, 22_400, 56_000, 24_000], rocks = [15_000, 7_467, 18_667, 6_000], sqlite = [1_000, 448, 1_120, 300];
        var readings = 0;
        // Six to a round: before and after three slices.
        var turns = new TakingTurns(() => new ProbeReading(disk[readings++ / 6], 250, 100, 20, 400), rounds: 4);
        Rows rows = [];
        rows.Add(await turns.RunAsync([Creates("local", ours), Creates("rocksdb-sync", rocks), Creates("sqlite-full", sqlite)]));

        var target = StorageTargets.All.Single(target => target.Unit == unit && target.Name.StartsWith("durable create, 64", StringComparison.Ordinal));

        Assert.Equal(expected, target.Check(rows).Measured!.Value, 0.01);
    }

    private static Contender Creates(string engine, double[] perSecond)
    {
        var rates = new Queue<double>(perSecond);
        return new Contender(new Row("storage", "create", "64 callers", engine), () =>
        {
            var latencies = new Latencies();
            latencies.RecordUs(1);
            return Task.FromResult(new Slice(latencies, TimeSpan.FromSeconds(1)) { Operations = rates.Dequeue() });
        });
    }
}
