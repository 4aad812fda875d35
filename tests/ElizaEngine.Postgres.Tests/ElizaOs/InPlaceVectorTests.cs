using Xunit;

namespace ElizaEngine.Postgres.Tests;

/// <summary>The vectors of a database that elizaOS made and filled: which of them counts, which never does, and how many components an agent uses.</summary>
[Trait("Stage", "Postgres")]
public sealed class InPlaceVectorTests : SharedDatabaseTest
{
    [Fact]
    public async Task Each_agent_goes_on_with_the_dimension_it_uses_and_one_without_vectors_has_none()
    {
        int[] dimensions = [384, 512, 768, 1024, 1536, 3072];
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.CallAsync("createMemory", new { content = new { text = "no vector" } }, "messages");
        foreach (var dimension in dimensions)
        {
            var other = eliza.For(Id(dimension));
            await other.DoAsync("createAgent", new { id = Id(dimension), name = "one of six" });
            await other.CallAsync("ensureEmbeddingDimension", dimension);
            await other.CallAsync("createMemory", new { id = Id(dimension + 1), content = new { text = "a" }, embedding = Vector(dimension, 0.6f, 0.8f) }, "messages");
            await other.CallAsync("createMemory", new { id = Id(dimension + 2), content = new { text = "b" }, embedding = Vector(dimension, 0.8f, 0.6f) }, "messages");
        }

        Assert.Null(await (await OpenAsync()).GetEmbeddingDimensionAsync());
        foreach (var dimension in dimensions)
        {
            var adapter = await OpenAsync(Id(dimension));
            var search = new MemorySearch("messages", Vector(dimension, 1));
            Assert.Equal(dimension, await adapter.GetEmbeddingDimensionAsync());
            Assert.Equal(Vector(dimension, 0.6f, 0.8f), (await adapter.GetMemoryByIdAsync(Id(dimension + 1)))!.Embedding!.Value.ToArray());
            var found = await adapter.SearchMemoriesAsync(search);
            Assert.Equal([Id(dimension + 2), Id(dimension + 1)], found.Select(memory => memory.Id));
            Assert.Equal([0.8f, 0.6f], found.Select(memory => (float)Math.Round(memory.Similarity!.Value, 5)));
            Assert.Equal([Id(dimension + 2), Id(dimension + 1)], (await adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact })).Select(memory => memory.Id));

