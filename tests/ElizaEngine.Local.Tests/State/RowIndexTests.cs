using Xunit;
using Items = ElizaEngine.Local.RowIndex<long, ElizaEngine.Local.Tests.State.Item, ElizaEngine.Local.Tests.State.ByKey>;

namespace ElizaEngine.Local.Tests.State;

/// <summary>The index against a sorted dictionary, on long random histories; a failing case names its seed.</summary>
public sealed class RowIndexTests
{
    private const int Versions = 16;

    public enum Insertion
    {
        Random,
        Ascending,
        Descending,
    }

    [Theory]
    [InlineData(1, 30, Insertion.Random)]
    [InlineData(2, 300, Insertion.Random)]
    [InlineData(3, 5_000, Insertion.Random)]
    [InlineData(4, int.MaxValue, Insertion.Random)]
    [InlineData(5, 3_000, Insertion.Ascending)]
    [InlineData(6, int.MaxValue, Insertion.Ascending)]
    [InlineData(7, 3_000, Insertion.Descending)]
    [InlineData(8, int.MaxValue, Insertion.Descending)]
    public void Every_version_of_a_history_reads_as_a_sorted_dictionary_did(int seed, int keys, Insertion insertion)
    {
        var random = new Random(seed);
        var model = new SortedDictionary<long, Item>();
        var index = default(Items);
        var kept = new List<(Items Index, Item[] Rows)>();
        long owner = 1;
        for (var step = 0; step < 20_000; step++)
        {
            // It grows, shrinks nearly to nothing, and grows again.
            var isGrowing = step / 2_500 % 2 == 0;
            if (random.Next(10) < (isGrowing ? 8 : 2)) index = Put(index, model, NextKey(random, keys, insertion, step), step, owner);
            else index = Remove(index, model, random, keys, owner);
            Assert.Equal(model.Count, index.Count);

            // What has been shown is never edited again: its owner is over.
            if (random.Next(12) == 0)
            {
                if (kept.Count < Versions) kept.Add((index, [.. model.Values]));
                else kept[random.Next(Versions)] = (index, [.. model.Values]);
                owner++;
            }
            if (step % 500 != 0) continue;
            AssertReads(index, [.. model.Values], random);
            foreach (var (old, rows) in kept) AssertReads(old, rows, random);
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Two_owners_that_go_on_from_the_same_version_do_not_see_each_other(int seed)
    {
        var random = new Random(seed);
        var model = new SortedDictionary<long, Item>();
        var index = default(Items);
        for (var i = 0; i < 2_000; i++) index = Put(index, model, random.Next(4_000), i, owner: 1);
        for (var round = 0; round < 60; round++)
        {
            Item[] before = [.. model.Values];
            var (left, leftModel) = (index, new SortedDictionary<long, Item>(model));
            var (right, rightModel) = (index, new SortedDictionary<long, Item>(model));
            for (var i = 0; i < 100; i++)
            {
                left = Change(left, leftModel, owner: 1_000 + round);
                right = Change(right, rightModel, owner: -1_000 - round);
            }
            AssertReads(index, before, random);
            AssertReads(left, [.. leftModel.Values], random);
            AssertReads(right, [.. rightModel.Values], random);
            (index, model) = (left, leftModel);
        }

        Items Change(Items from, SortedDictionary<long, Item> to, long owner) =>
            random.Next(2) == 0 ? Put(from, to, random.Next(4_000), -1, owner) : Remove(from, to, random, 4_000, owner);
    }

    [Fact]
    public void A_row_of_the_same_key_takes_the_place_of_the_older_one()
    {
        var (first, second) = (new Item(7, 1), new Item(7, 2));
        var index = default(Items).Put(first, 1);
        var replaced = index.Put(second, 2);
        Assert.Same(first, index.Find(7));
        Assert.Same(second, replaced.Find(7));
        Assert.Equal(1, replaced.Count);
    }

    [Fact]
    public void An_index_whose_last_row_went_is_empty()
    {
        var index = Of(Enumerable.Range(0, 1_000).Select(key => (long)key));
        for (var key = 0; key < 1_000; key++) index = index.Remove(key, 2);
        Assert.Null(index.Root);
        Assert.Equal(0, index.Count);
        Assert.False(index.Ascend(long.MinValue).MoveNext());
    }

    [Fact]
    public void A_walk_while_rows_are_wanted_ends_before_the_first_that_is_not()
    {
        var index = Of(Enumerable.Range(0, 1_000).Select(key => (long)key));
        Assert.Equal(Enumerable.Range(100, 200), index.AscendWhile(100, row => row.Key % 500 < 300).Select(row => (int)row.Key));
        Assert.Empty(index.AscendWhile(300, row => row.Key % 500 < 300));
        Assert.Empty(default(Items).AscendWhile(100, _ => true));
    }

    [Fact]
    public void Removing_what_is_not_there_gives_the_same_index()
    {
        var index = Of([1, 2, 3]);
        Assert.Same(index.Root, index.Remove(4, 2).Root);
        Assert.Null(default(Items).Remove(4, 2).Root);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(129)]
    [InlineData(5_000)]
    public void Walks_begin_before_at_between_and_after_the_keys(int count)
    {
        // Even keys from 0; the odd ones lie between.
        var index = Of(Enumerable.Range(0, count).Select(key => key * 2L));
        AssertWalks(index, [.. Enumerable.Range(0, count).Select(key => key * 2L)]);
    }

    [Fact]
    public void Walks_begin_right_where_whole_leaves_have_gone()
    {
        var keys = Enumerable.Range(0, 6_000).Select(key => key * 2L).ToList();
        var index = Of(keys);
        foreach (var key in keys.Where(key => key % 1_000 < 700).ToList())
        {
            index = index.Remove(key, 2);
            keys.Remove(key);
        }
        AssertWalks(index, [.. keys]);
    }

    [Fact]
    public void A_walk_that_is_over_stays_over()
    {
        var walk = Of([1, 2]).Ascend(2);
        Assert.True(walk.MoveNext());
        Assert.False(walk.MoveNext());
        Assert.False(walk.MoveNext());
        var empty = default(Items).Descend(0);
        Assert.False(empty.MoveNext());
        Assert.False(empty.MoveNext());
    }

    [Fact]
    public void A_copy_of_a_cursor_goes_on_from_the_same_row_by_itself()
    {
        var index = Of(Enumerable.Range(0, 3_000).Select(key => (long)key));
        var walk = index.Ascend(100);
        for (var key = 100; key < 500; key++) Assert.True(walk.MoveNext() && walk.Current.Key == key);
        var copy = walk;
        for (var key = 500; key < 2_000; key++) Assert.True(walk.MoveNext() && walk.Current.Key == key);
        for (var key = 500; key < 3_000; key++) Assert.True(copy.MoveNext() && copy.Current.Key == key);
        Assert.False(copy.MoveNext());
        Assert.True(walk.MoveNext() && walk.Current.Key == 2_000);
    }

    [Fact]
    public void Ascending_keys_fill_their_leaves()
    {
        var index = Of(Enumerable.Range(0, 100_000).Select(key => (long)key));
        Assert.InRange(IndexCheck.AssertInvariants(index), 1, (100_000 / 32 * 11 / 10) + 2);
    }

    public enum Deletion
    {
        OldestFirst,
        NewestFirst,
        AtRandom,
        AllButOnePerLeafFromTheFront,
        AllButOnePerLeafFromTheBack,
    }

    // The story of the last case: a thin leaf used to look at its left neighbour only. Rows deleted from the back left one row in
    // each leaf, because at that time each left neighbour was still full: 64 times the memory of the rows.
    [Theory]
    [InlineData(Deletion.OldestFirst)]
    [InlineData(Deletion.NewestFirst)]
    [InlineData(Deletion.AtRandom)]
    [InlineData(Deletion.AllButOnePerLeafFromTheFront)]
    [InlineData(Deletion.AllButOnePerLeafFromTheBack)]
    public void Mass_deletion_gives_the_memory_back(Deletion deletion)
    {
        const int count = 128_000;
        var index = Of(Enumerable.Range(0, count).Select(key => (long)key));
        var random = new Random(31);
        var doomed = Enumerable.Range(0, count).Where(key => deletion switch
        {
            Deletion.OldestFirst => key < count * 63 / 64,
            Deletion.NewestFirst => key >= count / 64,
            Deletion.AtRandom => random.Next(64) != 0,
            _ => key % 64 != 0,
        }).ToArray();
        if (deletion is Deletion.NewestFirst or Deletion.AllButOnePerLeafFromTheBack) Array.Reverse(doomed);
        if (deletion is Deletion.AtRandom) random.Shuffle(doomed);
        foreach (var key in doomed) index = index.Remove(key, 2);

        var nodes = IndexCheck.AssertInvariants(index);
        Assert.InRange(nodes, 1, (index.Count / 8) + 8);
    }

    [Fact]
    public async Task Readers_of_published_versions_see_them_whole_while_the_writer_goes_on()
    {
        const int publications = 4_000;
        var published = new Version(default, 0);
        var isOver = false;
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(Read)).ToArray();
        Write();
        Volatile.Write(ref isOver, true);
        var reads = await Task.WhenAll(readers);
        Assert.All(reads, count => Assert.True(count > 0));

        void Write()
        {
            var random = new Random(41);
            var model = new SortedDictionary<long, Item>();
            var index = default(Items);
            for (var owner = 1; owner <= publications; owner++)
            {
                for (var i = 0; i < 8; i++)
                    index = random.Next(5) < 3 ? Put(index, model, random.Next(1_500), owner, owner) : Remove(index, model, random, 1_500, owner);
                Volatile.Write(ref published, new Version(index, model.Keys.Sum()));
            }
        }

        int Read()
        {
            var reads = 0;
            do
            {
                var version = Volatile.Read(ref published);
                var (count, sum, last) = (0, 0L, long.MinValue);
                foreach (var row in version.Index.Ascend(long.MinValue))
                {
                    Assert.True(row.Key > last, "rows are out of order");
                    last = row.Key;
                    sum += last;
                    count++;
                }
                Assert.Equal((version.Index.Count, version.Sum), (count, sum));
                reads++;
            }
            while (!Volatile.Read(ref isOver));
            return reads;
        }
    }

    private sealed record Version(Items Index, long Sum);

    private static Items Of(IEnumerable<long> keys)
    {
        var index = default(Items);
        foreach (var key in keys) index = index.Put(new Item(key, 0), 1);
        return index;
    }

    private static long NextKey(Random random, int keys, Insertion insertion, int step) => insertion switch
    {
        Insertion.Ascending => step % keys,
        Insertion.Descending => keys - (step % keys),
        _ => random.Next(keys),
    };

    private static Items Put(Items index, SortedDictionary<long, Item> model, long key, int version, long owner)
    {
        var row = new Item(key, version);
        model[key] = row;
        return index.Put(row, owner);
    }

    private static Items Remove(Items index, SortedDictionary<long, Item> model, Random random, int keys, long owner)
    {
        // Mostly a key that is there: the first, or the next one from a random place.
        long? key = random.Next(4) switch
        {
            0 => random.Next(keys),
            1 => model.Count > 0 ? model.Keys.First() : null,
            _ => Next(index, random.Next(keys)),
        };
        if (key is not { } wanted) return index;
        model.Remove(wanted);
        return index.Remove(wanted, owner);
    }

    private static long? Next(Items index, long from)
    {
        var walk = index.Ascend(from);
        return walk.MoveNext() ? walk.Current.Key : null;
    }

    private static void AssertReads(Items index, Item[] rows, Random random)
    {
        IndexCheck.AssertInvariants(index);
        var found = new List<Item>(rows.Length);
        foreach (var row in index.Ascend(long.MinValue)) found.Add(row);
        Assert.True(rows.AsSpan().SequenceEqual(found.ToArray()), "ascending");
        found.Clear();
        foreach (var row in index.Descend(long.MaxValue)) found.Add(row);
        found.Reverse();
        Assert.True(rows.AsSpan().SequenceEqual(found.ToArray()), "descending");
        for (var i = 0; i < Math.Min(rows.Length, 20); i++)
        {
            var place = random.Next(rows.Length);
            Assert.Same(rows[place], index.Find(rows[place].Key));
            var isTaken = place + 1 < rows.Length && rows[place + 1].Key == rows[place].Key + 1;
            if (!isTaken) Assert.Null(index.Find(rows[place].Key + 1));
        }
    }

    private static void AssertWalks(Items index, long[] keys)
    {
        IndexCheck.AssertInvariants(index);
        var last = keys.Length > 0 ? keys[^1] : 0;
        for (var from = -2L; from <= last + 2; from++)
        {
            var place = Array.BinarySearch(keys, from);
            var atOrAfter = place >= 0 ? place : ~place;
            var atOrBefore = place >= 0 ? place : ~place - 1;
            AssertWalk(index.Ascend(from), keys.Skip(atOrAfter).Take(3));
            AssertWalk(index.Descend(from), keys.Take(atOrBefore + 1).Reverse().Take(3));
        }
    }

    private static void AssertWalk(Items.Cursor walk, IEnumerable<long> expected)
    {
        var found = new List<long>();
        while (found.Count < 3 && walk.MoveNext()) found.Add(walk.Current.Key);
        Assert.Equal(expected, found);
    }
}
