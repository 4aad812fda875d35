using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class EffortSearchTests
{
    private const int Seed = 20267;
    private const int K = 10;

    private static readonly int[] s_none = [.. Enumerable.Repeat(-1, 40)];

    [Fact]
    public void The_effort_that_is_found_gives_the_recall_and_less_does_not()
    {
        var random = new Random(Seed);
        // Random vectors of many dimensions are the hardest: nothing is near anything.
        var rows = VectorShapes.Make("random", random, 3000, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 8, effort: 40);
        graph.Insert(codes.Count);
        float[] queries = [.. Enumerable.Range(0, 40).SelectMany(_ => TestVectors.Random(random, 64))];

        var (hasty, low) = EffortSearch.Find(graph, queries, s_none, K, 0.5);
        var (thorough, high) = EffortSearch.Find(graph, queries, s_none, K, 0.95);

        Assert.True(low >= 0.5 && high >= 0.95, $"seed {Seed}: {low}, {high}");
        Assert.True(hasty < thorough, $"seed {Seed}: {hasty}, {thorough}");
        Assert.Equal(high, queries.Chunk(64).Average(query => GraphScene.Recall(graph, rows, query, K, thorough, default(EverySlot))), 0.02);
    }

    [Theory]
    [InlineData("random", 48)]
    [InlineData("clustered", 48)]
    [InlineData("common mean", 200)]
    public void Stored_vectors_that_are_left_out_stand_for_queries_to_come(string shape, int dimension)
    {
        var random = new Random(Seed);
        var all = VectorShapes.Make(shape, random, 4200, dimension);
        var (rows, queries) = (all[..4000], all[4000..]);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 8, effort: 60);
        graph.Insert(codes.Count);
        int[] own = [.. Enumerable.Range(0, 4000).Where(graph.CanBeHidden).Where((_, i) => i % 18 == 0)];
        Assert.InRange(own.Length, 150, 223);

        var (effort, recall) = EffortSearch.Find(graph, [.. own.SelectMany(slot => rows[slot])], own, K, 0.97);

        Assert.True(recall >= 0.97, $"{shape}: {recall} at {effort}");
        Assert.Equal(recall, queries.Average(query => GraphScene.Recall(graph, rows, query, K, effort, default(EverySlot))), 0.015);
    }

    [Fact]
    public void A_walk_without_a_slot_neither_finds_it_nor_goes_through_it()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 2000, 24);
        rows[1000] = rows[3];
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        Assert.False(graph.CanBeHidden(3));
        Assert.False(graph.CanBeHidden(1000));
        Assert.False(graph.CanBeHidden(graph.Entry().Slot));
        Assert.Throws<ArgumentOutOfRangeException>(() => graph.CanBeHidden(2000));
        var search = new CodeSearch();
        foreach (var slot in Enumerable.Range(0, 2000).Where(graph.CanBeHidden).Take(100))
        {
            search.Begin(codes, rows[slot], Norm.InverseOf(rows[slot]), K, null);
            Assert.InRange(search.WalkWithout(graph, 40, slot).Found, K, 45);
            Assert.DoesNotContain(slot, search.Results().ToArray().Select(candidate => candidate.Slot));
            search.Begin(codes, rows[slot], Norm.InverseOf(rows[slot]), K, null);
            search.WalkWithout(graph, 40, -1);
            Assert.Contains(slot, search.Results().ToArray().Select(candidate => candidate.Slot));
        }
    }

    [Fact]
    public void Deleted_slots_are_not_missed()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 1000, 16);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        for (var slot = 0; slot < 1000; slot += 2)
            graph.Delete(slot);

        var (effort, recall) = EffortSearch.Find(graph, rows[0], [-1], K, 0.99);

        Assert.InRange(effort, K, 500);
        Assert.InRange(recall, 0.99, 1);
    }

    [Fact]
    public void What_is_no_sample_is_refused()
    {
        using var codes = CodeScene.Fill([[1f, 0f]]);
        using var graph = new Graph(codes);

        Assert.Throws<ArgumentException>(() => EffortSearch.Find(graph, [], [], K, 0.9));
        Assert.Throws<ArgumentException>(() => EffortSearch.Find(graph, [1f, 0f, 1f], [-1], K, 0.9));
        Assert.Throws<ArgumentException>(() => EffortSearch.Find(graph, [1f, 0f], [], K, 0.9));
        Assert.Throws<ArgumentOutOfRangeException>(() => EffortSearch.Find(graph, [1f, 0f], [-1], 0, 0.9));
    }
}
