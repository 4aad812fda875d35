using Xunit;

namespace ElizaEngine.Local.Tests.State;

public sealed class RowSortTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10_000)]
    public void Rows_come_out_in_the_order_of_their_keys_and_equal_ones_stay_as_they_were(int count)
    {
        foreach (var mask in (ulong[])[0, 1, 0xFF, 0xFFFF_0000, 0xF000_0000_0000_0000, ulong.MaxValue])
        {
            var random = new Random(count);
            var rows = Enumerable.Range(0, count).Select(i => (Row)new DimensionRow { Id = new Id((ulong)random.NextInt64() << 1 & mask, (ulong)i), Dimension = 1 }).ToArray();
            var expected = rows.OrderBy(row => row.Id.High).ToArray();
            RowSort.ByKey(rows, static row => row.Id.High);
            Assert.Equal(expected, rows);
        }
    }

    [Fact]
    public void Times_before_1970_come_first_and_rows_of_one_time_come_by_id()
    {
        var random = new Random(3);
        long[] times = [long.MinValue, -2, -1, 0, 1, long.MaxValue];
        var rows = Enumerable.Range(0, 300).Select(_ => new AgentRow { Id = new Id((ulong)random.NextInt64(), 1), CreatedMs = times[random.Next(times.Length)] }).ToArray();
        var expected = rows.OrderBy(row => row.CreatedMs).ThenBy(row => row.Id).ToArray();
        RowSort.ByTime(rows, static row => row.CreatedMs);
        Assert.Equal(expected, rows);
    }
}
