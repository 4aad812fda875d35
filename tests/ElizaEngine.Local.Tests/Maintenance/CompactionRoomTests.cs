using System.Text;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

/// <summary>
/// The story: copies have the lsns of what they take the place of, and no more. A vector lies at a multiple of 64, and what else stands
/// between two of them decides how much is lost in front of it; copies have log entries elsewhere. Where that took more than what was
/// deleted had given, a compaction did nothing, without a word, and what was deleted stayed in the files.
/// </summary>
public sealed class CompactionRoomTests
{
    private const string Directory = "/data";
    private const string Marker = "what nobody shall read again";
    private const int Deleted = 7;
    private const int Rows = 200;

    // Lengths with which every vector lies worse in a copy.
    private const int RoomyText = 72;
    private const int RoomyBody = 0;

    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    [Theory]
    [InlineData(Durability.PowerLoss)]
    [InlineData(Durability.ProcessCrash)]
    public async Task Nothing_is_left_of_what_was_deleted_however_the_gaps_in_front_of_vectors_fall(Durability durability)
    {
        const int steps = 8; // Of 8 bytes: every place of a record between two multiples of 64.
        var roomy = await TryAllAsync("imports of memories and log entries", durability, 4 * steps, (i, database) =>
            ImportAsync(database, 0, 800, _ => 40 + (16 * (i / steps)), _ => 8 * (i % steps)));
        Assert.True(roomy > 0, "no import needed room");
    }

    [Theory]
    [InlineData(Durability.PowerLoss)]
    [InlineData(Durability.ProcessCrash)]
    public Task Nor_is_there_when_every_row_has_another_length(Durability durability) =>
        TryAllAsync("imports of memories and log entries of random lengths", durability, 12, static (seed, database) =>
        {
            var random = new Random(seed);
            return ImportAsync(database, 0, 800, _ => random.Next(40, 200), _ => random.Next(200));
        });

    [Theory]
    [InlineData(Durability.PowerLoss)]
    [InlineData(Durability.ProcessCrash)]
    public Task Nor_when_memories_are_loaded_alone(Durability durability) =>
        TryAllAsync("loads of memories", durability, 12, static (seed, database) =>
        {
            var random = new Random(seed);
            var rows = Enumerable.Range(0, random.Next(500, 3000)).Select(number => MemoryOf(number, random.Next(40, 400)));
            return database.ForAgent(s_agent).CreateMemoriesAsync([.. rows], "messages");
        });

