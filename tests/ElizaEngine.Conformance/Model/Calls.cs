using System.Buffers;

namespace ElizaEngine.Conformance.Model;

/// <summary>One call of the contract as data: it can be made on any session, printed, and made again.</summary>
internal abstract record Call
{
    /// <summary>Makes the call and returns its answer, null for none.</summary>
    public abstract Task<object?> RunAsync(IDatabaseSession session);

    /// <summary>
    /// Whether the call can be refused for two reasons at once, such as a vector and a reference: which is named first is
    /// nobody's promise.
    /// </summary>
    internal virtual bool HasTwoReasons => false;

    /// <summary>Smaller calls to try in its place when a failure is shrunk.</summary>
    public virtual IEnumerable<Call> Smaller() => [];

    public sealed override string ToString() => Describe.Value(this);

    protected static IEnumerable<IReadOnlyList<T>> Without<T>(IReadOnlyList<T> items) =>
        items.Count < 2 ? [] : items.Select((_, left) => items.Where((_, i) => i != left).ToList());

    protected static async Task<List<T>> AllAsync<T>(IAsyncEnumerable<T> stream)
    {
        var all = new List<T>();
        await foreach (var item in stream) all.Add(item);
        return all;
    }
}

// Agents

internal sealed record GetAgentsByIds(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetAgentsByIdsAsync(Ids);
}

internal sealed record GetAgents : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetAgentsAsync();
}

internal sealed record CreateAgents(IReadOnlyList<Agent> Agents) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateAgentsAsync(Agents);
}

internal sealed record UpsertAgents(IReadOnlyList<Agent> Agents) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpsertAgentsAsync(Agents);
}

internal sealed record UpdateAgents(IReadOnlyList<AgentUpdate> Updates) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateAgentsAsync(Updates);
}

internal sealed record DeleteAgents(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteAgentsAsync(Ids);
}

// Entities and components

internal sealed record GetEntitiesByIds(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetEntitiesByIdsAsync(Ids);
}

internal sealed record GetEntitiesForRoom(Guid RoomId, bool Components) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetEntitiesForRoomAsync(RoomId, Components);
}

internal sealed record GetEntitiesByNames(IReadOnlyList<string> Names, Guid? AgentId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetEntitiesByNamesAsync(Names, AgentId);
}

internal sealed record SearchEntitiesByName(string Text, Guid? AgentId, int? Count) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.SearchEntitiesByNameAsync(Text, AgentId, Count);
}

internal sealed record CreateEntities(IReadOnlyList<Entity> Entities) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateEntitiesAsync(Entities);

    public override IEnumerable<Call> Smaller() => Without(Entities).Select(fewer => new CreateEntities(fewer));
}

internal sealed record UpsertEntities(IReadOnlyList<Entity> Entities) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpsertEntitiesAsync(Entities);

    public override IEnumerable<Call> Smaller() => Without(Entities).Select(fewer => new UpsertEntities(fewer));
}

internal sealed record UpdateEntities(IReadOnlyList<Entity> Entities) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateEntitiesAsync(Entities);
}

internal sealed record DeleteEntities(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteEntitiesAsync(Ids);
}

internal sealed record GetComponents(ComponentQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetComponentsAsync(Query);
}

internal sealed record CreateComponents(IReadOnlyList<Component> Components) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateComponentsAsync(Components);

    public override IEnumerable<Call> Smaller() => Without(Components).Select(fewer => new CreateComponents(fewer));
}

internal sealed record UpsertComponents(IReadOnlyList<Component> Components) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpsertComponentsAsync(Components);

    public override IEnumerable<Call> Smaller() => Without(Components).Select(fewer => new UpsertComponents(fewer));
}

internal sealed record UpdateComponents(IReadOnlyList<ComponentUpdate> Updates) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateComponentsAsync(Updates);
}

internal sealed record DeleteComponents(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteComponentsAsync(Ids);
}

// Memories and embeddings

internal sealed record GetMemories(MemoryQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetMemoriesAsync(Query);
}

internal sealed record StreamMemories(MemoryQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await AllAsync(session.StreamMemoriesAsync(Query));
}

internal sealed record CountMemories(MemoryQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CountMemoriesAsync(Query);
}

internal sealed record GetMemoriesByIds(IReadOnlyList<Guid> Ids, string? Table, bool Embeddings) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetMemoriesByIdsAsync(Ids, Table, Embeddings);
}

internal sealed record GetMemoriesByRoomIds(IReadOnlyList<Guid> RoomIds, string Table, int? Count) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetMemoriesByRoomIdsAsync(RoomIds, Table, Count);
}

internal sealed record GetMemoriesByWorldId(Guid WorldId, int? Count, string Table) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetMemoriesByWorldIdAsync(WorldId, Count, Table);
}

