namespace ElizaEngine;

/// <summary>Entities.</summary>
public interface IEntityStore
{
    /// <summary>
    /// The entities with these ids and all their components, in order of id; unknown ids are skipped, repeated ids count once.
    /// Scope: all agents.
    /// </summary>
    Task<IReadOnlyList<Entity>> GetEntitiesByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>The participants of a room that are entities of this agent, each once, in order of id. Scope: this agent.</summary>
    Task<IReadOnlyList<Entity>> GetEntitiesForRoomAsync(Guid roomId, bool includeComponents = false, CancellationToken cancellationToken = default);

    /// <summary>
    /// Entities of one agent that have at least one of these names, exactly; in order of id; empty list: nothing.
    /// Scope: <paramref name="agentId"/>, or this agent when it is null.
    /// </summary>
    Task<IReadOnlyList<Entity>> GetEntitiesByNamesAsync(IReadOnlyList<string> names, Guid? agentId = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Entities of one agent with a name that contains the text, ignoring case (ordinal, independent of culture); a blank text matches all; every
    /// character stands for itself. In order of id. <paramref name="count"/> null: <see cref="Limits.DefaultNameSearchCount"/>, 0: none.
    /// Scope: <paramref name="agentId"/>, or this agent when it is null.
    /// </summary>
    Task<IReadOnlyList<Entity>> SearchEntitiesByNameAsync(string text, Guid? agentId = null, int? count = null, CancellationToken cancellationToken = default);

    /// <summary>Stores entities; one that exists stays as it is. One result per item, in order. Atomic.</summary>
    /// <exception cref="ReferenceNotFoundException">The agent does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> CreateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default);

    /// <summary>Stores entities; one that exists gets the new names and metadata. One result per item, in order. Atomic.</summary>
    Task<IReadOnlyList<CreateResult>> UpsertEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default);

    /// <summary>Replaces names and metadata (null: <c>{}</c>) of entities that exist. Returns how many did. Scope: all agents. Atomic.</summary>
    Task<int> UpdateEntitiesAsync(IReadOnlyList<Entity> entities, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes entities with their components (also those they are the source of), memories, participants, relationships and
    /// logs. Returns how many entities were removed. Scope: all agents. Atomic.
    /// </summary>
    Task<int> DeleteEntitiesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);
}
