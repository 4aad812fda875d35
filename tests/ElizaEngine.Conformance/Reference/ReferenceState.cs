using System.Runtime.CompilerServices;

namespace ElizaEngine.Conformance.Reference;

/// <summary>A vector of a memory. A memory has one for each dimension at most; each is a row of its own.</summary>
internal sealed record StoredVector(Guid MemoryId, float[] Components);

/// <summary>The active dimension of an agent that has one.</summary>
internal sealed record ActiveDimension(Guid AgentId, int Dimension);

/// <summary>A membership, and how the participant stands to the room.</summary>
internal sealed record Membership(Participant Participant, ParticipantUserState? State);

/// <summary>A cached value; from <see cref="ExpiresAt"/> on it is there no more.</summary>
internal sealed record CachedValue(Guid AgentId, string Key, Json Value, DateTimeOffset? ExpiresAt);

/// <summary>
/// Everything the database knows: its tables, with the key of each and the rows that its rows name.
/// <list type="bullet">
/// <item>What a row names must exist when the row is written.</item>
/// <item>A row goes when a row it names goes: every removal is this rule (<see cref="RemoveDangling"/>).</item>
/// <item>Fields that may name what does not exist (the worldId of rooms, memories and tasks) are not in the lists here.</item>
/// </list>
/// </summary>
internal sealed class ReferenceState
{
    private static readonly ConditionalWeakTable<Entity, Entity> s_unchanged = [];

    public Table<Guid, Agent> Agents { get; private init; } = new(row => row.Id, _ => []);

    public Table<Guid, Entity> Entities { get; private init; } = new(row => row.Id, row => [ToAgent(row.AgentId, "entities.agentId")]);

    public Table<Guid, World> Worlds { get; private init; } = new(row => row.Id, row => [ToAgent(row.AgentId, "worlds.agentId")]);

    public Table<Guid, Room> Rooms { get; private init; } = new(row => row.Id, row => [ToAgent(row.AgentId, "rooms.agentId")]);

    public Table<Guid, Component> Components { get; private init; } = new(row => row.Id, row =>
    [
        ToAgent(row.AgentId, "components.agentId"),
        new("entities", row.EntityId, "components.entityId"),
        new("rooms", row.RoomId, "components.roomId"),
        .. Optional("worlds", row.WorldId, "components.worldId"),
        .. Optional("entities", row.SourceEntityId, "components.sourceEntityId"),
    ]);

    /// <summary>Memories, without their vectors.</summary>
    public Table<Guid, Memory> Memories { get; private init; } = new(row => row.Id, row =>
    [
        ToAgent(row.AgentId, "memories.agentId"),
        .. Optional("entities", row.EntityId, "memories.entityId"),
        .. Optional("rooms", row.RoomId, "memories.roomId"),
    ]);

    public Table<(Guid MemoryId, int Dimension), StoredVector> Vectors { get; private init; } = new(
        row => (row.MemoryId, row.Components.Length),
        row => [new("memories", row.MemoryId, "embeddings.memoryId")]);

    /// <summary>An agent's dimension may be set before the agent exists; it goes when the agent is removed.</summary>
    public Table<Guid, ActiveDimension> Dimensions { get; private init; } = new(row => row.AgentId, _ => []);

    public Table<Guid, LogEntry> Logs { get; private init; } = new(row => row.Id, row =>
    [
        new("entities", row.EntityId, "logs.entityId"),
        new("rooms", row.RoomId, "logs.roomId"),
    ]);

    public Table<(Guid EntityId, Guid RoomId, Guid AgentId), Membership> Participants { get; private init; } = new(
        row => (row.Participant.EntityId, row.Participant.RoomId, row.Participant.AgentId),
        row =>
        [
            ToAgent(row.Participant.AgentId, "participants.agentId"),
            new("entities", row.Participant.EntityId, "participants.entityId"),
            new("rooms", row.Participant.RoomId, "participants.roomId"),
        ]);

    /// <summary>Relationships; one for each source, target and agent (<see cref="FindRelationship"/>).</summary>
    public Table<Guid, Relationship> Relationships { get; private init; } = new(row => row.Id, row =>
    [
        ToAgent(row.AgentId, "relationships.agentId"),
        new("entities", row.SourceEntityId, "relationships.sourceEntityId"),
        new("entities", row.TargetEntityId, "relationships.targetEntityId"),
    ]);

    public Table<(Guid AgentId, string Key), CachedValue> Cache { get; private init; } = new(
        row => (row.AgentId, row.Key),
        row => [ToAgent(row.AgentId, "cache.agentId")]);

    public Table<Guid, AgentTask> Tasks { get; private init; } = new(row => row.Id, row => [ToAgent(row.AgentId, "tasks.agentId")]);

    /// <summary>Whether a row may only name what exists: false only for a fault.</summary>
    public bool ChecksReferences { get; init; } = true;

    /// <summary>Whether an entity that is sent as it was counts as written.</summary>
    public bool UnchangedIsWritten { get; init; } = true;

