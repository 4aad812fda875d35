using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>What a graph finds, beside the exact answer.</summary>
public class GraphTests
{
    private const int Seed = 20264;
    private const int K = 10;

    public static TheoryData<string, int> Sets
    {
        get
        {
            var sets = new TheoryData<string, int>();
            foreach (var name in VectorShapes.Names)
            {
                foreach (var dimension in new[] { 1, 3, 32 })
                    sets.Add(name, dimension);
            }

            sets.Add("clustered", 4000);
            return sets;
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_walk_finds_what_a_scan_finds(string name, int dimension)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make(name, random, dimension > 1000 ? 200 : 1500, dimension);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        float[][] queries = [.. Enumerable.Range(0, 30).Select(i => VectorShapes.Near(random, rows[i * 5], i % 3 * 0.1f))];

        var recall = queries.Average(query => GraphScene.Recall(graph, rows, query, K, 100, default(EverySlot)));

        Assert.True(recall >= 0.97, $"seed {Seed}: {name}, {dimension}: recall {recall}");
        Assert.Equal(0, graph.CountUnreachable());
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_vector_finds_itself(string name, int dimension)
    {
        var rows = VectorShapes.Make(name, new Random(Seed), dimension > 1000 ? 200 : 1000, dimension);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);

        // Along the arc neighbours are nearer to each other than codes can tell, and of the sparse most are equally far from most.
        var effort = name is "sorted" or "sparse" ? 300 : 64;
        for (var slot = 0; slot < rows.Length; slot++)
        {
            // An exact copy may take its place.
            var found = GraphScene.Walk(graph, rows, rows[slot], 1, effort, default(EverySlot));
            Assert.True(found.Length == 1 && found[0].Similarity >= 1 - 1e-6f, $"seed {Seed}: {name}, {dimension}, slot {slot}");
        }
    }

    [Fact]
    public void The_same_slots_give_the_same_graph()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 1000, 32);
        using var codes = CodeScene.Fill(rows);
        using var one = new Graph(codes);
        using var other = new Graph(codes);
        one.Insert(codes.Count);
        for (var count = 1; count <= codes.Count; count++)
            other.Insert(count);

