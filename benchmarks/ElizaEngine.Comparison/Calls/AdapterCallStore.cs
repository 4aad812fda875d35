using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Calls;

/// <summary>
/// The calls made of one of our databases: the same, with the same arguments, as tools/comparison/plugin-sql/operations.mjs makes of
/// elizaOS' own. As there, what is JSON becomes it within the call.
/// </summary>
internal sealed class AdapterCallStore : ICallStore
{
    private const string Table = SampleMemory.Table;
    private const int BatchSize = 1000;

    // No slice has it.
    private const uint FillNumber = 1_000_000;

    private static readonly string s_prompt = new('x', 30_000);

    private readonly IDatabase _database;
    private readonly IDatabaseAdapter _adapter;
    private readonly AdapterStore _store;
    private readonly SampleWorld _world;
    private readonly Guid[] _ids;
    private readonly List<Guid> _written = [];
    private readonly List<(Guid Entity, Guid Room)> _added = [];

    private AdapterCallStore(IDatabase database, AdapterStore store, SampleWorld world, Guid[] ids)
    {
        (_database, _store, _world, _ids) = (database, store, world, ids);
        _adapter = database.ForAgent(world.Agent);
    }

    /// <param name="database">Empty; closed with the store.</param>
    /// <param name="world">Its memories have not been taken yet.</param>
    /// <param name="memories">How many to store.</param>
    public static async Task<AdapterCallStore> CreateAsync(IDatabase database, SampleWorld world, int memories)
    {
        var store = await AdapterStore.CreateAsync(database, world, () => 0);
        var ids = new List<Guid>();
        for (var left = memories; left > 0; left -= BatchSize)
        {
            var some = world.Take(Math.Min(left, BatchSize));
            ids.AddRange(some.Select(memory => memory.Id));
            await store.LoadAsync(some);
        }
        var calls = new AdapterCallStore(database, store, world, [.. ids]);
        await calls.FillAsync();
        return calls;
    }

    public async Task StoreAsync(uint number, int memories)
    {
        var doomed = _world.Sibling(number).Take(memories);
        await _store.LoadAsync(doomed);
        _written.AddRange(doomed.Select(memory => memory.Id));
    }

    public async Task<AnsweredCalls> RunAsync(AgentCall call, uint number, TimeSpan duration, int calls)
    {
        // One stream of arguments for all callers, who take from it in turn.
        var answers = new Answers();
        var prepare = Prepare(call, _world.Sibling(number), answers);
        var gate = new Lock();
        Func<ValueTask> Next()
        {
            lock (gate) return prepare();
        }
        var callers = Enumerable.Repeat((Func<Func<ValueTask>>)Next, call.InFlight).ToArray();
        var slice = await Callers.RunPreparedAsync(callers, blocking: false, duration, calls / callers.Length);
        return answers.Of(slice);
    }

    public async Task<long> CountAsync(RowKind kind) => kind switch
    {
        RowKind.Memories => await _adapter.CountMemoriesAsync(new MemoryQuery(Table)),
        RowKind.Tasks => (await _adapter.GetTasksAsync(new TaskQuery())).Count,
        RowKind.Participants => (await Task.WhenAll(_world.Rooms.Select(room => _adapter.GetParticipantsForRoomAsync(room)))).Sum(entities => entities.Count),
        RowKind.Relationships => (await _adapter.GetRelationshipsAsync(new RelationshipQuery())).Count,
        RowKind.Logs => await _adapter.CountLogsAsync(new LogQuery()),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There are no such rows."),
    };

