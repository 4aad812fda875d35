using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class GatewaysTests
{
    private const int Seed = 20282;
    private const int Most = 384;

    [Fact]
    public void They_are_nodes_of_the_upper_levels_from_all_over_and_never_too_many()
    {
        using var codes = CodeScene.Fill(VectorShapes.Make("random", new Random(Seed), 20_000, 8));
        using var links = new GraphLinks(16);
        links.Reserve(codes.Count);
        Gateways? gateways = null;
        var random = new Random(Seed);
        for (var count = 0; count < codes.Count;)
        {
            var more = Math.Min(codes.Count, count + random.Next(1, 700));
            gateways = Gateways.With(gateways, codes, links, count, more);
            count = more;

            var slots = Slots(gateways);
            Assert.Equal(slots.Length, slots.Distinct().Count());
            Assert.All(slots, slot => Assert.True(slot < count && links.LevelOf(slot) > 0));
            var upper = Enumerable.Range(0, count).Count(slot => links.LevelOf(slot) > 0);
            Assert.Equal(Math.Min(upper, Most), slots.Length);
            // However they came, they are the same.
            Assert.Equal(slots, Slots(Gateways.With(null, codes, links, 0, count)));
        }

        var last = Slots(gateways);
        Assert.InRange(last.Count(slot => slot < 10_000), last.Length / 3, last.Length * 2 / 3);
    }

    [Fact]
    public void What_is_deleted_or_a_twin_is_none_and_where_there_is_none_there_are_no_gateways()
    {
        using var codes = CodeScene.Fill(VectorShapes.Make("random", new Random(Seed), 500, 8));
        using var links = new GraphLinks(16);
        links.Reserve(codes.Count);
        var upper = Enumerable.Range(0, 500).Where(slot => links.LevelOf(slot) > 0).ToArray();
        Assert.Null(Gateways.With(null, codes, links, 0, upper[0]));
        links.Kill(upper[0]);
        links.AddTwin(upper[1], upper[2]);

        var slots = Slots(Gateways.With(null, codes, links, 0, 500));

        Assert.Equal([upper[1], .. upper[3..]], slots);
        foreach (var slot in upper)
            links.Kill(slot);
        Assert.Null(Gateways.With(null, codes, links, 0, 500));
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(100, 3)]
    [InlineData(384, 5)]
    [InlineData(1536, 123)]
    [InlineData(4000, 60)]
    public void A_walk_begins_at_the_nearest_of_them(int dimension, int wanted)
    {
        var random = new Random(Seed);
        // As many that are gateways, whatever their number, and one in 16 is.
        var rows = VectorShapes.Make("random", random, (wanted + 8) * 20, dimension);
        using var codes = CodeScene.Fill(rows);
        using var links = new GraphLinks(16);
        links.Reserve(codes.Count);
        var end = Enumerable.Range(0, codes.Count).Where(slot => links.LevelOf(slot) > 0).ElementAt(wanted - 1) + 1;
        var gateways = Gateways.With(null, codes, links, 0, end)!;
        Assert.Equal(Math.Min(wanted, (192 << 10) / codes.RowBytes), gateways.Count);
        var (query, scratch) = (new CodeQuery(), new WalkScratch());
        foreach (var (isByUpper, step) in new[] { (false, 1), (true, 1), (false, 2), (true, 2) })
        {
            int[] compared = [.. Slots(gateways).Where((_, place) => place % step == 0)];
            for (var i = 0; i < 20; i++)
            {
                var vector = TestVectors.Random(random, dimension);
                query.Set(vector, Norm.InverseOf(vector));
                var walk = new GraphWalk<CodeDotScalar>(codes, links, isByUpper);
                var scored = scratch.Scored;

                var nearest = walk.Nearest(query, scratch, gateways, step);

                Assert.Equal(compared.Length, scratch.Scored - scored);
                Assert.Equal(compared.MaxBy(slot => walk.Score(query, slot)), gateways[nearest]);
                // On every processor.
                if (CodeDot.Width != KernelWidth.Scalar)
                    Assert.Equal(nearest, CodeDot.Width == KernelWidth.Bits128
                        ? new GraphWalk<CodeDot128>(codes, links, isByUpper).Nearest(query, scratch, gateways, step)
                        : new GraphWalk<CodeDot256>(codes, links, isByUpper).Nearest(query, scratch, gateways, step));
            }
        }
    }

    /// <summary>The story: of clusters that had nothing in common one vector in fifteen was not found by a query that was nearly the same.</summary>
    [Fact]
    public void In_clusters_that_have_nothing_in_common_what_is_nearly_the_same_is_found()
    {
        const int Dimension = 128;
        const int Count = 12_000;
        var random = new Random(Seed);
        float[][] centres = [.. Enumerable.Range(0, 64).Select(_ => TestVectors.Random(random, Dimension))];
        float[][] rows = [.. Enumerable.Range(0, Count).Select(_ => VectorShapes.Near(random, centres[random.Next(64)], 0.6f))];
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, effort: 40);
        graph.Insert(codes.Count, threads: 2);
        int[] slots = [.. Enumerable.Range(0, Count).Where(slot => slot % 12 == 0)];
        var queries = LikeQueries.Of([.. slots.SelectMany(slot => rows[slot])], Dimension, 0.95f).Chunk(Dimension).ToArray();

        var found = slots.Where((slot, i) => GraphScene.Slots(graph, queries[i], 1, 48, default(EverySlot)).Contains(slot)).Count();

        Assert.True(found >= 0.98 * slots.Length, $"seed {Seed}: {found} of {slots.Length}");
    }

    private static int[] Slots(Gateways? gateways) => gateways is null ? [] : [.. Enumerable.Range(0, gateways.Count).Select(place => gateways[place])];
}
