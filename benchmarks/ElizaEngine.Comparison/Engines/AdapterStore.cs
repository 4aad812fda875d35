using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>One of our own databases as a store: everything goes through the public contract, as a user's calls do.</summary>
/// <param name="database">Open; closed with the store.</param>
/// <param name="adapter">Of the world's agent.</param>
/// <param name="diskBytes">Tells the bytes of its files.</param>
/// <param name="safety">What an acknowledged write survives. A load is many of those: there is no call to flush them.</param>
internal sealed class AdapterStore(IDatabase database, IDatabaseAdapter adapter, Func<long> diskBytes, Safety safety) : IStore
{
    private const int BatchSize = 1000;

    public bool IsBlocking => false;

    public Safety SafetyOfLoad => safety;

    /// <summary>Fills in what the memories of a world refer to.</summary>
    public static async Task<AdapterStore> CreateAsync(
        IDatabase database, SampleWorld world, Func<long> diskBytes, Safety safety = Safety.PowerLoss)
    {
        var adapter = database.ForAgent(world.Agent);
        await adapter.CreateAgentAsync(new Agent { Id = world.Agent, Name = "Ada" });
        await adapter.CreateWorldAsync(new World { Id = world.World, Name = "world" });
        await adapter.CreateRoomsAsync([.. world.Rooms.Select(room => new Room { Id = room, WorldId = world.World, Source = "bench", Type = ChannelTypes.Group })]);
        await adapter.CreateEntitiesAsync([.. world.Entities.Select(entity => new Entity { Id = entity, Names = ["Bob"] })]);
        return new AdapterStore(database, adapter, diskBytes, safety);
    }

    public async Task LoadAsync(IReadOnlyList<SampleMemory> memories)
    {
        foreach (var batch in memories.Chunk(BatchSize)) await adapter.CreateMemoriesAsync([.. batch.Select(Of)], SampleMemory.Table);
    }

    public IStoreCaller NewCaller() => new Caller(adapter);

    public long DiskBytes() => diskBytes();

    public ValueTask DisposeAsync() => database.DisposeAsync();

    public static Memory Of(SampleMemory memory) => new()
    {
        Id = memory.Id,
        RoomId = memory.Room,
        EntityId = memory.Entity,
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(memory.CreatedAtMs),
        Content = new Content { Text = memory.Text, Source = "direct" },
        Metadata = new MemoryMetadata(Json.Parse(memory.MetadataJson)),
        Embedding = memory.Vector is { } vector ? vector : default(ReadOnlyMemory<float>?),
        Unique = true,
    };

    private sealed class Caller(IDatabaseAdapter adapter) : IStoreCaller
    {
        public async ValueTask CreateAsync(SampleMemory memory)
        {
            var result = (await adapter.CreateMemoriesAsync([Of(memory)], SampleMemory.Table))[0];
            if (result.Outcome != CreateOutcome.Created) throw new InvalidOperationException($"The memory {result.Id} was there before.");
        }

        public async ValueTask CreateLogAsync(Guid room, Guid entity, string bodyJson) =>
            await adapter.CreateLogsAsync([new LogEntry { EntityId = entity, RoomId = room, Type = "useModel:TEXT_LARGE", Body = new LogBody(Json.Parse(bodyJson)) }]);

        public async ValueTask<bool> GetAsync(Guid id) => await adapter.GetMemoryByIdAsync(id, includeEmbedding: false) is { Content.Text.Length: > 0 };

        public async ValueTask<int> LatestAsync(Guid room, int count, bool withVectors) =>
            (await adapter.GetMemoriesAsync(new MemoryQuery(SampleMemory.Table) { RoomId = room, Count = count, IncludeEmbeddings = withVectors })).Count;

        public async ValueTask<int> SearchAsync(Guid room, float[] query, int count) =>
            (await adapter.SearchMemoriesAsync(new MemorySearch(SampleMemory.Table, query) { RoomId = room, Count = count, IncludeEmbeddings = false })).Count;

        public async ValueTask<bool> DeleteAsync(Guid id) => await adapter.DeleteMemoriesAsync([id]) == 1;

        public ValueTask DisposeAsync() => default;
    }
}
