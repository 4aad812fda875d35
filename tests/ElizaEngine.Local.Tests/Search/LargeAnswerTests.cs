using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>
/// Answers of up to 1,000 rows, and of all above a threshold, out of a table with a graph: whatever way the planner takes there are as many
/// as in the exact answer, and the right ones.
/// </summary>
public sealed class LargeAnswerTests(LargeAnswerTests.Table table) : IClassFixture<LargeAnswerTests.Table>
{
    private const int Rows = 24_000;
    private const int Dimension = 16;
    private const int Queries = 20;

    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a001");

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(40)]
    [InlineData(100)]
    [InlineData(300)]
    [InlineData(1_000)]
    [InlineData(Rows)]
    [InlineData(int.MaxValue)]
    public async Task As_many_are_found_as_are_asked_for(int count)
    {
        var random = new Random(31);
        // Of few rows that are wanted one that is missed is a large part, unless many ask.
        var queries = count switch { > 1_000 => 3, <= 100 => 10 * Queries, _ => Queries };
        var walks = 0;
        foreach (var filter in (int?[])[null, 0, 1])
        {
            var rows = filter switch { null => Rows, 0 => Table.Most, _ => Rows - Table.Most };
            var (found, wanted) = (0, 0);
            for (var i = 0; i < queries; i++)
            {
                var search = new MemorySearch("messages", Gaussian(random)) { Count = count, IncludeEmbeddings = false };
                if (filter is { } entity) search = search with { EntityId = table.Entities[entity] };
                var (near, exact, method) = await BothAsync(search);
                if (method == SearchMethod.Walk) walks++;
                Assert.Equal((Math.Min(count, rows), Math.Min(count, rows)), (near.Count, exact.Count));
                wanted += exact.Count;
                found += Found(near, exact, method);
            }
            Assert.True(found >= 0.98 * wanted, $"{count} of {rows}: {found} of {wanted}");
        }
        // So few are walked for, so many are scanned.
        Assert.True(count > 10 || walks >= queries, $"{walks} walks");
        Assert.True(count < 1_000 || walks == 0, $"{walks} walks");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(50)]
    [InlineData(400)]
    [InlineData(3_000)]
    public async Task All_above_a_threshold_are_found(int above)
    {
        var random = new Random(37);
        var queries = above <= 50 ? 10 * Queries : Queries;
        var (found, wanted) = (0, 0);
        for (var i = 0; i < queries; i++)
        {
            var query = Gaussian(random);
            var best = await table.Adapter.SearchMemoriesAsync(
                new MemorySearch("messages", query) { Count = above, Mode = SearchMode.Exact, IncludeEmbeddings = false });
            var search = new MemorySearch("messages", query) { Threshold = best[^1].Similarity, IncludeEmbeddings = false };
            foreach (var count in (int[])[above / 2, above, above + 1, 1_000, int.MaxValue])
            {
                if (count == 0) continue;
                var (near, exact, method) = await BothAsync(search with { Count = count });
                Assert.Equal(Math.Min(count, above), exact.Count);
                Assert.All(near, memory => Assert.True(memory.Similarity >= search.Threshold));
                // More than one and fewer than asked for: perhaps a walk passed some over, so all are compared.
                if (count > above && count > 1) Assert.NotEqual(SearchMethod.Walk, method);
                // The one that is asked for alone a walk may not meet: that is as for a duplicate.
                if (count > 1) Assert.Equal(exact.Count, near.Count);
                wanted += exact.Count;
                found += Found(near, exact, method);
            }
        }
        Assert.True(found >= 0.98 * wanted, $"{above} above: {found} of {wanted}");
    }

    [Fact]
    public async Task Nothing_is_found_above_what_there_is()
    {
        var random = new Random(43);
        for (var i = 0; i < Queries; i++)
        {
            var query = Gaussian(random);
            var best = await table.Adapter.SearchMemoriesAsync(new MemorySearch("messages", query) { Count = 1, Mode = SearchMode.Exact });
            var above = new MemorySearch("messages", query) { Threshold = MathF.BitIncrement(best[0].Similarity!.Value) };
            foreach (var count in (int[])[1, 10, 1_000, int.MaxValue])
                Assert.Empty(await table.Adapter.SearchMemoriesAsync(above with { Count = count }));
        }
    }

    // Of equals any will do. What is not walked for is the exact answer.
    private static int Found(IReadOnlyList<Memory> near, IReadOnlyList<Memory> exact, SearchMethod method)
    {
        if (method != SearchMethod.Walk)
            Assert.Equal(exact.Select(memory => (memory.Id, memory.Similarity)), near.Select(memory => (memory.Id, memory.Similarity)));
        Assert.Equal(near.Count, near.Select(memory => memory.Id).Distinct().Count());
        return exact.Count == 0 ? 0 : near.Count(memory => memory.Similarity >= exact[^1].Similarity);
    }

    private async Task<(IReadOnlyList<Memory> Near, IReadOnlyList<Memory> Exact, SearchMethod Method)> BothAsync(MemorySearch search)
    {
        var near = await table.Adapter.SearchMemoriesAsync(search);
        SearchMethod method;
        using (var last = SimilaritySearch.Rent()) method = last.Method;
        return (near, await table.Adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact }), method);
    }

    private static float[] Gaussian(Random random)
    {
        var vector = new float[Dimension];
        for (var i = 0; i < Dimension; i++)
            vector[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return vector;
    }

    /// <summary>Rows of two entities, and their graph.</summary>
    public sealed class Table : IAsyncLifetime
    {
        // One in eight is of the second entity.
        public const int Most = Rows - (Rows / 8);

        private LocalDatabase? _database;

        public Guid[] Entities { get; } = [.. Enumerable.Range(0, 2).Select(i => new Guid($"00000000-0000-4000-8000-0000000e{i:x4}"))];

        public IDatabaseAdapter Adapter => _database!.ForAgent(s_agent);

        public async ValueTask InitializeAsync()
        {
            _database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { VectorsWithoutGraph = 500 });
            await Adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
            await Adapter.CreateEntitiesAsync([.. Entities.Select(id => new Entity { Id = id, Names = ["Bob"] })]);
            var random = new Random(47);
            for (var done = 0; done < Rows; done += 1_000)
                await Adapter.CreateMemoriesAsync([.. Enumerable.Range(done, 1_000).Select(NewMemory)], "messages");
            await _database.BuildVectorIndexAsync(s_agent, "messages");

            Memory NewMemory(int i) => new() { EntityId = Entities[i % 8 == 0 ? 1 : 0], Embedding = Gaussian(random), Unique = true };
        }

        public ValueTask DisposeAsync() => _database!.DisposeAsync();
    }
}
