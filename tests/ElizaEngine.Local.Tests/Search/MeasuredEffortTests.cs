using ElizaEngine.Vectors;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>How thorough walks have to be is measured only as far as any search would walk.</summary>
public sealed class MeasuredEffortTests() : SavedScene(dimension: 384)
{
    // Random vectors: nothing is near anything.
    [Fact]
    public async Task Where_every_walk_that_pays_finds_too_little_the_effort_is_more_than_pays()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Rows);
        await SearchTwiceAsync(database);
        var partition = PartitionOf(database);
        Assert.Equal((Rows, Rows), (partition.Graph!.Count, partition.EffortMeasuredAt));
        Assert.InRange(partition.Effort, EffortSearch.EffortMax, 2 * EffortSearch.EffortMax);
        Assert.True(partition.EffortNow(Rows) > SimilaritySearch.StepsOfScan(partition, Rows), "it is scanned");
        await AssertRightAsync(database, "scanned");
    }
}
