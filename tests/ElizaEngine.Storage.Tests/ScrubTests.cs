using System.Buffers;
using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>What is verified in the background, how fast, and how often. By a clock on which every pause is seen.</summary>
public sealed class ScrubTests
{
    private const int Rate = 256 << 10;
    private const int SliceBytes = 1 << 20;
    private const int MostPauses = 1000;

    /// <summary>The story: a pause was of one length whatever had been read, and none came at the end of a file.</summary>
    /// <param name="fileBytes">Of a log file.</param>
    /// <param name="recordBytes">Of a record, which is alone in its frame.</param>
    [Theory]
    [InlineData(64 << 10, 1_000)]
    [InlineData(16 << 20, 1_000)]
    [InlineData(8 << 20, 900_000)]
    public async Task What_opening_left_unread_is_read_no_faster_than_at_the_rate(int fileBytes, int recordBytes)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var time = new PausedTime();
        await FillAsync(directory, fileBytes, recordBytes, bytes: 24 << 20);
        await using var log = Open(directory, fileBytes, time);
        var unread = log.EndedFiles().Sum(static file => (long)(file.UnreadTo - file.FirstLsn));
        Assert.InRange(unread, 6 << 20, 64 << 20);

        var seconds = 0.0;
        for (var i = 0; ; i++)
        {
            Assert.True(i < MostPauses, "too many pauses");
            var pause = await time.NextAsync();
            if (pause.Length == new LogOptions().ScrubInterval) break;
            Assert.False(log.Scrubbing.IsCompleted);
            seconds += pause.Length.TotalSeconds;
            pause.End();
        }

        Assert.True(log.Scrubbing.IsCompletedSuccessfully);
        Assert.Null(log.Damage);
        // The last slice, which is not whole, is not paused for. What the log goes on in was unread, too, as far as it has got.
        Assert.InRange(seconds * Rate, unread - SliceBytes, unread + fileBytes);
    }

    [Fact]
    public async Task Nothing_is_read_before_the_pauses_for_what_lies_before_it_are_over()
    {
        const int FileBytes = 64 << 10;
        using var directory = new TestDirectory(Disk.Memory);
        await FillAsync(directory, FileBytes, recordBytes: 1_000, bytes: 8 << 20);
        var time = new PausedTime();
        long before;
        string name;
        await using (var sound = Open(directory, FileBytes, new PausedTime()))
        {
            var files = sound.EndedFiles();
            before = (long)(files[^1].FirstLsn - files[0].FirstLsn);
            name = files[^1].Name;
        }

        Flip(directory, name);
        await using var log = Open(directory, FileBytes, time);
        var seconds = 0.0;
        for (var i = 0; log.Damage is null; i++)
        {
            Assert.True(i < MostPauses, "too many pauses");
            var pause = await time.NextAsync();
            // It found it before it paused, perhaps.
            if (log.Damage is not null) break;
            seconds += pause.Length.TotalSeconds;
            pause.End();
        }

        Assert.Equal(name, log.Damage!.File);
        Assert.InRange(seconds * Rate, before - SliceBytes - FileBytes, before);
    }

    /// <summary>The story: a file that ended while the log was open was not read at all; its damage was met by whoever asked for the row.</summary>
    [Fact]
    public async Task Files_that_have_ended_since_are_read_when_it_comes_round_and_again()
    {
        const int FileBytes = 64 << 10;
        using var directory = new TestDirectory(Disk.Memory);
        var time = new PausedTime();
        await using var log = Open(directory, FileBytes, time);
        var interval = await time.NextAsync();
        Assert.Equal(TimeSpan.FromDays(7), interval.Length);
        for (var i = 0; i < 100; i++) await AppendAsync(log, 1_000);
        await log.BackgroundWork;

        interval.End();
        interval = await time.NextAsync();
        Assert.Equal(TimeSpan.FromDays(7), interval.Length);
        Assert.Null(log.Damage);

        var name = log.EndedFiles()[0].Name;
        Flip(directory, name);
        interval.End();
        await time.NextAsync();
        var damage = Assert.IsType<LogDamagedException>(log.Damage);
        Assert.Equal(name, damage.File);
        Assert.Equal(LogFormat.FileHeaderBytes, damage.Offset);
    }

    [Fact]
    public async Task Without_a_rate_nothing_is_read_and_in_memory_neither()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await FillAsync(directory, 64 << 10, recordBytes: 1_000, bytes: 1 << 20);
        var time = new PausedTime();
        var options = Options(64 << 10, time);
        foreach (var silent in (LogOptions[])[options with { ScrubBytesPerSecond = 0 }, options with { Durability = Durability.None }])
        {
            await using var log = WriteAheadLog.Open(directory.Path, directory.Files, silent, new Heads(), static _ => { });
            Assert.True(log.Scrubbing.IsCompletedSuccessfully);
            Assert.False(time.HasBegun);
        }
    }

    private static LogOptions Options(int fileBytes, TimeProvider time) => new()
    {
        FirstFileBytes = fileBytes,
        MaxFileBytes = fileBytes,
        FrameBytes = 1 << 20,
        IndexMinBytes = 4 << 10,
        ScrubBytesPerSecond = Rate,
        Durability = Durability.ProcessCrash,
        FlushInterval = TimeSpan.FromHours(1),
        Time = time,
    };

    private static WriteAheadLog Open(TestDirectory directory, int fileBytes, TimeProvider time) =>
        WriteAheadLog.Open(directory.Path, directory.Files, Options(fileBytes, time), new Heads(), static _ => { });

    /// <summary>One frame after the other, each of one record.</summary>
    private static async Task FillAsync(TestDirectory directory, int fileBytes, int recordBytes, int bytes)
    {
        await using var log = Open(directory, fileBytes, new PausedTime());
        for (var written = 0; written < bytes; written += recordBytes) await AppendAsync(log, recordBytes);
    }

    private static ValueTask AppendAsync(WriteAheadLog log, int recordBytes)
    {
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(recordBytes));
            Encoding.UTF8.GetBytes(new string('x', recordBytes), log.AppendLocked(1, recordBytes, out _));
            return log.CommitLocked("state");
        }
    }

    /// <summary>Changes a byte of a file's first record, on the disk and so for whoever has it mapped.</summary>
    private static void Flip(TestDirectory directory, string name)
    {
        const int At = LogFormat.FileHeaderBytes + LogFormat.FrameHeaderBytes + LogFormat.RecordHeaderBytes + 20;
        using var file = directory.Files.Open(directory.File(name));
        byte[] bytes = [0];
        file.Read(At, bytes);
        bytes[0] ^= 1;
        file.Write(At, bytes);
    }

    /// <summary>Nothing of a record need be known.</summary>
    private sealed class Heads : ILogReplay, IRecordHeads
    {
        public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
        {
        }

        public IRecordHeads NewHeads() => this;

        void IRecordHeads.Write(byte kind, ReadOnlySpan<byte> body, RecordLocation location, IBufferWriter<byte> head) =>
            head.Write(body[..1]);

        void IRecordHeads.Replay(byte kind, ReadOnlySpan<byte> head, RecordLocation location)
        {
        }
    }
}
