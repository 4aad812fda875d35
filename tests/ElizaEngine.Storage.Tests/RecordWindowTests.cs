using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>Records that are read from their files instead of their mappings: the same bodies, the same reports.</summary>
public sealed class RecordWindowTests
{
    [Theory]
    [InlineData(Disk.Posix, 1)]
    [InlineData(Disk.Memory, 2)]
    public async Task Every_body_is_the_one_that_lies_in_the_log_in_whatever_order_they_are_asked_for(Disk disk, int seed)
    {
        using var directory = new TestDirectory(disk);
        await using var log = TestLog.Open(directory);
        var random = new Random(seed);
        var records = new List<(RecordLocation Location, byte[] Body)>();
        for (var i = 0; i < 300; i++)
        {
            // Files are small at first, so there are many; now and then a record is longer than what is read at once.
            var body = new byte[i % 100 == 99 ? 300_000 : random.Next(3_000)];
            random.NextBytes(body);
            records.Add((await RecordReadTests.Append(log.Log, body), body));
        }
        using var pin = log.Log.Pin();
        using var window = new RecordWindow(log.Log);
        foreach (var order in (List<(RecordLocation Location, byte[] Body)>[])[records, [.. records.AsEnumerable().Reverse()], [.. records.OrderBy(_ => random.Next())]])
        {
            var locations = order.Select(record => record.Location).ToArray();
            for (int i = 0, read = 0; i < locations.Length; i++)
            {
                if (i == read)
                    read += window.Read(locations.AsSpan(i));
                Assert.True(window.Body(locations[i]).SequenceEqual(order[i].Body), $"seed {seed}, record {i}");
            }
        }

        Assert.True(records[^1].Location.File > 3, "there are many files");
    }

    [Fact]
    public async Task Those_that_lie_close_behind_each_other_are_read_together()
    {
        using var directory = new TestDirectory(Disk.Posix);
        await using var log = TestLog.Open(directory, directory.Options with { FirstFileBytes = 1 << 20, MaxFileBytes = 1 << 20 });
        var close = new List<RecordLocation>();
        for (var i = 0; i < 20; i++)
            close.Add(await RecordReadTests.Append(log.Log, new byte[1_500]));
        await RecordReadTests.Append(log.Log, new byte[40_000]);
        var far = await RecordReadTests.Append(log.Log, new byte[1_500]);
        using var pin = log.Log.Pin();
        using var window = new RecordWindow(log.Log);
        Assert.Equal(20, window.Read([.. close, far]));
        Assert.Equal(1, window.Read([far, close[0]]));
        Assert.Equal(1_500, window.Body(far).Length);
        // What was not read with them is found nevertheless.
        Assert.Equal(1_500, window.Body(close[3]).Length);
    }

    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task A_changed_byte_is_reported_as_when_it_is_read_in_place(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        await using var log = TestLog.Open(directory);
        var before = await RecordReadTests.Append(log.Log, "before"u8.ToArray());
        var damaged = await RecordReadTests.Append(log.Log, "damaged"u8.ToArray());
        foreach (var offset in (int[])[damaged.Offset + 2, damaged.Offset - LogFormat.RecordHeaderBytes])
        {
            RecordReadTests.Flip(directory, damaged, offset);
            using var pin = log.Log.Pin();
            using var window = new RecordWindow(log.Log);
            window.Read([before, damaged]);
            Assert.Equal("before", Encoding.UTF8.GetString(window.Body(before)));
            var error = Assert.Throws<LogDamagedException>(() => window.Body(damaged).Length);
            var inPlace = Assert.Throws<LogDamagedException>(() => log.Log.ReadVerified(damaged).Length);
            Assert.Equal((inPlace.File, inPlace.Offset, inPlace.Lsn, inPlace.What), (error.File, error.Offset, error.Lsn, error.What));
            RecordReadTests.Flip(directory, damaged, offset);
            window.Read([before, damaged]);
            Assert.Equal("damaged", Encoding.UTF8.GetString(window.Body(damaged)));
        }
    }

    [Fact]
    public async Task There_is_no_record_where_there_is_no_file()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        var there = await RecordReadTests.Append(log.Log, "there"u8.ToArray());
        using var pin = log.Log.Pin();
        using var window = new RecordWindow(log.Log);
        Assert.Throws<ArgumentOutOfRangeException>(() => window.Read([there with { File = 77 }]));
        // Nor where the file ends.
        var behind = there with { Offset = (int)directory.Options.FirstFileBytes };
        Assert.Equal(1, window.Read([behind]));
        Assert.Throws<ArgumentOutOfRangeException>(() => window.Body(behind).Length);
    }
}
