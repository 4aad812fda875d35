using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Calls;

/// <summary>
/// The calls made of one of our databases: the same, with the same arguments, as tools/comparison/plugin-sql/operations.mjs makes of
/// elizaOS' own.
/// </summary>
internal sealed class AdapterCallStore : ICallStore
{
    private readonly IDatabase _database;
    private readonly IDatabaseAdapter _adapter;
    private readonly SampleWorld _world;
    private readonly Guid[] _ids;
    private readonly LogBody _body = new(Json.Parse($$"""{"prompt":"{{new string('x', 30_000)}}"}"""));

    private AdapterCallStore(IDatabase database, SampleWorld world, Guid[] ids)
    {
        (_database, _world, _ids) = (database, world, ids);
        _adapter = database.ForAgent(world.Agent);
    }

    /// <param name="database">Empty; closed with the store.</param>
    /// <param name="world">Its memories have not been taken yet.</param>
    /// <param name="memories">How many to store.</param>
    public static async Task<AdapterCallStore> CreateAsync(IDatabase database, SampleWorld world, int memories)
    {
        var store = await AdapterStore.CreateAsync(database, world, () => 0);
        var ids = new List<Guid>();
        for (var left = memories; left > 0; left -= 1000)
        {
            var some = world.Take(Math.Min(left, 1000));
            ids.AddRange(some.Select(memory => memory.Id));
            await store.LoadAsync(some);
        }
        return new AdapterCallStore(database, world, [.. ids]);
    }

    public Task<Slice> RunAsync(AgentCall call, uint number, TimeSpan duration)
    {
        // One stream of arguments for all callers, who take from it in turn.
        var prepare = Prepare(call, _world.Sibling(number));
        var gate = new Lock();
        Func<ValueTask> Next()
        {
            lock (gate) return prepare();
        }
        return Callers.RunPreparedAsync([.. Enumerable.Repeat((Func<Func<ValueTask>>)Next, call.InFlight)], blocking: false, duration);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private Func<Func<ValueTask>> Prepare(AgentCall call, SampleWorld mine)
    {
        const string Table = SampleMemory.Table;
        switch (call.Operation)
        {
            case "getMemoryById":
                return () =>
                {
                    var id = _ids[mine.NextBelow(_ids.Length)];
                    return async () => await _adapter.GetMemoryByIdAsync(id);
                };
            case "getMemories":
                return () =>
                {
                    var query = new MemoryQuery(Table) { RoomId = Room(), Count = call.Count };
                    return async () => await _adapter.GetMemoriesAsync(query);
                };
            case "countMemories":
                return () =>
                {
                    var query = new MemoryQuery(Table) { RoomId = Room(), UniqueOnly = true };
                    return async () => await _adapter.CountMemoriesAsync(query);
                };
            case "searchMemories":
                return () =>
                {
                    var search = new MemorySearch(Table, mine.NextVector())
                    {
                        RoomId = call.InRoom ? Room() : null,
                        Threshold = call.Threshold == 0 ? null : call.Threshold,
                        Count = call.Count,
                    };
                    return async () => await _adapter.SearchMemoriesAsync(search);
                };
            case "createMemory":
                return () =>
                {
                    var memory = AdapterStore.Of(mine.Next());
                    if (!call.Embedding) memory = memory with { Embedding = null };
                    if (call.DecideUnique) memory = memory with { Unique = null };
                    return async () => await _adapter.CreateMemoryAsync(memory, Table);
                };
            case "updateMemory":
                return () =>
                {
                    var memory = AdapterStore.Of(mine.Next());
                    var update = new MemoryUpdate(_ids[mine.NextBelow(_ids.Length)]) { Content = memory.Content, Embedding = call.Embedding ? memory.Embedding : null };
                    return async () => await _adapter.UpdateMemoryAsync(update);
                };
            case "deleteMemory":
                return () =>
                {
                    var id = mine.Next().Id;
                    return async () => await _adapter.DeleteMemoryAsync(id);
                };
            case "getEntitiesByIds":
                return () =>
                {
                    Guid[] ids = [Entity()];
                    return async () => await _adapter.GetEntitiesByIdsAsync(ids);
                };
            case "setCache":
                return () =>
                {
                    CacheEntry[] entry = [new CacheEntry(Key(), Json.Parse("""{"text":"a value of the cache"}"""))];
                    return async () => await _adapter.SetCacheAsync(entry);
                };
            case "getCache":
                return () =>
                {
                    string[] key = [Key()];
                    return async () => await _adapter.GetCacheAsync(key);
                };
            case "createTask":
                return () =>
                {
                    AgentTask[] task =
                    [
                        new() { Id = mine.NextGuid(), Name = "a task", Description = "to be done", RoomId = Room(), WorldId = mine.World, Tags = ["queue", $"t{mine.NextBelow(50)}"] },
                    ];
                    return async () => await _adapter.CreateTasksAsync(task);
                };
            case "getTasks":
                return () =>
                {
                    var query = new TaskQuery { Tags = ["queue", $"t{mine.NextBelow(50)}"] };
                    return async () => await _adapter.GetTasksAsync(query);
                };
            case "addParticipant":
                return () =>
                {
                    var (entity, room) = (Entity(), Room());
                    return async () => await _adapter.AddParticipantsAsync([entity], room);
                };
            case "getParticipantsForRoom":
                return () =>
                {
                    var room = Room();
                    return async () => await _adapter.GetParticipantsForRoomAsync(room);
                };
            case "createRelationship":
                return () =>
                {
                    Relationship[] relationship = [new() { Id = mine.NextGuid(), SourceEntityId = Entity(), TargetEntityId = Entity(), Tags = ["friend"] }];
                    return async () => await _adapter.CreateRelationshipsAsync(relationship);
                };
            case "getRelationships":
                return () =>
                {
                    var query = new RelationshipQuery { EntityId = Entity() };
                    return async () => await _adapter.GetRelationshipsAsync(query);
                };
            case "log":
                return () =>
                {
                    LogEntry[] entry = [new() { EntityId = Entity(), RoomId = Room(), Type = "useModel:TEXT_LARGE", Body = _body }];
                    return async () => await _adapter.CreateLogsAsync(entry);
                };
            default:
                throw new ArgumentOutOfRangeException(nameof(call), call.Operation, "There is no such operation.");
        }

        Guid Room() => mine.Rooms[mine.NextBelow(SampleWorld.RoomCount)];

        Guid Entity() => mine.Entities[mine.NextBelow(SampleWorld.EntityCount)];

        string Key() => $"key {mine.NextBelow(100)}";
    }
}