            await Assert.ThrowsAsync<DimensionMismatchException>(() => adapter.CreateMemoryAsync(new Memory { Embedding = Vector(dimension + 1, 1) }, "messages"));
            await adapter.CreateMemoryAsync(new Memory { Id = Id(dimension + 3), Embedding = Vector(dimension, 1) }, "messages");
            Assert.Equal(Id(dimension + 3), (await adapter.SearchMemoriesAsync(search with { Count = 1 }))[0].Id);
        }
    }

    [Fact]
    public async Task Vectors_of_an_older_model_stay_stored_and_unseen_until_they_are_asked_for()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = new { text = "old" }, embedding = Vector(384, 1) }, "messages");
        await eliza.CallAsync("createMemory", new { id = Id(2), roomId = RoomId, content = new { text = "both" }, embedding = Vector(384, 0.6f, 0.8f) }, "messages");
        await eliza.CallAsync("ensureEmbeddingDimension", 768);
        await eliza.DoAsync("updateMemory", new { id = Id(2), embedding = Vector(768, 0.6f, 0.8f) });
        await eliza.CallAsync("createMemory", new { id = Id(3), roomId = RoomId, content = new { text = "new" }, embedding = Vector(768, 1) }, "messages");
        var adapter = await OpenAsync();

        Assert.Equal(768, await adapter.GetEmbeddingDimensionAsync());
        Assert.Equal([Id(3), Id(2)], (await adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(768, 1)))).Select(memory => memory.Id));
        Assert.Null((await adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);
        var stale = new List<Guid>();
        await foreach (var memory in adapter.StreamStaleMemoriesAsync("messages")) stale.Add(memory.Id);
        Assert.Equal([Id(1)], stale);

        await adapter.EnsureEmbeddingDimensionAsync(384);
        Assert.Equal([Id(1), Id(2)], (await adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(384, 1)))).Select(memory => memory.Id));
        Assert.Null((await adapter.GetMemoryByIdAsync(Id(3)))!.Embedding);
    }

    [Fact]
    public async Task Of_several_vectors_of_a_memory_the_newest_counts_and_of_two_as_new_the_one_with_the_larger_id()
    {
        var eliza = await PopulatedByElizaOsAsync();
        for (var i = 1; i <= 2; i++)
            await eliza.CallAsync("createMemory", new { id = Id(i), roomId = RoomId, content = new { text = "x" }, embedding = Vector(384, 1) }, "messages");
        await SqlAsync("UPDATE embeddings SET created_at = '2024-01-01 00:00:00.000001'");
        await AddEmbeddingAsync(Id(1), "2024-01-01 00:00:00.000002", Id(9), Vector(384, 0.6f, 0.8f));
        await AddEmbeddingAsync(Id(1), "2024-01-01 00:00:00.000002", Id(8), Vector(384, 0, 0, 1));
        await AddEmbeddingAsync(Id(2), "2024-01-01 00:00:00.000000", Id(7), Vector(384, 0, 1));
        var adapter = await OpenAsync();

        var found = await adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(384, 1)));
        Assert.Equal([Id(2), Id(1)], found.Select(memory => memory.Id));
        Assert.Equal([1f, 0.6f], found.Select(memory => (float)Math.Round(memory.Similarity!.Value, 5)));
        Assert.Equal(Vector(384, 0.6f, 0.8f), found[1].Embedding!.Value.ToArray());
        var read = await adapter.GetMemoriesAsync(new MemoryQuery("messages"));
        Assert.Equal(2, read.Count);
        Assert.Equal(Vector(384, 0.6f, 0.8f), read.Single(memory => memory.Id == Id(1)).Embedding!.Value.ToArray());
        Assert.Equal(Vector(384, 1), (await adapter.GetMemoryByIdAsync(Id(2)))!.Embedding!.Value.ToArray());

        // A new vector replaces the one that counts, whichever row that is.
        Assert.True(await adapter.UpdateMemoryAsync(new MemoryUpdate(Id(1)) { Embedding = Vector(384, 1) }));
        Assert.Equal([1f, 1f], (await adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(384, 1)))).Select(memory => memory.Similarity));
        Assert.True(await adapter.DeleteMemoryAsync(Id(1)));
        Assert.Equal(0L, await ScalarAsync<long>("SELECT count(*) FROM embeddings WHERE memory_id = $1", Id(1)));
    }

    [Fact]
    public async Task A_zero_vector_is_no_vector()
    {
        var eliza = await PopulatedByElizaOsAsync();
        var query = Vector(384, 1);
        await eliza.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = new { text = "none" }, embedding = Vector(384, 0) }, "messages");
        await eliza.CallAsync("createMemory", new { id = Id(2), roomId = RoomId, content = new { text = "some" }, embedding = Vector(384, 0.6f, 0.8f) }, "messages");
        // elizaOS itself finds it first, above any threshold.
        Assert.Equal(Id(1), IdOf((await eliza.ListAsync("searchMemories", new { tableName = "messages", embedding = query, match_threshold = 0.9 }))[0]));
        var adapter = await OpenAsync();

        Assert.Equal(Id(2), Assert.Single(await adapter.SearchMemoriesAsync(new MemorySearch("messages", query))).Id);
        Assert.Equal(Id(2), Assert.Single(await adapter.SearchMemoriesAsync(new MemorySearch("messages", query) { Threshold = -1 })).Id);
        Assert.Equal(Id(2), Assert.Single(await adapter.SearchMemoriesAsync(new MemorySearch("messages", query) { Mode = SearchMode.Exact })).Id);
        Assert.Empty(await adapter.SearchMemoriesAsync(new MemorySearch("messages", query) { Threshold = 0.9f }));
        Assert.Null((await adapter.GetMemoryByIdAsync(Id(1)))!.Embedding);
        Assert.All(await adapter.GetMemoriesAsync(new MemoryQuery("messages")), memory => Assert.Equal(memory.Id == Id(2), memory.Embedding is not null));
        // Nothing resembles it, so what comes after is unique.
        Assert.True(Assert.Single(await adapter.CreateMemoriesAsync([new Memory { RoomId = RoomId, Embedding = Vector(384, 0, 0, 1) }], "messages")).Unique);
    }

    [Fact]
    public async Task An_agent_whose_vectors_are_all_zero_has_no_dimension_yet()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = new { text = "none" }, embedding = Vector(384, 0) }, "messages");
        var adapter = await OpenAsync();

        Assert.Null(await adapter.GetEmbeddingDimensionAsync());
        await adapter.CreateMemoryAsync(new Memory { Id = Id(2), RoomId = RoomId, Embedding = Vector(768, 1) }, "messages");
        Assert.Equal(768, await adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(Id(2), Assert.Single(await adapter.SearchMemoriesAsync(new MemorySearch("messages", Vector(768, 1)))).Id);
    }

    [Fact]
    public async Task Stored_vectors_are_reused_by_their_text()
    {
        var eliza = await PopulatedByElizaOsAsync();
        await eliza.CallAsync("createMemory", new { id = Id(1), roomId = RoomId, content = new { text = "kitten" }, embedding = Vector(384, 1) }, "messages");
        await eliza.CallAsync("createMemory", new { id = Id(2), roomId = RoomId, content = new { text = "kitten" }, embedding = Vector(384, 0) }, "messages");
        await eliza.CallAsync("createMemory", new { id = Id(3), roomId = RoomId, content = new { text = new string('x', 300) }, embedding = Vector(384, 0, 1) }, "messages");
        var adapter = await OpenAsync();

        var near = Assert.Single(await adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery("messages", "sitting", "text", 3, 10)));
        Assert.Equal(3, near.LevenshteinScore);
        Assert.Equal(Vector(384, 1), near.Embedding.ToArray());
    }

    private Task<int> AddEmbeddingAsync(Guid memoryId, string createdAt, Guid id, float[] vector) => SqlAsync(
        $"INSERT INTO embeddings (id, memory_id, created_at, dim_384) VALUES ($1, $2, '{createdAt}', ($3::real[])::vector)", id, memoryId, vector);
}
