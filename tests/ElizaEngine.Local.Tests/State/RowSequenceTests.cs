using Xunit;
using Items = ElizaEngine.Local.RowIndex<long, ElizaEngine.Local.Tests.State.Item, ElizaEngine.Local.Tests.State.ByKey>;

namespace ElizaEngine.Local.Tests.State;

/// <summary>An index of rows that are made when somebody asks for them: it reads, and changes, as any other, and asks for few.</summary>
public sealed class RowSequenceTests
{
    private const int Leaf = 32;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Leaf)]
    [InlineData(Leaf + 1)]
    [InlineData(16 * Leaf)]
    [InlineData((16 * Leaf) + 1)]
    [InlineData((17 * Leaf) + 1)]
    [InlineData(256 * Leaf)]
    [InlineData((256 * Leaf) + 1)]
    [InlineData((257 * Leaf) + 1)]
    [InlineData(5_000)]
    [InlineData((4_096 * Leaf) + 1)]
    public void It_has_the_rows_in_their_order_and_every_invariant_holds(int count)
    {
        var rows = new Sequence(count);
        var index = Items.Of(rows);
        Assert.Equal(0, rows.Made);
        Assert.Equal(count, index.Count);
        IndexCheck.AssertInvariants(index);
        Assert.Equal(rows.All, Ascending(index));
        Assert.Equal(count, rows.Made);
        Assert.Null(index.Find(-1));
        Assert.Null(index.Find(count));
    }

    [Fact]
    public void Who_asks_for_one_row_has_few_others_made()
    {
        var rows = new Sequence(100_000);
        var index = Items.Of(rows);
        Assert.Equal(70_001, index.Find(70_001)!.Key);
        // A leaf, and the first row under each node beside its way.
        Assert.InRange(rows.Made, Leaf, Leaf + (4 * 16));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_walk_that_wants_no_rows_has_those_of_its_first_leaf_made_and_says_where_the_others_are(bool isAscending)
    {
        const int count = 3_000;
        const int from = 1_500;
        var rows = new Sequence(count);
        var index = Items.Of(rows);
        var keys = new List<long>();
        var walk = isAscending ? index.Ascend(from) : index.Descend(from);
        while (walk.MoveNext(out var source, out var place)) keys.Add(source is null ? walk.Current.Key : place);
        Assert.Equal(isAscending ? Enumerable.Range(from, count - from) : Enumerable.Range(0, from + 1).Reverse(), keys.Select(key => (int)key));
        Assert.InRange(rows.Made, Leaf, count / 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void It_is_changed_as_any_other_and_older_versions_stay_what_they_were(int seed)
    {
        var random = new Random(seed);
        var rows = new Sequence(20_000);
        var first = Items.Of(rows);
        var model = new SortedDictionary<long, Item>();
        foreach (var row in rows.All) model.Add(row.Key, row);
        var index = first;
        for (var step = 0; step < 4_000; step++)
        {
            // Around the end, and anywhere.
            var key = random.Next(2) == 0 ? 19_900 + random.Next(1_000) : random.Next(20_000);
            if (random.Next(3) == 0)
            {
                index = index.Remove(key, 1 + (step / 10));
                model.Remove(key);
                continue;
            }
            var row = new Item(key, step);
            index = index.Put(row, 1 + (step / 10));
            model[key] = row;
        }
        IndexCheck.AssertInvariants(index);
        Assert.Equal(model.Values, Ascending(index));
        Assert.Equal(rows.All, Ascending(first));
    }

    [Fact]
    public async Task Threads_that_ask_at_the_same_time_find_the_same_rows()
    {
        for (var round = 0; round < 20; round++)
        {
            var rows = new Sequence(10_000);
            var index = Items.Of(rows);
            var found = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Ascending(index))));
            Assert.All(found, each => Assert.Equal(rows.All, each));
            IndexCheck.AssertInvariants(index);
        }
    }

    private static List<Item> Ascending(Items index)
    {
        var found = new List<Item>();
        foreach (var row in index.Ascend(long.MinValue)) found.Add(row);
        return found;
    }

    /// <summary>Rows whose keys are their places, each the same object every time.</summary>
    private sealed class Sequence(int count) : IRowSequence<Item>
    {
        private readonly Item?[] _rows = new Item?[count];

        public int Count => count;

        public int Made => _rows.Count(static row => row is not null);

        public IEnumerable<Item> All => Enumerable.Range(0, count).Select(place => this[place]);

        public Item this[int place] => Volatile.Read(ref _rows[place]) ?? Interlocked.CompareExchange(ref _rows[place], new Item(place, 0), null) ?? _rows[place]!;
    }
}
