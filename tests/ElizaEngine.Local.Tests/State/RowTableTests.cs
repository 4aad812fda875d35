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
        for (var step = 0; step < 60_000; step++)
        {
            // Ids that differ in their last bits, or in their first, and neighbours of each other.
            var number = (ulong)random.Next(ids);
            var id = random.Next(2) == 0 ? new Id(7, number) : new Id(number << 48, 0);
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
        Assert.Null(table.Find(new Id(8, 8)));
    }
}
