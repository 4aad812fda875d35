using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>A node that hardly any list leads to is found by hardly any walk.</summary>
public class GraphInDegreeTests
{
    private const int Seed = 20321;
    private const int Count = 3000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_build_ends_with_links_to_those_that_few_lead_to(int threads)
    {
        var rows = VectorShapes.Make("clustered", new Random(Seed), Count, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = GrownOneByOne(codes);
        Assert.InRange(Poor(graph), Count / 50, Count);
        using var built = new Graph(codes);

        built.Insert(Count, threads);

        Assert.InRange(Poor(built), 0, Count / 200);
        GraphScene.AssertFindsEach(built, rows, Enumerable.Range(0, Count), threads);
    }

    [Fact]
    public void So_does_a_repair()
    {
        var rows = VectorShapes.Make("clustered", new Random(Seed), Count, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(Count);
        for (var slot = 0; slot < Count; slot += 3)
            graph.Delete(slot);

        graph.Repair();

        Assert.InRange(Poor(graph), 0, Count / 200);
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(0, Count).Where(static slot => slot % 3 != 0), threads: 1);
    }

    /// <summary>The story: a graph that grew one by one was measured as it was, and its walks stayed as thorough as that takes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_graph_that_grew_one_by_one_can_be_connected(int threads)
    {
        var rows = VectorShapes.Make("clustered", new Random(Seed), Count, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = GrownOneByOne(codes);
        Assert.InRange(Poor(graph), Count / 50, Count);

        graph.Connect(threads);

        Assert.InRange(Poor(graph), 0, Count / 200);
        Assert.Equal(0, graph.CountUnreachable());
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(0, Count), threads);
    }

    [Fact]
    public void What_is_cancelled_is_a_graph_all_the_same()
    {
        var rows = VectorShapes.Make("clustered", new Random(Seed), Count, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = GrownOneByOne(codes);
        var before = Poor(graph);

        new GraphInDegree(graph, Count).Raise(1, new CancellationToken(canceled: true));

        Assert.Equal(before, Poor(graph));
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(0, Count), threads: 1);
    }

    /// <summary>Of steps that are no builds of many: nobody looks after them.</summary>
    private static Graph GrownOneByOne(Codes codes)
    {
        var graph = new Graph(codes);
        for (var count = 1; count <= codes.Count; count++)
            graph.Insert(count);
        return graph;
    }

    private static int Poor(Graph graph) => new GraphInDegree(graph, graph.Count).CountPoor();
}
