using Xunit;

namespace ElizaEngine.Vectors.Tests;

public class CodesTests
{
    private const int Seed = 20262;

    [Fact]
    public void Slots_are_numbered_from_zero_without_gaps_over_many_chunks()
    {
        using var codes = new Codes(3);
        var random = new Random(Seed);
        for (var slot = 0; slot < 5000; slot++)
            Assert.Equal(slot, CodeScene.Append(codes, TestVectors.Random(random, 3)));

        Assert.Equal(5000, codes.Count);
    }

    [Fact]
    public void A_copied_slot_answers_as_the_original()
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, 100, 100);
        using var codes = CodeScene.Fill(rows);
        using var copies = new Codes(100);
        for (var slot = rows.Length - 1; slot >= 0; slot--)
            Assert.Equal(rows.Length - 1 - slot, copies.Append(codes, slot));

        var expected = CodeScene.Scan(codes, rows[7], int.MaxValue, null).Select(x => x with { Slot = rows.Length - 1 - x.Slot });
        var actual = CodeScene.Scan(copies, rows[7], int.MaxValue, null);
        Assert.Equal(expected.OrderBy(x => x.Slot), actual.OrderBy(x => x.Slot));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4001)]
    public void A_dimension_out_of_range_is_refused(int dimension) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Codes(dimension));

    [Fact]
    public void What_is_no_unit_vector_is_refused_and_takes_no_slot()
    {
        using var codes = new Codes(3);

        Assert.Throws<ArgumentException>(() => codes.Append([1f, 2f], 0.5f));
        Assert.Throws<ArgumentException>(() => codes.Append([0f, 0f, 0f], 1e12f));
        Assert.Throws<ArgumentException>(() => codes.Append([1f, float.NaN, 0f], 1f));
        Assert.Throws<ArgumentException>(() => codes.Append([float.PositiveInfinity, 0f, 0f], 1f));
        Assert.Throws<ArgumentException>(() => codes.Append([1f, 0f, 0f], 2f));
        Assert.Throws<ArgumentException>(() => codes.Append([1f, 0f, 0f], 0.001f));
        Assert.Equal(0, codes.Count);
    }

    [Fact]
    public void Nothing_can_be_read_or_written_after_the_end()
    {
        var codes = CodeScene.Fill([[1f, 0f]]);
        var search = new CodeSearch();
        search.Begin(codes, [1f, 0f], 1, 10, null);
        codes.Dispose();
        codes.Dispose();

        Assert.Throws<ObjectDisposedException>(() => search.Scan(0, 1, default(EverySlot)));
        Assert.Throws<ObjectDisposedException>(() => search.Scan([0]));
        Assert.Throws<ObjectDisposedException>(() => codes.Append([1f, 0f], 1));
    }

    [Fact]
    public async Task Readers_need_no_lock_while_one_writes_and_none_reads_after_the_end()
    {
        const int Count = 6000;
        var random = new Random(Seed);
        var rows = VectorShapes.Make("random", random, Count, 32);
        var codes = new Codes(32);
        var readers = Enumerable.Range(0, 8).Select(reader => Task.Run(() =>
        {
            var search = new CodeSearch();
            var own = new Random(Seed + reader);
            var scans = 0;
            while (true)
            {
                var count = codes.Count;
                if (count == 0)
                    continue;
                var slot = own.Next(count);
                try
                {
                    search.Begin(codes, rows[slot], Norm.InverseOf(rows[slot]), 1, null);
                    search.Scan(0, count, default(EverySlot));
                }
                catch (ObjectDisposedException)
                {
                    return scans;
                }

                Assert.Contains(search.Results().ToArray(), x => x.Slot == slot);
                scans++;
            }
        })).ToArray();
        foreach (var row in rows)
            CodeScene.Append(codes, row);
        codes.Dispose();

        Assert.All(await Task.WhenAll(readers), scans => Assert.True(scans >= 0));
    }
}