    /// <summary>A copy that can be written to without changing this one. Rows are immutable, so they are shared.</summary>
    public ReferenceState Copy() => new()
    {
        ChecksReferences = ChecksReferences,
        UnchangedIsWritten = UnchangedIsWritten,
        Agents = Agents.Copy(),
        Entities = Entities.Copy(),
        Worlds = Worlds.Copy(),
        Rooms = Rooms.Copy(),
        Components = Components.Copy(),
        Memories = Memories.Copy(),
        Vectors = Vectors.Copy(),
        Dimensions = Dimensions.Copy(),
        Logs = Logs.Copy(),
        Participants = Participants.Copy(),
        Relationships = Relationships.Copy(),
        Cache = Cache.Copy(),
        Tasks = Tasks.Copy(),
    };

    /// <summary>Writes a row, once all that it names is there.</summary>
    /// <exception cref="ReferenceNotFoundException">Something it names is not.</exception>
    public void Store<TKey, TRow>(Table<TKey, TRow> table, TRow row)
        where TKey : notnull
        where TRow : class
    {
        var missing = table.ReferencesOf(row).FirstOrDefault(reference => !Exists(reference));
        if (missing is not null && ChecksReferences) throw new ReferenceNotFoundException(missing.Table, missing.Id, missing.ReferencedBy);
        table.Put(row);
    }

    /// <summary>
    /// An entity with other names and metadata. Where they are the same and that is no write, it is another object all the same, since
    /// whoever says that it is to be so loses to whoever changed it first; but not for long: see <see cref="ForgetUnchanged"/>.
    /// </summary>
    public Entity Changed(Entity stored, IReadOnlyList<string> names, Json? metadata)
    {
        var changed = stored with { Names = names, Metadata = metadata };
        if (!UnchangedIsWritten && stored.Names.SequenceEqual(names) && stored.Metadata == metadata)
            s_unchanged.Add(changed, s_unchanged.TryGetValue(stored, out var original) ? original : stored);
        return changed;
    }

    /// <summary>Before it becomes the newest state: an entity that nobody changed is the object that it was.</summary>
    public void ForgetUnchanged()
    {
        foreach (var entity in Entities.ToList())
        {
            if (s_unchanged.TryGetValue(entity, out var original)) Entities.Put(original);
        }
    }

    /// <summary>Removes the rows that name a row which is there no more, and so on, until none does.</summary>
    /// <param name="except">Names to look away from: only for faults.</param>
    public void RemoveDangling(Func<RowReference, bool>? except = null)
    {
        // Tables come after those they name, so that one pass is enough.
        foreach (var table in Tables()) table.RemoveDangling(reference => Exists(reference) || except?.Invoke(reference) == true);
    }

    /// <summary>
    /// This state with a transaction's changes: what it did to its <paramref name="snapshot"/> to make it <paramref name="mine"/>.
    /// </summary>
    /// <exception cref="TransactionConflictException">
    /// Another transaction changed one of its rows first, stored a row under the same key or between the same entities, removed
    /// a row that one of its rows names, or added one that names a row it removed.
    /// </exception>
    public ReferenceState Replay(ReferenceState snapshot, ReferenceState mine, Faults faults)
    {
        var result = Copy();
        foreach (var ((newest, before), after) in result.Tables().Zip(snapshot.Tables()).Zip(mine.Tables()))
            newest.Replay(before, after, firstCommitterWins: !faults.Has(Fault.LostUpdate));
        if (faults.Has(Fault.ReferencesNotRecheckedAtCommit)) return result;

        var missing = result.Tables().SelectMany(table => table.Dangling(result.Exists)).FirstOrDefault();
        if (missing is not null)
            throw new TransactionConflictException($"Another transaction changed what {missing.ReferencedBy} relies on: {missing.Id} is not in {missing.Table}.");
        if (result.Relationships.GroupBy(row => (row.SourceEntityId, row.TargetEntityId, row.AgentId)).Any(pair => pair.Count() > 1))
            throw new TransactionConflictException("Another transaction stored a relationship between the same entities first.");
        return result;
    }

    public Relationship? FindRelationship(Guid sourceEntityId, Guid targetEntityId, Guid? agentId) => Relationships.FirstOrDefault(row =>
        row.SourceEntityId == sourceEntityId && row.TargetEntityId == targetEntityId && row.AgentId == agentId);

    private bool Exists(RowReference reference) => reference.Table switch
    {
        "agents" => Agents.Has(reference.Id),
        "entities" => Entities.Has(reference.Id),
        "rooms" => Rooms.Has(reference.Id),
        "worlds" => Worlds.Has(reference.Id),
        _ => Memories.Has(reference.Id),
    };

    private Table[] Tables() =>
        [Agents, Entities, Worlds, Rooms, Components, Memories, Vectors, Dimensions, Logs, Participants, Relationships, Cache, Tasks];

    private static RowReference ToAgent(Guid? agentId, string referencedBy) => new("agents", agentId!.Value, referencedBy);

    private static IEnumerable<RowReference> Optional(string table, Guid? id, string referencedBy) => id is null ? [] : [new(table, id.Value, referencedBy)];
}
