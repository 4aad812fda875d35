using System.Buffers.Binary;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>Walks that read half of each row find what walks that read whole ones find, in the same graph.</summary>
public class UpperWalkTests
{
    private const int Seed = 20269;
    private const int Dimension = 384;
    private const int Count = 1000;
    private const int Queries = 50;
    private const int EffortOfBuild = 100;
    private const int K = 10;

    /// <summary>Where the header of a graph says by how much half a row is off.</summary>
    private const int DeviationAt = 40;
    private const int CorrelationAt = 44;

    [Theory]
    [InlineData("random", 96)]
    [InlineData("clustered", 24)]
    [InlineData("clustered", 64)]
    [InlineData("duplicates", 64)]
    public void Without_a_filter(string shape, int effort)
    {
        var (rows, queries) = Split(VectorShapes.Make(shape, new Random(Seed), Count + Queries, Dimension));

        AssertSame(rows, queries, effort, default(EverySlot), _ => { });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void With_a_filter(int share)
    {
        var (rows, queries) = Split(VectorShapes.Make("clustered", new Random(Seed), Count + Queries, Dimension));

        AssertSame(rows, queries, 48, new CodeScene.OneIn(share), _ => { });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_a_half_is_deleted(bool isRepaired)
    {
        var (rows, queries) = Split(VectorShapes.Make("clustered", new Random(Seed), Count + Queries, Dimension));

        AssertSame(rows, queries, 48, new CodeScene.OneIn(2), graph =>
        {
            for (var slot = 1; slot < Count; slot += 2)
                graph.Delete(slot);
            if (isRepaired)
                graph.Repair();
        });
    }

    /// <summary>The story: of clusters whose members differ by less than half a row tells, a walk found any members, and a build linked any.</summary>
    [Theory]
    [InlineData(0.1f, EffortOfBuild)]
    [InlineData(0.3f, EffortOfBuild)]
    [InlineData(0.1f, 40)]
    public void In_clusters_of_vectors_that_are_nearly_the_same(float distance, int effortOfBuild)
    {
        var random = new Random(Seed);
        float[][] centres = [.. Enumerable.Range(0, 10).Select(_ => TestVectors.Random(random, Dimension))];
        var (rows, queries) = Split([.. Enumerable.Range(0, Count + Queries).Select(i => VectorShapes.Near(random, centres[i % centres.Length], distance))]);

        var recall = AssertSame(rows, queries, 64, default(EverySlot), _ => { }, effortOfBuild);

        Assert.True(recall >= 0.9, $"seed {Seed}: {recall}");
    }

    /// <summary>The story: the best, which was the query itself, stood so far apart that nobody saw how near to each other the others were.</summary>
    [Fact]
    public void Stored_vectors_find_their_neighbours_in_such_clusters()
    {
        var random = new Random(Seed);
        float[][] centres = [.. Enumerable.Range(0, 10).Select(_ => TestVectors.Random(random, Dimension))];
        float[][] rows = [.. Enumerable.Range(0, Count).Select(i => VectorShapes.Near(random, centres[i % centres.Length], 0.3f))];

        AssertSame(rows, rows[..(2 * Queries)], K + 1, default(EverySlot), _ => { });
    }

    [Fact]
    public void Each_vector_finds_itself_and_each_of_its_copies()
    {
        var random = new Random(Seed);
        var originals = VectorShapes.Make("clustered", random, 300, Dimension);
        float[][] rows = [.. originals, .. originals, .. originals];
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, effort: EffortOfBuild);
        graph.Insert(codes.Count);
        Assert.True(graph.UpperDeviation > 0);

        for (var slot = 0; slot < originals.Length; slot++)
        {
            var found = GraphScene.Walk(graph, rows, rows[slot], 3, 32, default(EverySlot));
            Assert.Equal([slot, slot + 300, slot + 600], found.Select(match => match.Ordinal).Order());
        }
    }

    [Fact]
    public void How_far_half_a_row_is_off_is_stored_with_the_graph_and_with_its_changes()
    {
        var random = new Random(Seed);
        using var codes = CodeScene.Fill(VectorShapes.Make("random", random, 200, Dimension));
        using var graph = new Graph(codes, m: 4, effort: 10);
        graph.Insert(codes.Count);
        var stored = (graph.UpperDeviation, graph.Correlation);
        using var whole = new MemoryStream();
        GraphFormat.Write(graph, whole);
        var one = TestVectors.Random(random, Dimension);
        for (var i = 0; i < 800; i++)
            CodeScene.Append(codes, VectorShapes.Near(random, one, 0.02f));
        graph.Insert(codes.Count);
        graph.MeasureUpper();
        using var changes = new MemoryStream();
        GraphFormat.WriteChanges(graph, 200, changes);

        Assert.True(stored.UpperDeviation > 0);
        Assert.Equal(0, graph.UpperDeviation);
        Assert.NotEqual(stored.Correlation, graph.Correlation);
        Assert.Equal(stored, Restored(whole));
        Assert.Equal((0, graph.Correlation), Restored(whole, changes));

        static (float Deviation, float Correlation) Restored(params MemoryStream[] parts)
        {
            foreach (var part in parts)
                part.Position = 0;
            using var reader = new GraphReader(parts[0]);
            foreach (var part in parts[1..])
                reader.Add(part);
            using var graph = reader.Finish();
            using var codes = graph.Codes;
            return (graph.UpperDeviation, graph.Correlation);
        }
    }

    [Fact]
    public void A_graph_of_before_it_was_measured_counts_on_nothing_being_chance()
    {
        var rows = VectorShapes.Make("random", new Random(Seed), 200, Dimension);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 4, effort: 10);
        graph.Insert(codes.Count);

        using var before = WithZeroAt(graph, CorrelationAt);
        using var codesOfBefore = before.Codes;
        using var again = new MemoryStream();
        GraphFormat.Write(before, again);

        Assert.True(float.IsFinite(graph.Correlation));
        Assert.Equal(float.PositiveInfinity, before.Correlation);
        Assert.Equal(1, GraphScene.Recall(before, rows, rows[5], K, 200, default(EverySlot)));
        Assert.Equal(0, BinaryPrimitives.ReadSingleLittleEndian(again.ToArray().AsSpan(CorrelationAt)));
    }

