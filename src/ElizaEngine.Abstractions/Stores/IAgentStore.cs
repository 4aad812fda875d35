namespace ElizaEngine;

/// <summary>Agents. Scope of every call: all agents.</summary>
public interface IAgentStore
{
    /// <summary>The agents with these ids, in order of id; unknown ids are skipped, repeated ids count once.</summary>
    Task<IReadOnlyList<Agent>> GetAgentsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>All agents, in short, oldest first, then by id ascending.</summary>
    Task<IReadOnlyList<AgentSummary>> GetAgentsAsync(CancellationToken cancellationToken = default);

    /// <summary>How many agents there are.</summary>
    Task<int> CountAgentsAsync(CancellationToken cancellationToken = default);

    /// <summary>Stores agents; one that exists stays as it is. One result per item, in order. Atomic.</summary>
    Task<IReadOnlyList<CreateResult>> CreateAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default);

    /// <summary>Stores agents; one that exists is replaced, but for its createdAt. One result per item, in order. Atomic.</summary>
    Task<IReadOnlyList<CreateResult>> UpsertAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default);

    /// <summary>Changes agents; settings are merged (see <see cref="AgentUpdate.Settings"/>). Returns how many were there. Atomic.</summary>
    Task<int> UpdateAgentsAsync(IReadOnlyList<AgentUpdate> updates, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes agents and everything that is theirs: entities, worlds, rooms, memories, tasks, cache, components,
    /// relationships, participants and logs. Returns how many agents were removed. Atomic.
    /// </summary>
    Task<int> DeleteAgentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);
}
