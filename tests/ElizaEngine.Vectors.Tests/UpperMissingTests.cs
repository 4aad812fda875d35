using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>When walks read half of each row, and that nothing is lost where they do not.</summary>
public class UpperMissingTests
{
    private const int Seed = 20268;

    [Theory]
    [InlineData("random", 384)]
    [InlineData("clustered", 384)]
    [InlineData("clustered", 1536)]
    public void Half_a_row_is_enough_where_components_are_of_one_size(string shape, int dimension)
    {
        using var codes = CodeScene.Fill(VectorShapes.Make(shape, new Random(Seed), 500, dimension));

        Assert.True(codes.UpperIsEnough());
    }

    [Fact]
    public void Half_a_row_is_not_enough_where_few_components_outweigh_the_others()
    {
        using var codes = CodeScene.Fill(Outweighed(VectorShapes.Make("clustered", new Random(Seed), 500, 384)));

        Assert.False(codes.UpperIsEnough());
    }

    [Fact]
    public void Half_a_row_is_not_enough_where_all_vectors_are_nearly_the_same()
    {
        var random = new Random(Seed);
        var one = TestVectors.Random(random, 384);
        using var codes = CodeScene.Fill([.. Enumerable.Range(0, 500).Select(_ => VectorShapes.Near(random, one, 0.05f))]);
        using var equal = CodeScene.Fill([.. Enumerable.Repeat(one, 500)]);

        Assert.False(codes.UpperIsEnough());
        Assert.False(equal.UpperIsEnough());
    }

    [Fact]
    public void Short_rows_are_read_whole()
    {
        using var codes = CodeScene.Fill(VectorShapes.Make("random", new Random(Seed), 500, 192));

        Assert.False(codes.UpperIsEnough());
    }

    [Fact]
    public void It_is_measured_anew_when_there_are_twice_as_many()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 300, 384);
        using var codes = CodeScene.Fill(rows);
        Assert.True(codes.UpperIsEnough());

        foreach (var row in Outweighed(VectorShapes.Make("random", random, 299, 384)))
            CodeScene.Append(codes, row);
        Assert.True(codes.UpperIsEnough());
        CodeScene.Append(codes, Outweighed([rows[0]])[0]);

        Assert.False(codes.UpperIsEnough());
    }

    [Fact]
    public void Walks_find_as_much_where_few_components_outweigh_the_others()
    {
        var random = new Random(Seed);
        var all = Outweighed(VectorShapes.Make("clustered", random, 3100, 384));
        var (rows, queries) = (all[..3000], all[3000..]);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);

        var recall = queries.Average(query => GraphScene.Recall(graph, rows, query, 10, 32, default(EverySlot)));

        Assert.True(recall >= 0.97, $"seed {Seed}: {recall}");
    }

    private static float[][] Outweighed(float[][] rows)
    {
        foreach (var row in rows)
        {
            var norm = MathF.Sqrt(row.Sum(x => x * x));
            row[3] += norm;
            row[200] -= norm / 2;
        }

        return rows;
    }
}
