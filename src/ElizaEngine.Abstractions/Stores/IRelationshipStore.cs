namespace ElizaEngine;

/// <summary>Ties between entities.</summary>
public interface IRelationshipStore
{
    /// <summary>The relationships that match, oldest first, then by id ascending. Scope: all agents.</summary>
    Task<IReadOnlyList<Relationship>> GetRelationshipsAsync(RelationshipQuery query, CancellationToken cancellationToken = default);

    /// <summary>Stores relationships of this agent; where source and target have one, or the id exists, it stays as it is. One result per item, in order, with the stored id. Atomic.</summary>
    /// <exception cref="ReferenceNotFoundException">An entity or the agent does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> CreateRelationshipsAsync(IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default);

    /// <summary>Stores relationships of this agent; the one of that source and target, or else the one with that id, gets the new tags and metadata. One result per item, in order. Atomic.</summary>
    Task<IReadOnlyList<CreateResult>> UpsertRelationshipsAsync(IReadOnlyList<Relationship> relationships, CancellationToken cancellationToken = default);

    /// <summary>Replaces tags and metadata. Returns how many were there. Scope: all agents. Atomic.</summary>
    Task<int> UpdateRelationshipsAsync(IReadOnlyList<RelationshipUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>Removes relationships. Returns how many were there. Scope: all agents. Atomic.</summary>
    Task<int> DeleteRelationshipsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);
}
