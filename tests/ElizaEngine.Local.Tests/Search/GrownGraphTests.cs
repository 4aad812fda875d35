using ElizaEngine.Vectors;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>A graph that grows by few at a time gets the links that a build of many ends with, be it that it is stopped at them.</summary>
public sealed class GrownGraphTests() : SavedScene(dimension: 6)
{
    // An eighth of them came after the Rows.
    private const int Eighth = 342;

    // Measured again with so many.
    private const int Half = 450;

    /// <summary>The story: it was looked after when it was measured again, with half as many more.</summary>
    [Fact]
    public async Task It_gets_them_with_every_eighth()
    {
        await using var database = await OpenAsync();
        var partition = await BeginAsync(database);
        await GrowAsync(database, Eighth - 1);
        var before = Poor(partition);
        Assert.Equal((Rows, Rows), (partition.Graph!.Connected, partition.Effort.MeasuredAt));

        await GrowAsync(database, Eighth);

        Assert.Equal((Eighth, Rows), (partition.Graph.Connected, partition.Effort.MeasuredAt));
        AssertFewer(before, partition);
        await AssertRightAsync(database, "grown");
    }

    [Fact]
    public async Task It_gets_them_before_it_is_measured()
    {
        const int Between = 400;
        await using var database = await OpenAsync();
        var partition = await BeginAsync(database);
        // At once: an eighth more than these are more than are measured again.
        await CreateAsync(database, Between - Rows);
        await BuildAsync(database);
        await GrowAsync(database, Half - 1);
        var before = Poor(partition);
        Assert.Equal((Between, Rows), (partition.Graph!.Connected, partition.Effort.MeasuredAt));

        await GrowAsync(database, Half);

        Assert.Equal((Half, Half), (partition.Graph.Connected, partition.Effort.MeasuredAt));
        AssertFewer(before, partition);
    }

    /// <summary>No file tells what was looked after: as many as there were when it was measured.</summary>
    [Fact]
    public async Task What_came_before_and_after_an_opening_counts_together()
    {
        await using (var database = await OpenAsync())
        {
            await BeginAsync(database);
            await GrowAsync(database, Eighth - 1);
        }

        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        var partition = PartitionOf(again);
        var before = Poor(partition);
        Assert.Equal((Eighth - 1, Rows), (partition.Graph!.Count, partition.Graph.Connected));

        await GrowAsync(again, Eighth);

        Assert.Equal((Eighth, Rows), (partition.Graph.Connected, partition.Effort.MeasuredAt));
        AssertFewer(before, partition);
    }

    /// <summary>The story: that it was stopped there was forgotten when it was closed, until it had grown by half.</summary>
    [Fact]
    public async Task Where_it_was_stopped_at_them_they_come_with_the_next_opening()
    {
        const int Now = Rows + 100;
        int before;
        await using (var database = await OpenAsync())
        {
            var partition = await BeginAsync(database);
            await CreateAsync(database, Now - Rows);
            var links = partition.Graph!.Links;
            // Nobody else takes it, where there are fewer vectors than locks: the build comes to its last one, and waits.
            links.Lock(Now - 1);
            database.Partitions.Begin();
            // Where several build, one of them tells of it no more.
            Assert.True(SpinWait.SpinUntil(() => partition.Graph.Count > Now - 1 - Math.Max(1, Environment.ProcessorCount / 2), TimeSpan.FromMinutes(5)));
            var stopped = database.Partitions.StopAsync();
            links.Unlock(Now - 1);
            await stopped;
            Assert.Equal((Rows, true), (partition.Graph.Connected, partition.Graph.IsCut));
            before = Poor(partition);
        }

        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        Assert.Equal((1L, Now), (again.Partitions.Restored, PartitionOf(again).Graph!.Connected));
        AssertFewer(before, PartitionOf(again));
        await AssertRightAsync(again, "opened again");
    }

    private async Task<VectorPartition> BeginAsync(LocalDatabase database)
    {
        await CreateAsync(database, Rows);
        await SearchTwiceAsync(database);
        var partition = PartitionOf(database);
        Assert.Equal((Rows, Rows), (partition.Graph!.Connected, partition.Effort.MeasuredAt));
        return partition;
    }

    private async Task GrowAsync(LocalDatabase database, int to)
    {
        while (PartitionOf(database).Count < to)
        {
            await CreateAsync(database, 1);
            await BuildAsync(database);
        }
        Assert.Equal(to, PartitionOf(database).Graph!.Count);
    }

    private async Task BuildAsync(LocalDatabase database) => Assert.True(await database.Partitions.BuildAsync(PartitionOf(database).Key));

    private static int Poor(VectorPartition partition) => new GraphInDegree(partition.Graph!, partition.Graph!.Count).CountPoor();

    private static void AssertFewer(int before, VectorPartition partition)
    {
        Assert.InRange(before, 10, int.MaxValue);
        Assert.InRange(Poor(partition), 0, before / 2);
    }
}
