using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>Mapped bytes stay what they are for as long as somebody may read them.</summary>
public sealed class MappingTests
{
    /// <summary>
    /// A file of a name that is there already: the old one may be mapped, or be a file of the database under a second name, in a backup.
    /// </summary>
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public void A_file_that_is_created_over_another_leaves_its_bytes_to_those_who_have_them(Disk disk)
    {
        using var directory = new TestDirectory(disk);
        directory.Files.CreateDirectory(directory.Path);
        var path = directory.File("file");
        using (var file = directory.Files.Create(path))
            file.Write(0, "of the old file"u8);
        var hasLink = directory.Files.TryLink(path, directory.File("second name"));
        Assert.Equal(disk == Disk.Posix, hasLink);
        using var old = directory.Files.Open(path);
        using var map = old.Map();

        using (var created = directory.Files.Create(path))
            Assert.Equal(0, created.Length);

        // First: bytes behind the end of a mapped file cannot be read at all.
        if (hasLink)
        {
            using var second = directory.Files.Open(directory.File("second name"));
            Assert.Equal(15, second.Length);
        }

        Assert.Equal("of the old file"u8, map.Slice(0, (int)map.Length));
    }

    /// <summary>Whoever disposes second unmaps what the system has put at the address since.</summary>
    [Fact]
    public void A_mapping_is_given_back_once_whoever_disposes_of_it_at_once()
    {
        const int Rounds = 20_000;
        var mappings = new MappedFile[Rounds];
        var given = new int[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            var round = i;
            mappings[round] = new MappedFile(4096, 1, () => Interlocked.Increment(ref given[round]));
        }

        var at = new int[2];
        var threads = Enumerable.Range(0, 2).Select(own => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                Volatile.Write(ref at[own], round);
                // It yields: where others have the processors, the one that is waited for could not run before this one's time is over.
                var spin = new SpinWait();
                while (Volatile.Read(ref at[1 - own]) < round)
                    spin.SpinOnce(sleep1Threshold: -1);
                mappings[round].Dispose();
            }

            Volatile.Write(ref at[own], Rounds);
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());

        Assert.All(given, static count => Assert.Equal(1, count));
        Assert.Throws<ObjectDisposedException>(() => mappings[0].Slice(0, 1).Length);
    }

    /// <summary>
    /// A record is moved, and moved again, and then does not count any more. A reader from before that still wants it, when the files of
    /// the second compaction are let go of, which nobody reads any more; the ones of the third stay mapped for this reader.
    /// </summary>
    [Fact]
    public async Task A_record_that_was_moved_twice_is_there_for_readers_from_before_a_third_compaction()
    {
        using var directory = new TestDirectory(Disk.Memory);
        directory.Files.CreateDirectory(directory.Path);
        var id = Guid.NewGuid();
        var recovered = new RecoveredLog
        {
            DatabaseId = id,
            Used = [],
            Prepared = [],
            Tail = default,
            NextFileNumber = 1,
            Report = new LogOpenReport(),
        };
        var set = new LogFileSet(directory.Files, directory.Path, directory.Options, id, recovered, new ManifestStore(directory.Files, directory.Path, null))
        {
            DurableLsn = static () => 1 << 20,
        };
        var first = set.Begin();
        set.Advance(15_000, 100);
        await set.Ahead;

        var place = new RecordPlace(first.Number, 5000);
        var second = Copy(set, directory, first, ref place);
        set.Release([first]);
        Assert.Equal("doomed", Read(set, first, 5000));
        var third = Copy(set, directory, second, ref place);
        var nowhere = default(RecordPlace);
        var fourth = Copy(set, directory, third, ref nowhere);

        // Late: somebody had pinned the second for long.
        set.Release([second]);
        Assert.Equal("doomed", Read(set, first, 5000));
        set.Release([third]);
        Assert.False(first.Moved!.TryFind(5000, out _));
        Assert.Equal([fourth.Number, 2], set.Used.Select(static file => file.Number));
        await set.StopAsync();
        set.DisposeFiles();
    }

    // Replaces a file by a copy, with the record at a place, if there is one, and says where that is then.
    private static LogFile Copy(LogFileSet set, TestDirectory directory, LogFile file, ref RecordPlace record)
    {
        using var writer = new CopyWriter(
            directory.Files, directory.Path, directory.Options, file.Header.DatabaseId, file.FirstLsn, file.NextLsn, set.TakeNumber);
        var moves = new List<(int, RecordPlace)>();
        if (record.File == file.Number)
        {
            var place = writer.Append(1, "doomed"u8, 8, 0);
            moves.Add((record.Offset, place));
            record = place;
        }

        return set.Replace([file], writer.Complete(), [new MovedRecords(file.FileBytes, moves)])![0];
    }

    // As a reader of the log does.
    private static string Read(LogFileSet set, LogFile file, int offset)
    {
        var place = new RecordPlace(file.Number, offset);
        for (var moved = file.Moved; moved?.TryFind(place.Offset, out var next) == true; moved = set.Find(place.File)!.Moved)
            place = next;
        return Encoding.UTF8.GetString(set.Find(place.File)!.Map.Slice(place.Offset, 6));
    }
}
