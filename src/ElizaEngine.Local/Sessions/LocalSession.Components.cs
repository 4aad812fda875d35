namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<Component>> GetComponentsAsync(ComponentQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (_, view, query) =>
            {
                ArgumentNullException.ThrowIfNull(query);
                var type = CleanText.NormalizeOrNull(query.Type);
                var components = new List<Component>();
                Id entity = query.EntityId;
                foreach (var row in view.State.ComponentsByEntity.Ascend(TimedKey.First(entity)))
                {
                    if (row.EntityId != entity) break;
                    if (type is not null && row.Type != type) continue;
                    if (query.WorldId is { } world && row.WorldId != (Id)world) continue;
                    if (query.SourceEntityId is { } source && row.SourceEntityId != (Id)source) continue;
                    components.Add(view.Record<Component>(row));
                }
                return (IReadOnlyList<Component>)components;
            },
            cancellationToken);

    private static List<Component> ComponentsOf(View view, Id entity) =>
        [.. view.State.ComponentsByEntity.AscendWhile(TimedKey.First(entity), row => row.EntityId == entity).Select(row => view.Record<Component>(row))];

    public async Task<IReadOnlyList<CreateResult>> CreateComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default) =>
        await Store(
            () => Complete.Components(components, AgentId, Now),
            static (draft, component) => draft.State.Components.Find(component.Id),
            Rows.Encode,
            PutComponent,
            change: null,
            cancellationToken).ConfigureAwait(false);

    public async Task<IReadOnlyList<CreateResult>> UpsertComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default)
    {
        var natural = new NaturalKeys();
        return await Store(
            () => Complete.Components(components, AgentId, Now),
            (draft, component) => natural.Find(draft.State, component) ?? draft.State.Components.Find(component.Id),
            Rows.Encode,
            (draft, component, body) =>
            {
                PutComponent(draft, component, body);
                natural.Add(component);
            },
            static (draft, component, row) =>
                PutComponent(draft, draft.View.Record<Component>(row) with { RoomId = component.RoomId, Data = component.Data }),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> UpdateComponentsAsync(IReadOnlyList<ComponentUpdate> updates, CancellationToken cancellationToken = default) =>
        await Update(
            () => Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static (draft, update) => draft.State.Components.Find(update.Id),
            static (draft, update, row) => PutComponent(draft, Complete.Component(draft.View.Record<Component>(row), update)),
            cancellationToken).ConfigureAwait(false);

    public async Task<int> DeleteComponentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, static (state, id) => state.Components.Find(id), cancellationToken).ConfigureAwait(false);

    private static void PutComponent(Draft draft, Component component) => PutComponent(draft, component, Rows.Encode(component));

    private static void PutComponent(Draft draft, Component component, byte[] body)
    {
        draft.Require(Table.Entities, component.EntityId, "components.entityId");
        draft.Require(Table.Agents, component.AgentId!.Value, "components.agentId");
        draft.Require(Table.Rooms, component.RoomId, "components.roomId");
        if (component.WorldId is { } world) draft.Require(Table.Worlds, world, "components.worldId");
        if (component.SourceEntityId is { } source) draft.Require(Table.Entities, source, "components.sourceEntityId");
        draft.Put(Rows.Of(component), body);
    }
}
