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

    /// <summary>The story: without a limit of memory no index ever went, however many agents came, were searched, and went.</summary>
    [Fact]
    public async Task An_index_of_which_nothing_is_left_goes()
    {
        await using var database = await OpenAsync();
        for (var number = 1; number <= 50; number++)
        {
            // More than are compared without an index; every other one has a graph, and a file.
            var agent = new Guid(number, 1, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1);
            var adapter = database.ForAgent(agent);
            await adapter.CreateAgentAsync(new ElizaEngine.Agent { Id = agent, Name = "Ada" });
            var memories = Enumerable.Range(0, 30 + (number % 2 * 40)).Select(_ => new Memory { Content = Content.FromText("text"), Unique = true, Embedding = Vector() });
            var created = await adapter.CreateMemoriesAsync([.. memories], "messages");
            await adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector()));
            await database.Partitions.Work;
            Assert.InRange(database.GetStatistics().VectorIndexes, 1, number);
            await adapter.DeleteMemoriesAsync([.. created.Select(static one => one.Id)]);
        }
        await CreateAsync(database, Left);
        await SearchTwiceAsync(database);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;

        // The one that has vectors.
        var partition = PartitionOf(database);
        var statistics = database.GetStatistics();
        Assert.Equal((1L, partition.Bytes, 0L), (statistics.VectorIndexes, statistics.VectorIndexBytes, statistics.VectorIndexesReleased));
        Assert.Single(GraphFiles());
        await AssertRightAsync(database, "among others that went");

        await DeleteAsync(database, [.. Vectors.Keys]);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;
        Assert.Equal(0, database.GetStatistics().VectorIndexes);
        await CreateAsync(database, Left);
        await SearchTwiceAsync(database);
        await AssertRightAsync(database, "filled again");
    }

    [Fact]
    public async Task A_table_without_vectors_gets_no_index()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, 1);
        await database.ForAgent(Agent).CreateMemoriesAsync([new Memory { Content = Content.FromText("text") }], "plain");
        await database.BuildVectorIndexAsync(Agent, "plain");
        Assert.Equal(0, database.GetStatistics().VectorIndexes);
    }

    [Fact]
    public async Task An_index_that_no_search_can_reach_leaves_memory_and_comes_back_from_its_file()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Many);
        await SearchTwiceAsync(database);
        var searched = PartitionOf(database);
        await CreateAsync(database, Left);
        await database.BuildVectorIndexAsync(Agent, "messages");
        var adapter = database.ForAgent(Agent);
        await adapter.EnsureEmbeddingDimensionAsync(Dimension + 1);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;
        Assert.Equal((0L, 0L, 2L), Indexes());
        // Who was at it goes on without.
        Assert.Throws<ObjectDisposedException>(searched.Codes.Share);

        await adapter.EnsureEmbeddingDimensionAsync(Dimension);
        await SearchTwiceAsync(database);
        Assert.Equal((1L, 1L, 2L), Indexes());
        Assert.Equal(Many + Left, PartitionOf(database).Codes.Count);
        await AssertRightAsync(database, "come back");

        (long Count, long Restored, long Saved) Indexes()
        {
            var statistics = database.GetStatistics();
            Assert.Equal(0, statistics.VectorIndexesReleased);
            return (statistics.VectorIndexes, statistics.VectorIndexesRestored, statistics.VectorIndexesSaved);
        }
    }

    private Task DeleteMostAsync(LocalDatabase database) => DeleteAsync(database, [.. Vectors.Keys.Order().Take(Many - Left)]);

    private void AssertLeft(LocalDatabase database)
    {
        var partition = PartitionOf(database);
        Assert.Equal((Left, Left, 0), (partition.Count, partition.Graph?.Count, partition.Dead));
    }
}
