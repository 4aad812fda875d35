using System.Buffers.Binary;
using System.Globalization;
using ElizaEngine.Local.Tests.Codecs;
using ElizaEngine.Local.Tests.Fixtures;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>
/// The heads of a checkpoint, which go from the rows to the file. The story: all of them were collected first. Of ten million log entries
/// that took gigabytes, and where it was more than there is room for it was done again and again, for a checkpoint that was never written.
/// </summary>
public sealed class CheckpointHeadsTests : IDisposable
{
    private const string Checkpoint = "/data/" + FileNames.Checkpoint;
    private const string Temporary = Checkpoint + FileNames.Temporary;

    // Its kind, place and lengths; and of the head flags, number of its type, three ids, time and length.
    private const int LogEntryBytes = 17 + 65;

    // More than a megabyte of heads: what is written at a time.
    private const int Few = 15_000;

    private static readonly Guid s_agent = FixtureRows.Agent;

    private readonly MemoryFileSystem _memory = new();
    private readonly FaultyFileSystem _files;
    private int _created;
    private int _renamed;

    public CheckpointHeadsTests() => _files = new FaultyFileSystem(_memory) { Fault = CountAttempts };

    private static LocalDatabaseOptions Options => new()
    {
        Directory = "/data",
        Durability = Durability.ProcessCrash,
        LogWithoutCheckpoint = 0,
        LogBetweenCheckpoints = long.MaxValue,
        UpkeepInterval = Timeout.InfiniteTimeSpan,
    };

    public void Dispose() => _memory.Dispose();

    [Fact]
    public async Task Ten_times_as_many_log_entries_take_no_more_memory_to_write()
    {
        await using var database = await OpenAsync(Options);
        await FixtureWriter.FillAsync(database);
        await AddLogsAsync(database, Few);
        var few = AllocatedByWriting(database);
        var bytes = HeadsBytes();
        await AddLogsAsync(database, 9 * Few);
        var many = AllocatedByWriting(database);
        Assert.Equal(2, _renamed);
        Assert.Equal(9L * Few * LogEntryBytes, HeadsBytes() - bytes);
        Assert.InRange(many, 0, few + (64 << 10));
    }

    /// <param name="room">Less than the log entries need, or enough for them, but not for all.</param>
    [Theory]
    [InlineData(1 << 20)]
    [InlineData((Few * LogEntryBytes) + 1_500)]
    public async Task Where_they_are_too_many_nothing_is_collected_or_written_and_the_next_attempt_waits_for_eight_times_as_much(long room)
    {
        const int Bytes = Few * LogEntryBytes;
        await using var database = await OpenAsync(Options with { LargestCheckpoint = room, LogBetweenCheckpoints = 1 << 20 });
        await FixtureWriter.FillAsync(database);
        await AddLogsAsync(database, Few);
        await database.BackgroundWork;
        await AddLogsAsync(database, 1);
        // The heads alone are too many. What is in front of them is less than a kilobyte.
        var state = database.Sequencer.Published;
        Assert.True(new CheckpointHeads(state, database.Log, long.MaxValue, TestContext.Current.CancellationToken).Length > room);
        Assert.Equal(room > Bytes, (state.Logs.Count * (long)LogEntryBytes) + 1_024 <= room);
        _created = 0;
        Assert.InRange(AllocatedByWriting(database), 0, Bytes / 4);
        Assert.Equal(0, _created);
        var before = database.Checkpointing;
        // Each counts as 1 KiB more.
        await AddMemoriesAsync(database, 6 * Bytes / 21_000);
        Assert.Same(before, database.Checkpointing);
        await AddMemoriesAsync(database, 6 * Bytes / 21_000);
        Assert.NotSame(before, database.Checkpointing);
        Assert.Equal(0, _created);
    }

