using Xunit;

namespace ElizaEngine.Local.Tests.State;

/// <summary>Rows collected at opening give the same state as the same rows put one by one.</summary>
public sealed class LoadedRowsTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 10)]
    [InlineData(3, 1_000)]
    [InlineData(4, 20_000)]
    public void A_state_built_from_them_equals_one_that_grew(int seed, int steps)
    {
        var random = new Random(seed);
        var rows = new RandomRows(random);
        var (loaded, grown) = (new LoadedRows(), new DatabaseState().EditableBy(1));
        for (var step = 0; step < steps; step++)
        {
            var row = rows.Next();
            var old = grown.Find(row);
            Assert.Same(old, loaded.Find(row));
            if (old is not null && random.Next(4) == 0)
            {
                grown.Remove(old);
                loaded.Remove(old);
                continue;
            }
            if (row is RelationshipRow)
            {
                // The effect takes out another one of its pair.
                new PutRow(row).Apply(grown);
                new PutRow(row).Apply(loaded);
                continue;
            }
            grown.Put(row, old);
            loaded.Put(row, old);
        }
        // The other state has numbered the rows, which nobody has done when a database is opened.
        foreach (var row in DatabaseStateTests.RowsOf(grown)) row.Since = 0;
        var built = DatabaseState.Of(loaded);
        DatabaseStateTests.AssertEqualsRebuild(built, DatabaseStateTests.RowsOf(grown));
        // And it can be edited as any other.
        var edited = built.EditableBy(2);
        for (var step = 0; step < 200; step++)
        {
            if (rows.Next() is not MemoryRow row) continue;
            grown.Put(row, grown.Find(row));
            edited.Put(row, edited.Find(row));
        }
        DatabaseStateTests.AssertEqualsRebuild(edited, DatabaseStateTests.RowsOf(grown));
    }
}
