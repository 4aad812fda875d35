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
        AssertDamaged(damaged, Assert.Throws<LogDamagedException>(() => log.Log.Verify(damaged)));
        Assert.Equal(damaged.Length, log.Log.Read(damaged).Length); // Reads of vectors pay for no checksum.
    }

    internal static async Task<RecordLocation> Append(WriteAheadLog log, string text)
    {
        RecordLocation location;
        ValueTask done;
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(text.Length));
            Encoding.UTF8.GetBytes(text, log.AppendLocked(1, text.Length, out location));
            done = log.CommitLocked(text);
        }

        await done;
        return location;
    }

    private static void AssertDamaged(RecordLocation location, LogDamagedException error) =>
        Assert.Equal((FileNames.Log(location.File), location.Offset - LogFormat.RecordHeaderBytes), (error.File, error.Offset));

    private static void Flip(TestDirectory directory, RecordLocation location, long offset)
    {
        using var file = directory.Files.Open(directory.File(FileNames.Log(location.File)));
        var flipped = new byte[1];
        file.Read(offset, flipped);
        flipped[0] ^= 1;
        file.Write(offset, flipped);
    }
}
