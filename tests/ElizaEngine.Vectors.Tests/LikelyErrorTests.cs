using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>What a walk found is ruled out where it is not likely among the best: hardly ever one that is.</summary>
public class LikelyErrorTests
{
    private const int Seed = 20281;
    private const int Count = 160;

    // More than are looked at to measure what is chance: of these some are none of them.
    private const int CountOfShort = 400;
    private const int Short = 100;
    private const int K = 10;
    private const string Repeated = "repeated";
    private const string OfTwoValues = "of two values";

    public static TheoryData<string, int> Sets
    {
        get
        {
            var sets = new TheoryData<string, int>();
            foreach (var name in VectorShapes.Names.Append(Repeated).Append(OfTwoValues))
            {
                foreach (var dimension in new[] { 2, 17, Short, 384 })
                    sets.Add(name, dimension);
            }

            return sets;
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_walk_that_meets_all_leaves_the_best(string name, int dimension)
    {
        var random = new Random(Seed);
        var rows = Make(name, random, dimension);
        using var scene = new Scene(rows);
        float[][] queries = [.. rows.Where((_, i) => i % 4 == 0), .. Make(name, random, dimension)[..(Count / 4)]];

        var recall = queries.Average(query => GraphScene.Recall(scene.Graph, rows, query, K, rows.Length, default(EverySlot)));

        Assert.True(recall >= 0.999, $"seed {Seed}: {recall}");
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void What_it_leaves_is_as_near_as_it_says_but_for_one_in_a_thousand(string name, int dimension)
    {
        var random = new Random(Seed);
        var rows = Make(name, random, dimension);
        using var scene = new Scene(rows);
        var search = new CodeSearch();
        var (queries, all, off, offOfLike) = (0, 0, 0, 0);
        foreach (var query in rows.Where((_, i) => i % 8 == 0).Concat(Make(name, random, dimension).Take(50)))
        {
            queries++;
            // With as many wanted as there are nothing is ruled out.
            search.Begin(scene.Codes, query, Norm.InverseOf(query), rows.Length, null);
            search.Walk(scene.Graph, rows.Length, default(EverySlot));
            foreach (var candidate in search.Results())
            {
                var exact = TestVectors.Similarity(query, rows[candidate.Slot]);
                all++;
                var isOff = exact < candidate.Lower || exact > candidate.Upper;
                off += isOff ? 1 : 0;
                offOfLike += isOff && exact > 0.99f ? 1 : 0;
            }
        }

        // Walks that meet hardly any would say little.
        Assert.True(all >= queries * rows.Length / 2, $"seed {Seed}: {all}");
        Assert.True(off <= all / 1000, $"seed {Seed}: {off} of {all}");
        Assert.Equal(0, offOfLike);
    }

    [Fact]
    public void It_leaves_fewer_than_a_scan()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 1000, 384);
        using var scene = new Scene(rows);
        float[][] queries = [.. Enumerable.Range(0, 50).Select(i => VectorShapes.Near(random, rows[i], 0.2f))];

        var scanned = queries.Sum(query => CodeScene.Scan(scene.Codes, query, K, null).Length);
        var walked = queries.Sum(query => GraphScene.Slots(scene.Graph, query, K, 64, default(EverySlot)).Length);

        Assert.InRange(walked, K * queries.Length, 0.9 * scanned);
    }

    [Theory]
    [InlineData("random")]
    [InlineData("clustered")]
    [InlineData("duplicates")]
    [InlineData("common mean")]
    public void What_half_a_row_rules_out_is_no_duplicate(string name)
    {
        using var scene = new Scene(VectorShapes.Make(name, new Random(Seed), Count, 384));

        Assert.InRange(scene.EffortByHalves(), 1, Math.Max(8, 2 * scene.Effort()));
    }

    /// <summary>The story: of each component there were several, or it was one of two, and what was missing of them all added up.</summary>
    [Fact]
    public void Where_what_half_a_row_misses_points_one_way_it_rules_out_less()
    {
        var random = new Random(Seed);
        using var repeated = new Scene(Make(Repeated, random, 384));
        using var low = new Scene([.. Enumerable.Range(0, Count).Select(_ => LowBitsSet(random))]);

        Assert.InRange(repeated.EffortByHalves(), 1, Count);
        Assert.InRange(low.EffortByHalves(), 1, Count);
    }

    private static float[][] Make(string name, Random random, int dimension) => name switch
    {
        Repeated => [.. VectorShapes.Make("random", random, CountOf(dimension), (dimension + 15) / 16).Select(row => Enumerable.Range(0, dimension).Select(i => row[i % row.Length]).ToArray())],
        OfTwoValues => InClustersOfTwoValues(random, dimension),
        _ => VectorShapes.Make(name, random, CountOf(dimension), dimension),
    };

    private static int CountOf(int dimension) => dimension <= Short ? CountOfShort : Count;

    // 1 with either sign, and 2 here and there: where that is the largest, 1 lies between two codes, and all are rounded the same way.
    private static float[][] InClustersOfTwoValues(Random random, int dimension)
    {
        float[][] centres = [.. Enumerable.Range(0, Count / 20).Select(_ => Enumerable.Range(0, dimension).Select(_ => random.Next(2) == 0 ? 1f : -1f).ToArray())];
        return [.. Enumerable.Range(0, CountOf(dimension)).Select(i => Around(centres[i % centres.Length]))];

        float[] Around(float[] centre)
        {
            float[] vector = [.. centre];
            for (var changes = 0; changes < Math.Max(1, dimension / 40); changes++)
                vector[random.Next(dimension)] *= -1;
            for (var larger = random.Next(1, 1 + Math.Max(1, dimension / 20)); larger > 0; larger--)
                Enlarge(ref vector[random.Next(dimension)]);
            return vector;
        }
    }

    private static void Enlarge(ref float component) => component = MathF.CopySign(2, component);

    // 127 and many of 15 and 31: as codes they have all of their lower four bits.
    private static float[] LowBitsSet(Random random)
    {
        var vector = new float[384];
        for (var i = 0; i < vector.Length; i++)
            vector[i] = random.Next(4) == 0 ? 31 : 15;
        vector[random.Next(vector.Length)] = 127;
        return vector;
    }

    /// <summary>Vectors in a graph, each of which may be asked for by a query that is like it.</summary>
    private sealed class Scene : IDisposable
    {
        private readonly float[] _vectors;

        public Scene(float[][] rows)
        {
            Codes = CodeScene.Fill(rows);
            Graph = new Graph(Codes, m: 8, effort: 40);
            Graph.Insert(Codes.Count);
            _vectors = [.. rows.SelectMany(row => row)];
        }

        public Codes Codes { get; }

        public Graph Graph { get; }

        public int Effort() => Effort(byHalves: false);

        public int EffortByHalves() => Effort(byHalves: true);

        public void Dispose()
        {
            Graph.Dispose();
            Codes.Dispose();
        }

        private int Effort(bool byHalves) =>
            EffortSearch.FindLike(Graph, _vectors, [.. Enumerable.Range(0, Codes.Count)], 0.95f, 0.98, byHalves, most: Codes.Count).Effort;
    }
}
