using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>A node that hardly any list leads to is found by hardly any walk.</summary>
public class GraphInDegreeTests
{
    private const int Seed = 20321;
    private const int Count = 1600;

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

        Assert.True(graph.Connect(threads));

        Assert.InRange(Poor(graph), 0, Count / 200);
        Assert.Equal(0, graph.CountUnreachable());
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(0, Count), threads);
    }

    /// <summary>The story: what came one by one had nobody to look after it until there was half as much more.</summary>
    [Fact]
    public void So_does_the_step_with_which_an_eighth_came_since()
    {
        const int Before = 1000;
        const int Due = 1142; // An eighth of it came since.
        var rows = VectorShapes.Make("clustered", new Random(Seed), Count, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(Before);
        for (var count = Before + 1; count < Due; count++)
        {
            Assert.False(graph.IsConnectingDue(count));
            graph.Insert(count);
        }

        var before = Poor(graph);
        Assert.Equal(Before, graph.Connected);
        Assert.InRange(before, 20, Due);

        Assert.True(graph.IsConnectingDue(Due));
        graph.Insert(Due);

        Assert.Equal(Due, graph.Connected);
        Assert.InRange(Poor(graph), 0, before / 4);
        Assert.Equal(0, graph.CountUnreachable());
        // There is nothing to take in.
        Assert.False(graph.IsConnectingDue(Due));
    }

    /// <summary>It is cancelled when every slot is taken in.</summary>
    [Fact]
    public async Task What_is_cancelled_at_the_end_of_a_build_is_done_by_the_next_one()
    {
        const int Few = 900;
        var rows = VectorShapes.Make("clustered", new Random(Seed), Few + 1, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        using var cancel = new CancellationTokenSource();
        // Nobody else takes it, where there are fewer slots than locks.
        graph.Links.Lock(Few - 1);
        var build = Task.Factory.StartNew(() => graph.Insert(Few, 1, cancel.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(SpinWait.SpinUntil(() => graph.Count == Few - 1, TimeSpan.FromMinutes(5)));
        await cancel.CancelAsync();
        graph.Links.Unlock(Few - 1);
        await build;
        Assert.Equal((Few, 0, true), (graph.Count, graph.Connected, graph.IsCut));
        var before = Poor(graph);
        Assert.InRange(before, 20, Few);

        Assert.True(graph.IsConnectingDue(Few + 1));
        graph.Insert(Few + 1);

        Assert.Equal((Few + 1, false), (graph.Connected, graph.IsCut));
        Assert.InRange(Poor(graph), 0, before / 4);
        Assert.Equal(0, graph.CountUnreachable());
    }

    /// <summary>The story: it counted as repaired, and nobody looked for those that few links lead to.</summary>
    [Fact]
    public async Task A_repair_that_is_cancelled_there_is_left_to_the_next_one()
    {
        const int Few = 900;
        var rows = VectorShapes.Make("clustered", new Random(Seed), Few, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        // No list leads to it, so that a repair changes none before it raises links.
        graph.Delete(5);
        GraphScene.Grow(graph, Few);
        var highest = graph.Entry();
        Assert.NotEqual(0, highest.Slot);
        graph.EnterAt(0, graph.Links.LevelOf(0));
        var before = Poor(graph);
        Assert.InRange(before, 20, Few);

        for (var node = 0; node < Few; node++)
            graph.Links.Lock(node);
        using var cancel = new CancellationTokenSource();
        var repair = Task.Factory.StartNew(() => graph.Repair(cancel.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(SpinWait.SpinUntil(() => graph.Entry() == highest, TimeSpan.FromMinutes(5)));
        await cancel.CancelAsync();
        for (var node = 0; node < Few; node++)
            graph.Links.Unlock(node);
        await repair;
        Assert.Equal(1, graph.Unrepaired);

        graph.Repair();

        Assert.Equal(0, graph.Unrepaired);
        Assert.InRange(Poor(graph), 0, before / 4);
    }

    [Fact]
    public void What_is_cancelled_is_a_graph_all_the_same()
    {
        var rows = VectorShapes.Make("clustered", new Random(Seed), Count, 64);
        using var codes = CodeScene.Fill(rows);
        using var graph = GrownOneByOne(codes);
        var before = Poor(graph);

        Assert.False(graph.Connect(1, new CancellationToken(canceled: true)));

        Assert.Equal((before, Count), (Poor(graph), graph.Connected));
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(0, Count), threads: 1);
    }

    private static Graph GrownOneByOne(Codes codes)
    {
        var graph = new Graph(codes);
        GraphScene.Grow(graph, codes.Count);
        return graph;
    }

    private static int Poor(Graph graph) => new GraphInDegree(graph, graph.Count).CountPoor();
}
