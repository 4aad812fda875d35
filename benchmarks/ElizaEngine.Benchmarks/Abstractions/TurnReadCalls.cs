using BenchmarkDotNet.Attributes;
using ElizaEngine.Benchmarks.Vectors;

namespace ElizaEngine.Benchmarks.Abstractions;

/// <summary>
/// The reads of a turn, one benchmark for each kind of call that elizaOS 1.7.2 makes of its adapter while it answers a message in a
/// group, with the arguments it gives. Per turn it asks 52 times for a room, 22 times for the state of a participant, 20 times for a
/// world and 18 times for memories; the rest a few times each. On <see cref="TurnScene"/>, all of it read before.
/// </summary>
[MemoryDiagnoser]
public abstract class TurnReadCalls : TurnCalls
{
    private const int Number = 4;

    private readonly Guid _room = TurnScene.Room(Number);
    private readonly Guid[] _otherRooms = [TurnScene.Room(Number + 1), TurnScene.Room(Number + 2)];
    private readonly Guid _person = TurnScene.Person(Number);
    private readonly string _cacheKey = TurnScene.CacheKey(Number);
    private readonly float[] _query = RandomVectors.Next(new Random(3), TurnScene.Dimension);

    [Benchmark]
    public Task<bool> Is_ready() => Adapter.IsReadyAsync();

    [Benchmark]
    public Task<Agent?> Get_agent() => Adapter.GetAgentAsync(TurnScene.Agent);

    [Benchmark]
    public Task<IReadOnlyList<Room>> Get_rooms_by_ids() => Adapter.GetRoomsByIdsAsync([_room]);

    [Benchmark]
    public Task<World?> Get_world() => Adapter.GetWorldAsync(TurnScene.World);

    /// <summary>Of the worlds that a turn asks for every third is not there.</summary>
    [Benchmark]
    public Task<World?> Get_world_that_is_missing() => Adapter.GetWorldAsync(_room);

    [Benchmark]
    public Task<IReadOnlyList<World>> Get_all_worlds() => Adapter.GetAllWorldsAsync();

    [Benchmark]
    public Task<ParticipantUserState?> Get_participant_user_state() => Adapter.GetParticipantUserStateAsync(_room, TurnScene.Agent);

    [Benchmark]
    public Task<IReadOnlyList<Guid>> Get_participants_for_room() => Adapter.GetParticipantsForRoomAsync(_room);

    [Benchmark]
    public Task<IReadOnlyList<Guid>> Get_rooms_for_participants() => Adapter.GetRoomsForParticipantsAsync([_person, TurnScene.Agent]);

    [Benchmark]
    public Task<IReadOnlyList<Entity>> Get_entities_by_ids() => Adapter.GetEntitiesByIdsAsync([_person]);

    [Benchmark]
    public Task<IReadOnlyList<Entity>> Get_entities_for_room() => Adapter.GetEntitiesForRoomAsync(_room, includeComponents: true);

    [Benchmark]
    public Task<IReadOnlyList<Component>> Get_components() =>
        Adapter.GetComponentsAsync(new ComponentQuery(_person) { WorldId = TurnScene.World, SourceEntityId = TurnScene.Agent });

    [Benchmark]
    public Task<IReadOnlyList<Relationship>> Get_relationships() => Adapter.GetRelationshipsAsync(new RelationshipQuery { EntityId = _person });

    /// <summary>Of 20 tasks none.</summary>
    [Benchmark]
    public Task<IReadOnlyList<AgentTask>> Get_tasks_of_a_room() => Adapter.GetTasksAsync(new TaskQuery { RoomId = _room, Tags = ["AWAITING_CHOICE"] });

    /// <summary>Of 20 tasks all.</summary>
    [Benchmark]
    public Task<IReadOnlyList<AgentTask>> Get_tasks_of_the_queue() => Adapter.GetTasksAsync(new TaskQuery { Tags = ["queue"] });

    [Benchmark]
    public Task<Json?> Get_cache() => Adapter.GetCacheAsync(_cacheKey);

    /// <summary>Whether a message has been seen before.</summary>
    [Benchmark]
    public Task<Memory?> Get_memory_by_id_that_is_missing() => Adapter.GetMemoryByIdAsync(_room);

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Get_32_messages() => Adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = _room, Count = 32 });

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Get_20_messages() => Adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = _room, Count = 20 });

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Get_30_unique_facts() =>
        Adapter.GetMemoriesAsync(new MemoryQuery("facts") { RoomId = _room, Count = 30, UniqueOnly = true });

    [Benchmark]
    public Task<IReadOnlyList<Memory>> Get_20_messages_by_room_ids() => Adapter.GetMemoriesByRoomIdsAsync(_otherRooms, "messages", 20);

    /// <summary>100 facts are compared.</summary>
    [Benchmark]
    public Task<IReadOnlyList<Memory>> Search_facts_of_a_room() =>
        Adapter.SearchMemoriesAsync(new MemorySearch("facts", _query) { RoomId = _room, WorldId = TurnScene.World, Count = 6 });

    /// <summary>50 facts are compared.</summary>
    [Benchmark]
    public Task<IReadOnlyList<Memory>> Search_facts_of_a_person() =>
        Adapter.SearchMemoriesAsync(new MemorySearch("facts", _query) { RoomId = _room, EntityId = _person, Count = 6 });
}