internal sealed record SearchMemories(MemorySearch Search) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.SearchMemoriesAsync(Search);
}

internal sealed record GetCachedEmbeddings(CachedEmbeddingQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetCachedEmbeddingsAsync(Query);
}

internal sealed record CreateMemories(IReadOnlyList<Memory> Memories, string Table) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateMemoriesAsync(Memories, Table);

    internal override bool HasTwoReasons => Memories.Any(memory => memory.Embedding is not null);

    public override IEnumerable<Call> Smaller() => Without(Memories).Select(fewer => new CreateMemories(fewer, Table));
}

internal sealed record UpsertMemories(IReadOnlyList<Memory> Memories, string Table) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpsertMemoriesAsync(Memories, Table);

    internal override bool HasTwoReasons => Memories.Any(memory => memory.Embedding is not null);

    public override IEnumerable<Call> Smaller() => Without(Memories).Select(fewer => new UpsertMemories(fewer, Table));
}

internal sealed record UpdateMemories(IReadOnlyList<MemoryUpdate> Updates) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateMemoriesAsync(Updates);

    internal override bool HasTwoReasons => Updates.Any(update => update.Embedding is not null && update.Metadata is not null) || Updates.Count > 1;

    public override IEnumerable<Call> Smaller() => Without(Updates).Select(fewer => new UpdateMemories(fewer));
}

internal sealed record DeleteMemories(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteMemoriesAsync(Ids);
}

internal sealed record DeleteAllMemories(IReadOnlyList<Guid> RoomIds, string Table) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteAllMemoriesAsync(RoomIds, Table);
}

internal sealed record GetEmbeddingDimension : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetEmbeddingDimensionAsync();
}

internal sealed record EnsureEmbeddingDimension(int Dimension) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session)
    {
        await session.EnsureEmbeddingDimensionAsync(Dimension);
        return null;
    }
}

internal sealed record StreamStaleMemories(string Table) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await AllAsync(session.StreamStaleMemoriesAsync(Table));
}

// Logs

internal sealed record CreateLogs(IReadOnlyList<LogEntry> Entries) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateLogsAsync(Entries);

    public override IEnumerable<Call> Smaller() => Without(Entries).Select(fewer => new CreateLogs(fewer));
}

internal sealed record GetLogs(LogQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetLogsAsync(Query);
}

internal sealed record StreamLogs(LogQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await AllAsync(session.StreamLogsAsync(Query));
}

internal sealed record CountLogs(LogQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CountLogsAsync(Query);
}

internal sealed record DeleteLogs(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteLogsAsync(Ids);
}

internal sealed record TrimLogs(LogRetention Retention) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.TrimLogsAsync(Retention);
}

internal sealed record GetAgentRunSummaries(AgentRunQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetAgentRunSummariesAsync(Query);
}

// Worlds and rooms

internal sealed record GetWorldsByIds(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetWorldsByIdsAsync(Ids);
}

internal sealed record GetAllWorlds : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetAllWorldsAsync();
}

internal sealed record CreateWorlds(IReadOnlyList<World> Worlds) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateWorldsAsync(Worlds);
}

internal sealed record UpsertWorlds(IReadOnlyList<World> Worlds) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpsertWorldsAsync(Worlds);
}

internal sealed record UpdateWorlds(IReadOnlyList<WorldUpdate> Updates) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateWorldsAsync(Updates);
}

internal sealed record DeleteWorlds(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteWorldsAsync(Ids);
}

internal sealed record GetRoomsByIds(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetRoomsByIdsAsync(Ids);
}

internal sealed record GetRoomsByWorld(Guid WorldId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetRoomsByWorldAsync(WorldId);
}

internal sealed record CreateRooms(IReadOnlyList<Room> Rooms) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateRoomsAsync(Rooms);

    public override IEnumerable<Call> Smaller() => Without(Rooms).Select(fewer => new CreateRooms(fewer));
}

internal sealed record UpsertRooms(IReadOnlyList<Room> Rooms) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpsertRoomsAsync(Rooms);

    public override IEnumerable<Call> Smaller() => Without(Rooms).Select(fewer => new UpsertRooms(fewer));
}

internal sealed record UpdateRooms(IReadOnlyList<RoomUpdate> Updates) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateRoomsAsync(Updates);
}

internal sealed record DeleteRooms(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteRoomsAsync(Ids);
}

internal sealed record DeleteRoomsByWorldId(Guid WorldId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteRoomsByWorldIdAsync(WorldId);
}

// Participants and relationships

internal sealed record AddParticipants(IReadOnlyList<Guid> EntityIds, Guid RoomId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.AddParticipantsAsync(EntityIds, RoomId);

    public override IEnumerable<Call> Smaller() => Without(EntityIds).Select(fewer => new AddParticipants(fewer, RoomId));
}

