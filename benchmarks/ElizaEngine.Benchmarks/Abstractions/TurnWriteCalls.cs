using BenchmarkDotNet.Attributes;
using ElizaEngine.Benchmarks.Vectors;

namespace ElizaEngine.Benchmarks.Abstractions;

/// <summary>
/// The writes of a turn and of an agent's start, one benchmark for each kind of call that elizaOS 1.7.2 makes of its adapter, with the
/// arguments it gives; its log entries are <see cref="TurnLogCalls"/>. What is there already is most of what it writes at a start.
/// </summary>
[MemoryDiagnoser]
[InvocationCount(1024)] // So many that they can be measured, so few that the database does not become another one.
[MaxWarmupCount(10)]
[MaxIterationCount(30)]
public abstract class TurnWriteCalls : TurnCalls
{
    // Not the room that is read: its latest messages would be those written here.
    private const int Number = 9;

    private readonly Guid _room = TurnScene.Room(Number);
    private readonly Guid[] _messages = [.. Enumerable.Range(0, 512).Select(number => TurnScene.Message(Number, number))];
    private readonly float[] _vector = RandomVectors.Next(new Random(5), TurnScene.Dimension);
    private readonly Agent _agent = TurnScene.NewAgent();
    private readonly Entity _person = TurnScene.NewPerson(Number);
    private readonly Room _newRoom = TurnScene.NewRoom(Number);
    private readonly World _world = new() { Id = TurnScene.World, Name = "World" };
    private readonly Memory _message = TurnScene.NewMessage(Number);
    private readonly Memory _actionResult;
    private readonly string _cacheKey = TurnScene.CacheKey(Number);
    private readonly Json _seen = Json.From(TurnScene.Message(Number, 1).ToString("D"));
    private int _next;

    protected TurnWriteCalls()
    {
        var text = TurnScene.Text(new Random(6), 110);
        var response = Json.ObjectOf(("text", Json.From(text)), ("thought", Json.From(text[..30])));
        _actionResult = _message with
        {
            EntityId = TurnScene.Agent,
            Content = new Content(Json.ObjectOf(
                ("text", Json.From(text)),
                ("source", Json.From("action")),
                ("type", Json.From("action_result")),
                ("actionName", Json.From("REPLY")),
                ("actionResult", Json.ObjectOf(("values", response), ("data", Json.ObjectOf(("response", response), ("actionName", Json.From("REPLY")))))),
                ("planThought", Json.From(text[..30])))),
            Metadata = new MemoryMetadata(Json.ObjectOf(("type", Json.From("action_result")), ("actionName", Json.From("REPLY")), ("runId", _seen))),
        };
    }

    [Benchmark]
    public Task<Guid> Create_message() => Adapter.CreateMemoryAsync(_message with { Id = Guid.CreateVersion7() }, "messages");

    [Benchmark]
    public Task<Guid> Create_action_result() => Adapter.CreateMemoryAsync(_actionResult with { Id = Guid.CreateVersion7() }, "messages");

    [Benchmark]
    public Task<bool> Update_memory_with_its_vector() => Adapter.UpdateMemoryAsync(new MemoryUpdate(NextMessage()) { Embedding = _vector });

    [Benchmark]
    public Task<bool> Update_entity() => Adapter.UpdateEntityAsync(_person);

    [Benchmark]
    public Task<bool> Set_cache() => Adapter.SetCacheAsync(_cacheKey, _seen);

    [Benchmark]
    public Task<Guid> Create_world_that_exists() => Adapter.CreateWorldAsync(_world);

    [Benchmark]
    public Task<bool> Create_agent_that_exists() => Adapter.CreateAgentAsync(_agent);

    [Benchmark]
    public Task<IReadOnlyList<CreateResult>> Create_entities_that_exist() => Adapter.CreateEntitiesAsync([_person]);

    [Benchmark]
    public Task<IReadOnlyList<CreateResult>> Create_rooms_that_exist() => Adapter.CreateRoomsAsync([_newRoom]);

    [Benchmark]
    public Task<IReadOnlyList<CreateResult>> Add_participants_who_are_there() => Adapter.AddParticipantsAsync([TurnScene.Agent], _room);

    [Benchmark]
    public Task Ensure_embedding_dimension() => Adapter.EnsureEmbeddingDimensionAsync(TurnScene.Dimension);

    private Guid NextMessage() => _messages[_next = (_next + 1) % _messages.Length];
}
