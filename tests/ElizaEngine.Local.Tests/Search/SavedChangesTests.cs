using System.Buffers.Binary;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>
/// Few changes of a graph are saved in a file of their own, which costs what changed; whatever becomes of such files, what is read is a graph
/// that was, and every answer is that of the rows.
/// </summary>
public sealed class SavedChangesTests() : SavedScene(dimension: 384)
{
    private const int Came = 5;

    [Fact]
    public async Task What_came_since_is_saved_beside_the_file_and_comes_back_with_it()
    {
        await BeginAsync();
        var file = BytesOf(Assert.Single(GraphFiles()));
        for (var session = 1; session <= 2; session++)
        {
            await ChangeAsync();
            Assert.Equal(session, ChangeFiles().Length);
            Assert.InRange(BytesOf(ChangeFiles()[^1]).Length, 100, file.Length / 4);
        }

        Assert.Equal(file, BytesOf(Assert.Single(GraphFiles())));
        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        AssertRestored(again, Rows + (2 * Came), changes: 2);
        await AssertRightAsync(again, "with two files of changes");
        await again.CloseAsync();
        // Nothing had changed.
        Assert.Equal(0, again.Partitions.Saves);
    }

    /// <summary>Nothing of it is as in the file: with the changes there are so many that it is measured what a duplicate takes.</summary>
    [Fact]
    public async Task What_walks_take_comes_back_from_changes()
    {
        const double Recall = 0.8;
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, 590);
            await SearchTwiceAsync(database);
            Assert.Equal(new WalkEffort(PartitionOf(database).Effort.Nearest, Duplicate: 0, ByHalves: false, MeasuredAt: 590), PartitionOf(database).Effort);
        }

        WalkEffort effort;
        await using (var database = await OpenAsync(recall: Recall))
        {
            await CreateAsync(database, 30);
            await SearchTwiceAsync(database);
            effort = PartitionOf(database).Effort;
            Assert.True(effort is { Nearest: > 0, Duplicate: > 0, ByHalves: true, MeasuredAt: 620 }, $"{effort}");
        }

        Assert.Single(ChangeFiles());
        await using var again = await OpenAsync(recall: Recall);
        await SearchTwiceAsync(again);
        AssertRestored(again, 620, changes: 1);
        Assert.Equal(effort, PartitionOf(again).Effort);
    }

    [Fact]
    public async Task A_file_with_changes_is_the_graph_that_one_file_would_hold()
    {
        await BeginAsync();
        await ChangeAsync();
        await using var database = await OpenAsync();
        await SearchTwiceAsync(database);
        var partition = PartitionOf(database);
        var key = partition.Key;
        Assert.Single(ChangeFiles());
        var read = SavedVectors.TryRead(database.Log, key, "messages")!;
        var whole = SavedVectorsOf(read);
        Assert.Equal((Rows + Came, 1), (read.Sources.Length, read.Files!.Changes));
        read.Write(database.Log, key, "messages");
        Free(read);

        var again = SavedVectors.TryRead(database.Log, key, "messages")!;
        // The changes beside it follow another file.
        Assert.Equal(0, again.Files!.Changes);
        Assert.Equal(whole, SavedVectorsOf(again));
        Free(again);
    }

    [Fact]
    public async Task The_file_is_written_anew_when_its_changes_are_a_quarter_of_it()
    {
        await BeginAsync();
        var stamps = new HashSet<string>();
        var files = 0;
        for (var session = 0; session < 12; session++)
        {
            await ChangeAsync();
            files = Math.Max(files, ChangeFiles().Length);
            var file = BytesOf(Assert.Single(GraphFiles()));
            stamps.Add(Convert.ToHexString(file.AsSpan(64, 8)));
            Assert.InRange(ChangeFiles().Sum(name => BytesOf(name).Length), 0, file.Length / 4);
        }

        Assert.True(stamps.Count > 2, "written anew, more than once");
        Assert.True(files > 1, "and not each time");
        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        AssertRestored(again, Rows + (12 * Came), ChangeFiles().Length);
        await AssertRightAsync(again, "after many changes");
    }

    [Fact]
    public async Task Files_that_are_missing_damaged_or_of_others_leave_the_graph_before_them()
    {
        await BeginAsync();
        var early = DiskImage.Take(Disk, Data);
        await ChangeAsync();
        await ChangeAsync();
        var name = Assert.Single(GraphFiles());
        var changes = ChangeFiles();
        Assert.Equal(2, changes.Length);
        var image = DiskImage.Take(Disk, Data);
        var (first, second) = (image.Files[changes[0]], image.Files[changes[1]]);
        await CheckAsync("whole", image, 2);
        await CheckAsync("the second is missing", image.Without(changes[1]), 1);
        await CheckAsync("the first is missing", image.Without(changes[0]), 0);
        await CheckAsync("the second is damaged", image.With(changes[1], file => file[file.Length / 2] ^= 1), 1);
        await CheckAsync("the first is damaged", image.With(changes[0], file => file[^9] ^= 1), 0);
        await CheckAsync("the second ends too early", Put(image, changes[1], second[..^1]), 1);
        await CheckAsync("the first is empty", Put(image, changes[0], []), 0);
        await CheckAsync("the second goes on behind its end", Put(image, changes[1], [.. second, 0]), 1);
        await CheckAsync("each stands for the other", Put(Put(image, changes[0], second), changes[1], first), 0);
        await CheckAsync("the first stands for both", Put(image, changes[1], first), 1);
        await CheckAsync("the file has no stamp", image.With(name, Unstamp), 0);
        await CheckAsync("an older file of another stamp", image.With(name, Restamp), 0);
        await CheckAsync("the file is missing", image.Without(name), null);
        Assert.Equal(early.Files[name], image.Files[name]);

        async Task CheckAsync(string when, DiskImage changed, int? used)
        {
            using var disk = new SimulatedDisk(Data, changed, Seed);
            await using (var database = await OpenAsync(disk))
            {
                await SearchTwiceAsync(database);
                Assert.True((used is null ? 0 : 1) == database.Partitions.Restored, when);
                if (used is { } files) Assert.True(database.Partitions.Saves > 0 || PartitionOf(database).Saved!.Changes == files, when);
                // What cannot be used is gone, or was written anew.
                Assert.True(ChangeFiles(disk).Length == PartitionOf(database).Saved!.Changes, when);
                Assert.True(PartitionOf(database).Codes.Count == Rows + (2 * Came), when);
                await AssertRightAsync(database, when);
            }
            await using var again = await OpenAsync(disk);
            await SearchTwiceAsync(again);
            Assert.True(again.Partitions.Restored == 1 && PartitionOf(again).Codes.Count == Rows + (2 * Came), when);
            await AssertRightAsync(again, when + ", once more");
        }
    }

    [Fact]
    public async Task No_byte_of_changes_can_change_unnoticed()
    {
        await BeginAsync();
        await ChangeAsync();
        var name = Assert.Single(ChangeFiles());
        var bytes = BytesOf(name);
        await using var database = await OpenAsync();
        await SearchTwiceAsync(database);
        var key = PartitionOf(database).Key;
        Assert.Equal((1, Rows + Came), Read());
        // All of the front; what is behind it is read in one way, whose every byte is tried in the tests of the graph.
        for (var at = 0; at < bytes.Length; at += at < 256 ? 1 : 13)
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= (byte)Random.Next(1, 256);
            Put(Disk, name, damaged);
            Assert.True((0, Rows) == Read(), $"byte {at} of {bytes.Length}");
        }
        for (var length = 0; length < bytes.Length; length += 97)
        {
            Put(Disk, name, bytes[..length]);
            Assert.True((0, Rows) == Read(), $"{length} bytes of {bytes.Length}");
        }
        Put(Disk, name, bytes);
        Assert.Equal((1, Rows + Came), Read());

        (int Changes, int Count) Read()
        {
            var read = SavedVectors.TryRead(database.Log, key, "messages")!;
            var result = (read.Files!.Changes, read.Graph.Codes.Count);
            Free(read);
            return result;
        }
    }

    [Fact]
    public async Task Wrong_numbers_under_the_right_checksums_do_no_harm()
    {
        await BeginAsync();
        await ChangeAsync();
        var name = Assert.Single(ChangeFiles());
        var bytes = BytesOf(name);
        await using var database = await OpenAsync();
        await SearchTwiceAsync(database);
        var key = PartitionOf(database).Key;
        var front = 96 + (12 * BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(36))) + (24 * (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(44)) - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(40))));
        var (used, refused) = (0, 0);
        for (var i = 0; i < 2_000; i++)
        {
            var hostile = bytes.ToArray();
            for (var count = Random.Next(1, 4); count > 0; count--) hostile[Random.Next(10, Random.Next(2) == 0 ? 92 : 300)] = (byte)Random.Next(256);
            BinaryPrimitives.WriteUInt32LittleEndian(hostile.AsSpan(92), Crc(hostile.AsSpan(0, 92)));
            BinaryPrimitives.WriteUInt32LittleEndian(hostile.AsSpan(front), Crc(hostile.AsSpan(96..front)));
            BinaryPrimitives.WriteUInt32LittleEndian(hostile.AsSpan(^4), Crc(hostile.AsSpan(..^4)));
            Put(Disk, name, hostile);
            if (SavedVectors.TryRead(database.Log, key, "messages") is not { } read)
            {
                refused++;
                continue;
            }
            if (read.Files!.Changes == 1) used++;
            else refused++;
            Assert.Equal(read.Graph.Codes.Count, read.Sources.Length);
            Free(read);
        }
        Assert.True(used > 100 && refused > 100, $"{used} used, {refused} refused, seed {Seed}");
    }

    [Fact]
    public async Task A_deleted_half_is_a_few_words_and_stays_deleted()
    {
        await BeginAsync();
        var ids = Vectors.Keys.Order().ToArray();
        await using (var database = await OpenAsync())
        {
            await SearchTwiceAsync(database);
            await DeleteAsync(database, ids[..(Rows / 2)]);
            Bury(database);
        }
        Assert.InRange(BytesOf(Assert.Single(ChangeFiles())).Length, 96, 1_000);

        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        AssertRestored(again, Rows, changes: 1);
        Assert.Equal((Rows / 2, Rows / 2), (PartitionOf(again).Dead, PartitionOf(again).Graph!.Deleted));
        await AssertRightAsync(again, "half deleted");
    }

    [Fact]
    public async Task A_vector_that_is_put_again_is_found_where_its_old_code_was_deleted()
    {
        await BeginAsync();
        var ids = Vectors.Keys.Order().Take(8).ToArray();
        await using (var database = await OpenAsync())
        {
            await SearchTwiceAsync(database);
            // The same vectors in new records: the code would be believed by what is in it.
            foreach (var id in ids) await database.ForAgent(Agent).UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = Vectors[id] });
            Bury(database);
            Assert.Equal(8, PartitionOf(database).Dead);
            await BuildAsync(database);
        }
        Assert.Single(ChangeFiles());

        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        var partition = PartitionOf(again);
        AssertRestored(again, Rows + 8, changes: 1);
        foreach (var id in ids)
        {
            var number = partition.NumberOf(again.Sequencer.Published.FindMemory(id)!.Vector(Dimension)!);
            Assert.False(partition.Graph!.IsDeleted(number), "the walk finds it");
        }
        await AssertRightAsync(again, "put again");
    }

    [Fact]
    public async Task Where_compaction_moved_records_their_places_are_saved_anew()
    {
        await BeginAsync();
        await using (var database = await OpenAsync())
        {
            await SearchTwiceAsync(database);
            await database.CompactAsync();
        }
        Assert.Single(ChangeFiles());
        await using (var database = await OpenAsync())
        {
            await SearchTwiceAsync(database);
            AssertRestored(database, Rows, changes: 1);
            Assert.Equal(0, PartitionOf(database).SavedElsewhere);
            await database.CompactAsync();
            await CreateAsync(database, Came);
            await BuildAsync(database);
        }
        await using (var database = await OpenAsync())
        {
            await SearchTwiceAsync(database);
            AssertRestored(database, Rows + Came, ChangeFiles().Length);
            Assert.Equal(0, PartitionOf(database).SavedElsewhere);
            await AssertRightAsync(database, "compacted");
            await DeleteAsync(database, [.. Vectors.Keys]);
            await database.CompactAsync();
            Assert.Empty(GraphFiles());
            Assert.Empty(ChangeFiles());
        }
    }

    [Fact]
    public async Task A_program_that_knows_only_the_file_is_not_misled()
    {
        await BeginAsync();
        await ChangeAsync();
        var name = Assert.Single(GraphFiles());
        var change = Assert.Single(ChangeFiles());
        var changes = BytesOf(change);
        // It wrote the file anew, in its own way, and left what it does not know.
        await using (var database = await OpenAsync())
        {
            await SearchTwiceAsync(database);
            var read = SavedVectors.TryRead(database.Log, PartitionOf(database).Key, "messages")!;
            read.Write(database.Log, PartitionOf(database).Key, "messages");
            Free(read);
        }
        var old = BytesOf(name);
        Unstamp(old);
        Put(Disk, name, old);
        Put(Disk, change, changes);

        await ChangeAsync();
        // Nothing can follow such a file: it is written anew, with a stamp, and what was left is gone.
        Assert.Empty(ChangeFiles());
        Assert.NotEqual(0u, BinaryPrimitives.ReadUInt64LittleEndian(BytesOf(name).AsSpan(64)));
        await ChangeAsync();
        Assert.Single(ChangeFiles());
        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        AssertRestored(again, Rows + (3 * Came), changes: 1);
        await AssertRightAsync(again, "after another program");
    }

    [Fact]
    public async Task A_disk_that_fails_while_changes_are_saved_fails_nobody()
    {
        await BeginAsync();
        var image = DiskImage.Take(Disk, Data);
        var known = Vectors.ToDictionary();
        var created = Created;
        await FailEachCallAsync(".chg", image, async disk =>
        {
            Created = created;
            Vectors.Clear();
            foreach (var (id, vector) in known) Vectors.Add(id, vector);
            await ChangeAsync(disk);
        });
    }

    [Fact]
    public async Task Backup_and_repair_go_without_changes_and_leftovers_are_removed()
    {
        using var folder = new TestFolder();
        var options = new LocalDatabaseOptions { Directory = folder.Data, VectorsWithoutPartition = 20, VectorsWithoutGraph = 100, UpkeepInterval = Timeout.InfiniteTimeSpan };
        for (var session = 0; session < 2; session++)
        {
            await using var database = await LocalDatabase.OpenAsync(options);
            await CreateAsync(database, session == 0 ? Rows : Came);
            await SearchTwiceAsync(database);
        }

        var change = Assert.Single(System.IO.Directory.GetFiles(folder.Data, "*.chg"));
        await File.WriteAllBytesAsync(change + ".tmp", [1, 2, 3]);
        await using (var database = await LocalDatabase.OpenAsync(options))
        {
            Assert.False(File.Exists(change + ".tmp"));
            await database.BackupAsync(folder.In("backup"));
            Assert.Empty((await database.VerifyAsync()).Findings);
        }
        Assert.Empty(System.IO.Directory.GetFiles(folder.In("backup"), "vec-*"));
        await LocalDatabase.RestoreAsync(folder.In("backup"), folder.In("restored"));
        Assert.Empty(System.IO.Directory.GetFiles(folder.In("restored"), "vec-*"));
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        Assert.True(File.Exists(change));
        await using var again = await LocalDatabase.OpenAsync(options);
        await SearchTwiceAsync(again);
        AssertRestored(again, Rows + Came, changes: 1);
    }

    /// <summary>The story: a process had no handle left when it looked for its index, and removed the changes of a file that was as it should be.</summary>
    [Theory]
    [InlineData(".gra")]
    [InlineData(".chg")]
    public async Task What_cannot_be_read_now_can_be_read_later(string unread)
    {
        await BeginAsync();
        await ChangeAsync();
        Assert.Single(ChangeFiles());
        var files = new FaultyFileSystem(Disk)
        {
            Fault = (operation, path) => operation switch
            {
                "open" when path.EndsWith(unread, StringComparison.Ordinal) => new StorageIOException(operation, path, 24, "Too many open files"),
                "create" when path.Contains("/vec-", StringComparison.Ordinal) => FaultyFileSystem.DiskFull(operation, path),
                _ => null,
            },
        };
        await using (var database = await OpenAsync(files))
        {
            await SearchTwiceAsync(database);
            Assert.Equal((0L, Rows + Came), (database.Partitions.Restored, PartitionOf(database).Codes.Count));
            await AssertRightAsync(database, "built anew");
        }
        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        AssertRestored(again, Rows + Came, changes: 1);
        await AssertRightAsync(again, "come back");
    }

    // The file of so many rows, and no changes.
    private async Task BeginAsync()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Rows);
        await SearchTwiceAsync(database);
        await database.CloseAsync();
        Assert.Empty(ChangeFiles());
    }

    // A few vectors that come while the database is open.
    private async Task ChangeAsync(SimulatedDisk? disk = null)
    {
        await using var database = await OpenAsync(disk);
        await SearchTwiceAsync(database);
        await CreateAsync(database, Came);
        await BuildAsync(database);
    }

    // So few are given no codes before somebody wants them to have some.
    private async Task BuildAsync(LocalDatabase database) => Assert.True(await database.Partitions.BuildAsync(PartitionOf(database).Key));

    // As a search does that meets what is gone.
    private void Bury(LocalDatabase database)
    {
        var (partition, state) = (PartitionOf(database), database.Sequencer.Published);
        for (var number = 0; number < partition.Codes.Count; number++)
        {
            if (partition.Find(state, number) is null) partition.MarkDead(number, state.Sequence);
        }
    }

    private void AssertRestored(LocalDatabase database, int count, int changes)
    {
        var partition = PartitionOf(database);
        Assert.Equal((1L, count, count, changes), (database.Partitions.Restored, partition.Codes.Count, partition.Graph!.Count, partition.Saved!.Changes));
    }


    private byte[] BytesOf(string name) => DiskImage.Take(Disk, Data).Files[name];

    private static DiskImage Put(DiskImage image, string name, byte[] bytes)
    {
        using var disk = new SimulatedDisk(Data, image, Seed);
        Put(disk, name, bytes);
        return DiskImage.Take(disk, Data);
    }

    // As a file of version 0.1 is.
    private static void Unstamp(byte[] file)
    {
        file.AsSpan(64, 8).Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(10), 1);
        Seal(file);
    }

    private static void Restamp(byte[] file)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(64), 77);
        Seal(file);
    }

    private static void Seal(byte[] file) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(92), Crc(file.AsSpan(0, 92)));

    private static string SavedVectorsOf(SavedVectors saved)
    {
        using var stream = new MemoryStream();
        ElizaEngine.Vectors.GraphFormat.Write(saved.Graph, stream);
        return $"{saved.Effort} {Convert.ToHexString(stream.ToArray())} {string.Join(";", saved.Sources)}";
    }

    private static void Free(SavedVectors read)
    {
        read.Graph.Dispose();
        read.Graph.Codes.Dispose();
    }
}