internal sealed record RemoveParticipants(IReadOnlyList<Guid> EntityIds, Guid RoomId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.RemoveParticipantsAsync(EntityIds, RoomId);
}

internal sealed record GetParticipantsForRoom(Guid RoomId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetParticipantsForRoomAsync(RoomId);
}

internal sealed record GetParticipantsForEntity(Guid EntityId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetParticipantsForEntityAsync(EntityId);
}

internal sealed record IsRoomParticipant(Guid RoomId, Guid EntityId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.IsRoomParticipantAsync(RoomId, EntityId);
}

internal sealed record GetRoomsForParticipants(IReadOnlyList<Guid> EntityIds) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetRoomsForParticipantsAsync(EntityIds);
}

internal sealed record GetParticipantUserState(Guid RoomId, Guid EntityId) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetParticipantUserStateAsync(RoomId, EntityId);
}

internal sealed record SetParticipantUserState(Guid RoomId, Guid EntityId, ParticipantUserState? State) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.SetParticipantUserStateAsync(RoomId, EntityId, State);
}

internal sealed record GetRelationships(RelationshipQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetRelationshipsAsync(Query);
}

internal sealed record CreateRelationships(IReadOnlyList<Relationship> Relationships) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateRelationshipsAsync(Relationships);

    public override IEnumerable<Call> Smaller() => Without(Relationships).Select(fewer => new CreateRelationships(fewer));
}

internal sealed record UpsertRelationships(IReadOnlyList<Relationship> Relationships) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpsertRelationshipsAsync(Relationships);

    public override IEnumerable<Call> Smaller() => Without(Relationships).Select(fewer => new UpsertRelationships(fewer));
}

internal sealed record UpdateRelationships(IReadOnlyList<RelationshipUpdate> Updates) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateRelationshipsAsync(Updates);
}

internal sealed record DeleteRelationships(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteRelationshipsAsync(Ids);
}

// Cache and tasks

internal sealed record GetCache(IReadOnlyList<string> Keys) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetCacheAsync(Keys);
}

internal sealed record SetCache(IReadOnlyList<CacheEntry> Entries) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session)
    {
        await session.SetCacheAsync(Entries);
        return null;
    }
}

internal sealed record DeleteCache(IReadOnlyList<string> Keys) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteCacheAsync(Keys);
}

internal sealed record GetTasks(TaskQuery Query) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetTasksAsync(Query);
}

internal sealed record GetTasksByIds(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.GetTasksByIdsAsync(Ids);
}

internal sealed record CreateTasks(IReadOnlyList<AgentTask> Tasks) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.CreateTasksAsync(Tasks);

    public override IEnumerable<Call> Smaller() => Without(Tasks).Select(fewer => new CreateTasks(fewer));
}

internal sealed record UpdateTasks(IReadOnlyList<AgentTaskUpdate> Updates) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.UpdateTasksAsync(Updates);
}

internal sealed record DeleteTasks(IReadOnlyList<Guid> Ids) : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session) => await session.DeleteTasksAsync(Ids);
}

/// <summary>Everything that can be seen, read through every store: what two databases that are alike agree on.</summary>
internal sealed record Census : Call
{
    public override async Task<object?> RunAsync(IDatabaseSession session)
    {
        var text = new ArrayBufferWriter<char>(1024);
        await AppendAsync(text, session);
        return text.WrittenSpan.ToString();
    }

    /// <summary>Writes what can be seen behind what is there.</summary>
    public static async Task AppendAsync(ArrayBufferWriter<char> text, IDatabaseSession session)
    {
        foreach (var call in s_calls)
        {
            text.Write($"\n    {call.GetType().Name}: ");
            Describe.Append(text, await call.RunAsync(session));
        }
    }

    private static readonly Call[] s_calls =
    [
        new GetAgentsByIds(Pool.Agents),
        new GetAgents(),
        new GetEntitiesByIds(Pool.Entities),
        new GetWorldsByIds(Pool.Worlds),
        new GetAllWorlds(),
        new GetRoomsByIds(Pool.Rooms),
        new GetMemoriesByIds(Pool.Memories, null, Embeddings: true),
        new GetEmbeddingDimension(),
        new StreamLogs(new LogQuery()),
        new GetAgentRunSummaries(new AgentRunQuery()),
        new GetRelationships(new RelationshipQuery()),
        new GetCache(Pool.CacheKeys),
        new GetTasks(new TaskQuery()),
        .. Pool.Tables.Select(table => new StreamStaleMemories(table)),
        .. Pool.Worlds.Select(id => new GetRoomsByWorld(id)),
        .. Pool.Entities.Select(id => new GetParticipantsForEntity(id)),
        .. Pool.Rooms.SelectMany(room => Pool.Entities.Select(entity => new GetParticipantUserState(room, entity))),
    ];
}
