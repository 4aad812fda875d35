using System.Buffers.Binary;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>
/// Graphs in files beside the log: after whatever happened to the database or to the file, every answer is that of the rows, and where the
/// file can be believed nothing is built again.
/// </summary>
public sealed class SavedVectorsTests() : SavedScene(dimension: 6)
{
    [Fact]
    public async Task A_graph_comes_back_with_the_first_search_after_an_opening()
    {
        WalkEffort effort;
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, Rows);
            await SearchTwiceAsync(database);
            Assert.Equal((0L, 1L), (database.Partitions.Restored, database.Partitions.Saves));
            Assert.Single(GraphFiles());
            effort = PartitionOf(database).Effort;
        }

        await using var again = await OpenAsync();
        Assert.Equal(0, again.Partitions.Restored);
        await SearchTwiceAsync(again);
        Assert.Equal(1, again.Partitions.Restored);
        var partition = PartitionOf(again);
        Assert.Equal((Rows, Rows, 0), (partition.Codes.Count, partition.Graph!.Count, partition.Dead));
        Assert.True(effort is { Nearest: > 0, MeasuredAt: Rows }, "the effort was measured when the graph was saved");
        Assert.Equal(effort, partition.Effort);
        await AssertRightAsync(again, "come back");
        await again.CloseAsync();
        // Nothing had changed.
        Assert.Equal(0, again.Partitions.Saves);
    }

    // Its links lead to slots that it does not cover: no reader would take it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_graph_whose_build_failed_is_not_saved(bool hasFailed)
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Rows);
        await SearchTwiceAsync(database);
        Assert.Equal(1, database.Partitions.Saves);
        var doomed = Vectors.Take(20).ToArray();
        await DeleteAsync(database, [.. doomed.Select(memory => memory.Key)]);
        foreach (var (_, vector) in doomed)
            await database.ForAgent(Agent).SearchMemoriesAsync(new MemorySearch("messages", vector) { Count = 1, Mode = SearchMode.Exact });
        Assert.InRange(PartitionOf(database).Dead, 10, 20);
        PartitionOf(database).Graph!.IsHalfBuilt = hasFailed;
        await database.CloseAsync();
        Assert.Equal(hasFailed ? 1 : 2, database.Partitions.Saves);
    }

    /// <summary>The story: it was measured again at each opening, for nothing else had changed.</summary>
    [Fact]
    public async Task An_effort_that_was_measured_for_another_recall_is_saved()
    {
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, Rows);
            await SearchTwiceAsync(database);
        }

        WalkEffort effort;
        await using (var other = await OpenOtherAsync())
        {
            await SearchTwiceAsync(other);
            Assert.True(await other.Partitions.BuildAsync(PartitionOf(other).Key));
            effort = PartitionOf(other).Effort;
            Assert.Equal(Rows, effort.MeasuredAt);
            Assert.Equal(0, other.Partitions.Saves);
            await other.CloseAsync();
            Assert.Equal(1, other.Partitions.Saves);
        }

        Assert.Single(ChangeFiles());
        await using var again = await OpenOtherAsync();
        await SearchTwiceAsync(again);
        Assert.Equal((1L, effort), (again.Partitions.Restored, PartitionOf(again).Effort));
        await AssertRightAsync(again, "come back");
        await again.CloseAsync();
        Assert.Equal(0, again.Partitions.Saves);

        Task<LocalDatabase> OpenOtherAsync() => OpenAsync(recall: 0.8);
    }

    /// <summary>A process that is killed each time comes to no end at which it would save.</summary>
    [Fact]
    public async Task Such_an_effort_is_saved_from_time_to_time_too()
    {
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, Rows);
            await SearchTwiceAsync(database);
        }

        WalkEffort effort;
        DiskImage killed;
        await using (var other = await OpenAsync(recall: 0.8))
        {
            await SearchTwiceAsync(other);
            effort = PartitionOf(other).Effort;
            Assert.Equal((Rows, 0L), (effort.MeasuredAt, other.Partitions.Saves));
            await SaveLaterAsync(other);
            Assert.Equal(1, other.Partitions.Saves);
            await SaveLaterAsync(other);
            Assert.Equal(1, other.Partitions.Saves);
            killed = Disk.Kill();
        }

        using var disk = new SimulatedDisk(Data, killed, Seed);
        await using var again = await OpenAsync(disk, recall: 0.8);
        await SearchTwiceAsync(again);
        Assert.Equal((1L, effort, effort), (again.Partitions.Restored, PartitionOf(again).Effort, PartitionOf(again).SavedEffort));

        static Task SaveLaterAsync(LocalDatabase database)
        {
            database.Partitions.SaveLater();
            return database.Partitions.Work;
        }
    }

    [Fact]
    public async Task What_came_went_and_was_replaced_since_is_found_as_it_is()
    {
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, Rows);
            await SearchTwiceAsync(database);
        }

        await using (var database = await OpenAsync())
        {
            // Nobody searches: the file stays as it is.
            var ids = Vectors.Keys.Order().ToArray();
            await DeleteAsync(database, ids[..20]);
            foreach (var id in ids[20..50]) await UpdateAsync(database, id);
            await CreateAsync(database, 25);
        }

        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        Assert.Equal(1, again.Partitions.Restored);
        var partition = PartitionOf(again);
        Assert.Equal((Rows + 30 + 25, 50), (partition.Codes.Count, partition.Dead));
        await AssertRightAsync(again, "after changes");
    }

    [Fact]
    public async Task A_kill_after_anything_leaves_a_file_that_is_right_or_not_believed()
    {
        var images = new List<(DiskImage Image, Dictionary<Guid, float[]> Vectors, string When)>();
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, Rows);
            await SearchTwiceAsync(database);
            Keep("saved");
            foreach (var id in Vectors.Keys.Order().Take(40).ToArray()) await UpdateAsync(database, id);
            Keep("vectors replaced");
            await DeleteAsync(database, [.. Vectors.Keys.Order().Take(100)]);
            Keep("some deleted");
            await database.CompactAsync();
            Keep("compacted");
            await CreateAsync(database, 150);
            await SearchTwiceAsync(database);
            Keep("saved again");
            await DeleteAsync(database, [.. Vectors.Keys]);
            Keep("all deleted");
            await CreateAsync(database, 30);
            await SearchTwiceAsync(database);
        }
        Keep("closed");

        foreach (var (image, vectors, when) in images)
        {
            using var disk = new SimulatedDisk(Data, image, Seed);
            await using var database = await OpenAsync(disk);
            await SearchTwiceAsync(database, vectors.Count > 20);
            await AssertRightAsync(database, when, vectors);
            if (vectors.Count > 60) Assert.Equal(1, database.Partitions.Restored);
            // All records lie elsewhere, and are known by what is in them.
            if (when == "compacted") Assert.Equal((Rows, Rows - vectors.Count), (PartitionOf(database).Codes.Count, PartitionOf(database).Dead));
        }

        void Keep(string when) => images.Add((Disk.Kill(), new(Vectors), when));
    }

    [Fact]
    public async Task Compaction_removes_the_files_of_vectors_that_are_all_gone()
    {
        await using var database = await OpenAsync();
        await CreateAsync(database, Rows);
        await SearchTwiceAsync(database);
        await database.CompactAsync();
        Assert.Single(GraphFiles());
        await DeleteAsync(database, [.. Vectors.Keys]);
        await database.CompactAsync();
        Assert.Empty(GraphFiles());
    }

    [Fact]
    public async Task A_file_of_another_history_is_not_believed()
    {
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, Rows);
            await SearchTwiceAsync(database);
        }

        var name = Assert.Single(GraphFiles());
        var foreign = DiskImage.Take(Disk, Data).Files[name];
        Disk.Dispose();
        Disk = new SimulatedDisk(Data, null, Seed);
        Created = 0;
        Vectors.Clear();
        await using (var database = await OpenAsync())
        {
            // The same rows at the same places, with other vectors.
            await CreateAsync(database, Rows);
        }

        Put(Disk, name, foreign);
        await using var other = await OpenAsync();
        await SearchTwiceAsync(other);
        await AssertRightAsync(other, "with the file of another database");
        Assert.Equal(Rows, PartitionOf(other).Codes.Count - PartitionOf(other).Dead);
    }

    [Fact]
    public async Task No_byte_of_a_file_can_change_unnoticed()
    {
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, 120);
            await SearchTwiceAsync(database);
        }

        var name = Assert.Single(GraphFiles());
        var image = DiskImage.Take(Disk, Data);
        var bytes = image.Files[name];
        await using (var database = await OpenAsync())
        {
            // Known by its table only when there are rows.
            await SearchTwiceAsync(database);
            var key = PartitionOf(database).Key;
            var log = database.Log;
            using (var whole = SavedVectors.TryRead(log, key, "messages")!.Graph)
            using (whole.Codes) Assert.Equal(120, whole.Count);
            // In place: the disk keeps each file that is created anew until its name is durable, which would be gigabytes.
            var file = Disk.Open(Data + "/" + name);
            for (var at = 0; at < bytes.Length; at++)
            {
                var changed = (byte)Random.Next(1, 256);
                file.Write(at, [(byte)(bytes[at] ^ changed)]);
                Assert.True(SavedVectors.TryRead(log, key, "messages") is null, $"byte {at} of {bytes.Length} changed by {changed}");
                file.Write(at, [bytes[at]]);
            }
            using (var whole = SavedVectors.TryRead(log, key, "messages")!.Graph)
            using (whole.Codes) Assert.Equal(120, whole.Count);

            foreach (var length in new[] { 0, 1, 95, 96, 97, 200, bytes.Length / 2, bytes.Length - 1 })
            {
                Put(Disk, name, bytes[..length]);
                Assert.True(SavedVectors.TryRead(log, key, "messages") is null, $"{length} bytes of {bytes.Length}");
            }
        }

        // And through the front door.
        for (var i = 0; i < 40; i++)
        {
            var at = Random.Next(bytes.Length);
            using var disk = new SimulatedDisk(Data, image.With(name, file => file[at] ^= 0x10), Seed);
            await using var database = await OpenAsync(disk);
            await SearchTwiceAsync(database);
            await AssertRightAsync(database, $"byte {at} changed");
            Assert.Equal((0L, 1L), (database.Partitions.Restored, database.Partitions.Saves));
        }
    }

    [Fact]
    public async Task Numbers_that_are_wrong_under_the_right_checksums_do_no_harm()
    {
        await using (var database = await OpenAsync())
        {
            await CreateAsync(database, 120);
            await SearchTwiceAsync(database);
        }

        var name = Assert.Single(GraphFiles());
        var whole = DiskImage.Take(Disk, Data).Files[name];
        await using var again = await OpenAsync();
        await SearchTwiceAsync(again);
        var key = PartitionOf(again).Key;
        var sources = 96 + "messages".Length + (12 * BinaryPrimitives.ReadInt32LittleEndian(whole.AsSpan(36))) + (24 * 120);
        var (read, refused) = (0, 0);
        for (var i = 0; i < 3_000; i++)
        {
            var bytes = whole.ToArray();
            // Somewhere in the header, or in what is of the log files and the first sources.
            for (var changes = Random.Next(1, 4); changes > 0; changes--) bytes[Random.Next(10, Random.Next(2) == 0 ? 92 : 200)] = (byte)Random.Next(256);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(92), Crc(bytes.AsSpan(0, 92)));
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(sources), Crc(bytes.AsSpan(96..sources)));
            Put(Disk, name, bytes);
            if (SavedVectors.TryRead(again.Log, key, "messages") is not { } saved)
            {
                refused++;
                continue;
            }
            read++;
            Assert.Equal(saved.Graph.Codes.Count, saved.Sources.Length);
            saved.Graph.Dispose();
            saved.Graph.Codes.Dispose();
        }
        Assert.True(read > 100 && refused > 100, $"{read} read, {refused} refused");
    }

    [Fact]
    public async Task A_disk_that_fails_while_a_graph_is_saved_fails_nobody()
    {
        await FailEachCallAsync(".gra", null, async disk =>
        {
            Vectors.Clear();
            await using var database = await OpenAsync(disk);
            await CreateAsync(database, 150);
            await SearchTwiceAsync(database);
            await CreateAsync(database, 1);
        });
    }

    [Fact]
    public async Task Backup_and_repair_go_without_graphs()
    {
        using var folder = new TestFolder();
        var options = new LocalDatabaseOptions { Directory = folder.Data, VectorsWithoutPartition = 20, VectorsWithoutGraph = 100, UpkeepInterval = Timeout.InfiniteTimeSpan };
        await using (var database = await LocalDatabase.OpenAsync(options))
        {
            await CreateAsync(database, Rows);
            await SearchTwiceAsync(database);
            await database.BackupAsync(folder.In("backup"));
            Assert.Empty((await database.VerifyAsync()).Findings);
        }

        Assert.Single(System.IO.Directory.GetFiles(folder.Data, "*.gra"));
        Assert.Empty(System.IO.Directory.GetFiles(folder.In("backup"), "*.gra*"));
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        // A leftover of an interrupted save goes with the next opening.
        var leftover = System.IO.Directory.GetFiles(folder.Data, "*.gra")[0] + ".tmp";
        await File.WriteAllBytesAsync(leftover, [1, 2, 3]);
        await using (var database = await LocalDatabase.OpenAsync(options))
        {
            Assert.False(File.Exists(leftover));
            await SearchTwiceAsync(database);
            await AssertRightAsync(database, "on a disk");
            Assert.Equal(1, database.Partitions.Restored);
        }
    }
}