    /// <summary>What they write needs room of its own, as what was there does: there is some for that, too.</summary>
    [Fact]
    public async Task Writers_meanwhile_do_not_keep_it_from_its_room()
    {
        using var files = new MemoryFileSystem();
        await using var database = await OpenAsync(files, Durability.ProcessCrash);
        await BeginAsync(database);
        await ImportAsync(database, 0, Rows, static _ => RoomyText, static _ => RoomyBody);
        await database.ForAgent(s_agent).DeleteMemoriesAsync([IdOf(Deleted)]);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var attempts = new Attempts();
        var compaction = database.CompactAsync(new CompactOptions { BytesPerSecond = 0, Progress = attempts }, limit.Token);
        var count = Rows;
        for (; !compaction.IsCompleted; count += 20) await ImportAsync(database, count, 20, static _ => RoomyText, static _ => RoomyBody);
        await compaction;
        Assert.True(attempts.Count > 1, "no room was needed");
        Assert.False(await IsAnywhereAsync(database, files));
        Assert.Equal(count - 1, await database.ForAgent(s_agent).CountMemoriesAsync(new MemoryQuery("messages")));
        Assert.Empty((await database.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Whichever_file_finds_no_room_on_the_disk_nothing_is_changed_and_the_next_compaction_does_it()
    {
        var refused = 0;
        var isUntouched = false;
        for (var n = 1; !isUntouched; n++)
        {
            Assert.True(n < 100, "a compaction makes more than 100 files");
            using var memory = new MemoryFileSystem();
            var files = new FaultyFileSystem(memory);
            await using var database = await OpenAsync(files, Durability.ProcessCrash);
            await BeginAsync(database);
            await ImportAsync(database, 0, Rows, static _ => RoomyText, static _ => RoomyBody);
            await database.ForAgent(s_agent).DeleteMemoriesAsync([IdOf(Deleted)]);
            var expected = await ReadAsync(database);
            await database.BackgroundWork;
            var created = 0;
            // One that is prepared in the background is made when it is needed.
            files.Fault = (call, path) =>
                call == "create" && path.Contains(".seg", StringComparison.Ordinal) && Interlocked.Increment(ref created) >= n
                    ? FaultyFileSystem.DiskFull(call, path)
                    : null;
            var error = await Record.ExceptionAsync(() => database.CompactAsync(new CompactOptions { BytesPerSecond = 0 }));
            files.Fault = static (_, _) => null;
            isUntouched = created < n;
            if (error is not null)
            {
                Assert.IsType<DiskFullException>(error);
                Assert.True(await IsAnywhereAsync(database, memory));
                refused++;
            }
            Assert.Equal(expected, await ReadAsync(database));
            await database.CompactAsync(new CompactOptions { BytesPerSecond = 0 });
            Assert.False(await IsAnywhereAsync(database, memory));
            Assert.Equal(expected, await ReadAsync(database));
            Assert.Empty((await database.VerifyAsync()).Findings);
        }
        Assert.True(refused > 3, $"only {refused} files were missed");
    }

    /// <summary>Fills as many databases, deletes a memory of each and compacts it. Returns how many of them needed room.</summary>
    private static async Task<int> TryAllAsync(string what, Durability durability, int count, Func<int, LocalDatabase, Task> fill)
    {
        var (left, roomy) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var (isLeft, attempts) = await TryAsync(durability, database => fill(i, database));
            left += isLeft ? 1 : 0;
            roomy += attempts > 1 ? 1 : 0;
        }
        Console.WriteLine($"      {count} {what}, {durability}: {roomy} needed room, {left} left what was deleted");
        Assert.Equal(0, left);
        return roomy;
    }

    private static async Task<(bool IsLeft, int Attempts)> TryAsync(Durability durability, Func<LocalDatabase, Task> fill)
    {
        using var files = new MemoryFileSystem();
        var attempts = new Attempts();
        string expected;
        bool isLeft;
        await using (var database = await OpenAsync(files, durability))
        {
            await BeginAsync(database);
            await fill(database);
            await database.ForAgent(s_agent).DeleteMemoriesAsync([IdOf(Deleted)]);
            expected = await ReadAsync(database);
            await database.CompactAsync(new CompactOptions { BytesPerSecond = 0, Progress = attempts });
            isLeft = await IsAnywhereAsync(database, files);
            Assert.InRange(attempts.Count, 1, 2);
            Assert.Equal(expected, await ReadAsync(database));
            Assert.Empty((await database.VerifyAsync()).Findings);
        }

        await using var again = await OpenAsync(files, durability);
        Assert.Equal(expected, await ReadAsync(again));
        return (isLeft, attempts.Count);
    }

    private static Task<LocalDatabase> OpenAsync(IFileSystem files, Durability durability) => LocalDatabase.OpenAsync(
        new LocalDatabaseOptions
        {
            Directory = Directory,
            Durability = durability,
            MaxLogFileBytes = 64 << 10,
            UpkeepInterval = Timeout.InfiniteTimeSpan,
        },
        files,
        static log => log);

    private static async Task BeginAsync(LocalDatabase database)
    {
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateEntitiesAsync([new Entity { Id = IdOf(-1) }]);
        await adapter.CreateRoomsAsync([new Room { Id = IdOf(-2), Source = "test", Type = "GROUP" }]);
    }

    // Each memory with a log entry behind it.
    private static Task<bool> ImportAsync(LocalDatabase database, int from, int count, Func<int, int> textLength, Func<int, int> bodyLength) =>
        database.ForAgent(s_agent).TransactionAsync(async (session, token) =>
        {
            for (var i = from; i < from + count; i++)
            {
                await session.CreateMemoriesAsync([MemoryOf(i, textLength(i))], "messages", token);
                var body = new LogBody { ["n"] = Json.From(new string('l', bodyLength(i))) };
                await session.CreateLogsAsync(
                    [new LogEntry { Id = IdOf(1_000_000 + i), EntityId = IdOf(-1), RoomId = IdOf(-2), Type = "test", Body = body }], token);
            }
            return true;
        });

    private static Memory MemoryOf(int number, int textLength) => new()
    {
        Id = IdOf(number),
        Content = Content.FromText((number == Deleted ? Marker : $"{number}").PadRight(textLength, '.')),
        Embedding = Enumerable.Range(0, 16).Select(i => (float)(number + i + 1)).ToArray(),
        Unique = true,
    };

    private static Guid IdOf(int number) => new(number, 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 1]);

    private static async Task<string> ReadAsync(LocalDatabase database)
    {
        var text = new StringBuilder();
        var adapter = database.ForAgent(s_agent);
        foreach (var row in (await adapter.GetMemoriesAsync(new MemoryQuery("messages"))).OrderBy(static row => row.Id))
            text.AppendLine($"{row.Id} {row.Content.Text} {string.Join(' ', row.Embedding?.ToArray() ?? [])}");
        foreach (var entry in (await adapter.GetLogsAsync(new LogQuery { Count = 100_000 })).OrderBy(static entry => entry.Id))
            text.AppendLine($"{entry.Id} {entry.Body}");
        return text.ToString();
    }

    private static async Task<bool> IsAnywhereAsync(LocalDatabase database, IFileSystem files)
    {
        // Files come and go meanwhile.
        await database.BackgroundWork;
        return DiskImage.Take(files, Directory).Files.Values.Any(static bytes => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Marker)) >= 0);
    }

    /// <summary>Counts how often a compaction began to copy.</summary>
    private sealed class Attempts : IProgress<MaintenanceProgress>
    {
        private long _done = long.MaxValue;

        public int Count { get; private set; }

        public void Report(MaintenanceProgress value)
        {
            if (value.Done < _done) Count++;
            _done = value.Done;
        }
    }
}
