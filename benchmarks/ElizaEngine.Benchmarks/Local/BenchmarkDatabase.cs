using ElizaEngine.Benchmarks.Vectors;

namespace ElizaEngine.Benchmarks.Local;

/// <summary>A database in a directory of its own, with an agent, an entity and rooms. ELIZA_BENCH_DIR says on which file system; default: the temporary one.</summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    public const int Dimension = 384;
    public static readonly Guid Agent = new("a0000000-0000-4000-8000-000000000001");
    public static readonly Guid Entity = new("e0000000-0000-4000-8000-000000000001");

    private readonly Random _random = new(11);

    private BenchmarkDatabase(string directory, LocalDatabase database)
    {
        Directory = directory;
        Database = database;
        Adapter = database.ForAgent(Agent);
    }

    public string Directory { get; }

    public LocalDatabase Database { get; private set; }

    public IDatabaseAdapter Adapter { get; private set; }

    public List<Guid> Rooms { get; } = [];

    public List<Guid> Memories { get; } = [];

    public static async Task<BenchmarkDatabase> CreateAsync(Durability durability = Durability.PowerLoss)
    {
        var parent = Environment.GetEnvironmentVariable("ELIZA_BENCH_DIR") ?? Path.GetTempPath();
        var directory = Path.Combine(parent, $"eliza-bench-{Guid.NewGuid():N}");
        var made = new BenchmarkDatabase(directory, await LocalDatabase.OpenAsync(new() { Directory = directory, Durability = durability }));
        await made.Adapter.CreateAgentAsync(new Agent { Id = Agent, Name = "Ada" });
        await made.Adapter.CreateEntityAsync(new Entity { Id = Entity, Names = ["Bob"] });
        await made.AddRoomAsync();
        return made;
    }

    /// <summary>Rooms of 1,000 memories each, in table messages, with or without vectors; in batches.</summary>
    public async Task FillAsync(int rooms, bool embeddings)
    {
        while (Rooms.Count < rooms) await AddRoomAsync();
        for (var batch = 0; batch < rooms * 10; batch++)
        {
            // Rooms take turns, as in life: a room's memories do not lie side by side.
            var memories = Enumerable.Range(0, 100).Select(i => NewMemory(Rooms[i % rooms], embeddings)).ToArray();
            await Adapter.CreateMemoriesAsync(memories, "messages");
            Memories.AddRange(memories.Select(memory => memory.Id));
        }
    }

    /// <summary>A memory as a chat makes it: some 200 bytes of content.</summary>
    public Memory NewMemory(Guid room, bool embedding = false) => new()
    {
        EntityId = Entity,
        RoomId = room,
        Content = Text(),
        Unique = true,
        // A null array would become an empty embedding, not none.
        Embedding = embedding ? RandomVectors.Next(_random, Dimension) : default(ReadOnlyMemory<float>?),
    };

    /// <summary>The same without shared state, for callers on many threads.</summary>
    public static Memory PlainMemory(Guid room) => new() { EntityId = Entity, RoomId = room, Content = s_content, Unique = true };

    public async Task ReopenAsync()
    {
        await Database.CloseAsync();
        Database = await LocalDatabase.OpenAsync(Database.Options);
        Adapter = Database.ForAgent(Agent);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static readonly Content s_content = Content.FromText(new string('x', 150)) with { Source = "direct" };

    private Content Text() => new() { Text = new string((char)('a' + _random.Next(26)), 100 + _random.Next(100)), Source = "direct" };

    private async Task AddRoomAsync() =>
        Rooms.Add(await Adapter.CreateRoomAsync(new Room { Source = "bench", Type = ChannelTypes.Group }));
}
