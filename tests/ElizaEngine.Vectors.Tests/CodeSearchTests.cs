using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>A scan by code rules rows out only by proof, so ranking what is left gives the exact answer.</summary>
public class CodeSearchTests
{
    private const int Seed = 20263;

    public static TheoryData<string, int> Sets
    {
        get
        {
            var sets = new TheoryData<string, int>();
            foreach (var name in VectorShapes.Names)
            {
                foreach (var dimension in new[] { 1, 2, 3, 64, 100, 384 })
                    sets.Add(name, dimension);
            }

            sets.Add("random", 4000);
            sets.Add("sparse", 4000);
            return sets;
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void What_a_scan_leaves_contains_the_exact_answer(string name, int dimension)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make(name, random, dimension > 1000 ? 100 : 500, dimension);
        using var codes = CodeScene.Fill(rows);
        foreach (var query in new[] { rows[3], rows[^1], TestVectors.Random(random, dimension), VectorShapes.Near(random, rows[5], 0.05f) })
        {
            foreach (var count in new[] { 0, 1, 10, 400, int.MaxValue })
            {
                foreach (var threshold in new float?[] { null, 0f, 0.7f, 1f, -1f })
                {
                    var expected = CodeScene.Rank(Enumerable.Range(0, rows.Length), rows, query, count, threshold);
                    var actual = CodeScene.Rank(CodeScene.Scan(codes, query, count, threshold), rows, query, count, threshold);
                    Assert.True(expected.SequenceEqual(actual), $"seed {Seed}, {name}, {dimension}, count {count}, threshold {threshold}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void The_exact_similarity_is_within_the_error_of_the_score(string name, int dimension)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make(name, random, 100, dimension);
        using var codes = CodeScene.Fill(rows);
        foreach (var query in new[] { rows[3], TestVectors.Random(random, dimension) })
        {
            foreach (var candidate in CodeScene.Scan(codes, query, int.MaxValue, null))
            {
                var exact = TestVectors.Similarity(query, rows[candidate.Slot]);
                Assert.True(exact >= candidate.Lower && exact <= candidate.Upper, $"seed {Seed}: {exact:R} is not within {candidate}");
            }
        }
    }

    [Fact]
    public void The_error_is_small_enough_to_leave_few()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 3000, 384);
        using var codes = CodeScene.Fill(rows);
        var query = VectorShapes.Near(random, rows[0], 0.2f);

        var found = CodeScene.Scan(codes, query, 10, null);

        Assert.InRange(found.Length, 10, 60);
        Assert.All(found, x => Assert.InRange(x.Error, 0f, 0.02f));
        Assert.Equal(found.OrderByDescending(x => x.Upper), found);
    }

    [Fact]
    public void A_filter_and_a_list_leave_the_same()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 2000, 100);
        using var codes = CodeScene.Fill(rows);
        var query = TestVectors.Random(random, 100);
        int[] slots = [.. Enumerable.Range(0, rows.Length).Where(slot => slot % 7 == 0)];
        var bits = new ulong[(rows.Length + 63) / 64];
        foreach (var slot in slots)
            bits[slot / 64] |= 1UL << (slot % 64);
        var search = new CodeSearch();

        var filtered = CodeScene.Scan(codes, query, 10, null, new CodeScene.OneIn(7));
        search.Begin(codes, query, Norm.InverseOf(query), 10, null);
        search.Scan(slots);
        var listed = search.Results().ToArray();
        search.Begin(codes, query, Norm.InverseOf(query), 10, null);
        search.Scan(0, codes.Count, new SlotBits(bits));
        var marked = search.Results().ToArray();

        Assert.Equal(filtered, listed);
        Assert.Equal(filtered, marked);
        Assert.Equal(CodeScene.Rank(slots, rows, query, 10, null), CodeScene.Rank(filtered, rows, query, 10, null));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_filter_that_is_asked_last_leaves_the_same(string name, int dimension)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make(name, random, dimension > 1000 ? 100 : 700, dimension);
        using var codes = CodeScene.Fill(rows);
        var search = new CodeSearch();
        foreach (var query in new[] { rows[3], rows[^1], TestVectors.Random(random, dimension) })
        {
            foreach (var share in new[] { 1, 2, 10, 1000 })
            {
                foreach (var count in new[] { 0, 1, 10, 200, 1000, int.MaxValue })
                {
                    foreach (var threshold in new float?[] { null, 0.7f, -1f })
                    {
                        var expected = CodeScene.Scan(codes, query, count, threshold, new CodeScene.OneIn(share));
                        search.Begin(codes, query, Norm.InverseOf(query), count, threshold);
                        search.ScanThenFilter(0, codes.Count / 3, new CodeScene.OneIn(share));
                        search.ScanThenFilter(codes.Count / 3, codes.Count, new CodeScene.OneIn(share));
                        Assert.True(
                            expected.AsSpan().SequenceEqual(search.Results()),
                            $"seed {Seed}, {name}, {dimension}, one in {share}, count {count}, threshold {threshold}");
                    }
                }
            }
        }
    }

    [Fact]
    public void A_filter_that_is_asked_last_is_asked_only_of_those_that_could_be_found()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 2000, 100);
        using var codes = CodeScene.Fill(rows);
        var search = new CodeSearch();
        var other = TestVectors.Random(random, 100);
        foreach (var (query, threshold, askedMax) in new (float[], float?, int)[] { (rows[13], 0.9f, 10), (rows[14], null, 1000), (other, null, 1000) })
        {
            var asked = 0;
            search.Begin(codes, query, Norm.InverseOf(query), 10, threshold);
            search.ScanThenFilter(0, codes.Count, new CountingOdd(ref asked));
            var expected = CodeScene.Rank(Enumerable.Range(0, rows.Length).Where(slot => slot % 2 != 0), rows, query, 10, threshold);
            Assert.Equal(expected, CodeScene.Rank(search.Results().ToArray(), rows, query, 10, threshold));
            Assert.InRange(asked, threshold is null ? 10 : 1, askedMax);
        }
    }

    [Fact]
    public void What_was_compared_is_counted()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 2000, 100);
        using var codes = CodeScene.Fill(rows);
        using var graph = new Graph(codes);
        graph.Insert(codes.Count);
        var query = TestVectors.Random(random, 100);
        var search = new CodeSearch();
        search.Begin(codes, query, Norm.InverseOf(query), 10, null);
        Assert.Equal(0, search.Compared);

        Assert.Equal(1000, Compared(() => search.Scan(0, 1000, default(EverySlot))));
        Assert.Equal(100, Compared(() => search.Scan(0, 1000, new CodeScene.OneIn(10))));
        Assert.Equal(1000, Compared(() => search.ScanThenFilter(1000, 2000, new CodeScene.OneIn(10))));
        Assert.Equal(3, Compared(() => search.Scan([5, 7, 9])));
        // A walk that keeps all has seen all, and those above the base level on its way down, too.
        Assert.InRange(Compared(() => search.Walk(graph, 2000, default(EverySlot))), 2000, 2200);
        // One that keeps 20 looks at the neighbours of 20 and more.
        Assert.InRange(Compared(() => search.Walk(graph, 20, default(EverySlot))), 100, 1500);
        Assert.InRange(Compared(() => search.Walk(graph, 20, new CodeScene.OneIn(2))), 100, 1500);
        Assert.InRange(Compared(() => search.WalkThenFilter(graph, 20, new CodeScene.OneIn(2))), 100, 1500);

        long Compared(Action look)
        {
            var before = search.Compared;
            look();
            return search.Compared - before;
        }
    }

    [Fact]
    public void The_filter_of_a_list_is_asked_only_of_those_that_could_be_found()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 2000, 100);
        using var codes = CodeScene.Fill(rows);
        int[] slots = [.. Enumerable.Range(0, rows.Length)];
        var search = new CodeSearch();
        foreach (var (query, threshold) in new (float[], float?)[] { (rows[12], 0.9f), (rows[14], null), (TestVectors.Random(random, 100), null) })
        {
            var asked = 0;
            search.Begin(codes, query, Norm.InverseOf(query), 10, threshold);
            search.Scan(slots, new CountingOdd(ref asked));
            var expected = CodeScene.Rank(slots.Where(slot => slot % 2 != 0), rows, query, 10, threshold);
            Assert.Equal(expected, CodeScene.Rank(search.Results().ToArray(), rows, query, 10, threshold));
            Assert.InRange(asked, threshold is null ? 10 : 1, threshold is null ? 1000 : 10);
        }
    }

    private readonly ref struct CountingOdd(ref int asked) : ISlotFilter
    {
        private readonly ref int _asked = ref asked;

        public bool Accepts(int slot)
        {
            _asked++;
            return slot % 2 != 0;
        }
    }

    [Fact]
    public void Bits_behind_the_end_of_the_words_are_not_set()
    {
        Assert.True(new SlotBits([1UL << 63]).Accepts(63));
        Assert.False(new SlotBits([1UL << 63]).Accepts(62));
        Assert.False(new SlotBits([ulong.MaxValue]).Accepts(64));
        Assert.False(new SlotBits([]).Accepts(0));
    }

    [Fact]
    public void Several_scans_of_one_search_are_one_scan_of_all()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 1000, 64);
        using var codes = CodeScene.Fill(rows);
        var query = VectorShapes.Near(random, rows[0], 0.2f);
        var search = new CodeSearch();

        search.Begin(codes, query, Norm.InverseOf(query), 20, null);
        search.Scan(500, 1000, default(EverySlot));
        search.Scan([.. Enumerable.Range(200, 300)]);
        search.Scan(0, 200, default(EverySlot));

        Assert.Equal(
            CodeScene.Rank(Enumerable.Range(0, 1000), rows, query, 20, null),
            CodeScene.Rank(search.Results().ToArray(), rows, query, 20, null));
    }

    [Fact]
    public void More_rows_never_take_a_better_one_out_of_the_answer()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("clustered", random, 1500, 64);
        var query = VectorShapes.Near(random, rows[0], 0.2f);
        using var codes = new Codes(64);
        Match[] before = [];
        for (var i = 0; i < rows.Length; i++)
        {
            CodeScene.Append(codes, rows[i]);
            if (i % 100 != 99)
                continue;
            var after = CodeScene.Rank(CodeScene.Scan(codes, query, 10, null), rows, query, 10, null);
            Assert.All(before, match => Assert.True(after.Contains(match) || after[^1].Similarity >= match.Similarity, $"seed {Seed}, {i} rows, {match}"));
            before = after;
        }
    }

    [Fact]
    public void Slots_that_are_not_there_and_queries_of_another_dimension_are_refused()
    {
        using var codes = CodeScene.Fill([[1f, 0f], [0f, 1f]]);
        var search = new CodeSearch();

        Assert.Throws<InvalidOperationException>(() => search.Scan(0, 0, default(EverySlot)));
        Assert.Throws<ArgumentException>(() => search.Begin(codes, [1f, 0f, 0f], 1, 10, null));
        Assert.Throws<ArgumentException>(() => search.Begin(codes, [0f, 0f], 1, 10, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => search.Begin(codes, [1f, 0f], 1, -1, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => search.Begin(codes, [1f, 0f], 1, 1, float.NaN));
        search.Begin(codes, [1f, 0f], 1, 10, null);
        Assert.Throws<ArgumentOutOfRangeException>(() => search.Scan(0, 3, default(EverySlot)));
        Assert.Throws<ArgumentOutOfRangeException>(() => search.Scan(-1, 2, default(EverySlot)));
        Assert.Throws<ArgumentOutOfRangeException>(() => search.Scan([0, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => search.Scan([-1]));
    }

    [Fact]
    public void A_search_with_grown_scratch_allocates_nothing()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 1000, 64);
        using var codes = CodeScene.Fill(rows);
        var inverseNorm = Norm.InverseOf(rows[0]);
        var search = new CodeSearch();
        int[] some = [.. Enumerable.Range(500, 500)];
        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            search.Begin(codes, rows[0], inverseNorm, 100, 0f);
            search.Scan(0, 500, default(EverySlot));
            search.Scan(some);
            Assert.False(search.Results().IsEmpty);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated();

        Assert.Equal(0, Allocated());
    }
}
