using ElizaEngine.Benchmarks.Vectors;

namespace ElizaEngine.Benchmarks.Abstractions;

/// <summary>
/// What a turn finds in a database that has been in use for a while: ten rooms, in each a person and the agent with 900 messages and
/// 100 facts. That is 10,000 memories, each with a vector of 384. Ids are the same in every database.
/// </summary>
internal static class TurnScene
{
    public const int Dimension = 384;
    public const int Rooms = 10;
    public const int RoomMemories = 1000;
    private const int RoomFacts = 100;

    public static Guid Agent { get; } = Uuids.StringToUuid("turn agent");

    public static Guid World { get; } = Uuids.StringToUuid("turn world");

    public static Guid Room(int number) => Uuids.StringToUuid($"turn room {number}");

    public static Guid Person(int number) => Uuids.StringToUuid($"turn person {number}");

    public static Guid Message(int room, int number) => Uuids.StringToUuid($"turn message {room} {number}");

    /// <summary>The key under which an agent remembers how far it has thought about a room.</summary>
    public static string CacheKey(int room) => $"{Room(room):D}-reflection-last-processed";

    /// <summary>Stores it all, unless it is there. Returns whether it was stored now.</summary>
    public static async Task<bool> StoreAsync(IDatabaseAdapter adapter)
    {
        if (await adapter.CountMemoriesAsync(new MemoryQuery("messages") { AgentId = Agent }) >= Rooms * (RoomMemories - RoomFacts)) return false;
        await StorePeopleAsync(adapter);
        var random = new Random(17);
        for (var room = 0; room < Rooms; room++)
        {
            var messages = Enumerable.Range(0, RoomMemories - RoomFacts).Select(number => NewMessage(random, room, number)).ToArray();
            // Rooms take turns in life; here a room's memories lie together, which is the kinder case.
            await adapter.CreateMemoriesAsync(messages, "messages");
            await adapter.CreateMemoriesAsync([.. Enumerable.Range(0, RoomFacts).Select(number => NewFact(random, room, number))], "facts");
        }
        return true;
    }

    /// <summary>What a person says, as elizaOS stores it: without a vector, which comes later, and its uniqueness left open.</summary>
    public static Memory NewMessage(int room) => new()
    {
        EntityId = Person(room),
        RoomId = Room(room),
        WorldId = World,
        Content = new Content { Text = "Please tell me about database engines, and how vectors are searched in them.", Source = "bench", ChannelType = ChannelTypes.Group },
    };

    private static async Task StorePeopleAsync(IDatabaseAdapter adapter)
    {
        await adapter.CreateAgentsAsync([NewAgent()]);
        await adapter.EnsureEmbeddingDimensionAsync(Dimension);
        await adapter.CreateWorldsAsync([new World { Id = Agent, Name = "Own world" }, new World { Id = World, Name = "World" }]);
        var people = Enumerable.Range(0, Rooms).Select(NewPerson);
        await adapter.CreateEntitiesAsync([new Entity { Id = Agent, Names = ["Ada"] }, .. people]);
        await adapter.CreateRoomsAsync([.. Enumerable.Range(0, Rooms).Select(NewRoom)]);
        for (var room = 0; room < Rooms; room++)
        {
            await adapter.AddParticipantsAsync([Agent, Person(room)], Room(room));
            await adapter.SetCacheAsync(CacheKey(room), Json.From(Message(room, 0).ToString("D")));
        }
        await adapter.CreateComponentsAsync([.. Enumerable.Range(0, Rooms).Select(NewComponent)]);
        await adapter.CreateRelationshipsAsync([.. Enumerable.Range(0, Rooms).Select(room => new Relationship { SourceEntityId = Person(room), TargetEntityId = Agent, Tags = ["friend"] })]);
        await adapter.CreateTasksAsync([.. Enumerable.Range(0, 20).Select(number => new AgentTask { Name = $"TASK_{number}", WorldId = World, Tags = ["queue", "repeat"] })]);
    }

    public static Agent NewAgent() => new()
    {
        Id = Agent,
        Name = "Ada",
        Bio = Json.From(Enumerable.Range(0, 30).Select(number => $"You talk in a friendly, careful manner and check facts twice before you answer. {number}")),
    };

    public static Entity NewPerson(int number) => new() { Id = Person(number), Names = [$"Bob {number}", "bob"], Metadata = Json.Parse("""{"bench":{"name":"Bob","userName":"bob"}}""") };

    public static Room NewRoom(int number) => new() { Id = Room(number), Name = $"Room {number}", Source = "bench", Type = ChannelTypes.Group, ChannelId = $"channel-{number}", WorldId = World };

    private static Component NewComponent(int number) =>
        new() { EntityId = Person(number), RoomId = Room(number), WorldId = World, SourceEntityId = Agent, Type = "profile", Data = Json.Parse("""{"handle":"bob","since":2024}""") };

    private static Memory NewMessage(Random random, int room, int number)
    {
        var isReply = number % 2 == 1;
        var content = new Content { Text = Text(random, 100 + random.Next(100)), Source = "bench", ChannelType = ChannelTypes.Group };
        if (isReply) content = content with { Thought = Text(random, 60), Actions = ["REPLY"], Providers = ["FACTS"], InReplyTo = Message(room, number - 1) };
        return NewMemory(random, room, number, isReply ? Agent : Person(room)) with { Id = Message(room, number), Content = content };
    }

    private static Memory NewFact(Random random, int room, int number) =>
        NewMemory(random, room, number, number % 2 == 1 ? Agent : Person(room)) with { Id = Uuids.StringToUuid($"turn fact {room} {number}"), Content = Content.FromText(Text(random, 80)) };

    private static Memory NewMemory(Random random, int room, int number, Guid entity) => new()
    {
        EntityId = entity,
        RoomId = Room(room),
        WorldId = World,
        CreatedAt = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds((number * Rooms) + room),
        Unique = true,
        Embedding = RandomVectors.Next(random, Dimension),
    };

    // Letters and spaces: a text that repeats itself would be packed by a server, and only there.
    public static string Text(Random random, int length) => string.Create(length, random, static (text, random) =>
    {
        foreach (ref var letter in text) letter = random.Next(6) == 0 ? ' ' : (char)('a' + random.Next(26));
    });
}
