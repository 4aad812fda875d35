using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>
/// Vectors that go many at a time, which no search has met since: the upkeep notices, and what is left gets an index of its own.
/// </summary>
public sealed class DeletedVectorsTests() : SavedScene(dimension: 6)
{
    private const int Many = 1_000;
    private const int Left = 100;

    [Fact]
    public async Task An_index_of_which_one_call_deleted_most_is_replaced()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Many);
        await SearchTwiceAsync(database);
        await DeleteMostAsync(database);
        await SearchTwiceAsync(database);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;

        AssertLeft(database);
        await AssertRightAsync(database, "replaced");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_index_that_comes_back_with_most_of_it_gone_is_replaced_at_once(bool isSearched)
    {
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, Many);
            await SearchTwiceAsync(database);
        }

        await using (var database = await OpenAsync())
        {
            if (isSearched) await SearchTwiceAsync(database);
            await DeleteMostAsync(database);
        }

        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        Assert.Equal(1, again.Partitions.Restored);
        AssertLeft(again);
        await AssertRightAsync(again, "come back");
    }

    // Fewer than half of it are gone: it stays, and its graph leads around them.
    [Fact]
    public async Task A_graph_of_which_one_call_deleted_many_is_repaired()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Many);
        await SearchTwiceAsync(database);
        await DeleteAsync(database, [.. Vectors.Keys.Order().Take(Many / 4)]);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;

        var partition = PartitionOf(database);
        Assert.Equal((Many, Many / 4), (partition.Count, partition.Dead));
        Assert.Equal((Many / 4, 0), (partition.Graph!.Deleted, partition.Graph.Unrepaired));
        await AssertRightAsync(database, "repaired");
    }

    [Fact]
    public async Task An_index_that_cannot_be_replaced_stays_alone()
    {
        var database = await OpenAsync();
        await CreateAsync(database, Many);
        await SearchTwiceAsync(database);
        await DeleteMostAsync(database);
        Disk.BeforeCall = static call => call.Operation is "write" or "flush" ? DiskFault.IoError : DiskFault.None;
        await Assert.ThrowsAnyAsync<DatabaseException>(() => CreateAsync(database, 1));
        Vectors.Remove(Vectors.Keys.Max());
        database.Partitions.Begin();
        await database.Partitions.Work;

        var partition = PartitionOf(database);
        // And the one that nobody acknowledged.
        Assert.Equal(Many + 1, partition.Count);
        Assert.Null(partition.Next);
        Assert.Equal(partition.Bytes, database.Partitions.Bytes);
        await AssertRightAsync(database, "not replaced");
        Disk.BeforeCall = null;
        await Record.ExceptionAsync(async () => await database.DisposeAsync());
    }

    private Task DeleteMostAsync(LocalDatabase database) => DeleteAsync(database, [.. Vectors.Keys.Order().Take(Many - Left)]);

    private void AssertLeft(LocalDatabase database)
    {
        var partition = PartitionOf(database);
        Assert.Equal((Left, Left, 0), (partition.Count, partition.Graph?.Count, partition.Dead));
    }
}
