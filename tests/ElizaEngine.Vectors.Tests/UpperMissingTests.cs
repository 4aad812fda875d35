using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>When walks may read half of each row.</summary>
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

        Assert.InRange(UpperMissing.Measure(codes).Deviation, 1e-4f, 0.01f);
    }

    [Fact]
    public void What_half_a_row_misses_is_measured_as_walks_meet_it()
    {
        var rows = VectorShapes.Make("random", new Random(Seed), 500, 384);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(1);
        var query = new CodeQuery();
        var (whole, half) = (new GraphWalk<Kernels.CodeDotScalar>(codes, graph.Links, isByUpper: false), new GraphWalk<Kernels.CodeDotScalar>(codes, graph.Links, isByUpper: true));
        var errors = new List<double>();
        for (var slot = 1; slot < codes.Count; slot++)
        {
            query.Set(rows[slot - 1], Norm.InverseOf(rows[slot - 1]));
            errors.Add(half.Score(query, slot) - whole.Score(query, slot));
        }

        var deviation = Math.Sqrt(errors.Average(error => error * error));

        Assert.InRange(UpperMissing.Measure(codes).Deviation / deviation, 0.8, 1.25);
    }

    [Fact]
    public void Half_a_row_is_not_enough_where_few_components_outweigh_the_others()
    {
        using var codes = CodeScene.Fill(Outweighed(VectorShapes.Make("clustered", new Random(Seed), 500, 384)));

        Assert.Equal(0, UpperMissing.Measure(codes).Deviation);
    }

    [Fact]
    public void Half_a_row_is_not_enough_where_all_vectors_are_nearly_the_same()
    {
        var random = new Random(Seed);
        var one = TestVectors.Random(random, 384);
        using var codes = CodeScene.Fill([.. Enumerable.Range(0, 500).Select(_ => VectorShapes.Near(random, one, 0.05f))]);
        using var equal = CodeScene.Fill([.. Enumerable.Repeat(one, 500)]);

        Assert.Equal(0, UpperMissing.Measure(codes).Deviation);
        Assert.Equal(0, UpperMissing.Measure(equal).Deviation);
    }

    [Fact]
    public void Short_rows_and_none_are_read_whole()
    {
        using var codes = CodeScene.Fill(VectorShapes.Make("random", new Random(Seed), 500, 192));
        using var none = new Codes(384);

        Assert.Equal(0, UpperMissing.Measure(codes).Deviation);
        Assert.Equal(0, UpperMissing.Measure(none).Deviation);
    }

    [Fact]
    public void A_few_vectors_unlike_the_others_do_not_count()
    {
        var rows = VectorShapes.Make("clustered", new Random(Seed), 500, 384);
        for (var i = 0; i < 25; i++)
        {
            Array.Clear(rows[20 * i]);
            rows[20 * i][0] = 1;
        }

        using var codes = CodeScene.Fill(rows);

        Assert.InRange(UpperMissing.Measure(codes).Deviation, 1e-4f, 0.01f);
    }

    [Theory]
    [InlineData("random", 100)]
    [InlineData("random", 384)]
    [InlineData("clustered", 1536)]
    [InlineData("common mean", 384)]
    public void What_is_missing_is_chance_where_components_have_nothing_to_do_with_each_other(string shape, int dimension)
    {
        using var codes = CodeScene.Fill(VectorShapes.Make(shape, new Random(Seed), 500, dimension));

        Assert.InRange(UpperMissing.Measure(codes).Correlation, 1, 1.7);
    }

    [Fact]
    public void What_is_missing_of_components_that_are_there_several_times_adds_up()
    {
        float[][] rows = [.. VectorShapes.Make("random", new Random(Seed), 500, 24).Select(row => Enumerable.Repeat(row, 16).SelectMany(again => again).ToArray())];
        using var codes = CodeScene.Fill(rows);
        using var none = new Codes(384);

        Assert.InRange(UpperMissing.Measure(codes).Correlation, 3, 6);
        Assert.Equal(float.PositiveInfinity, UpperMissing.Measure(none).Correlation);
    }

    /// <summary>The story: what is missing of halves was none of it, and rounding was taken for chance, though all of it was cut the same way.</summary>
    [Fact]
    public void What_rounding_leaves_of_components_of_one_size_adds_up_though_halves_miss_none_of_it()
    {
        var random = new Random(Seed);
        using var codes = CodeScene.Fill([.. Enumerable.Range(0, 500).Select(_ => OfOneSize())]);

        Assert.InRange(UpperMissing.Measure(codes).Correlation, 4, 8);

        // As codes 64 and -64, a quarter too large, beside one that is 127.
        float[] OfOneSize()
        {
            float[] vector = [.. Enumerable.Range(0, 384).Select(_ => random.Next(2) == 0 ? 1.004f : -1.004f)];
            vector[random.Next(vector.Length)] = 2;
            return vector;
        }
    }

    [Fact]
    public void It_is_measured_with_the_first_slots_and_when_it_is_asked_for()
    {
        var random = new Random(Seed);
        using var codes = CodeScene.Fill(VectorShapes.Make("random", random, 300, 384));
        using var graph = new Graph(codes, m: 4, effort: 10);
        Assert.Equal(0, graph.UpperDeviation);
        graph.Insert(codes.Count);
        var first = graph.UpperDeviation;
        Assert.True(first > 0);

        foreach (var row in Outweighed(VectorShapes.Make("random", random, 900, 384)))
            CodeScene.Append(codes, row);
        graph.Insert(codes.Count);
        Assert.Equal(first, graph.UpperDeviation);
        graph.MeasureUpper();

        Assert.Equal(0, graph.UpperDeviation);
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
