using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>A search that goes over very many rows to compare few vectors gets an index, as one that compares many.</summary>
public sealed class SearchesAmongOthersTests
{
    private const int Dimension = 4;
    private const int OfOthers = 5_000;

    private static readonly Guid s_other = new("00000000-0000-4000-8000-00000000a001");
    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a002");

    private readonly Random _random = new(20261127);

    [Theory]
    [InlineData(100, null)]
    [InlineData(0, null)]
    [InlineData(100, 1L << 20)]
    public async Task An_agent_with_few_vectors_in_a_table_of_others_gets_an_index(int own, long? limit)
    {
        await using var database = await OpenAsync(limit);
        var adapter = await FillAsync(database, s_agent, own);
        await FillAsync(database, s_other, OfOthers);
        await SearchAsync(adapter, own);
        await database.Partitions.Work;

        Assert.Equal(own, PartitionOf(database, s_agent)?.Count);
        Assert.Null(PartitionOf(database, s_other));
        await SearchAsync(adapter, own);
        await FillAsync(database, s_agent, 3);
        await SearchAsync(adapter, own + 3);
        Assert.Equal(own + 3, PartitionOf(database, s_agent)?.Count);
    }

    [Fact]
    public async Task The_index_of_an_agent_whose_only_vector_goes_stays_where_others_have_very_many()
    {
        await using var database = await OpenAsync(limit: null);
        var adapter = await FillAsync(database, s_agent, 1);
        await FillAsync(database, s_other, OfOthers);
        await SearchAsync(adapter, 1);
        await database.Partitions.Work;

        await adapter.DeleteMemoriesAsync([.. (await adapter.GetMemoriesAsync(new MemoryQuery("messages") { AgentId = s_agent })).Select(memory => memory.Id)]);
        await database.UpkeepAsync(CancellationToken.None);
        await database.Partitions.Work;

        await SearchAsync(adapter, 0);
        Assert.NotNull(PartitionOf(database, s_agent));
    }

    [Fact]
    public async Task An_agent_whose_filter_leaves_few_of_many_gets_an_index()
    {
        await using var database = await OpenAsync(limit: null);
        var adapter = await FillAsync(database, s_agent, OfOthers);
        Assert.Empty(await adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector()) { EntityId = s_other }));
        await database.Partitions.Work;

        Assert.Equal(OfOthers, PartitionOf(database, s_agent)?.Count);
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(OfOthers, 0L)]
    public async Task Where_others_have_few_or_memory_has_no_room_there_is_none(int ofOthers, long? limit)
    {
        await using var database = await OpenAsync(limit);
        var adapter = await FillAsync(database, s_agent, 0);
        await FillAsync(database, s_other, ofOthers);
        await SearchAsync(adapter, 0);
        await database.Partitions.Work;

        Assert.Equal(0, database.GetStatistics().VectorIndexes);
    }

    [Fact]
    public async Task Indexes_of_agents_without_vectors_have_a_limit_too()
    {
        const int room = 10;
        await using var database = await OpenAsync(limit: room * VectorPartition.EmptyBytesOf(Dimension));
        await FillAsync(database, s_other, OfOthers);
        for (var i = 0; i < 3 * room; i++)
        {
            var adapter = await FillAsync(database, new Guid(i, 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 1]), 0);
            for (var again = 0; again < 2; again++)
            {
                await SearchAsync(adapter, 0);
                await database.Partitions.Work;
                Assert.InRange(database.GetStatistics().VectorIndexBytes, 0, room * VectorPartition.EmptyBytesOf(Dimension));
            }
        }

        Assert.InRange(database.GetStatistics().VectorIndexes, 1, room);
    }

    private static Task<LocalDatabase> OpenAsync(long? limit) =>
        LocalDatabase.OpenAsync(new LocalDatabaseOptions { SearchMemoryLimit = limit });

    private static VectorPartition? PartitionOf(LocalDatabase database, Guid agent) =>
        database.Partitions.Find(new PartitionKey(agent, database.Shared.NumberOf("messages"), Dimension), database.Sequencer.Published);

    private static async Task SearchAsync(IDatabaseAdapter adapter, int expected)
    {
        var search = new MemorySearch("messages", new float[] { 1, 2, 3, 4 }) { Count = 1_000 };
        Assert.Equal(expected, (await adapter.SearchMemoriesAsync(search)).Count);
    }

    private async Task<IDatabaseAdapter> FillAsync(LocalDatabase database, Guid agent, int count)
    {
        var adapter = database.ForAgent(agent);
        if (await adapter.GetAgentAsync(agent) is null)
        {
            await adapter.CreateAgentAsync(new Agent { Id = agent, Name = "Ada" });
            await adapter.EnsureEmbeddingDimensionAsync(Dimension);
        }
        await adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, count).Select(_ => new Memory { Content = Content.FromText("text"), Unique = true, Embedding = Vector() })],
            "messages");
        return adapter;
    }

    private float[] Vector() => [.. Enumerable.Range(0, Dimension).Select(_ => _random.NextSingle() - 0.5f)];
}
