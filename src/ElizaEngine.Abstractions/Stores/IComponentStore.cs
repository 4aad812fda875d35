namespace ElizaEngine;

/// <summary>Components of entities. Scope of every call: all agents.</summary>
public interface IComponentStore
{
    /// <summary>The components that match, oldest first, then by id ascending.</summary>
    Task<IReadOnlyList<Component>> GetComponentsAsync(ComponentQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores components; an id that exists stays as it is. Two components of one entity, type, world and source are allowed.
    /// One result per item, in order. Atomic.
    /// </summary>
    /// <exception cref="ReferenceNotFoundException">Entity, agent, room, or a world or source that is named, does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> CreateComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores components by their natural key (entity, type, world, source, agent): the oldest with that key, or else the
    /// one with that id, gets the new room and data; without either the component is created. Two
    /// transactions at once may each create one of the same key. One result per item, in order. Atomic.
    /// </summary>
    Task<IReadOnlyList<CreateResult>> UpsertComponentsAsync(IReadOnlyList<Component> components, CancellationToken cancellationToken = default);

    /// <summary>Changes components. Returns how many were there. Atomic.</summary>
    Task<int> UpdateComponentsAsync(IReadOnlyList<ComponentUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>Removes components. Returns how many were there. Atomic.</summary>
    Task<int> DeleteComponentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);
}
