namespace ElizaEngine;

/// <summary>Worlds.</summary>
public interface IWorldStore
{
    /// <summary>The worlds with these ids, in order of id; unknown ids are skipped, repeated ids count once. Scope: all agents.</summary>
    Task<IReadOnlyList<World>> GetWorldsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>All worlds, oldest first, then by id ascending. Scope: this agent.</summary>
    Task<IReadOnlyList<World>> GetAllWorldsAsync(CancellationToken cancellationToken = default);

    /// <summary>Stores worlds; one that exists stays as it is. One result per item, in order. Atomic.</summary>
    /// <exception cref="ReferenceNotFoundException">The agent does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> CreateWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default);

    /// <summary>Stores worlds; one that exists gets the new name, message server and metadata. One result per item, in order. Atomic.</summary>
    Task<IReadOnlyList<CreateResult>> UpsertWorldsAsync(IReadOnlyList<World> worlds, CancellationToken cancellationToken = default);

    /// <summary>Changes worlds. Returns how many were there. Scope: all agents. Atomic.</summary>
    Task<int> UpdateWorldsAsync(IReadOnlyList<WorldUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>Removes worlds and the components in them; rooms, memories and tasks stay. Returns how many were there. Scope: all agents. Atomic.</summary>
    Task<int> DeleteWorldsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);
}
