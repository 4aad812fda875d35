using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using ElizaEngine.Conformance;
using ElizaEngine.Local.Tests.Codecs;
using ElizaEngine.Storage;

namespace ElizaEngine.Local.Tests.Fixtures;

/// <summary>
/// Writes small databases, with what must be found in them, into a new directory: the beginning of the fixtures of another version of the
/// format. Those that are kept are never written again.
/// </summary>
internal static class FixtureWriter
{
    public const string Verb = "write-format-fixtures";

    /// <summary>The checksum of every file, in the form of sha256sum.</summary>
    public const string Sums = "SHA256SUMS";

    public const string Rows = "rows.json";

    public static async Task<int> RunAsync(string directory)
    {
        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 })
        {
            await Console.Error.WriteLineAsync("Fixtures are written by a person, never where CI is set.");
            return 1;
        }

        if (System.IO.Directory.Exists(directory))
        {
            await Console.Error.WriteLineAsync($"{directory} is there already: fixtures that are kept are never written again.");
            return 1;
        }

        using var folder = new TestFolder();
        await using (var database = await OpenAsync(folder.In("closed"), Durability.PowerLoss))
        {
            await FillAsync(database);
            await ChangeAsync(database);
            await KeepAsync(database, folder.In("closed"), null, directory);
        }

        Keep(folder.In("closed"), directory, "closed");
        await using (var database = await OpenAsync(folder.In("crashed"), Durability.ProcessCrash))
        {
            await FillAsync(database);
            await ChangeAsync(database);
            await KeepAsync(database, folder.In("crashed"), "crashed", directory);
        }

        await TearTailAsync(Path.Combine(directory, "crashed"));
        await using (var database = await OpenAsync(folder.In("compacted"), Durability.PowerLoss))
        {
            await FillAsync(database);
            await ChangeAsync(database);
            await database.CompactAsync();
            await database.ForAgent(FixtureRows.Agent).UpdateMemoriesAsync([new MemoryUpdate(FixtureRows.Id('m', 2)) { Content = Content.FromText("after the compaction") }]);
            await database.BackupAsync(folder.In("backup"));
            await KeepAsync(database, folder.In("compacted"), "compacted-crashed", directory);
        }

        Keep(folder.In("compacted"), directory, "compacted-closed");
        Keep(folder.In("backup"), directory, "backup");
        foreach (var name in (string[])["compacted-closed", "backup"]) File.Copy(Path.Combine(directory, "compacted-crashed", Rows), Path.Combine(directory, name, Rows));
        File.Move(Path.Combine(directory, Rows), Path.Combine(directory, "closed", Rows));
        var sums = string.Concat(FilesOf(directory).Select(file => $"{SumOf(Path.Combine(directory, file))}  {file}\n"));
        await File.WriteAllTextAsync(Path.Combine(directory, Sums), sums);
        Console.WriteLine($"{FilesOf(directory).Count} files, {FilesOf(directory).Sum(file => new FileInfo(Path.Combine(directory, file)).Length)} bytes. {Sums} itself has the sum {SumOf(Path.Combine(directory, Sums))}");
        return 0;
    }

    /// <summary>Opens a database of small log files.</summary>
    public static Task<LocalDatabase> OpenAsync(string directory, Durability durability)
    {
        ulong salt = 0x5EED_0F_F0_12_34_00;
        return LocalDatabase.OpenAsync(
            new LocalDatabaseOptions { Directory = directory, Durability = durability, TimeProvider = new ManualTime(), UpkeepInterval = Timeout.InfiniteTimeSpan },
            PosixFileSystem.Instance,
            log => log with { FirstFileBytes = 8 << 10, MaxFileBytes = 8 << 10, IndexMinBytes = 0, NextSalt = () => Interlocked.Increment(ref salt) });
    }

    /// <summary>Names of all files but the list of sums, with slashes, in order.</summary>
    public static List<string> FilesOf(string directory) =>
    [
        .. System.IO.Directory.GetFiles(directory, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(directory, file).Replace('\\', '/')).Where(static file => file != Sums).Order(StringComparer.Ordinal),
    ];

    public static string SumOf(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    /// <summary>Writes rows of every kind.</summary>
    public static async Task FillAsync(LocalDatabase database)
    {
        var time = DateTimeOffset.UnixEpoch.AddDays(20_000).AddMilliseconds(7);
        var json = Json.Parse("""{"text":"\u6771 \ud83d\udc69","n":[1,-2.5e3,null,true],"o":{"":{}}}""");
        foreach (var agent in (Guid[])[FixtureRows.Agent, FixtureRows.Id('a', 2)])
        {
            await database.ForAgent(agent).TransactionAsync(async (session, token) =>
            {
                await session.CreateAgentsAsync([new Agent { Id = agent, Name = "Ada", Username = "ada", System = "Be kind.", Bio = json, Topics = Json.From(["tea"]), Style = Json.EmptyObject, CreatedAt = time, UpdatedAt = time }], token);
                await session.EnsureEmbeddingDimensionAsync(3, token);
            });
        }

        await database.ForAgent(FixtureRows.Agent).TransactionAsync(async (session, token) =>
        {
            Guid Id(char kind, int number) => FixtureRows.Id(kind, number);
            await session.CreateWorldsAsync([.. Each(3, n => new World { Id = Id('w', n), Name = $"world {n}", MessageServerId = n == 1 ? Id('s', 1) : null, Metadata = n == 1 ? new WorldMetadata(json) : null, CreatedAt = time })], token);
            await session.CreateRoomsAsync([.. Each(3, n => new Room { Id = Id('r', n), Source = "test", Type = ChannelTypes.Group, Name = n == 1 ? "room" : null, ChannelId = n == 1 ? "c" : null, WorldId = n == 1 ? Id('w', 1) : null, Metadata = n == 1 ? json : null, CreatedAt = time })], token);
            await session.CreateEntitiesAsync([.. Each(4, n => new Entity { Id = Id('e', n), Names = [$"entity {n}", "\u6771"], Metadata = json, CreatedAt = time })], token);
            await session.AddParticipantsAsync([Id('e', 1), Id('e', 2), Id('e', 3)], Id('r', 1), token);
            await session.SetParticipantUserStateAsync(Id('r', 1), Id('e', 2), ParticipantUserState.Muted, token);
            await session.CreateComponentsAsync([.. Each(2, n => new Component { Id = Id('c', n), EntityId = Id('e', 1), RoomId = Id('r', 1), WorldId = n == 1 ? Id('w', 1) : null, SourceEntityId = n == 1 ? Id('e', 2) : null, Type = $"type {n}", Data = json, CreatedAt = time })], token);
            await session.CreateRelationshipsAsync([.. Each(2, n => new Relationship { Id = Id('f', n), SourceEntityId = Id('e', n), TargetEntityId = Id('e', 3), Tags = ["friend", ""], Metadata = json, CreatedAt = time })], token);
            await session.CreateTasksAsync([.. Each(2, n => new AgentTask { Id = Id('t', n), Name = $"task {n}", Description = "do it", RoomId = Id('r', 1), WorldId = Id('w', 1), EntityId = Id('e', 1), Tags = ["queue"], Metadata = new TaskMetadata(json), CreatedAt = time, UpdatedAt = time })], token);
            await session.SetCacheAsync([.. Each(3, n => new CacheEntry(FixtureRows.Key(n), json) { TimeToLive = n == 1 ? TimeSpan.FromDays(3) : null })], token);
            await session.CreateMemoriesAsync(
                [.. Each(6, n => new Memory { Id = Id('m', n), EntityId = Id('e', 1), RoomId = n < 4 ? Id('r', 1) : null, WorldId = n == 1 ? Id('w', 1) : null, Content = Content.FromText($"memory {n}"), Metadata = new MemoryMetadata { DocumentId = n == 2 ? Id('m', 1) : null }, Embedding = n == 6 ? (ReadOnlyMemory<float>?)null : new float[] { n, 1.5f, -2 }, Unique = n != 3, CreatedAt = time.AddSeconds(n) })],
                FixtureRows.Table, token);
            await session.CreateLogsAsync([.. Each(4, n => new LogEntry { Id = Id('l', n), EntityId = Id('e', 1), RoomId = Id('r', 1), Type = n % 2 == 1 ? "useModel:TEXT_LARGE" : "run_event", Body = n % 2 == 1 ? Samples.Prompt(1_100 + n) : new LogBody(json), CreatedAt = time.AddSeconds(n) })], token);
        });
    }

    /// <summary>Newer versions of rows, and a deletion of every kind.</summary>
    public static async Task ChangeAsync(LocalDatabase database)
    {
        await database.ForAgent(FixtureRows.Id('a', 2)).DeleteAgentsAsync([FixtureRows.Id('a', 2)]);
        await database.ForAgent(FixtureRows.Agent).TransactionAsync(async (session, token) =>
        {
            Guid Id(char kind, int number) => FixtureRows.Id(kind, number);
            await session.UpdateMemoriesAsync(
                [
                    new MemoryUpdate(Id('m', 1)) { Content = Content.FromText("changed") },
                    new MemoryUpdate(Id('m', 2)) { Embedding = new float[] { 9, 8, 7 } },
                    new MemoryUpdate(Id('m', 4)) { Embedding = new float[3] },
                ],
                token);
            await session.DeleteMemoriesAsync([Id('m', 5)], token);
            await session.DeleteLogsAsync([Id('l', 4)], token);
            await session.DeleteCacheAsync([FixtureRows.Key(3)], token);
            await session.DeleteTasksAsync([Id('t', 2)], token);
            await session.DeleteRelationshipsAsync([Id('f', 2)], token);
            await session.DeleteComponentsAsync([Id('c', 2)], token);
            await session.RemoveParticipantsAsync([Id('e', 3)], Id('r', 1), token);
            await session.DeleteEntitiesAsync([Id('e', 4)], token);
            await session.DeleteRoomsAsync([Id('r', 3)], token);
            await session.DeleteWorldsAsync([Id('w', 3)], token);
        });
    }

    private static IEnumerable<T> Each<T>(int count, Func<int, T> make) => Enumerable.Range(1, count).Select(make);

    /// <summary>Keeps the rows, and, with a name, the files as a kill would leave them now.</summary>
    private static async Task KeepAsync(LocalDatabase database, string from, string? name, string directory)
    {
        do await database.BackgroundWork;
        while (System.IO.Directory.GetFiles(from, "*.tmp").Length > 0);
        var target = name is null ? directory : Path.Combine(directory, name);
        if (name is not null) Keep(from, directory, name);
        System.IO.Directory.CreateDirectory(target);
        var rows = (await FixtureRows.ReadAsync(database)).ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        await File.WriteAllTextAsync(Path.Combine(target, Rows), rows + "\n");
    }

    private static void Keep(string from, string directory, string name) => TestFolder.Copy(from, Path.Combine(directory, name));

    /// <summary>Puts the beginning of a frame behind the last one: a write that the crash interrupted.</summary>
    private static async Task TearTailAsync(string directory)
    {
        // Where the log goes on is not where the highest number is.
        var path = System.IO.Directory.GetFiles(directory, "*.seg").MaxBy(static file => FirstLsnOf(File.ReadAllBytes(file)))!;
        var bytes = await File.ReadAllBytesAsync(path);
        var end = LogFormat.RoundUp(bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1, 8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(end), FrameHeader.Magic);
        bytes.AsSpan(end + 4, 20).Fill(0x5a);
        await File.WriteAllBytesAsync(path, bytes);
    }

    // Lsn 0 is that of the first file, and of one without frames.
    private static ulong FirstLsnOf(byte[] file) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(LogFormat.FileHeaderBytes + 16));
}