        Assert.Equal(codes.Count, one.Count);
        Assert.Equal(codes.Count, other.Count);
        foreach (var query in rows.Take(50))
            Assert.Equal(GraphScene.Walk(one, rows, query, K, 40, default(EverySlot))[0], GraphScene.Walk(other, rows, query, K, 40, default(EverySlot))[0]);
    }

    [Fact]
    public void Several_threads_build_a_graph_that_is_as_good()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 3000, 32);
        float[][] queries = [.. Enumerable.Range(0, 100).Select(i => VectorShapes.Near(random, rows[i * 7], 0.2f))];
        double Recall(int threads)
        {
            using var codes = CodeScene.Fill(rows);
            using var graph = new Graph(codes, effort: 100);
            graph.Insert(codes.Count, threads);
            Assert.Equal(codes.Count, graph.Count);
            Assert.Equal(0, graph.CountUnreachable());
            return queries.Average(query => GraphScene.Recall(graph, rows, query, K, 30, default(EverySlot)));
        }

        var (serial, parallel) = (Recall(1), Recall(4));

        Assert.True(parallel >= serial - 0.02, $"seed {Seed}: {serial} with one thread, {parallel} with four");
    }

    [Fact]
    public void Copies_of_one_vector_are_one_node_and_all_are_found()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 2000, 16);
        for (var i = 500; i < 1500; i++)
            rows[i] = rows[7];
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count, 2);

        var found = GraphScene.Slots(graph, rows[7], 2000, 100, default(EverySlot));
        Assert.Equal(1001, found.Count(slot => ReferenceEquals(rows[slot], rows[7])));
        // Who wants few gets all of them too: they tie, and only their rows say which come first.
        Assert.Equal(1001, GraphScene.Slots(graph, rows[7], 3, 100, default(EverySlot)).Count(slot => ReferenceEquals(rows[slot], rows[7])));
        Assert.Equal(found.Distinct().Count(), found.Length);
        Assert.Equal([500], GraphScene.Slots(graph, rows[7], 1, 100, new Only(500)));
        // For who measures any of them will do, and of those that are found they count as many as are wanted.
        var search = new CodeSearch();
        search.Begin(codes, rows[7], Norm.InverseOf(rows[7]), 3, null);
        search.WalkWithout(graph, 100, hidden: -1);
        Assert.Equal(3, search.Results().ToArray().Count(candidate => ReferenceEquals(rows[candidate.Slot], rows[7])));
        search.Begin(codes, rows[7], Norm.InverseOf(rows[7]), 3, null);
        Assert.InRange(search.Walk(graph, 100, default(EverySlot)).Found, 3, 102);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(40)]
    public void A_filter_is_asked_within_the_walk(int share)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 4000, 32);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        var filter = new CodeScene.OneIn(share);

        var recall = 0.0;
        for (var i = 0; i < 50; i++)
        {
            var query = VectorShapes.Near(random, rows[i * 3], 0.2f);
            Assert.All(GraphScene.Slots(graph, query, K, 64, filter), slot => Assert.Equal(0, slot % share));
            recall += GraphScene.Recall(graph, rows, query, K, 64, filter) / 50;
        }

        Assert.True(recall >= 0.95, $"seed {Seed}: one in {share}: recall {recall}");
    }

    [Fact]
    public void A_filter_that_is_asked_at_the_end_leaves_what_it_accepts_of_what_the_walk_found()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 4000, 32);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        var search = new CodeSearch();
        // Deleted slots take no places: the walk does not keep them.
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 50; i++)
            {
                var query = VectorShapes.Near(random, rows[i * 3], 0.2f);
                var walked = GraphScene.Slots(graph, query, 1000, 64, default(EverySlot));
                search.Begin(codes, query, Norm.InverseOf(query), 1000, null);
                var outcome = search.WalkThenFilter(graph, 64, new CodeScene.OneIn(2));
                int[] expected = [.. walked.Where(slot => slot % 2 == 0)];
                Assert.Equal(expected.Order(), search.Results().ToArray().Select(candidate => candidate.Slot).Order());
                Assert.Equal(expected.Length, outcome.Found);
                Assert.All(expected, slot => Assert.True(round == 0 || slot % 10 != 4));
            }

            for (var slot = 4; slot < rows.Length; slot += 10)
                graph.Delete(slot);
        }
    }

    [Fact]
    public void A_walk_says_when_it_found_fewer_than_were_wanted()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 3000, 16);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(2500);
        var search = new CodeSearch();

        search.Begin(codes, rows[0], Norm.InverseOf(rows[0]), K, null);
        Assert.Equal(new WalkOutcome(0, 2500), search.Walk(graph, 50, new Only(2600)));
        search.Begin(codes, rows[0], Norm.InverseOf(rows[0]), K, null);
        Assert.InRange(search.Walk(graph, 50, new Only(1234)).Found, 0, 1);
        search.Begin(codes, rows[0], Norm.InverseOf(rows[0]), K, null);
        Assert.InRange(search.Walk(graph, 50, default(EverySlot)).Found, K, 50);
    }

    [Fact]
    public void A_walk_that_has_an_end_finds_nothing_behind_it()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("duplicates", random, 3000, 16);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(3000);
        var search = new CodeSearch();
        for (var way = 0; way < 3; way++)
        {
            search.Begin(codes, rows[2990], Norm.InverseOf(rows[2990]), K, null);
            var outcome = way switch
            {
                0 => search.Walk(graph, 100, default(EverySlot), 2500),
                1 => search.Walk(graph, 100, new Below(2500), 2500),
                _ => search.WalkThenFilter(graph, 100, new Below(2500), 2500),
            };
            Assert.Equal(2500, outcome.Covered);
            Assert.True(outcome.Found > 0);
            Assert.All(search.Results().ToArray(), candidate => Assert.InRange(candidate.Slot, 0, 2499));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_insertion_that_is_cancelled_can_go_on(int threads)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 500, 8);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(100);
        graph.Insert(500, threads, new CancellationToken(canceled: true));
        Assert.Equal(100, graph.Count);
        graph.Insert(500, threads);

        Assert.Equal(500, graph.Count);
        GraphScene.AssertFindsEach(graph, rows, Enumerable.Range(0, 500), threads);
    }

    [Fact]
    public async Task A_first_build_that_is_cancelled_ends_soon_and_what_there_is_can_be_stored()
    {
        const int slots = 100_000;
        using var codes = CodeScene.Fill(VectorShapes.Make("random", new Random(Seed), slots, 8));
        // One that is over before this thread has its turn says nothing: then another.
        var graph = await BuildAndCancelAsync();
        for (var attempt = 1; graph.Count == slots && attempt < 5; attempt++)
        {
            graph.Dispose();
            graph = await BuildAndCancelAsync();
        }

        using var _ = graph;
        Assert.InRange(graph.Count, 1001, slots - 1);
        using var read = GraphFormat.Read(new MemoryStream(Whole(graph)));
        using var readCodes = read.Codes;
        Assert.Equal(graph.Count, read.Count);

        // It takes a repair, and goes on.
        graph.Delete(3);
        graph.Repair();
        using var repaired = GraphFormat.Read(new MemoryStream(Whole(graph)));
        using var repairedCodes = repaired.Codes;
        Assert.InRange(graph.Entry().Slot, 0, graph.Count - 1);
        Assert.Equal(0, graph.CountUnreachable());
        graph.Insert(graph.Count + 1000);
        Assert.Equal(0, graph.CountUnreachable());

        async Task<Graph> BuildAndCancelAsync()
        {
            var graph = new Graph(codes);
            using var cancel = new CancellationTokenSource();
            var build = Task.Factory.StartNew(
                () => graph.Insert(slots, 2, cancel.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            var isBegun = SpinWait.SpinUntil(() => graph.Count > 1000 || build.IsCompleted, TimeSpan.FromMinutes(5));
            await cancel.CancelAsync();
            await build;
            Assert.True(isBegun);
            return graph;
        }
    }

    [Fact]
    public void What_a_build_that_was_cut_short_left_without_a_way_to_it_gets_one_when_it_goes_on()
    {
        const int slots = 3000;
        using var codes = CodeScene.Fill(VectorShapes.Make("clustered", new Random(Seed), slots, 8));
        using var graph = new Graph(codes, m: 3, effort: 3);
        GraphScene.Grow(graph, slots - 1);
        var unreachable = graph.CountUnreachable();
        Assert.InRange(unreachable, 40, slots);
        using var read = GraphFormat.Read(new MemoryStream(Whole(graph)));
        using var readCodes = read.Codes;
        read.Insert(slots);
        // With so few neighbours a new link costs others their last one, time and again.
        Assert.InRange(read.CountUnreachable(), 0, unreachable / 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_build_that_finds_slots_taken_in_by_one_that_failed_leaves_them_as_they_are(int threads)
    {
        var rows = VectorShapes.Make("duplicates", new Random(Seed), 2000, 16);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(1900);
        var before = Whole(graph);
        // Of those before the slots of which the first build told nobody.
        new GraphBuild(graph, 700, 1900, threads).Run(CancellationToken.None);
        Assert.Equal(before, Whole(graph));

        graph.Insert(2000);
        Assert.False(graph.IsHalfBuilt);
        using var read = GraphFormat.Read(new MemoryStream(Whole(graph)));
        using var readCodes = read.Codes;
        Assert.Equal(2000, read.Count);
    }

    [Fact]
    public void A_twin_that_is_added_twice_is_there_once()
    {
        using var links = new GraphLinks(4);
        links.Reserve(10);
        foreach (var slot in new[] { 5, 5, 3, 7, 5, 3, 7 })
            links.AddTwin(0, slot);

        var twins = new List<int>();
        for (var twin = links.Twin(0); twin != GraphLinks.None && twins.Count < 10; twin = links.Twin(twin))
            twins.Add(twin);
        Assert.Equal([7, 5, 3], twins);
    }

    [Fact]
    public void What_is_not_there_is_refused()
    {
        using var codes = CodeScene.Fill([[1f, 0f]]);
        using var others = CodeScene.Fill([[1f, 0f]]);
        using var graph = new Graph(codes);
        var search = new CodeSearch();
        search.Begin(others, [1f, 0f], 1, K, null);

        Assert.Throws<ArgumentOutOfRangeException>(() => graph.Insert(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => graph.Insert(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => graph.Delete(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => graph.Delete(-1));
        Assert.Throws<ArgumentException>(() => search.Walk(graph, 10, default(EverySlot)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Graph(codes, m: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Graph(codes, m: 49));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Graph(codes, effort: 0));
    }

    [Fact]
    public void The_graph_keeps_its_codes_and_nothing_is_read_after_the_end()
    {
        var codes = CodeScene.Fill([[1f, 0f], [0f, 1f]]);
        var graph = new Graph(codes);
        graph.Insert(2);
        var search = new CodeSearch();
        search.Begin(codes, [1f, 0f], 1, K, null);
        codes.Dispose();
        Assert.Equal(2, search.Walk(graph, 10, default(EverySlot)).Found);
        graph.Dispose();
        graph.Dispose();

        Assert.Throws<ObjectDisposedException>(() => search.Walk(graph, 10, default(EverySlot)));
        Assert.Throws<ObjectDisposedException>(() => graph.Insert(2));
        Assert.Throws<ObjectDisposedException>(() => graph.Delete(0));
        Assert.Throws<ObjectDisposedException>(() => graph.Repair());
    }

    [Fact]
    public void The_greatest_effort_finds_every_slot()
    {
        var rows = VectorShapes.Make("random", new Random(Seed), 300, 8);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);

        Assert.Equal(Enumerable.Range(0, 300), GraphScene.Slots(graph, rows[0], 300, int.MaxValue, default(EverySlot)).Order());
    }

    [Fact]
    public void A_walk_with_grown_scratch_allocates_nothing()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 1000, 16);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        var inverseNorm = Norm.InverseOf(rows[0]);
        var search = new CodeSearch();
        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            search.Begin(codes, rows[0], inverseNorm, 10, null);
            search.Walk(graph, 50, default(EverySlot));
            search.Walk(graph, 50, new CodeScene.OneIn(3));
            Assert.False(search.Results().IsEmpty);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated();

        Assert.Equal(0, Allocated());
    }

    private static byte[] Whole(Graph graph)
    {
        using var stream = new MemoryStream();
        GraphFormat.Write(graph, stream);
        return stream.ToArray();
    }

    // May not be asked of others.
    private readonly struct Below(int end) : ISlotFilter
    {
        public bool Accepts(int slot)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, end);
            return true;
        }
    }

    private readonly struct Only(int one) : ISlotFilter
    {
        public bool Accepts(int slot) => slot == one;
    }
}
