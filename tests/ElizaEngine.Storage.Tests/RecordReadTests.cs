using System.Text;

namespace ElizaEngine.Storage.Tests;

public sealed class RecordReadTests
{
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task A_changed_byte_of_a_published_record_is_never_read_under_the_gate(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        await using var log = TestLog.Open(directory);
        var before = await Append(log.Log, "before");
        var damaged = await Append(log.Log, "damaged");
        Flip(directory, damaged, damaged.Offset + 2);

        using var pin = log.Log.Pin();
        lock (log.Log.Gate)
        {
            Assert.Equal("before", Encoding.UTF8.GetString(log.Log.ReadLocked(before)));
            AssertDamaged(damaged, Assert.Throws<LogDamagedException>(() => log.Log.ReadLocked(damaged).Length));
        }

        Assert.Equal("before", Encoding.UTF8.GetString(log.Log.ReadVerified(before)));
        AssertDamaged(damaged, Assert.Throws<LogDamagedException>(() => log.Log.ReadVerified(damaged).Length));
        Assert.Equal(damaged.Length, log.Log.Read(damaged).Length); // Reads of vectors pay for no checksum.
    }

    [Fact]
    public async Task Damage_is_reported_with_the_name_of_the_file_the_place_and_the_lsn_of_the_frame()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory);
        RecordLocation first, second;
        ValueTask done;
        for (var i = 0; i < 5; i++) // The first file holds three frames, so the last of these are in the second.
            await Append(log.Log, "before");
        var lsn = log.Log.Statistics.DurableLsn;
        lock (log.Log.Gate)
        {
            log.Log.BeginLocked(5100);
            log.Log.AppendLocked(1, 5000, out first).Clear(); // Two blocks, so its end is not in the block of its frame header.
            log.Log.AppendLocked(1, 10, out second).Clear();
            done = log.Log.CommitLocked("x");
        }

        await done;
        await Append(log.Log, "after");
        using var pin = log.Log.Pin();
        Assert.Equal(2, second.File);
        foreach (var location in (RecordLocation[])[first, second])
        {
            Flip(directory, location, location.Offset);
            var error = Assert.Throws<LogDamagedException>(() => log.Log.ReadVerified(location).Length);
            AssertDamaged(location, error);
            Assert.Equal(lsn, error.Lsn);
            Assert.Contains(error.File, directory.Files.List(directory.Path));
            Assert.Equal(error.File, WriteAheadLog.FileNameOf(location));
            var reported = log.Log.DamageAt(location, "it cannot be decoded");
            Assert.Equal((error.File, error.Offset, error.Lsn, "it cannot be decoded"),
                (reported.File, reported.Offset, reported.Lsn, reported.What));
        }

        Flip(directory, first, LogFormat.FileHeaderBytes); // The walk over the frames ends at the first.
        Assert.Equal(0UL, Assert.Throws<LogDamagedException>(() => log.Log.ReadVerified(second).Length).Lsn);
    }

    internal static Task<RecordLocation> Append(WriteAheadLog log, string text) => Append(log, Encoding.UTF8.GetBytes(text), text);

    internal static Task<RecordLocation> Append(WriteAheadLog log, byte[] body) => Append(log, body, body);

    private static async Task<RecordLocation> Append(WriteAheadLog log, byte[] body, object batch)
    {
        RecordLocation location;
        ValueTask done;
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(body.Length));
            body.CopyTo(log.AppendLocked(1, body.Length, out location));
            done = log.CommitLocked(batch);
        }

        await done;
        return location;
    }

    private static void AssertDamaged(RecordLocation location, LogDamagedException error) =>
        Assert.Equal((FileNames.Log(location.File), location.Offset - LogFormat.RecordHeaderBytes), (error.File, error.Offset));

    internal static void Flip(TestDirectory directory, RecordLocation location, long offset)
    {
        using var file = directory.Files.Open(directory.File(FileNames.Log(location.File)));
        var flipped = new byte[1];
        file.Read(offset, flipped);
        flipped[0] ^= 1;
        file.Write(offset, flipped);
    }
}