    public async Task RestoreAsync(RowKind kind)
    {
        foreach (var batch in _written.Chunk(BatchSize)) await DeleteAsync(kind, batch);
        foreach (var room in _added.GroupBy(pair => pair.Room, pair => pair.Entity)) await _adapter.RemoveParticipantsAsync([.. room], room.Key);
        _written.Clear();
        _added.Clear();
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private Task DeleteAsync(RowKind kind, Guid[] ids) => kind switch
    {
        RowKind.Memories => _adapter.DeleteMemoriesAsync(ids),
        RowKind.Tasks => _adapter.DeleteTasksAsync(ids),
        RowKind.Relationships => _adapter.DeleteRelationshipsAsync(ids),
        RowKind.Logs => _adapter.DeleteLogsAsync(ids),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Such rows have no ids."),
    };

    private async Task FillAsync()
    {
        var mine = _world.Sibling(FillNumber);
        await _adapter.CreateTasksAsync([.. Enumerable.Range(0, CallData.TaskCount).Select(i => TaskOf(mine, i % CallData.TagCount))]);
        for (var room = 0; room < SampleWorld.RoomCount; room++)
            await _adapter.AddParticipantsAsync([.. CallData.ParticipantsOf(room).Select(entity => _world.Entities[entity])], _world.Rooms[room]);
        await _adapter.CreateRelationshipsAsync(
        [
            .. from entity in Enumerable.Range(0, SampleWorld.EntityCount)
               from friend in CallData.FriendsOf(entity)
               select RelationshipOf(mine.NextGuid(), (entity, friend)),
        ]);
        await _adapter.SetCacheAsync([.. Enumerable.Range(0, CallData.KeyCount).Select(i => CachedValue(Key(i)))]);
    }

    private Func<Func<ValueTask>> Prepare(AgentCall call, SampleWorld mine, Answers answers)
    {
        var made = 0;
        switch (call.Operation)
        {
            case "getMemoryById":
                return () =>
                {
                    var id = _ids[mine.NextBelow(_ids.Length)];
                    return async () => answers.Add(await _adapter.GetMemoryByIdAsync(id) is not null);
                };
            case "getMemories":
                return () =>
                {
                    var query = new MemoryQuery(Table) { RoomId = Room(), Count = call.Count };
                    return async () => answers.Add((await _adapter.GetMemoriesAsync(query)).Count);
                };
            case "countMemories":
                return () =>
                {
                    var query = new MemoryQuery(Table) { RoomId = Room(), UniqueOnly = true };
                    return async () => answers.Add(await _adapter.CountMemoriesAsync(query));
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
                    return async () => answers.Add((await _adapter.SearchMemoriesAsync(search)).Count);
                };
            case "createMemory":
                return () =>
                {
                    var memory = mine.Next();
                    _written.Add(memory.Id);
                    return async () =>
                    {
                        var row = AdapterStore.Of(memory);
                        if (!call.Embedding) row = row with { Embedding = null };
                        if (call.DecideUnique) row = row with { Unique = null };
                        answers.Add((await _adapter.CreateMemoriesAsync([row], Table))[0].Outcome == CreateOutcome.Created);
                    };
                };
            case "updateMemory":
                return () =>
                {
                    var (memory, id) = (mine.Next(), _ids[mine.NextBelow(_ids.Length)]);
                    return async () =>
                    {
                        var row = AdapterStore.Of(memory);
                        answers.Add(await _adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Content = row.Content, Embedding = call.Embedding ? row.Embedding : null }));
                    };
                };
            case "deleteMemory":
                return () =>
                {
                    var id = mine.Next().Id;
                    return async () => answers.Add(await _adapter.DeleteMemoryAsync(id));
                };
            case "getEntitiesByIds":
                return () =>
                {
                    Guid[] ids = [Entity()];
                    return async () => answers.Add((await _adapter.GetEntitiesByIdsAsync(ids)).Count);
                };
            case "setCache":
                return () =>
                {
                    var key = Key(mine.NextBelow(CallData.KeyCount));
                    return async () =>
                    {
                        await _adapter.SetCacheAsync([CachedValue(key)]);
                        answers.Add(true);
                    };
                };
            case "getCache":
                return () =>
                {
                    string[] key = [Key(mine.NextBelow(CallData.KeyCount))];
                    return async () => answers.Add((await _adapter.GetCacheAsync(key)).Count);
                };
            case "createTask":
                return () =>
                {
                    AgentTask[] task = [TaskOf(mine, mine.NextBelow(CallData.TagCount))];
                    _written.Add(task[0].Id);
                    return async () => answers.Add((await _adapter.CreateTasksAsync(task))[0]);
                };
            case "getTasks":
                return () =>
                {
                    var query = new TaskQuery { Tags = ["queue", $"t{mine.NextBelow(CallData.TagCount)}"] };
                    return async () => answers.Add((await _adapter.GetTasksAsync(query)).Count);
                };
            case "addParticipant":
                return () =>
                {
                    var pair = CallData.FreeParticipant(made++);
                    var (entity, room) = (_world.Entities[pair.Entity], _world.Rooms[pair.Room]);
                    _added.Add((entity, room));
                    return async () => answers.Add((await _adapter.AddParticipantsAsync([entity], room))[0]);
                };
            case "getParticipantsForRoom":
                return () =>
                {
                    var room = Room();
                    return async () => answers.Add((await _adapter.GetParticipantsForRoomAsync(room)).Count);
                };
            case "createRelationship":
                return () =>
                {
                    Relationship[] relationship = [RelationshipOf(mine.NextGuid(), CallData.FreeRelationship(made++))];
                    _written.Add(relationship[0].Id);
                    return async () => answers.Add((await _adapter.CreateRelationshipsAsync(relationship))[0]);
                };
            case "getRelationships":
                return () =>
                {
                    var query = new RelationshipQuery { EntityId = Entity() };
                    return async () => answers.Add((await _adapter.GetRelationshipsAsync(query)).Count);
                };
            case "log":
                return () =>
                {
                    var (id, entity, room) = (mine.NextGuid(), Entity(), Room());
                    var body = $$"""{"runId":"{{mine.NextGuid()}}","prompt":"{{s_prompt}}"}""";
                    _written.Add(id);
                    return async () =>
                    {
                        var entry = new LogEntry { Id = id, EntityId = entity, RoomId = room, Type = "useModel:TEXT_LARGE", Body = new LogBody(Json.Parse(body)) };
                        answers.Add((await _adapter.CreateLogsAsync([entry]))[0]);
                    };
                };
            default:
                throw new ArgumentOutOfRangeException(nameof(call), call.Operation, "There is no such operation.");
        }

