using Xunit;

namespace ElizaEngine.Postgres.Tests.Vectors;

/// <summary>
/// A search returns the best among the rows that match, at every selectivity: where the rows that match lie all around, and where
/// they lie together, near the query or far from it.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class RecallTests(ITestOutputHelper output)
{
    private const int Seed = 20250601;
    private const int Clusters = 100;
    private const int Queries = 100;
    private const int QueriesOfScans = 20;
    private const int Count = 10;

    /// <summary>A filter, and the share of all rows that match it.</summary>
    private sealed record Filter(string Name, Guid? RoomId = null, Guid? WorldId = null)
    {
        public bool Matches(VectorRow row) => (RoomId is null || row.RoomId == RoomId) && (WorldId is null || row.WorldId == WorldId);
    }

    private static readonly Filter s_all = new("all");
    private static readonly Filter s_half = new("50 %, all around", RoomId: VectorWorld.Room(0));

    // A room of a row is drawn by lot; its world is decided by its cluster.
    private static readonly Filter[] s_filters =
    [
        s_all,
        s_half,
        new("10 %, all around", RoomId: VectorWorld.Room(1)),
        new("1 %, all around", RoomId: VectorWorld.Room(2)),
        new("0.1 %, all around", RoomId: VectorWorld.Room(3)),
        new("50 %, together", WorldId: VectorWorld.World(0)),
        new("10 %, together", WorldId: VectorWorld.World(1)),
        new("1 %, together", WorldId: VectorWorld.World(2)),
        new("0.1 %, together", WorldId: VectorWorld.World(3)),
        new("5 %, all around and together", RoomId: VectorWorld.Room(1), WorldId: VectorWorld.World(0)),
    ];

    [Theory]
    [InlineData(384, 20_000)]
    [InlineData(1536, 3_000)]
    [InlineData(3072, 2_000)]
    [InlineData(100, 8_000)]
    public async Task Ten_in_ten_are_found_at_every_selectivity(int dimension, int rows)
    {
        output.WriteLine($"seed {Seed}, {rows} rows of {dimension}");
        var vectors = new ClusteredVectors(dimension, Clusters, Seed);
        await using var world = await VectorWorld.CreateAsync(dimension, rooms: 5);
        await world.AddAsync([.. Enumerable.Range(0, rows).Select(number => NextRow(vectors, number))]);
        float[][] queries = [.. Enumerable.Range(0, Queries).Select(_ => vectors.Next().Vector)];
        await world.BuildReachableIndexAsync();

        foreach (var filter in s_filters)
        {
            var matching = world.Rows.FindAll(filter.Matches);
            var recall = 0.0;
            // A walk may miss one now and then, which is much of few.
            float[][] asked = filter == s_all || filter == s_half ? queries : queries[..QueriesOfScans];
            foreach (var query in asked)
            {
                var truth = ExactAnswer.Of(matching, query);
                var found = await world.Adapter.SearchMemoriesAsync(Search(query, filter));
                AssertSound(truth, found, Count);
                recall += ExactAnswer.Recall(truth, found, Count) / asked.Length;
            }
            var plans = await Task.WhenAll(queries.Take(5).Select(query => world.Database.ExplainSearchAsync(world.Agent, Search(query, filter))));
            output.WriteLine($"{filter.Name}: recall {recall:f4}, walked {plans.Count(plan => !plan.IsExact)} of {plans.Length}, {matching.Count} rows");
            Assert.True(recall >= 0.99, $"{filter.Name}: recall {recall}");
            foreach (var plan in plans) AssertPlan(world, filter, matching.Count, plan);
        }
    }

    private static MemorySearch Search(float[] query, Filter filter) => new(VectorWorld.Table, query)
    {
        Count = Count,
        RoomId = filter.RoomId,
        WorldId = filter.WorldId,
        IncludeEmbeddings = false,
    };

    private static VectorRow NextRow(ClusteredVectors vectors, int number)
    {
        var (cluster, vector) = vectors.Next();
        var lot = vectors.Fraction();
        return new VectorRow(Guid.NewGuid(), VectorWorld.Time(number), vector)
        {
            RoomId = VectorWorld.Room(lot switch { < 0.5 => 0, < 0.6 => 1, < 0.61 => 2, < 0.611 => 3, _ => 4 }),
            WorldId = cluster switch
            {
                < 50 => VectorWorld.World(0),
                < 60 => VectorWorld.World(1),
                60 => VectorWorld.World(2),
                61 when vectors.Fraction() < 0.1 => VectorWorld.World(3),
                _ => null,
            },
        };
    }

    // Whatever the plan: rows that match, each once, as many as there are, the nearest first, with their true similarity.
    private static void AssertSound(List<(VectorRow Row, double Similarity)> truth, IReadOnlyList<Memory> found, int count)
    {
        Assert.Equal(Math.Min(count, truth.Count), found.Count);
        Assert.Equal(found.Count, found.Select(memory => memory.Id).Distinct().Count());
        var similarities = truth.ToDictionary(entry => entry.Row.Id, entry => entry.Similarity);
        foreach (var memory in found) Assert.Equal(similarities[memory.Id], memory.Similarity!.Value, 1e-6);
        Assert.Equal(found.OrderByDescending(memory => memory.Similarity).Select(memory => memory.Id), found.Select(memory => memory.Id));
    }

    private static void AssertPlan(VectorWorld world, Filter filter, int matching, SearchPlan plan)
    {
        Assert.Equal(matching, plan.EligibleRows);
        if (plan.IsExact)
        {
            Assert.Equal(matching, plan.ComparedRows);
            Assert.Null(plan.Index);
            // Where many rows match, wherever the query is, comparing all of them is not what was asked for.
            Assert.False(filter == s_all || filter == s_half, plan.Reason + plan.Details);
            return;
        }
        Assert.Equal(world.IndexName, plan.Index);
        Assert.True(matching > 2000 || matching > 800_000 / world.Dimension);
        Assert.Matches($@"Index Scan using {world.IndexName.Split('.')[1]} on embeddings [^\n]*\(actual [^\n]*\n\s*Order By", plan.Details);
        Assert.DoesNotMatch(@"Seq Scan on embeddings [^\n]*\(actual", plan.Details);
    }
}
