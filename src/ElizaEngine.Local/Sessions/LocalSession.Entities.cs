namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    private const int DefaultNameCount = 10;

    public Task<IReadOnlyList<Entity>> GetEntitiesByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        Read(
            ids,
            static (_, view, ids) => (IReadOnlyList<Entity>)ByIds<Entity>(view, ids, static (state, id) => state.Entities.Find(id))
                .Select(entity => entity with { Components = ComponentsOf(view, entity.Id) }).ToList(),
            cancellationToken);

    public Task<IReadOnlyList<Entity>> GetEntitiesForRoomAsync(Guid roomId, bool includeComponents = false, CancellationToken cancellationToken = default) =>
        Read(
            (Room: (Id)roomId, includeComponents),
            static (self, view, query) =>
            {
                var entities = new List<Entity>();
                var last = default(Id?);
                foreach (var participant in view.State.Participants.Ascend(new PairKey(query.Room, Id.Min, Id.Min)))
                {
                    if (participant.RoomId != query.Room) break;
                    if (participant.EntityId == last) continue;
                    last = participant.EntityId;
                    if (view.State.Entities.Find(participant.EntityId) is not { } row || row.AgentId != self.Agent) continue;
                    var entity = view.Record<Entity>(row);
                    entities.Add(query.includeComponents ? entity with { Components = ComponentsOf(view, entity.Id) } : entity);
                }
                return (IReadOnlyList<Entity>)entities;
            },
            cancellationToken);

    public Task<IReadOnlyList<Entity>> GetEntitiesByNamesAsync(IReadOnlyList<string> names, Guid? agentId = null, CancellationToken cancellationToken = default) =>
        Read(
            (names, agentId),
            static (self, view, query) =>
            {
                var wanted = Door.Texts(query.names, "names").ToHashSet(StringComparer.Ordinal);
                return (IReadOnlyList<Entity>)self.EntitiesWhere(view, query.agentId, int.MaxValue, name => wanted.Contains(name), isForAll: false);
            },
            cancellationToken);

    public Task<IReadOnlyList<Entity>> SearchEntitiesByNameAsync(
        string text, Guid? agentId = null, int? count = null, CancellationToken cancellationToken = default) =>
        Read(
            (text, agentId, count),
            static (self, view, query) =>
            {
                ArgumentNullException.ThrowIfNull(query.text, nameof(text));
                var wanted = CleanText.Normalize(query.text);
                return (IReadOnlyList<Entity>)self.EntitiesWhere(
                    view,
                    query.agentId,
                    Door.Count(query.count, DefaultNameCount),
                    name => name.Contains(wanted, StringComparison.OrdinalIgnoreCase),
                    isForAll: string.IsNullOrWhiteSpace(wanted));
            },
            cancellationToken);

    private List<Entity> EntitiesWhere(View view, Guid? agentId, int count, Func<string, bool> matches, bool isForAll)
    {
        Id agent = agentId ?? AgentId;
        var entities = new List<Entity>();
        foreach (var row in view.State.EntitiesByAgent.Ascend(new ChildKey(agent, Id.Min)))
        {
            if (row.AgentId != agent || entities.Count >= count) break;
            var entity = view.Record<Entity>(row);
            if (isForAll || entity.Names.Any(matches)) entities.Add(entity);
        }
        return entities;
    }

    public Task<IReadOnlyList<CreateResult>> CreateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default) =>
        StoreEntities(entities, isUpsert: false, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> UpsertEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default) =>
        StoreEntities(entities, isUpsert: true, cancellationToken);

    private Task<IReadOnlyList<CreateResult>> StoreEntities(IReadOnlyList<Entity> entities, bool isUpsert, CancellationToken cancellationToken) =>
        Store(
            () => CompleteEntities(entities),
            static (draft, entity) => draft.State.Entities.Find(entity.Id),
            Rows.Encode,
            static (draft, entity, body) =>
            {
                draft.Require(Table.Agents, entity.AgentId!.Value, "entities.agentId");
                draft.Put(Rows.Of(entity), body);
            },
            isUpsert ? ReplaceEntity : null,
            cancellationToken);

    public Task<int> UpdateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default) =>
        Update(() => CompleteEntities(entities), static (draft, entity) => draft.State.Entities.Find(entity.Id), ReplaceEntity, cancellationToken);

    private Entity[] CompleteEntities(IReadOnlyList<Entity> entities)
    {
        var now = Now;
        return Array.ConvertAll(Door.List(entities, nameof(entities)), entity => Complete.Entity(entity, AgentId, now));
    }

    private static void ReplaceEntity(Draft draft, Entity entity, Row row)
    {
        var stored = draft.View.Record<Entity>(row);
        // elizaOS sends an entity anew with each of its messages: then there is nothing to write, and no flush to wait for. A transaction
        // has said all the same that the row is to be so: it loses to whoever changed it meanwhile.
        if (entity.Names.SequenceEqual(stored.Names) && entity.Metadata == stored.Metadata)
        {
            draft.RelyOn(row);
            return;
        }
        stored = stored with { Names = entity.Names, Metadata = entity.Metadata };
        draft.Put(Rows.Of(stored), Rows.Encode(stored));
    }

    public async Task<int> DeleteEntitiesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, static (state, id) => state.Entities.Find(id), cancellationToken).ConfigureAwait(false);
}