        Guid Room() => mine.Rooms[mine.NextBelow(SampleWorld.RoomCount)];

        Guid Entity() => mine.Entities[mine.NextBelow(SampleWorld.EntityCount)];
    }

    private static string Key(int number) => $"key {number}";

    private static CacheEntry CachedValue(string key) => new(key, Json.Parse("""{"text":"a value of the cache"}"""));

    private static AgentTask TaskOf(SampleWorld mine, int tag) => new()
    {
        Id = mine.NextGuid(),
        Name = "a task",
        Description = "to be done",
        RoomId = mine.Rooms[mine.NextBelow(SampleWorld.RoomCount)],
        WorldId = mine.World,
        Tags = ["queue", $"t{tag}"],
    };

    private Relationship RelationshipOf(Guid id, (int Source, int Target) pair) =>
        new() { Id = id, SourceEntityId = _world.Entities[pair.Source], TargetEntityId = _world.Entities[pair.Target], Tags = ["friend"] };

    /// <summary>How many rows answers have. Thread-safe.</summary>
    private sealed class Answers
    {
        private readonly Lock _gate = new();
        private int _fewest = int.MaxValue;
        private int _most;
        private long _rows;

        public void Add(bool isDone) => Add(isDone ? 1 : 0);

        public void Add(CreateResult result) => Add(result.Outcome == CreateOutcome.Created);

        public void Add(int rows)
        {
            lock (_gate)
            {
                (_fewest, _most) = (Math.Min(_fewest, rows), Math.Max(_most, rows));
                _rows += rows;
            }
        }

        public AnsweredCalls Of(Slice slice) => new(slice, _fewest, _most, _rows);
    }
}
