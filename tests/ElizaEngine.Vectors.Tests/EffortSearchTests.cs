using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class EffortSearchTests
{
    private const int Seed = 20267;
    private const int K = 10;

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

        var (hasty, low) = EffortSearch.Find(graph, queries, K, 0.5);
        var (thorough, high) = EffortSearch.Find(graph, queries, K, 0.95);

        Assert.True(low >= 0.5 && high >= 0.95, $"seed {Seed}: {low}, {high}");
        Assert.True(hasty < thorough, $"seed {Seed}: {hasty}, {thorough}");
        Assert.Equal(high, queries.Chunk(64).Average(query => GraphScene.Recall(graph, rows, query, K, thorough, default(EverySlot))), 0.02);
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

        var (effort, recall) = EffortSearch.Find(graph, rows[0], K, 0.99);

        Assert.InRange(effort, K, 500);
        Assert.InRange(recall, 0.99, 1);
    }

    [Fact]
    public void What_is_no_sample_is_refused()
    {
        using var codes = CodeScene.Fill([[1f, 0f]]);
        using var graph = new Graph(codes);

        Assert.Throws<ArgumentException>(() => EffortSearch.Find(graph, [], K, 0.9));
        Assert.Throws<ArgumentException>(() => EffortSearch.Find(graph, [1f, 0f, 1f], K, 0.9));
        Assert.Throws<ArgumentOutOfRangeException>(() => EffortSearch.Find(graph, [1f, 0f], 0, 0.9));
    }
}
