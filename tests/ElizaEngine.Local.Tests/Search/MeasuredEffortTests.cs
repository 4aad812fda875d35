using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>How thorough walks have to be is measured only as far as any search would walk.</summary>
public sealed class MeasuredEffortTests() : SavedScene(dimension: 384)
{
    [Fact]
    public void It_grows_with_the_graph_until_it_is_measured_again()
    {
        var effort = new WalkEffort(Nearest: 80, Duplicate: 16, ByHalves: false, MeasuredAt: 1000);

        Assert.Equal((80, 16), (effort.At(isForDuplicate: false, 1000), effort.At(isForDuplicate: true, 1000)));
        Assert.Equal((90, 18), (effort.At(isForDuplicate: false, 1500), effort.At(isForDuplicate: true, 1500)));
        // After a repair of fewer.
        Assert.Equal(80, effort.At(isForDuplicate: false, 900));
        Assert.Equal(int.MaxValue, new WalkEffort(int.MaxValue, 0, false, 1).At(isForDuplicate: false, int.MaxValue));
    }

    [Fact]
    public void Where_none_was_measured_for_a_duplicate_it_takes_what_the_nearest_take() =>
        Assert.Equal(90, new WalkEffort(Nearest: 80, Duplicate: 0, ByHalves: false, MeasuredAt: 1000).At(isForDuplicate: true, 1500));

    /// <summary>
    /// Of vectors one in two is asked for. The story: three that were all found, of vectors of which nearly all had copies, said that any effort is
    /// enough. What is measured is saved.
    /// </summary>
    [Theory]
    [InlineData(590, false)]
    [InlineData(700, true)]
    public async Task A_few_say_nothing_of_what_a_duplicate_takes(int rows, bool isMeasured)
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, rows);
        await SearchTwiceAsync(database);
        var effort = PartitionOf(database).Effort;
        Assert.Equal(rows, effort.MeasuredAt);
        Assert.InRange(effort.Duplicate, isMeasured ? 16 : 0, isMeasured ? int.MaxValue : 0);
        Assert.Equal(isMeasured, effort.ByHalves);
        await database.CloseAsync();

        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        Assert.Equal(effort, PartitionOf(again).Effort);
    }

    // Random vectors: nothing is near anything.
    [Fact]
    public async Task Where_every_walk_that_pays_finds_too_little_the_effort_is_more_than_pays()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Rows);
        await SearchTwiceAsync(database);
        var partition = PartitionOf(database);
        Assert.Equal((Rows, Rows), (partition.Graph!.Count, partition.Effort.MeasuredAt));
        // However large the graph will be.
        Assert.Equal(int.MaxValue, partition.Effort.Nearest);
        Assert.True(partition.Effort.At(isForDuplicate: false, Rows) > SimilaritySearch.StepsOfScan(partition, Rows), "it is scanned");
        await AssertRightAsync(database, "scanned");
    }
}
