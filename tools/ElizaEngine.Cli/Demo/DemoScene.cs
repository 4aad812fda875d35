using ElizaEngine.Cli.Database;
using Microsoft.Extensions.AI;

namespace ElizaEngine.Cli.Demo;

/// <summary>
/// Where the conversation takes place: agent, world, rooms, people and what ties them. All ids follow from names, so that a
/// second demo in the same directory finds the scene as the first one left it.
/// </summary>
internal static class DemoScene
{
    /// <summary>Table of the messages.</summary>
    public const string MessageTable = "messages";

    private static readonly (string From, string To, string Tag)[] Ties =
    [
        ("Mara", "Jonas", "siblings"), ("Jonas", "Tomás", "friends"), ("Tomás", "Priya", "couple"), ("Priya", "Mara", "colleagues"),
    ];

    /// <summary>The world of the rooms.</summary>
    public static Guid WorldId { get; } = Uuids.CreateUniqueUuid(ToolAgent.Id, "demo:world");

    /// <summary>The entity of a name; the agent's own for the agent.</summary>
    public static Guid EntityId(string name) => name == ToolAgent.Name ? ToolAgent.Id : Uuids.CreateUniqueUuid(ToolAgent.Id, $"demo:entity:{name}");

    /// <summary>Id of a message of the conversation.</summary>
    public static Guid MessageId(int number) => Uuids.CreateUniqueUuid(ToolAgent.Id, $"demo:message:{number}");

    /// <summary>A message as the row to store.</summary>
    public static async Task<Memory> MemoryAsync(
        Utterance message, IEmbeddingGenerator<string, Embedding<float>> generator, CancellationToken cancellationToken) => new()
        {
            Id = MessageId(message.Number),
            EntityId = EntityId(message.From),
            RoomId = ToolAgent.RoomId(message.Room),
            WorldId = WorldId,
            Content = new Content { Text = message.Text, Source = "demo", ChannelType = ChannelTypes.Group },
            Metadata = new MemoryMetadata { Type = MemoryTypes.Message, ["entityName"] = Json.From(message.From) },
            Embedding = await generator.GenerateVectorAsync(message.Text, cancellationToken: cancellationToken),
            Unique = true,
        };

    /// <summary>Stores the scene, takes away the messages of an earlier demo, and returns what was stored: kind and number of rows.</summary>
    public static async Task<IReadOnlyList<(string Kind, int Rows)>> SetAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        await ToolAgent.EnsureExistsAsync(adapter, cancellationToken);
        await adapter.DeleteMemoriesAsync([.. Conversation.Messages.Select(message => MessageId(message.Number))], cancellationToken);

        await adapter.UpsertWorldAsync(new World { Id = WorldId, Name = "The house by the water", Metadata = new WorldMetadata { OwnerId = EntityId("Mara") } }, cancellationToken);
        var people = Conversation.People.Select(name => new Entity { Id = EntityId(name), Names = [name] }).ToList();
        await adapter.UpsertEntitiesAsync(people, cancellationToken);
        var rooms = Conversation.Rooms
            .Select(name => new Room { Id = ToolAgent.RoomId(name), Name = name, Source = "demo", Type = ChannelTypes.Group, WorldId = WorldId }).ToList();
        await adapter.UpsertRoomsAsync(rooms, cancellationToken);
        List<Guid> everybody = [ToolAgent.Id, .. people.Select(entity => entity.Id)];
        foreach (var room in rooms) await adapter.AddParticipantsAsync(everybody, room.Id, cancellationToken);

        await adapter.UpsertRelationshipsAsync(
            [.. Ties.Select(tie => new Relationship { SourceEntityId = EntityId(tie.From), TargetEntityId = EntityId(tie.To), Tags = [tie.Tag] })], cancellationToken);
        await adapter.CreateTaskAsync(
            new AgentTask
            {
                Id = Uuids.CreateUniqueUuid(ToolAgent.Id, "demo:task"),
                Name = "FEED_BRUNO",
                Description = "Remind Mara to feed the sourdough starter while Tomás is away.",
                WorldId = WorldId,
                RoomId = ToolAgent.RoomId("kitchen"),
                EntityId = EntityId("Mara"),
                Tags = ["queue", "repeat"],
                Metadata = new TaskMetadata { UpdateIntervalMs = 24 * 60 * 60 * 1000 },
            },
            cancellationToken);
        await adapter.SetCacheAsync(
            [
                new CacheEntry("demo:theme", Json.From("dark")),
                new CacheEntry("demo:forecast", Json.ObjectOf(("rain", Json.From(true)), ("from", Json.From("21:00")))) { TimeToLive = TimeSpan.FromHours(6) },
            ],
            cancellationToken);
        return
        [
            ("agents", 1), ("worlds", 1), ("rooms", rooms.Count), ("entities", everybody.Count), ("participants", everybody.Count * rooms.Count),
            ("relationships", Ties.Length), ("tasks", 1), ("cachedValues", 2),
        ];
    }
}