    [Fact]
    public async Task Who_cancels_waits_for_no_more_of_them()
    {
        await using (var database = await OpenAsync(Options))
        {
            await FixtureWriter.FillAsync(database);
            await AddLogsAsync(database, 3 * Few);
            Assert.Throws<OperationCanceledException>(
                () => new CheckpointHeads(database.Sequencer.Published, database.Log, long.MaxValue, new CancellationToken(canceled: true)));
            database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
            var before = Read(Checkpoint);
            await AddLogsAsync(database, 1);
            using var cancellation = new CancellationTokenSource();
            var writes = 0;
            _files.Fault = (call, path) =>
            {
                if (call == "write" && path == Temporary && ++writes == 1) cancellation.Cancel();
                return null;
            };
            database.WriteCheckpoint(minLogBytes: 0, cancellation.Token);
            _files.Fault = static (_, _) => null;
            Assert.Equal(1, writes);
            Assert.DoesNotContain(FileNames.Checkpoint + FileNames.Temporary, _memory.List("/data"));
            Assert.Equal(before, Read(Checkpoint));
        }
        await using var reopened = await OpenAsync(Options);
        Assert.True(reopened.OpenReport.FromCheckpoint);
        // Four are of the fixture.
        Assert.Equal((3 * Few) + 1 + 4, reopened.GetStatistics().Logs);
    }

    [Fact]
    public async Task Records_that_are_moved_between_the_counting_and_the_writing_change_no_length()
    {
        List<string> all;
        await using (var database = await OpenAsync(Options))
        {
            await FixtureWriter.FillAsync(database);
            await FixtureWriter.ChangeAsync(database);
            int first;
            using (database.Pin()) first = database.Log.PlaceOf(database.Sequencer.Published.Logs.All().First().Location).File;
            var compaction = Task.CompletedTask;
            var isMoved = false;
            _files.Fault = (call, path) =>
            {
                if (call == "create" && path == Temporary && _created == 0)
                {
                    compaction = database.CompactAsync(new CompactOptions { BytesPerSecond = 0 });
                    isMoved = SpinWait.SpinUntil(() => database.Log.HasMoved(first), TimeSpan.FromSeconds(60));
                }
                return CountAttempts(call, path);
            };
            database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
            Assert.True(isMoved);
            Assert.Equal(1, Volatile.Read(ref _renamed));
            await compaction;
            Assert.Equal((2, 2), (_created, _renamed));
            all = Describe(database);
        }
        await AssertOpensToAsync(all);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task While_others_write_and_compact_what_was_counted_is_what_is_written(int seed)
    {
        const int Rounds = 30;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(5));
        List<string> all;
        await using (var database = await OpenAsync(Options))
        {
            await FixtureWriter.FillAsync(database);
            for (var round = 0; round < Rounds; round++)
            {
                var random = new Random((seed * 1_000) + round);
                var writing = Task.Run(() => ChangeAsync(database, random, limit.Token), limit.Token);
                var compacting = round % 2 == 0 ? Task.CompletedTask
                    : database.CompactAsync(new CompactOptions { BytesPerSecond = 0 }, limit.Token);
                var checkpointing = Task.Run(
                    () =>
                    {
                        for (var i = 0; i < 4; i++) database.WriteCheckpoint(minLogBytes: 0, limit.Token);
                    },
                    limit.Token);
                await Task.WhenAll(writing, compacting, checkpointing);
                // All four may have come before the first change.
                database.WriteCheckpoint(minLogBytes: 0, limit.Token);
                Assert.Equal(_created, _renamed);
                Assert.InRange(_created, round + 1, int.MaxValue);
                Assert.Contains(FileNames.Checkpoint, _memory.List("/data"));
            }
            Assert.Empty((await database.VerifyAsync(cancellationToken: limit.Token)).Findings);
            all = Describe(database);
        }
        await AssertOpensToAsync(all);
    }

    private async Task AssertOpensToAsync(List<string> all)
    {
        await using (var database = await OpenAsync(Options))
        {
            Assert.True(database.OpenReport.FromCheckpoint);
            Assert.Equal(all, Describe(database));
            Assert.Empty((await database.VerifyAsync(cancellationToken: TestContext.Current.CancellationToken)).Findings);
        }
        _memory.Delete(Checkpoint);
        await using (var database = await OpenAsync(Options))
        {
            Assert.False(database.OpenReport.FromCheckpoint);
            Assert.Equal(all, Describe(database));
        }
    }

    // In files small enough that the log has some.
    private Task<LocalDatabase> OpenAsync(LocalDatabaseOptions options) =>
        LocalDatabase.OpenAsync(options, _files, static log => log with { FirstFileBytes = 16 << 10 });