    /// <returns>The recall of walks by half rows.</returns>
    private static double AssertSame<TFilter>(float[][] rows, float[][] queries, int effort, TFilter filter, Action<Graph> change, int effortOfBuild = EffortOfBuild)
        where TFilter : struct, ISlotFilter
    {
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, effort: effortOfBuild);
        graph.Insert(codes.Count);
        change(graph);
        Assert.True(graph.UpperDeviation > 0);
        using var whole = WalkedWhole(graph);
        using var codesOfWhole = whole.Codes;
        Assert.Equal(0, whole.UpperDeviation);

        var byHalf = queries.Average(query => GraphScene.Recall(graph, rows, query, K, effort, filter));
        var byWhole = queries.Average(query => GraphScene.Recall(whole, rows, query, K, effort, filter));

        Assert.True(byHalf >= byWhole - 0.02, $"seed {Seed}: {byHalf} by halves, {byWhole} by whole rows");
        return byHalf;
    }

    /// <summary>The same graph, whose header says that half a row is not enough.</summary>
    private static Graph WalkedWhole(Graph graph) => WithZeroAt(graph, DeviationAt);

    private static Graph WithZeroAt(Graph graph, int at)
    {
        using var stream = new MemoryStream();
        GraphFormat.Write(graph, stream);
        var bytes = stream.ToArray();
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(GraphHeader.Bytes - sizeof(uint)), GraphHeader.CrcOf(bytes.AsSpan(0, GraphHeader.Bytes - sizeof(uint))));
        return GraphFormat.Read(new MemoryStream(bytes));
    }

    private static (float[][] Rows, float[][] Queries) Split(float[][] all) => (all[..Count], all[Count..]);
}
