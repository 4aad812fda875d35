using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>A database whose log files have index files: everything is there, and what nobody read at opening is checked when it is read.</summary>
public sealed class IndexFileTests : IDisposable
{
    private static readonly Guid s_agent = new("a0000000-0000-4000-8000-000000000001");
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");

    private LocalDatabaseOptions Options => new() { Directory = _directory, MaxLogFileBytes = 128 << 10, Durability = Durability.ProcessCrash };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task With_and_without_them_the_same_is_there()
    {
        var written = await FillAsync();
        var all = await DescribeAsync(minIndexFiles: 3);
        Assert.Equal(written, all.Count);
        foreach (var path in Directory.GetFiles(_directory, "*.idx")) File.Delete(path);
        Assert.Equal(all, await DescribeAsync(minIndexFiles: 0));
        Assert.Equal(all, await DescribeAsync(minIndexFiles: 3));
    }

    [Fact]
    public async Task A_vector_that_changed_on_the_disk_is_reported_by_the_search_that_meets_it()
    {
        await FillAsync();
        var vector = System.Runtime.InteropServices.MemoryMarshal.AsBytes(VectorOf(301).AsSpan()).ToArray();
        var path = Assert.Single(Directory.GetFiles(_directory, "*.seg"), path => File.ReadAllBytes(path).AsSpan().IndexOf(vector) >= 0);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf(vector) + 5] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(Path.ChangeExtension(path, ".idx")));

        await using var database = await LocalDatabase.OpenAsync(Options);
        var error = await Assert.ThrowsAsync<CorruptDataException>(() => database.ForAgent(s_agent).SearchMemoriesAsync(new MemorySearch("messages", VectorOf(9)) { Count = 3 }));
        Assert.Equal(Path.GetFileName(path), error.File);
    }

    private async Task<int> FillAsync()
    {
        await using var database = await LocalDatabase.OpenAsync(Options);
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        var room = await adapter.CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group });
        var entity = new Entity { Names = ["Bob"] };
        await adapter.CreateEntityAsync(entity);
        var ids = new List<Guid>();
        for (var i = 0; i < 600; i++)
        {
            var memory = new Memory { RoomId = i % 3 == 0 ? null : room, EntityId = entity.Id, Content = Content.FromText($"{i} {new string('x', i)}"), Embedding = VectorOf(i), Unique = true };
            await adapter.CreateMemoryAsync(memory, i % 5 == 0 ? "facts" : "messages");
            ids.Add(memory.Id);
        }
        // What comes later changes what an earlier file says.
        for (var i = 0; i < 100; i++) await adapter.UpdateMemoryAsync(new MemoryUpdate(ids[i * 2]) { Content = Content.FromText($"{i} anew") });
        for (var i = 0; i < 50; i++) await adapter.UpdateMemoryAsync(new MemoryUpdate(ids[i * 3]) { Embedding = VectorOf(1_000 + i) });
        await adapter.DeleteMemoriesAsync([.. ids.Skip(500)]);
        await adapter.SetCacheAsync("key", Json.From(new string('v', 10_000)));
        await adapter.CreateLogsAsync([new LogEntry { EntityId = entity.Id, RoomId = room, Type = "test", Body = new LogBody(Json.EmptyObject) }]);
        return 500;
    }

    private async Task<List<string>> DescribeAsync(int minIndexFiles)
    {
        await using var database = await LocalDatabase.OpenAsync(Options);
        Assert.InRange(database.OpenReport.IndexFiles, minIndexFiles, 1_000);
        var adapter = database.ForAgent(s_agent);
        var found = new List<string>();
        foreach (var table in (string[])["messages", "facts"])
        {
            foreach (var memory in await adapter.GetMemoriesAsync(new MemoryQuery(table) { Count = int.MaxValue }))
                found.Add($"{table} {memory.Id} {memory.RoomId} {memory.Content} {string.Join(' ', memory.Embedding!.Value.ToArray())}");
        }
        Assert.Equal(10_002, (await adapter.GetCacheAsync("key"))!.Utf8.Length);
        Assert.Single(await adapter.GetLogsAsync(new LogQuery()));
        return found;
    }

    private static float[] VectorOf(int i) => [.. Enumerable.Range(0, 32).Select(j => MathF.Sin((i * 31) + j + 0.5f))];
}