    private Exception? CountAttempts(string call, string path)
    {
        if (call == "create" && path == Temporary) Interlocked.Increment(ref _created);
        if (call == "rename" && path == Checkpoint) Interlocked.Increment(ref _renamed);
        return null;
    }

    private static long AllocatedByWriting(LocalDatabase database)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        database.WriteCheckpoint(minLogBytes: 0, TestContext.Current.CancellationToken);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private long HeadsBytes()
    {
        var bytes = Read(Checkpoint);
        var files = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(40));
        return CheckpointLayout.TryDecode(bytes.AsSpan(96 + (16 * files)))!.HeadsBytes;
    }

    private byte[] Read(string path)
    {
        using var file = _memory.Open(path);
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        return bytes;
    }

    private static async Task AddLogsAsync(LocalDatabase database, int count)
    {
        const int Batch = 5_000;
        for (var first = 0; first < count; first += Batch)
        {
            var numbers = Enumerable.Range(first, Math.Min(Batch, count - first));
            await database.ForAgent(s_agent).CreateLogsAsync([.. numbers.Select(static _ => LogOf(new LogBody(Json.EmptyObject)))]);
        }
    }

    private static LogEntry LogOf(LogBody body) =>
        new() { EntityId = FixtureRows.Id('e', 1), RoomId = FixtureRows.Id('r', 1), Type = "run_event", Body = body };

    private static async Task AddMemoriesAsync(LocalDatabase database, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var memory = new Memory { Content = Content.FromText(new string('z', 20_000)) };
            await database.ForAgent(s_agent).CreateMemoryAsync(memory, FixtureRows.Table);
            await database.BackgroundWork;
        }
    }

    // Rows of all lengths, in tables whose heads are made in each of the ways there are.
    private static async Task ChangeAsync(LocalDatabase database, Random random, CancellationToken cancellationToken)
    {
        var adapter = database.ForAgent(s_agent);
        var logs = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            switch (random.Next(6))
            {
                case 0:
                    var entry = LogOf(Samples.Prompt(random.Next(100, 4_000)));
                    await adapter.CreateLogsAsync([entry], cancellationToken);
                    logs.Add(entry.Id);
                    break;
                case 1 when logs.Count > 0:
                    await adapter.DeleteLogsAsync([logs[random.Next(logs.Count)]], cancellationToken);
                    break;
                case 2:
                    var key = $"{random.Next(20)}{new string('k', random.Next(5) * 40)}";
                    await adapter.SetCacheAsync([new CacheEntry(key, Json.From(Text()))], cancellationToken);
                    break;
                case 3:
                    await adapter.UpdateRoomsAsync([new RoomUpdate(FixtureRows.Id('r', 1)) { Name = Text() }], cancellationToken);
                    break;
                case 4:
                    await adapter.CreateEntitiesAsync([new Entity { Names = [Text()] }], cancellationToken);
                    break;
                default:
                    var update = new MemoryUpdate(FixtureRows.Id('m', random.Next(1, 7))) { Content = Content.FromText(Text()) };
                    await adapter.UpdateMemoriesAsync([update], cancellationToken);
                    break;
            }
        }

        string Text() => new((char)('a' + random.Next(26)), random.Next(1, 3_000));
    }

    // Every row, with its record as it lies in the log.
    private static List<string> Describe(LocalDatabase database)
    {
        using var pin = database.Pin();
        return [.. StateCheck.TableRows(database.Sequencer.Published).Select(row =>
        {
            var record = Convert.ToHexString(database.Log.ReadVerified(row.Location, out var kind));
            var length = database.Log.LengthOf(row.Location);
            var known = row switch
            {
                LogRow log => $"{log.EntityId} {log.RoomId} {log.CreatedMs} {log.Type} {log.BodyBytes}",
                CacheRow cached => $"{cached.Key} {cached.ExpiresMs}",
                _ => "",
            };
            return string.Create(CultureInfo.InvariantCulture, $"{row.Table} {(Guid)row.Id} {known} {length} {kind} {record}");
        }).Order(StringComparer.Ordinal)];
    }
}
