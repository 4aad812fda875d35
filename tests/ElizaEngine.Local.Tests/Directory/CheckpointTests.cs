using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using ElizaEngine.Local.Tests.Disk;
using ElizaEngine.Local.Tests.Fixtures;
using ElizaEngine.Local.Tests.State;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>A database that opens with a state that was written down: everything is there, and what does not fit is not used.</summary>
public sealed class CheckpointTests : IDisposable
{
    private static readonly Guid s_agent = new("a0000000-0000-4000-8000-000000000001");
    private static readonly Guid s_other = new("a0000000-0000-4000-8000-000000000002");
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");
    private readonly List<Guid> _ids = [];

    private string Checkpoint => Path.Combine(_directory, "CHECKPOINT");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task With_and_without_it_the_same_is_there()
    {
        List<string> all;
        await using (var database = await OpenAsync(expectsCheckpoint: false))
        {
            await FillAsync(database);
            all = await DescribeAsync(database);
        }
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            Assert.Equal(all, await DescribeAsync(database));
            DatabaseStateTests.AssertIndexesAgree(database.Sequencer.Published);
        }
        File.Delete(Checkpoint);
        await using (var database = await OpenAsync(expectsCheckpoint: false)) Assert.Equal(all, await DescribeAsync(database));
        await using (var database = await OpenAsync(expectsCheckpoint: true)) Assert.Equal(all, await DescribeAsync(database));
    }

    [Fact]
    public async Task Rows_of_every_table_come_back_from_it_and_from_the_one_behind_a_compaction()
    {
        string all;
        await using (var database = await OpenAsync(expectsCheckpoint: false))
        {
            await FixtureWriter.FillAsync(database);
            Assert.Equal(Enum.GetValues<Table>(), TablesOf(database));
            all = await ReadAsync(database);
        }
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            Assert.Equal(all, await ReadAsync(database));
            DatabaseStateTests.AssertIndexesAgree(database.Sequencer.Published);
            await FixtureWriter.ChangeAsync(database);
            all = await ReadAsync(database);
            database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
            // Large log bodies are compressed, so that their records have another length now.
            await database.CompactAsync(cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(Enum.GetValues<Table>(), TablesOf(database));
            Assert.Equal(all, await ReadAsync(database));
        }
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            Assert.Equal(all, await ReadAsync(database));
            DatabaseStateTests.AssertIndexesAgree(database.Sequencer.Published);
            Assert.Empty((await database.VerifyAsync(cancellationToken: TestContext.Current.CancellationToken)).Findings);
        }
        File.Delete(Checkpoint);
        await using (var database = await OpenAsync(expectsCheckpoint: false)) Assert.Equal(all, await ReadAsync(database));

        static IEnumerable<Table> TablesOf(LocalDatabase database) =>
            StateCheck.TableRows(database.Sequencer.Published).Select(static row => row.Table).Distinct();

        static async Task<string> ReadAsync(LocalDatabase database) => (await FixtureRows.ReadAsync(database)).ToJsonString();
    }

    /// <summary>The story: opening made an array of as many entries as the highest number of a log file, to look sizes up in.</summary>
    [Fact]
    public async Task High_numbers_of_log_files_cost_no_memory()
    {
        const int High = 100_000_003;
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        var name = Directory.GetFiles(_directory, "MANIFEST-*").Max(StringComparer.Ordinal)!;
        Assert.True(FileNames.TryManifest(Path.GetFileName(name), out var generation));
        var manifest = ManifestCodec.Read(PosixFileSystem.Instance, _directory, generation);
        await File.WriteAllBytesAsync(name, ManifestCodec.Encode(manifest with { NextFileNumber = High }), TestContext.Current.CancellationToken);
        List<string> all;
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            await database.CompactAsync(cancellationToken: TestContext.Current.CancellationToken);
            all = await DescribeAsync(database);
        }
        Assert.Contains(Path.Combine(_directory, FileNames.Log(High)), Directory.GetFiles(_directory));
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 256 << 20);
            Assert.Equal(all, await DescribeAsync(database));
        }
    }

    /// <summary>
    /// The story: the sector was met by hashing the mapping, which ended the process with SIGBUS, at every opening. Bytes behind the end of a
    /// file that was cut short under its mapping do the same.
    /// </summary>
    [Fact]
    public async Task One_that_the_disk_cannot_read_is_not_used_and_deleted()
    {
        List<string> all;
        await using (var database = await OpenAsync(expectsCheckpoint: false))
        {
            await FillAsync(database);
            all = await DescribeAsync(database);
        }
        var cut = 0;
        var files = new FaultyFileSystem(PosixFileSystem.Instance)
        {
            Mapped = path =>
            {
                if (path != Checkpoint) return;
                using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                Assert.InRange(RandomAccess.GetLength(file), 3 * 4096, int.MaxValue);
                RandomAccess.SetLength(file, 4096);
                cut++;
            },
        };
        await using (var database = await LocalDatabase.OpenAsync(OptionsOf(_directory), files, static log => log))
        {
            Assert.Equal((false, 1), (database.OpenReport.FromCheckpoint, cut));
            Assert.False(File.Exists(Checkpoint));
            Assert.Equal(all, await DescribeAsync(database));
        }
        await using (var database = await OpenAsync(expectsCheckpoint: true)) Assert.Equal(all, await DescribeAsync(database));
    }

    [Fact]
    public async Task Rows_of_it_are_changed_deleted_and_created_anew_like_all_others()
    {
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        for (var round = 0; round < 3; round++)
        {
            List<string> all;
            await using (var database = await OpenAsync(expectsCheckpoint: true))
            {
                var adapter = database.ForAgent(s_agent);
                var before = database.Sequencer.Published;
                var rows = before.Memories.Count;
                await adapter.UpdateMemoryAsync(new MemoryUpdate(_ids[10 + round]) { Content = Content.FromText($"anew {round}"), Embedding = VectorOf(7_000 + round, 32) });
                await adapter.DeleteMemoriesAsync([.. _ids.Skip(20).Take(30)]);
                await adapter.CreateMemoriesAsync(
                    [.. _ids.Skip(25).Take(10).Select(id => new Memory { Id = id, Content = Content.FromText($"again {round}"), Unique = true })], "facts");
                await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText($"new {round}"), Embedding = VectorOf(8_000 + round, 32) }, "messages");
                // Who looks at the state of before sees what was there, made only now.
                Assert.Equal(rows, before.Memories.All().Count());
                Assert.Equal(rows, InOrder(before).Count);
                DatabaseStateTests.AssertIndexesAgree(before);
                DatabaseStateTests.AssertIndexesAgree(database.Sequencer.Published);
                all = await DescribeAsync(database);
            }
            await using (var database = await OpenAsync(expectsCheckpoint: true)) Assert.Equal(all, await DescribeAsync(database));
            File.Delete(Checkpoint);
            await using (var database = await OpenAsync(expectsCheckpoint: false)) Assert.Equal(all, await DescribeAsync(database));
        }
    }

    [Fact]
    public async Task What_the_log_says_behind_it_is_applied_to_it()
    {
        var copy = _directory + "-copy";
        try
        {
            List<string> all;
            await using (var database = await OpenAsync(expectsCheckpoint: false))
            {
                await FillAsync(database);
                database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
                var adapter = database.ForAgent(s_agent);
                await adapter.DeleteMemoriesAsync([.. _ids.Take(5)]);
                for (var i = 0; i < 200; i++) await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText($"behind {i} {new string('y', 600)}"), Embedding = VectorOf(i, 32) }, "messages");
                all = await DescribeAsync(database);
                await CopyAsAKillWouldLeaveItAsync(database, copy);
            }
            await using var opened = await LocalDatabase.OpenAsync(OptionsOf(copy));
            Assert.False(opened.OpenReport.WasClean);
            Assert.True(opened.OpenReport.FromCheckpoint);
            Assert.Equal(all, await DescribeAsync(opened));
            DatabaseStateTests.AssertIndexesAgree(opened.Sequencer.Published);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Theory]
    [InlineData(Durability.PowerLoss)]
    [InlineData(Durability.ProcessCrash)]
    public async Task Wherever_the_process_is_killed_while_another_is_written_there_is_one_to_open_with(Durability durability)
    {
        Directory.CreateDirectory(_directory);
        var settings = DiskSettings.Fixed(durability, 256 << 10, 256 << 10);
        using var disk = new SimulatedDisk(DiskSettings.Directory);
        var images = new List<DiskImage>();
        List<string> all;
        await using (var database = await settings.OpenAsync(disk, TimeProvider.System))
        {
            await FillAsync(database);
            await database.BackgroundWork;
            database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
            await database.ForAgent(s_agent).DeleteMemoriesAsync([.. _ids.Take(5)]);
            all = await DescribeAsync(database);
            disk.BeforeCall = call =>
            {
                images.Add(disk.Kill());
                return DiskFault.None;
            };
            database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
            disk.BeforeCall = null;
            images.Add(disk.Kill());
        }
        Assert.True(images.Count > 5, "a checkpoint takes a few calls");
        foreach (var image in images)
        {
            using var left = new SimulatedDisk(DiskSettings.Directory, image);
            await using var opened = await settings.OpenAsync(left, TimeProvider.System);
            Assert.True(opened.OpenReport.FromCheckpoint);
            Assert.Equal(all, await DescribeAsync(opened));
            DatabaseStateTests.AssertIndexesAgree(opened.Sequencer.Published);
        }
    }

    [Fact]
    public async Task What_lies_behind_it_is_bounded_also_while_nothing_but_one_file_is_written()
    {
        await using var database = await LocalDatabase.OpenAsync(OptionsOf(_directory) with { MaxLogFileBytes = 64 << 20, LogBetweenCheckpoints = 1 << 20 });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        lock (database.Log.Gate) database.Log.EndFileLocked();
        await database.BackgroundWork;
        var text = new string('z', 20_000);
        // The files double: in one that begins now there is room for all of what follows.
        while (database.Log.EndedFiles().Count < 8) await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText(text) }, "messages");
        await database.BackgroundWork;
        var ended = database.Log.EndedFiles().Count;
        File.Delete(Checkpoint);
        for (var i = 0; i < 220; i++) await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText(text) }, "messages");
        await database.Checkpointing;
        Assert.Equal(ended, database.Log.EndedFiles().Count);
        Assert.True(File.Exists(Checkpoint));
    }

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 40)]
    [InlineData(3, 1_500)]
    public async Task Behind_it_rows_of_both_sides_change_in_every_way(int seed, int rounds)
    {
        var random = new Random(seed);
        var copy = _directory + "-copy";
        try
        {
            List<string> all;
            await using (var database = await OpenAsync(expectsCheckpoint: false))
            {
                await FillAsync(database);
                database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
                var adapter = database.ForAgent(s_agent);
                Guid?[] rooms = [null, .. database.Sequencer.Published.Rooms.All().Select(static row => (Guid?)row.Id)];
                for (var round = 0; round < rounds; round++)
                {
                    // Ids of the checkpoint, deleted or not, and new ones.
                    await adapter.UpsertMemoriesAsync([.. Enumerable.Range(0, 4).Select(i => random.Next(3) == 0 ? Any() : New()).DistinctBy(static id => id).Select(id => new Memory
                    {
                        Id = id,
                        RoomId = rooms[random.Next(rooms.Length)],
                        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(random.Next(1000)),
                        Content = Content.FromText($"upserted in {round}"),
                        Embedding = random.Next(2) == 0 ? VectorOf(round, 32) : default(ReadOnlyMemory<float>?),
                        Unique = true,
                    })], random.Next(2) == 0 ? "messages" : "facts");
                    if (random.Next(2) == 0) await adapter.UpdateMemoryAsync(new MemoryUpdate(Any()) { Content = Content.FromText($"updated in {round}"), Embedding = VectorOf(-round, 32) });
                    if (random.Next(3) == 0) await adapter.DeleteMemoriesAsync([Any(), Any()]);
                }
                Assert.True(database.Sequencer.Published.Memories.Count is var count && (rounds < 1000 || count > DatabaseState.ManyToIndex));
                all = await DescribeAsync(database);
                await CopyAsAKillWouldLeaveItAsync(database, copy);
            }
            await using var opened = await LocalDatabase.OpenAsync(OptionsOf(copy));
            Assert.True(opened.OpenReport.FromCheckpoint);
            Assert.Equal(all, await DescribeAsync(opened));
            DatabaseStateTests.AssertIndexesAgree(opened.Sequencer.Published);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }

        Guid Any() => _ids[random.Next(_ids.Count)];

        Guid New()
        {
            _ids.Add(Guid.NewGuid());
            return _ids[^1];
        }
    }

    [Fact]
    public async Task Of_a_log_that_was_compacted_since_it_is_not_used_and_a_new_one_has_nothing_that_was_deleted()
    {
        const string secret = "Rumpelstiltskin";
        List<string> all;
        await using (var database = await OpenAsync(expectsCheckpoint: false))
        {
            await FillAsync(database);
            await database.ForAgent(s_agent).CreateEntityAsync(new Entity { Id = s_other, Names = [secret] });
        }
        Assert.Contains(secret, File.ReadAllText(Checkpoint), StringComparison.Ordinal);
        var old = await File.ReadAllBytesAsync(Checkpoint, TestContext.Current.CancellationToken);
        await using (var database = await OpenAsync(expectsCheckpoint: true))
        {
            await database.ForAgent(s_agent).DeleteEntitiesAsync([s_other]);
            await database.CompactAsync(cancellationToken: TestContext.Current.CancellationToken);
            Assert.DoesNotContain(secret, File.ReadAllText(Checkpoint), StringComparison.Ordinal);
            all = await DescribeAsync(database);
        }
        await using (var database = await OpenAsync(expectsCheckpoint: true)) Assert.Equal(all, await DescribeAsync(database));
        await File.WriteAllBytesAsync(Checkpoint, old, TestContext.Current.CancellationToken);
        await using (var database = await OpenAsync(expectsCheckpoint: false)) Assert.Equal(all, await DescribeAsync(database));
    }

    [Fact]
    public async Task Damage_in_front_of_its_end_is_found_in_the_background_also_where_no_index_file_stands_for_it()
    {
        await using (var database = await LocalDatabase.OpenAsync(WithoutIndexFiles()))
        {
            await FillAsync(database);
            await database.BackgroundWork;
        }
        Assert.Empty(Directory.GetFiles(_directory, "*.idx"));
        await using (var database = await LocalDatabase.OpenAsync(WithoutIndexFiles()))
        {
            Assert.True(database.OpenReport.FromCheckpoint);
            await database.Scrubbing;
            Assert.Null(database.Damage);
        }
        var file = Directory.GetFiles(_directory, "*.seg").Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[Storage.LogFormat.FileHeaderBytes + Storage.LogFormat.FrameHeaderBytes + 20] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        await using (var database = await LocalDatabase.OpenAsync(WithoutIndexFiles()))
        {
            Assert.True(database.OpenReport.FromCheckpoint);
            await database.Scrubbing;
            Assert.Equal(Path.GetFileName(file), Assert.IsType<CorruptDataException>(database.Damage).File);
        }

        // One file, larger than all that is written, and too small to get an index.
        LocalDatabaseOptions WithoutIndexFiles() =>
            new() { Directory = _directory, Durability = Durability.ProcessCrash, LogWithoutCheckpoint = 0 };
    }

    [Fact]
    public async Task One_of_another_database_or_with_any_changed_byte_is_not_used()
    {
        List<string> all;
        await using (var database = await OpenAsync(expectsCheckpoint: false))
        {
            await FillAsync(database);
            all = await DescribeAsync(database);
        }
        var bytes = await File.ReadAllBytesAsync(Checkpoint, TestContext.Current.CancellationToken);
        var random = new Random(1);
        for (var i = 0; i < 40; i++)
        {
            var changed = bytes.ToArray();
            // Where it begins most of all; now and then it is cut.
            changed[i < 20 ? random.Next(200) : random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (i % 8 == 7) changed = bytes[..random.Next(bytes.Length)];
            await File.WriteAllBytesAsync(Checkpoint, changed, TestContext.Current.CancellationToken);
            await using var database = await OpenAsync(expectsCheckpoint: false);
            if (i % 10 == 0) Assert.Equal(all, await DescribeAsync(database));
            else Assert.Equal(all.Count, (await DescribeAsync(database)).Count);
        }

        var directory = _directory + "-other";
        try
        {
            await using (var database = await LocalDatabase.OpenAsync(OptionsOf(directory))) await FillAsync(database);
            File.Copy(Path.Combine(directory, "CHECKPOINT"), Checkpoint, overwrite: true);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
        await using (var database = await OpenAsync(expectsCheckpoint: false)) Assert.Equal(all, await DescribeAsync(database));
    }

    [Fact]
    public async Task Whoever_asks_first_for_a_row_of_it_everybody_finds_the_same()
    {
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        await using var opened = await OpenAsync(expectsCheckpoint: true);
        var state = opened.Sequencer.Published;
        var found = await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(() =>
        {
            // In some other order each.
            var random = new Random(seed);
            var byId = _ids.OrderBy(_ => random.Next()).Select(id => state.FindMemory(id)).OfType<MemoryRow>().OrderBy(static row => row.Id).ToList();
            var byTable = InOrder(state).OrderBy(static row => row.Id).ToList();
            Assert.Equal(byTable.Count, byId.Count);
            for (var i = 0; i < byId.Count; i++) Assert.Same(byTable[i], byId[i]);
            return byId;
        })));
        for (var i = 0; i < found[0].Count; i++) Assert.All(found, rows => Assert.Same(found[0][i], rows[i]));
    }

    [Fact]
    public async Task Repairing_a_log_takes_it_away()
    {
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        Assert.True(File.Exists(Checkpoint));
        var last = Directory.GetFiles(_directory, "*.seg").Order().First();
        var bytes = await File.ReadAllBytesAsync(last, TestContext.Current.CancellationToken);
        bytes[6_000] ^= 0xFF;
        await File.WriteAllBytesAsync(last, bytes, TestContext.Current.CancellationToken);
        await LocalDatabase.RepairAsync(_directory, acceptLoss: true, cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(File.Exists(Checkpoint));
    }

    [Fact]
    public async Task One_of_another_history_of_the_same_log_is_not_used_either()
    {
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        var saved = _directory + "-saved";
        Directory.CreateDirectory(saved);
        try
        {
            foreach (var path in Directory.GetFiles(_directory).Where(static path => !path.EndsWith("LOCK", StringComparison.Ordinal) && !path.EndsWith("CHECKPOINT", StringComparison.Ordinal)))
                File.Copy(path, Path.Combine(saved, Path.GetFileName(path)));
            await using (var database = await OpenAsync(expectsCheckpoint: true))
            {
                for (var i = 0; i < 4; i++) await database.ForAgent(s_agent).CreateMemoryAsync(new Memory { Content = Content.FromText($"one {i}") }, "messages");
            }
            foreach (var path in Directory.GetFiles(_directory).Where(static path => !path.EndsWith("CHECKPOINT", StringComparison.Ordinal))) File.Delete(path);
            foreach (var path in Directory.GetFiles(saved)) File.Copy(path, Path.Combine(_directory, Path.GetFileName(path)));
            List<string> all;
            // No checkpoint at its end: as after a crash, or a close that could not write one.
            await using (var database = await LocalDatabase.OpenAsync(OptionsOf(_directory) with { LogWithoutCheckpoint = long.MaxValue }))
            {
                Assert.False(database.OpenReport.FromCheckpoint);
                for (var i = 0; i < 8; i++) await database.ForAgent(s_agent).CreateMemoryAsync(new Memory { Content = Content.FromText($"two {i}") }, "messages");
                all = await DescribeAsync(database);
            }
            await using (var database = await LocalDatabase.OpenAsync(OptionsOf(_directory)))
            {
                Assert.Equal(all, await DescribeAsync(database));
            }
        }
        finally
        {
            Directory.Delete(saved, recursive: true);
        }
    }


    [Fact]
    public async Task A_database_in_memory_writes_none()
    {
        Directory.CreateDirectory(_directory);
        using var files = new Storage.MemoryFileSystem();
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { LogWithoutCheckpoint = 0 }, files, static log => log with { Durability = Storage.Durability.None });
        await FillAsync(database);
        await database.ForAgent(s_agent).DeleteMemoriesAsync([.. _ids.Take(100)]);
        await database.CompactAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.DoesNotContain("CHECKPOINT", files.List("/memory"));
    }


    [Fact]
    public async Task One_that_says_what_cannot_be_is_not_used_though_its_checksum_is_right()
    {
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        var bytes = await File.ReadAllBytesAsync(Checkpoint, TestContext.Current.CancellationToken);
        var start = 96 + (16 * (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40)));
        var layout = CheckpointLayout.TryDecode(bytes.AsSpan(start))!;
        var rooms = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(start + layout.ByRoomAt, layout.ByRoom * 4)).ToArray();
        var without = Enumerable.Range(0, layout.Memories).First(number => !rooms.Contains(number));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(start + layout.ByRoomAt), without);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(56), Storage.CheckpointWriter.HashOf(bytes.AsSpan(96)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(92), Storage.Crc32C.Compute(bytes.AsSpan(0, 92)));
        await File.WriteAllBytesAsync(Checkpoint, bytes, TestContext.Current.CancellationToken);
        await using (var database = await OpenAsync(expectsCheckpoint: false))
        {
        }
    }


    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Every_state_of_before_has_the_rows_that_it_had(int seed)
    {
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        await using var opened = await OpenAsync(expectsCheckpoint: true);
        var random = new Random(seed);
        Id[] ids = [.. _ids.Select(static id => (Id)id)];
        var originals = new Dictionary<Id, MemoryRow>();
        var newest = opened.Sequencer.Published;
        var scope = newest.FindMemory(ids[0])!.Scope;
        var model = ids.ToDictionary(static id => id, static _ => (MemoryRow?)null);
        var held = new List<(DatabaseState State, Dictionary<Id, MemoryRow?> Rows)>();
        for (var round = 0; round < 500; round++)
        {
            var next = newest.EditableBy(DatabaseState.NewPrivateOwner());
            var rows = new Dictionary<Id, MemoryRow?>(model);
            for (var edit = random.Next(1, 90); edit > 0; edit--)
            {
                var id = ids[random.Next(ids.Length)];
                var old = next.FindMemory(id);
                Assert.Equal(rows.ContainsKey(id), old is not null);
                if (old is not null && random.Next(4) == 0)
                {
                    next.Remove(old);
                    rows.Remove(id);
                }
                else
                {
                    var row = old is not null && random.Next(2) == 0 ? old.WithVectors(null)
                        : new MemoryRow { Id = id, Scope = old?.Scope ?? scope, CreatedMs = random.Next(1000), IsUnique = false };
                    next.Put(row, old);
                    rows[id] = row;
                }
            }
            if (random.Next(3) == 0)
            {
                next.Undo();
                Check(newest, model, all: random.Next(5) == 0);
            }
            else
            {
                if (random.Next(4) == 0) held.Add((newest, model));
                (newest, model) = (next, rows);
            }
            if (held.Count > 8) held.RemoveAt(random.Next(held.Count));
            if (random.Next(60) == 0) held.Clear();
            if (round % 15 == 0) GC.Collect();
            foreach (var (state, expected) in held) Check(state, expected, all: random.Next(20) == 0);
            Check(newest, model, all: random.Next(20) == 0);
        }

        void Check(DatabaseState state, Dictionary<Id, MemoryRow?> expected, bool all)
        {
            foreach (var id in all ? ids : [.. Enumerable.Range(0, 30).Select(_ => ids[random.Next(ids.Length)])])
            {
                var found = state.FindMemory(id);
                if (!expected.TryGetValue(id, out var row)) Assert.Null(found);
                else if (row is not null) Assert.Same(row, found);
                else
                {
                    Assert.NotNull(found);
                    Assert.Equal(0, found.Since);
                    Assert.Same(originals.TryGetValue(id, out var first) ? first : originals[id] = found, found);
                }
            }
            Assert.Equal(expected.Count, state.Memories.Count);
            if (!all) return;
            Assert.Equal(expected.Count, state.Memories.All().Count());
            DatabaseStateTests.AssertIndexesAgree(state);
        }
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_written_keeps_nobody_from_closing()
    {
        await using (var database = await OpenAsync(expectsCheckpoint: false)) await FillAsync(database);
        var opened = await LocalDatabase.OpenAsync(OptionsOf(_directory));
        await opened.ForAgent(s_agent).DeleteMemoriesAsync([.. _ids.Take(2)]);
        opened.Sequencer.Published.Memories.All().First(row => row.Location.File > 0).Location = new Storage.RecordLocation(9999, 4096, 1);
        var left = opened.GetStatistics().Memories;
        await opened.CloseAsync(TestContext.Current.CancellationToken);
        await using var again = await LocalDatabase.OpenAsync(OptionsOf(_directory));
        Assert.Equal(left, again.GetStatistics().Memories);
    }

    /// <summary>
    /// The story: one damaged room, and all memories were collected again and again, for a checkpoint that could never be written.
    /// </summary>
    [Fact]
    public async Task Where_damage_was_met_none_is_begun_in_the_background_any_more()
    {
        const string name = "Rumpelstiltskin";
        var options = OptionsOf(_directory) with { LogBetweenCheckpoints = 256 << 10, ScrubBytesPerSecond = 0 };
        await using var database = await LocalDatabase.OpenAsync(options);
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        await adapter.CreateRoomsAsync([new Room { Source = "test", Type = ChannelTypes.Group, Name = name }]);
        await database.BackgroundWork;
        Overwrite(name, name.ToUpperInvariant());
        var attempts = new HashSet<Task>();
        var before = database.Checkpointing;
        for (var i = 0; i < 270; i++)
        {
            await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText(new string('z', 20_000)) }, "messages");
            await database.BackgroundWork;
            if (database.Checkpointing is var attempt && attempt != before) attempts.Add(attempt);
        }
        _ = Assert.Single(attempts);
        Assert.NotNull(database.Damage);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_does_not_come_about_behind_a_compaction_is_made_up_for_soon(bool isCancelled)
    {
        Directory.CreateDirectory(_directory);
        using var memory = new Storage.MemoryFileSystem();
        using var cancellation = new CancellationTokenSource();
        var attempts = 0;
        var files = new FaultyFileSystem(memory);
        await using var database = await LocalDatabase.OpenAsync(OptionsOf("/data") with { LogBetweenCheckpoints = 8 << 20 }, files, static log => log);
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        await WriteAsync(500);
        Assert.Contains(Storage.FileNames.Checkpoint, memory.List("/data"));
        files.Fault = (call, path) =>
        {
            if (call != "create" || !path.EndsWith("CHECKPOINT.tmp", StringComparison.Ordinal) || Interlocked.Increment(ref attempts) > 1) return null;
            if (!isCancelled) return FaultyFileSystem.DiskFull(call, path);
            cancellation.Cancel();
            return new OperationCanceledException(cancellation.Token);
        };
        await database.CompactAsync(null, cancellation.Token);
        Assert.Equal(1, attempts);
        Assert.DoesNotContain(Storage.FileNames.Checkpoint, memory.List("/data"));
        // Less than what lies between two of them.
        await WriteAsync(300);
        Assert.Contains(Storage.FileNames.Checkpoint, memory.List("/data"));

        // 20 KB each.
        async Task WriteAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText(new string('z', 20_000)) }, "messages");
                await database.BackgroundWork;
            }
        }
    }

    [Fact]
    public async Task One_that_cannot_be_written_is_tried_again_when_as_much_has_come_again_and_when_the_database_is_closed()
    {
        Directory.CreateDirectory(_directory);
        using var memory = new Storage.MemoryFileSystem();
        var attempts = 0;
        var files = new FaultyFileSystem(memory)
        {
            Fault = (call, path) =>
            {
                if (call != "create" || !path.EndsWith("CHECKPOINT.tmp", StringComparison.Ordinal)) return null;
                Interlocked.Increment(ref attempts);
                return FaultyFileSystem.DiskFull(call, path);
            },
        };
        var options = OptionsOf("/data") with { LogBetweenCheckpoints = 1 << 20 };
        await using (var database = await LocalDatabase.OpenAsync(options, files, static log => log))
        {
            var adapter = database.ForAgent(s_agent);
            await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
            for (var i = 0; i < 400; i++)
            {
                await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText(new string('z', 20_000)) }, "messages");
                await database.BackgroundWork;
            }
            Assert.InRange(attempts, 2, (int)(database.Log.Statistics.WrittenLsn >> 20));
            files.Fault = static (_, _) => null;
        }
        await using var reopened = await LocalDatabase.OpenAsync(options, files, static log => log);
        Assert.True(reopened.OpenReport.FromCheckpoint);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_state_that_is_too_large_there_is_none_and_one_of_before_stays(bool isOneThere)
    {
        var options = OptionsOf(_directory) with { LargestCheckpoint = 4_000 };
        List<string> all;
        var before = Array.Empty<byte>();
        await using (var database = await LocalDatabase.OpenAsync(options))
        {
            await database.ForAgent(s_other).CreateAgentAsync(new Agent { Id = s_other, Name = "Eve" });
            if (isOneThere)
            {
                database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
                before = await File.ReadAllBytesAsync(Checkpoint, TestContext.Current.CancellationToken);
            }
            await FillAsync(database);
            database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
            // So that it is tried at the close, too.
            await database.ForAgent(s_agent).DeleteMemoriesAsync([.. _ids.Take(2)]);
            all = await DescribeAsync(database);
        }
        Assert.Equal(isOneThere, File.Exists(Checkpoint));
        if (isOneThere) Assert.Equal(before, await File.ReadAllBytesAsync(Checkpoint, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Checkpoint + ".tmp"));
        // With room enough for it, from here on.
        await using (var database = await OpenAsync(expectsCheckpoint: isOneThere))
        {
            Assert.Equal(all, await DescribeAsync(database));
            DatabaseStateTests.AssertIndexesAgree(database.Sequencer.Published);
        }
        await using (var database = await OpenAsync(expectsCheckpoint: true)) Assert.Equal(all, await DescribeAsync(database));
        Assert.NotEqual(before, await File.ReadAllBytesAsync(Checkpoint, TestContext.Current.CancellationToken));
    }

    /// <summary>
    /// The story: the checkpoint had the damaged key, under a checksum that was right, and what had been reported as damaged was not there.
    /// </summary>
    [Fact]
    public async Task A_cached_value_whose_record_was_damaged_meanwhile_keeps_its_key_and_is_reported()
    {
        const string key = "Rumpelstiltskin";
        var options = OptionsOf(_directory) with { ScrubBytesPerSecond = 0 };
        await using (var database = await LocalDatabase.OpenAsync(options))
        {
            var adapter = database.ForAgent(s_agent);
            await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
            await adapter.SetCacheAsync(key, Json.Parse("1"));
            lock (database.Log.Gate) database.Log.EndFileLocked();
            await database.BackgroundWork;
            Overwrite(key, key.ToUpperInvariant());
            await adapter.SetCacheAsync("another", Json.Parse("2"));
            database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
        }
        await using var reopened = await LocalDatabase.OpenAsync(options);
        Assert.True(reopened.OpenReport.FromCheckpoint);
        await Assert.ThrowsAsync<CorruptDataException>(async () => await reopened.ForAgent(s_agent).GetCacheAsync(key));
        Assert.Null(await reopened.ForAgent(s_agent).GetCacheAsync(key.ToUpperInvariant()));
        Assert.Equal("2", (await reopened.ForAgent(s_agent).GetCacheAsync("another"))!.ToString());
    }

    /// <summary>Changes a text in the log file that has it, under the open database.</summary>
    private void Overwrite(string old, string replacement) =>
        TestFolder.Overwrite(_directory, Encoding.UTF8.GetBytes(old), Encoding.UTF8.GetBytes(replacement));

    private static LocalDatabaseOptions OptionsOf(string directory) =>
        new() { Directory = directory, MaxLogFileBytes = 128 << 10, Durability = Durability.ProcessCrash, LogWithoutCheckpoint = 0 };

    private static float[] VectorOf(int i, int dimension) => [.. Enumerable.Range(0, dimension).Select(j => MathF.Sin((i * 31) + j + 0.5f))];

    private static List<MemoryRow> InOrder(DatabaseState state)
    {
        var rows = new List<MemoryRow>();
        foreach (var row in state.MemoriesByTable.Ascend(new TableMemoryKey(0, long.MinValue, Id.Min))) rows.Add(row);
        return rows;
    }

    private async Task<LocalDatabase> OpenAsync(bool expectsCheckpoint)
    {
        var database = await LocalDatabase.OpenAsync(OptionsOf(_directory));
        Assert.Equal(expectsCheckpoint, database.OpenReport.FromCheckpoint);
        return database;
    }

    private async Task CopyAsAKillWouldLeaveItAsync(LocalDatabase database, string copy)
    {
        // A file that is renamed meanwhile cannot be copied.
        await database.BackgroundWork;
        Directory.CreateDirectory(copy);
        foreach (var path in Directory.GetFiles(_directory).Where(static path => !path.EndsWith("LOCK", StringComparison.Ordinal))) File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
    }

    private async Task FillAsync(LocalDatabase database)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        var rooms = await adapter.CreateRoomsAsync([.. Enumerable.Range(0, 7).Select(_ => new Room { Source = "test", Type = ChannelTypes.Group })]);
        var entity = new Entity { Names = ["Bob"] };
        await adapter.CreateEntityAsync(entity);
        for (var i = 0; i < 300; i++)
        {
            var memory = new Memory
            {
                RoomId = i % 3 == 0 ? null : rooms[i % 7].Id,
                EntityId = i % 4 == 0 ? null : entity.Id,
                Content = Content.FromText($"{i} {new string('x', i)}"),
                Embedding = i % 2 == 0 ? VectorOf(i, 32) : default(ReadOnlyMemory<float>?),
                Unique = i % 5 == 0,
            };
            await adapter.CreateMemoryAsync(memory, i % 5 == 0 ? "facts" : "messages");
            _ids.Add(memory.Id);
        }
        for (var i = 0; i < 10; i++)
        {
            var metadata = new MemoryMetadata(Json.Parse($$"""{"type":"fragment","documentId":"{{_ids[i % 2]}}","position":{{i}}}"""));
            var fragment = new Memory { Content = Content.FromText($"fragment {i}"), Metadata = metadata };
            await adapter.CreateMemoryAsync(fragment, "documents");
            _ids.Add(fragment.Id);
        }
        // Some have vectors of two dimensions.
        await adapter.EnsureEmbeddingDimensionAsync(48);
        for (var i = 0; i < 20; i++) await adapter.UpdateMemoryAsync(new MemoryUpdate(_ids[i]) { Embedding = VectorOf(i, 48) });
        await adapter.EnsureEmbeddingDimensionAsync(32);
        await adapter.SetCacheAsync("key", Json.From(new string('v', 10_000)));
        await adapter.CreateLogsAsync([new LogEntry { EntityId = entity.Id, RoomId = rooms[0].Id, Type = "test", Body = new LogBody(Json.EmptyObject) }]);
    }

    private static async Task<List<string>> DescribeAsync(LocalDatabase database)
    {
        var adapter = database.ForAgent(s_agent);
        var found = new List<string>();
        foreach (var table in (string[])["messages", "facts", "documents"])
        {
            foreach (var memory in await adapter.GetMemoriesAsync(new MemoryQuery(table) { Count = int.MaxValue, IncludeEmbeddings = true }))
                found.Add($"{table} {memory.Id} {memory.RoomId} {memory.EntityId} {memory.Unique} {memory.Content} {string.Join(' ', memory.Embedding?.ToArray() ?? [])}");
        }
        Assert.Equal(10_002, (await adapter.GetCacheAsync("key"))!.Utf8.Length);
        Assert.Single(await adapter.GetLogsAsync(new LogQuery()));
        Assert.Equal(7, database.GetStatistics().Rooms);
        return found;
    }
}
