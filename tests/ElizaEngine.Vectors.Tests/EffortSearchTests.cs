using ElizaEngine.Vectors.Kernels;
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
    [InlineData("common mean", 100)]
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
    public void A_walk_without_a_slot_finds_nearly_as_many_as_if_it_had_never_been_stored()
    {
        const int Effort = 128;
        const int Sample = 1000;
        var random = new Random(Seed);
        var all = VectorShapes.Make("random", random, 5000, 48);
        var (rows, queries) = (all[..4000], all[4000..]);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 8, effort: 60);
        graph.Insert(codes.Count);
        int[] own = [.. Enumerable.Range(0, 4000).Where(graph.CanBeHidden).Where((_, i) => i % 3 == 0).Take(Sample)];
        Assert.Equal(Sample, own.Length);

        var hidden = own.Average(slot => Recall(graph, rows[slot], slot, Effort));
        var asked = queries.Average(query => Recall(graph, query, -1, Effort));

        // Random vectors are the hardest; of those that have neighbours, the two are nearer to each other.
        Assert.InRange(asked, 0.9, 0.97);
        Assert.Equal(asked, hidden, 0.03);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_walk_without_a_slot_is_a_walk_as_others_when_nothing_is_left_out(int deletedEvery)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 3000, 32);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 6, effort: 40);
        graph.Insert(codes.Count);
        for (var slot = 0; deletedEvery > 0 && slot < codes.Count; slot += deletedEvery)
            graph.Delete(slot);
        var (query, walk, entry) = (new CodeQuery(), new GraphWalk<CodeDotScalar>(codes, graph.Links, isByUpper: false), graph.Entry());
        var (expected, found) = (new WalkScratch(), new WalkScratch());
        var (stored, room) = (new StoredNeighbours(graph.Links), new int[graph.Links.BaseMax]);
        for (var i = 0; i < 100; i++)
        {
            var vector = TestVectors.Random(random, 32);
            query.Set(vector, Norm.InverseOf(vector));
            var nearest = walk.Descend(query, expected, entry.Slot, entry.Level, 0);
            int[] seeds = deletedEvery == 0 ? [] : [1, 1000, 2000];
            var filter = new NodeFilter<EverySlot>(graph.Links, codes.Count, default);
            expected.Begin(codes.Count, 40);
            found.Begin(codes.Count, 40);

            if (deletedEvery == 0)
                walk.Search(query, expected, nearest, 0);
            else
                walk.Search(query, expected, nearest, seeds, stored, ref filter);
            var neighbours = new HiddenNeighbours<CodeDotScalar>(walk, stored, GraphLinks.None, room);
            walk.Search(query, found, nearest, seeds, neighbours, ref filter);

            Assert.Equal(Pool(expected), Pool(found));
        }

        static int[] Pool(WalkScratch scratch) => [.. Enumerable.Range(0, scratch.Count).Select(scratch.Slot)];
    }

    [Fact]
    public void A_small_sample_asks_for_more_than_a_large_one()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 3000, 32);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 8, effort: 40);
        graph.Insert(codes.Count);
        float[][] some = [.. Enumerable.Range(0, 10).Select(_ => TestVectors.Random(random, 32))];
        // The same queries: whatever differs is due to their number.
        float[] few = [.. some.SelectMany(query => query)];
        float[] many = [.. Enumerable.Repeat(few, 50).SelectMany(queries => queries)];

        var (wary, _) = EffortSearch.Find(graph, few, [.. Enumerable.Repeat(-1, 10)], K, 0.9);
        var (sure, recall) = EffortSearch.Find(graph, many, [.. Enumerable.Repeat(-1, 500)], K, 0.9, threads: 2);

        Assert.True(sure < wary, $"seed {Seed}: {sure} of many, {wary} of few");
        Assert.InRange(recall, 0.9, 1);
    }

    /// <summary>The story: of random vectors each measuring walked with efforts up to 4,096, where a search scans instead from 100 on.</summary>
    [Theory]
    [InlineData(K)]
    [InlineData(25)]
    [InlineData(60)]
    public void What_takes_more_than_pays_is_not_tried(int most)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 3000, 128);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 8, effort: 40);
        graph.Insert(codes.Count);
        float[][] queries = [.. s_none.Select(_ => TestVectors.Random(random, 128))];

        var (effort, recall) = EffortSearch.Find(graph, [.. queries.SelectMany(static query => query)], s_none, K, 0.999, most);

        Assert.Equal(EffortSearch.NoneIsEnough, effort);
        // No walk found more than those of the highest effort do, which is too few.
        Assert.Equal(queries.Average(query => GraphScene.Recall(graph, rows, query, K, most, default(EverySlot))), recall, 0.02);
        Assert.InRange(recall, 0.1, 0.9);
    }

    [Fact]
    public void For_what_is_like_a_stored_vector_it_is_the_effort_that_finds_it()
    {
        const int Dimension = 64;
        const float Similarity = 0.95f;
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 3000, Dimension);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, m: 8, effort: 40);
        graph.Insert(codes.Count);
        int[] slots = [.. Enumerable.Range(0, 300).Select(i => i * 10)];
        float[] vectors = [.. slots.SelectMany(slot => rows[slot])];

        var (effort, recall) = EffortSearch.FindLike(graph, vectors, slots, Similarity, 0.95, byHalves: false, threads: 2);

        var queries = LikeQueries.Of(vectors, Dimension, Similarity).Chunk(Dimension).ToArray();
        Assert.InRange(recall, 0.95, 1);
        Assert.Equal(recall, slots.Where((slot, i) => GraphScene.Slots(graph, queries[i], 1, effort, default(EverySlot)).Contains(slot)).Count() / 300d, 1e-9);
        Assert.True(slots.Where((slot, i) => GraphScene.Slots(graph, queries[i], 1, 1, default(EverySlot)).Contains(slot)).Count() < 0.95 * 300, "any effort is enough");
        // Of random vectors none is as near to a query as what it is like.
        Assert.True(effort < EffortSearch.Find(graph, queries.SelectMany(static query => query).ToArray(), [.. slots.Select(static _ => -1)], K, 0.95).Effort);

        // Nothing is expected of what is gone.
        foreach (var slot in slots)
            graph.Delete(slot);
        Assert.Equal((1, 1d), EffortSearch.FindLike(graph, vectors, slots, Similarity, 0.95, byHalves: false));
        Assert.Throws<ArgumentException>(() => EffortSearch.FindLike(graph, vectors, slots[1..], Similarity, 0.95, byHalves: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => EffortSearch.FindLike(graph, vectors, slots, Similarity, 0.95, byHalves: false, most: 0));
    }

    /// <summary>
    /// In a topic all are about as near to a query but what it is like: half of a row does not tell those apart, so the nearest are walked to by
    /// whole rows, but it tells that one from all.
    /// </summary>
    [Fact]
    public void What_is_like_a_query_is_found_by_halves_where_the_nearest_are_not()
    {
        const int Dimension = 384;
        const float Similarity = 0.95f;
        var random = new Random(Seed);
        float[][] topics = [.. Enumerable.Range(0, 10).Select(_ => TestVectors.Random(random, Dimension))];
        // A few components are larger, so that half of a row tells less.
        float[][] rows = [.. Enumerable.Range(0, 2000).Select(i => VectorShapes.Near(random, topics[i % topics.Length], 0.6f).Select((x, place) => place < 4 ? 3 * x : x).ToArray())];
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        Assert.Equal(0, graph.UpperDeviation);
        int[] slots = [.. Enumerable.Range(0, 400).Select(i => i * 5)];
        float[] vectors = [.. slots.SelectMany(slot => rows[slot])];

        var whole = EffortSearch.FindLike(graph, vectors, slots, Similarity, 0.99, byHalves: false);
        var halves = EffortSearch.FindLike(graph, vectors, slots, Similarity, 0.99, byHalves: true);

        Assert.InRange(halves.Recall, 0.99, 1);
        // By whole rows 8 and by halves 19, of 2,000.
        Assert.InRange(halves.Effort, whole.Effort, 32);
        var queries = LikeQueries.Of(vectors, Dimension, Similarity).Chunk(Dimension).ToArray();
        var search = new CodeSearch();
        var found = 0;
        for (var i = 0; i < slots.Length; i++)
        {
            search.Begin(codes, queries[i], Norm.InverseOf(queries[i]), 1, Similarity - 1e-3f, byHalves: true);
            search.Walk(graph, halves.Effort, default(EverySlot));
            found += search.Results().ToArray().Any(candidate => candidate.Slot == slots[i]) ? 1 : 0;
        }

        Assert.Equal(halves.Recall, (double)found / slots.Length, 1e-9);
    }

    [Fact]
    public void It_can_be_given_up()
    {
        using var codes = CodeScene.Fill([[1f, 0f]]);
        using var graph = new Graph(codes);
        graph.Insert(1);

        Assert.ThrowsAny<OperationCanceledException>(() => EffortSearch.Find(graph, [1f, 0f], [-1], K, 0.9, cancellationToken: new CancellationToken(canceled: true)));
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
        Assert.Throws<ArgumentOutOfRangeException>(() => EffortSearch.Find(graph, [1f, 0f], [-1], K, 0.9, most: K - 1));
    }

    // Of the true nearest by code, without the slot itself.
    private static double Recall(Graph graph, float[] query, int own, int effort)
    {
        var search = new CodeSearch();
        search.Begin(graph.Codes, query, Norm.InverseOf(query), K, null);
        search.Scan(0, graph.Count, new Without(own));
        int[] truth = [.. search.Results().ToArray().OrderByDescending(candidate => candidate.Score).Take(K).Select(candidate => candidate.Slot)];
        search.Begin(graph.Codes, query, Norm.InverseOf(query), K, null);
        search.WalkWithout(graph, effort, own);
        return search.Results().ToArray().Count(candidate => truth.Contains(candidate.Slot)) / (double)K;
    }

    private readonly struct Without(int own) : ISlotFilter
    {
        public bool Accepts(int slot) => slot != own;
    }
}
