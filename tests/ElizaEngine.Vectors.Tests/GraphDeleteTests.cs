using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>Deleted slots are never found, whatever is searched, added or repaired meanwhile; and the others are, as well as before.</summary>
public class GraphDeleteTests
{
    private const int Seed = 20265;
    private const int K = 10;

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Deleted_slots_are_never_found_and_recall_stays(int share)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 3000, 32);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        var deleted = 0;
        for (var slot = 0; slot < codes.Count; slot++)
        {
            if (slot % share != 0)
                continue;
            Assert.True(graph.Delete(slot));
            Assert.False(graph.Delete(slot));
            deleted++;
        }

        Assert.Equal((deleted, deleted), (graph.Deleted, graph.Unrepaired));
        Check("before the repair");
        graph.Repair();
        Assert.Equal((deleted, 0), (graph.Deleted, graph.Unrepaired));
        Assert.Equal(0, graph.CountUnreachable());
        Check("after the repair");

        void Check(string when)
        {
            int[] left = [.. Enumerable.Range(0, rows.Length).Where(slot => slot % share != 0)];
            var recall = 0.0;
            for (var i = 0; i < 50; i++)
            {
                var query = VectorShapes.Near(random, rows[i * 3], 0.2f);
                var found = GraphScene.Walk(graph, rows, query, K, 64, default(EverySlot));
                Assert.Equal(K, found.Length);
                Assert.All(found, match => Assert.NotEqual(0, match.Ordinal % share));
                recall += found.Intersect(CodeScene.Rank(left, rows, query, K, null)).Count() / (50.0 * K);
            }

            Assert.True(recall >= 0.95, $"seed {Seed}: {when}: recall {recall}");
        }
    }

    // Few are deleted, so walks go as if nothing were; where it is just what is near the query, they have to look as they go.
    [Theory]
    [InlineData(1, "anywhere")]
    [InlineData(5, "anywhere")]
    [InlineData(12, "anywhere")]
    [InlineData(1, "near")]
    [InlineData(5, "near")]
    [InlineData(12, "near")]
    [InlineData(1, "far")]
    [InlineData(5, "far")]
    [InlineData(12, "far")]
    [InlineData(12, "nearest")]
    public void Recall_stays_whether_what_is_deleted_was_near_the_queries_or_far(int percent, string where)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 4000, 32);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes, effort: where == "nearest" ? 200 : 80);
        graph.Insert(codes.Count);
        // In one part of the space, so that there is a near and a far.
        float[][] queries = [.. Enumerable.Range(0, 60).Select(_ => VectorShapes.Near(random, rows[7], 0.6f))];
        var before = Recall();
        var dead = Doomed().Take(rows.Length * percent / 100).ToHashSet();
        foreach (var slot in dead)
            graph.Delete(slot);

        var after = Recall();
        Assert.True(after >= before - 0.01, $"seed {Seed}: recall {before}, then {after}");
        graph.Repair();
        var repaired = Recall();
        // Around a hole in the middle of which the queries lie a repair leaves long ways.
        Assert.True(repaired >= before - (where == "nearest" ? 0.06 : 0.01), $"seed {Seed}: recall {before}, then {repaired}");

        IEnumerable<int> Doomed()
        {
            var slots = Enumerable.Range(0, rows.Length);
            var near = slots.OrderByDescending(slot => TestVectors.Similarity(rows[7], rows[slot]));
            return where switch
            {
                "near" => near.Take(rows.Length / 4).Where((_, i) => i % 2 == 0),
                "nearest" => near,
                "far" => near.Reverse(),
                _ => slots.OrderBy(slot => (slot * 2654435769) % 4001),
            };
        }

        double Recall()
        {
            int[] left = [.. Enumerable.Range(0, rows.Length).Where(slot => !graph.IsDeleted(slot))];
            var recall = 0.0;
            foreach (var query in queries)
            {
                var found = GraphScene.Walk(graph, rows, query, K, 48, default(EverySlot));
                Assert.Equal(K, found.Length);
                Assert.All(found, match => Assert.False(graph.IsDeleted(match.Ordinal)));
                var worst = CodeScene.Rank(left, rows, query, K, null)[^1].Similarity - 1e-6f;
                recall += found.Count(match => match.Similarity >= worst) / (double)(K * queries.Length);
            }

            return recall;
        }
    }

    [Fact]
    public void One_that_is_deleted_far_away_makes_no_walk_longer()
    {
        const int effort = 20;
        var random = new Random(Seed);
        // Of three components: a node has few neighbours, and a walk is short.
        var rows = VectorShapes.Make("random", random, 4000, 3);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        float[][] queries = [.. Enumerable.Range(0, 60).Select(_ => VectorShapes.Near(random, rows[7], 0.6f))];
        var before = Compared();
        var farthest = Enumerable.Range(0, rows.Length).MinBy(slot => TestVectors.Similarity(rows[7], rows[slot]));
        graph.Delete(farthest);

        var after = Compared();
        Assert.InRange(after.Everywhere, before.Everywhere * 7 / 8, before.Everywhere * 9 / 8);
        Assert.InRange(after.Filtered, before.Filtered * 7 / 8, before.Filtered * 9 / 8);
        Assert.Equal(before.Found, after.Found);

        (long Everywhere, long Filtered, int Found) Compared()
        {
            var search = new CodeSearch();
            var found = 0;
            foreach (var query in queries)
            {
                search.Begin(codes, query, Norm.InverseOf(query), K, null);
                found += search.Walk(graph, effort, default(EverySlot)).Found;
            }

            var compared = search.Compared;
            foreach (var query in queries)
            {
                search.Begin(codes, query, Norm.InverseOf(query), K, null);
                search.WalkThenFilter(graph, effort, new CodeScene.OneIn(2));
            }

            return (compared, search.Compared - compared, found);
        }
    }

    [Fact]
    public void A_walk_begins_at_a_node_that_is_deleted_and_goes_through_a_cluster_of_them()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 4000, 32);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        var entry = graph.Entry().Slot;
        // All that are like it, an eighth at most: where walks begin, and all around, nothing is left.
        var nearFirst = Enumerable.Range(0, rows.Length).OrderByDescending(slot => TestVectors.Similarity(rows[entry], rows[slot]));
        foreach (var slot in nearFirst.Take(rows.Length / 8).ToArray())
            graph.Delete(slot);
        Assert.Equal((entry, rows.Length / 8), (graph.Entry().Slot, graph.Unrepaired));

        int[] left = [.. Enumerable.Range(0, rows.Length).Where(slot => !graph.IsDeleted(slot))];
        var found = 0;
        foreach (var slot in left.Where((_, i) => i % 20 == 0))
            found += GraphScene.Walk(graph, rows, rows[slot], 1, 48, default(EverySlot)) is [var match] && match.Ordinal == slot ? 1 : 0;
        Assert.InRange(found, (left.Length / 20) - 2, (left.Length / 20) + 1);
        // Of those that are left the nearest to where nothing is.
        var nearest = CodeScene.Rank(left, rows, rows[entry], K, null);
        Assert.InRange(GraphScene.Walk(graph, rows, rows[entry], K, 48, default(EverySlot)).Intersect(nearest).Count(), K - 1, K);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void When_all_is_deleted_nothing_is_found_and_what_comes_after_is(int threads)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 600, 16);
        using var codes = CodeScene.Fill(rows[..300]);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        for (var slot = 0; slot < 300; slot++)
            graph.Delete(slot);
        Assert.Empty(GraphScene.Slots(graph, rows[0], K, 64, default(EverySlot)));

        for (var slot = 300; slot < 450; slot++)
            graph.Insert(CodeScene.Append(codes, rows[slot]) + 1);
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(300, 150), threads: 1);
        graph.Repair();
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(300, 150), threads: 1);
        for (var slot = 450; slot < 600; slot++)
            CodeScene.Append(codes, rows[slot]);
        graph.Insert(600, threads);
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(300, 300), threads);
    }

    [Fact]
    public void A_repaired_graph_of_nothing_takes_new_slots()
    {
        using var codes = CodeScene.Fill([[1f, 0f], [0f, 1f]]);
        using var graph = new Graph(codes);
        graph.Insert(2);
        graph.Delete(0);
        graph.Delete(1);
        graph.Repair();
        Assert.Empty(GraphScene.Slots(graph, [1f, 0f], K, 10, default(EverySlot)));

        graph.Insert(CodeScene.Append(codes, [1f, 1f]) + 1);

        Assert.Equal([2], GraphScene.Slots(graph, [1f, 0f], K, 10, default(EverySlot)));
    }

    [Fact]
    public async Task A_repair_that_is_cancelled_leaves_the_graph_to_the_next_one()
    {
        const int Share = 3;
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 2000, 16);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        // The one where walks begin, too.
        for (var slot = 0; slot < codes.Count; slot++)
        {
            if (slot % Share == 0 || slot == graph.Entry().Slot)
                graph.Delete(slot);
        }

        var (before, entry, unrepaired) = (Bytes(), graph.Entry(), graph.Unrepaired);
        graph.Repair(new CancellationToken(canceled: true));
        Assert.Equal((entry, unrepaired), (graph.Entry(), graph.Unrepaired));
        Assert.Equal(before, Bytes());
        FindsAll();

        // Wherever it ends.
        for (var delay = 0; delay < 8; delay++)
        {
            using var stop = new CancellationTokenSource();
            var repair = Task.Run(() => graph.Repair(stop.Token));
            Thread.SpinWait(1 << (2 * delay));
            await stop.CancelAsync();
            await repair;
            Assert.True(graph.Unrepaired == 0 || graph.Unrepaired == unrepaired);
            FindsAll();
        }

        graph.Repair();
        Assert.Equal(0, graph.Unrepaired);
        FindsAll();

        void FindsAll()
        {
            var (missed, asked) = (0, 0);
            for (var slot = 1; slot < rows.Length; slot += 7)
            {
                var found = GraphScene.Slots(graph, rows[slot], 5, 64, default(EverySlot));
                Assert.DoesNotContain(found, graph.IsDeleted);
                if (graph.IsDeleted(slot))
                    continue;
                asked++;
                missed += found.Contains(slot) ? 0 : 1;
            }

            Assert.True(missed <= asked / 50, $"seed {Seed}: {missed} of {asked} searches missed their own vector");
        }

        byte[] Bytes()
        {
            using var stream = new MemoryStream();
            GraphFormat.Write(graph, stream);
            return stream.ToArray();
        }
    }

    [Fact]
    public void A_slot_that_was_deleted_before_it_is_covered_is_not_found()
    {
        using var codes = CodeScene.Fill([[1f, 0f], [0f, 1f], [1f, 1f]]);
        using var graph = new Graph(codes);
        Assert.True(graph.Delete(0));
        Assert.True(graph.Delete(2));
        graph.Insert(3);

        Assert.Equal([1], GraphScene.Slots(graph, [1f, 0f], K, 10, default(EverySlot)));
    }

    [Fact]
    public void A_node_whose_own_slot_is_deleted_still_leads_to_its_copies()
    {
        float[] vector = [1f, 2f];
        using var codes = CodeScene.Fill([vector, vector, vector, [2f, -1f]]);
        using var graph = new Graph(codes);
        graph.Insert(4);
        graph.Delete(0);
        Assert.Equal([1, 2, 3], GraphScene.Slots(graph, vector, K, 10, default(EverySlot)).Order());
        graph.Repair();
        Assert.Equal([1, 2, 3], GraphScene.Slots(graph, vector, K, 10, default(EverySlot)).Order());
        graph.Delete(1);
        graph.Delete(2);
        graph.Repair();
        Assert.Equal([3], GraphScene.Slots(graph, vector, K, 10, default(EverySlot)).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Searches_find_what_is_covered_while_slots_come_and_go_and_the_graph_is_repaired(int threads)
    {
        const int Count = 4000;
        const int Deleted = 3;
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, Count, 24);
        using var codes = new Codes(24);
        using var graph = new Graph(codes, effort: 60);
        using var end = new CancellationTokenSource();
        var searchers = Enumerable.Range(0, 8).Select(searcher => Task.Run(() =>
        {
            var own = new Random(Seed + searcher);
            var (asked, missed) = (0, 0);
            while (!end.IsCancellationRequested)
            {
                var count = graph.Count;
                if (count == 0)
                    continue;
                var slot = own.Next(count);
                var found = GraphScene.Slots(graph, rows[slot], 5, 40, default(EverySlot));
                Assert.All(found, other => Assert.InRange(other, 0, Count - 1));
                Assert.Equal(found.Length, found.Distinct().Count());
                if (slot % Deleted == 0)
                    continue;
                asked++;
                missed += found.Contains(slot) ? 0 : 1;
            }

            return (Asked: asked, Missed: missed);
        })).ToArray();
        for (var slot = 0; slot < Count; slot++)
        {
            CodeScene.Append(codes, rows[slot]);
            if (slot % 50 == 49)
                graph.Insert(slot + 1, threads);
            if (slot % Deleted == 0)
                graph.Delete(slot);
            if (slot % 1000 == 999)
                graph.Repair();
        }

        await end.CancelAsync();
        var outcomes = await Task.WhenAll(searchers);
        var (all, lost) = (outcomes.Sum(x => x.Asked), outcomes.Sum(x => x.Missed));
        Assert.True(lost <= all / 50, $"seed {Seed}: {lost} of {all} searches missed their own vector");
        Assert.DoesNotContain(Enumerable.Range(0, Count), slot => slot % Deleted == 0 && GraphScene.Finds(graph, rows, slot));
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(0, Count).Where(slot => slot % Deleted != 0), threads);
    }
}
