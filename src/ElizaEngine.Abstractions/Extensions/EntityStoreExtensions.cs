namespace ElizaEngine;

/// <summary>elizaOS' calls for one entity or component, over the batch calls.</summary>
public static class EntityStoreExtensions
{
    /// <summary>The entity with all its components, or null.</summary>
    public static async Task<Entity?> GetEntityByIdAsync(this IEntityStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return (await store.GetEntitiesByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrNull();
    }

    /// <summary>Stores an entity. False: the id exists, nothing was changed.</summary>
    public static async Task<bool> CreateEntityAsync(this IEntityStore store, Entity entity, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(entity);
        return (await store.CreateEntitiesAsync([entity], cancellationToken).ConfigureAwait(false))[0].Outcome == CreateOutcome.Created;
    }

    /// <summary>Stores an entity, or gives it new names and metadata.</summary>
    public static async Task<CreateResult> UpsertEntityAsync(this IEntityStore store, Entity entity, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(entity);
        return (await store.UpsertEntitiesAsync([entity], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Replaces names and metadata of an entity. False: there is none.</summary>
    public static async Task<bool> UpdateEntityAsync(this IEntityStore store, Entity entity, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(entity);
        return await store.UpdateEntitiesAsync([entity], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes an entity and what hangs on it. False: there was none.</summary>
    public static async Task<bool> DeleteEntityAsync(this IEntityStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteEntitiesAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>The oldest component that matches, or null.</summary>
    public static async Task<Component?> GetComponentAsync(
        this IComponentStore store, Guid entityId, string type, Guid? worldId = null, Guid? sourceEntityId = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(type);
        var query = new ComponentQuery(entityId) { Type = type, WorldId = worldId, SourceEntityId = sourceEntityId };
        return (await store.GetComponentsAsync(query, cancellationToken).ConfigureAwait(false)).FirstOrNull();
    }

    /// <summary>Stores a component. False: the id exists, nothing was changed.</summary>
    public static async Task<bool> CreateComponentAsync(this IComponentStore store, Component component, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(component);
        return (await store.CreateComponentsAsync([component], cancellationToken).ConfigureAwait(false))[0].Outcome == CreateOutcome.Created;
    }

    /// <summary>Stores a component by its natural key, or gives the one there new data.</summary>
    public static async Task<CreateResult> UpsertComponentAsync(this IComponentStore store, Component component, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(component);
        return (await store.UpsertComponentsAsync([component], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Changes a component. False: there is none.</summary>
    public static async Task<bool> UpdateComponentAsync(this IComponentStore store, ComponentUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(update);
        return await store.UpdateComponentsAsync([update], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes a component. False: there was none.</summary>
    public static async Task<bool> DeleteComponentAsync(this IComponentStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteComponentsAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }
}
