using Xunit;

namespace ElizaEngine.Local.Tests.State;

public sealed class RowTableTests
{
    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 3_000)]
    [InlineData(3, 100_000)]
    public void It_holds_what_a_dictionary_holds_after_any_history(int seed, int ids)
    {
        var random = new Random(seed);
        var (table, model) = (new RowTable(), new Dictionary<Id, Row>());
        var places = new Dictionary<Id, int>();
        for (var step = 0; step < 60_000; step++)
        {
            // Ids that differ in their last bits, or in their first, and neighbours of each other.
            var number = (ulong)random.Next(ids);
            var id = random.Next(2) == 0 ? new Id(7, number) : new Id(number << 48, 0);
            // Where it was when it was asked for last, which may be the place of another since, or of nobody.
            var place = places.GetValueOrDefault(id);
            Assert.Same(model.GetValueOrDefault(id), table.Find(id, ref place));
            places[id] = place;
            if (random.Next(3) == 0)
            {
                Assert.Equal(model.Remove(id), table.Remove(id));
                continue;
            }
            var row = new DimensionRow { Id = id, Dimension = step + 1 };
            table.Put(row);
            model[id] = row;
            Assert.Same(row, table.Find(id));
        }
        Assert.Equal(model.Count, table.Count);
        Assert.All(model, entry => Assert.Same(entry.Value, table.Find(entry.Key)));
        Assert.Equal(model.Values.Select(row => row.Id).Order(), table.ToArray<DimensionRow>().Select(row => row.Id).Order());
        Assert.Equal(model.Values.Select(row => row.Id).Order(), table.Entries().Select(RowTable.IdOf).Order());
        Assert.Null(table.Find(new Id(8, 8)));
    }

    [Fact]
    public void Rows_that_come_and_go_for_ever_take_no_more_room()
    {
        var table = new RowTable();
        for (var number = 0ul; number < 400_000; number++)
        {
            table.Put(new DimensionRow { Id = new Id(number, number), Dimension = 1 });
            if (number >= 500) Assert.True(table.Remove(new Id(number - 500, number - 500)));
        }
        Assert.Equal(500, table.Count);
        Assert.InRange(table.Slots, 500, 4_096);
    }

    [Fact]
    public async Task Readers_find_what_nobody_removes_while_it_grows_and_others_come_and_go()
    {
        const ulong kept = 2_000;
        const ulong others = 60_000;
        var table = new RowTable();
        for (var number = 0ul; number < kept; number++) table.Put(Numbered(number));
        var isOver = false;
        var places = new int[kept];
        var readers = Enumerable.Range(0, 3).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            // At least once.
            do
            {
                for (var i = 0; i < 500; i++)
                {
                    var number = (ulong)random.NextInt64((long)kept);
                    Assert.True(table.Find(IdOf(number)) is DimensionRow row && row.Id == IdOf(number));
                    Assert.True(table.Find(IdOf(number), ref places[number]) is DimensionRow same && same.Id == IdOf(number));
                }
                Assert.Equal((int)kept, table.Entries().Count(entry => RowTable.IdOf(entry).High < kept));
            }
            while (!Volatile.Read(ref isOver));
        })).ToArray();
        for (var number = kept; number < others; number++)
        {
            table.Put(Numbered(number));
            if (number % 2 == 0) table.Put(Numbered(number % kept));
            if (number % 3 == 0) table.Remove(IdOf(number));
        }
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(readers);
        Assert.Equal((int)(others - ((others - kept) / 3)), table.Count, 2.0);

        static Id IdOf(ulong number) => new(number, number * 31);

        static DimensionRow Numbered(ulong number) => new() { Id = IdOf(number), Dimension = 1 };
    }
}
