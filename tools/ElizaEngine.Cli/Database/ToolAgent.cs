namespace ElizaEngine.Cli.Database;

/// <summary>
/// The agent whose memories the tool reads and writes: always the same one, so that what one command stores another finds.
/// As in elizaOS it is an entity too, and its own room and world, where its knowledge lies, have its id.
/// </summary>
internal static class ToolAgent
{
    /// <summary>Its name.</summary>
    public const string Name = "Eliza";

    /// <summary>Its id, and that of its entity, its own room and its own world.</summary>
    public static Guid Id { get; } = Uuids.StringToUuid("eliza");

    /// <summary>Id of one of its rooms, by name.</summary>
    public static Guid RoomId(string name) => name == KnowledgeRoom ? Id : Uuids.CreateUniqueUuid(Id, $"room:{Clean(name)}");

    /// <summary>Name of its own room.</summary>
    public const string KnowledgeRoom = "knowledge";

    /// <summary>Stores the agent, its entity and its world, unless they are there.</summary>
    public static async Task EnsureExistsAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        await adapter.InitializeAsync(cancellationToken);
        await adapter.EnsureAgentExistsAsync(new Agent { Name = Name, Bio = Json.From("The agent of the eliza command.") }, cancellationToken);
        await adapter.CreateEntityAsync(new Entity { Id = Id, Names = [Name] }, cancellationToken);
        await adapter.CreateWorldAsync(new World { Id = Id, Name = $"{Name}'s world" }, cancellationToken);
    }

    /// <summary>Stores a room in the agent's world, unless it is there. Returns its id.</summary>
    public static async Task<Guid> EnsureRoomAsync(IDatabaseAdapter adapter, string name, CancellationToken cancellationToken)
    {
        var room = new Room { Id = RoomId(name), Name = name, Source = "eliza", Type = ChannelTypes.Self, WorldId = Id };
        await adapter.CreateRoomAsync(room, cancellationToken);
        await adapter.AddParticipantAsync(Id, room.Id, cancellationToken);
        return room.Id;
    }

    /// <summary>The agent's rooms: those it takes part in, and those of its worlds. In order of name.</summary>
    public static async Task<IReadOnlyList<Room>> GetRoomsAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        var ids = await adapter.GetRoomsForParticipantAsync(Id, cancellationToken);
        var rooms = (await adapter.GetRoomsByIdsAsync(ids, cancellationToken)).ToDictionary(room => room.Id);
        foreach (var world in await adapter.GetAllWorldsAsync(cancellationToken))
        {
            foreach (var room in await adapter.GetRoomsByWorldAsync(world.Id, cancellationToken)) rooms.TryAdd(room.Id, room);
        }
        return [.. rooms.Values.Where(room => room.AgentId == Id).OrderBy(room => room.Name, StringComparer.Ordinal).ThenBy(room => room.Id)];
    }

    /// <summary>The room of a name, or of an id.</summary>
    /// <exception cref="CliException">There is none, or several share the name; the message lists the rooms.</exception>
    public static async Task<Room> FindRoomAsync(IDatabaseAdapter adapter, string nameOrId, CancellationToken cancellationToken)
    {
        var rooms = await GetRoomsAsync(adapter, cancellationToken);
        var isId = Guid.TryParseExact(nameOrId, "D", out var id);
        var found = rooms.Where(room => isId ? room.Id == id : room.Name == nameOrId).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 when rooms.Count == 0 => throw new CliException(
                $"There is no room '{nameOrId}'. {await DatabaseAgents.WhyNothingAsync(adapter, cancellationToken) ?? $"The agent of this tool, {Name}, has no rooms."}"),
            0 => throw new CliException($"There is no room '{nameOrId}'. Rooms: {string.Join(", ", rooms.Select(room => room.Name ?? room.Id.ToString("D")))}."),
            _ => throw new CliException($"{found.Count} rooms are named '{nameOrId}'. Give an id: {string.Join(", ", found.Select(room => room.Id.ToString("D")))}."),
        };
    }

    // Ids come from percent-encoded text, which has no place for half a surrogate pair.
    private static string Clean(string name) => string.Concat(name.EnumerateRunes());
}
