using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>Vectors that could not be read when they were to be coded are compared by their floats, once, and take no place of others.</summary>
public sealed class UncodedVectorsTests() : SavedScene(dimension: 6)
{
    private const int Coded = 50;

    // A code stands for them that is the query's own.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task What_stands_for_them_takes_no_place_among_the_best(int uncoded)
    {
        await using var database = await BeginAsync();
        for (var i = 0; i < uncoded; i++)
        {
            await CreateAsync(database, 1);
            await UpdateToAsync(database, Vectors.Keys.Max(), [-1, 0, 0, 0, 0, i + 1]);
        }
        var partition = PartitionOf(database);
        while (partition.Codes.Count < partition.Count) partition.SkipCode(goneAt: null);
        for (var count = 1; count < 6; count++)
        {
            float[] query = [1, 0, 0, 0, 0, 0];
            var found = await database.ForAgent(Agent).SearchMemoriesAsync(new MemorySearch("messages", query) { Count = count, Mode = SearchMode.Exact });
            Assert.Equal(SearchMethod.Scan, LastMethod());
            Assert.Equal(
                Vectors.OrderByDescending(vector => Cosine(vector.Value, query)).Take(count).Select(static vector => vector.Key),
                found.Select(static memory => memory.Id));
        }
        await AssertRightAsync(database, "with some that were not coded");
    }

    [Fact]
    public async Task One_that_is_skipped_during_a_search_is_found_once()
    {
        const int tail = 1_000;
        await using var database = await BeginAsync();
        await CreateAsync(database, tail);
        var partition = PartitionOf(database);
        var skipping = OnItsOwnThread.Run(() =>
        {
            while (partition.Codes.Count < Coded + tail) partition.SkipCode(goneAt: null);
            return Task.CompletedTask;
        });
        do
        {
            var found = await database.ForAgent(Agent).SearchMemoriesAsync(new MemorySearch("messages", Vector()) { Count = 2 * tail, Mode = SearchMode.Exact });
            Assert.Equal((Coded + tail, Coded + tail), (found.Count, found.DistinctBy(static memory => memory.Id).Count()));
        }
        while (!skipping.IsCompleted);
        await skipping;
    }

    // Nothing gets a code any more but what this test gives one.
    private async Task<LocalDatabase> BeginAsync()
    {
        var database = await OpenAsync();
        await CreateAsync(database, Coded);
        await SearchTwiceAsync(database);
        await database.Partitions.StopAsync();
        Assert.Equal(Coded, PartitionOf(database).Codes.Count);
        return database;
    }

    private async Task UpdateToAsync(LocalDatabase database, Guid id, float[] vector)
    {
        Vectors[id] = vector;
        await database.ForAgent(Agent).UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = vector });
    }

    private static SearchMethod LastMethod()
    {
        using var last = SimilaritySearch.Rent();
        return last.Method;
    }
}
