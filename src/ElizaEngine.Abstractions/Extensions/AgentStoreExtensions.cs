namespace ElizaEngine;

/// <summary>elizaOS' calls for one agent, over the batch calls.</summary>
public static class AgentStoreExtensions
{
    /// <summary>The agent, or null.</summary>
    public static async Task<Agent?> GetAgentAsync(this IAgentStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return (await store.GetAgentsByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrNull();
    }

    /// <summary>Stores an agent. False: the id exists, nothing was changed.</summary>
    public static async Task<bool> CreateAgentAsync(this IAgentStore store, Agent agent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(agent);
        return (await store.CreateAgentsAsync([agent], cancellationToken).ConfigureAwait(false))[0].Outcome == CreateOutcome.Created;
    }

    /// <summary>Stores an agent, or replaces it.</summary>
    public static async Task<CreateResult> UpsertAgentAsync(this IAgentStore store, Agent agent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(agent);
        return (await store.UpsertAgentsAsync([agent], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Changes an agent. False: there is none.</summary>
    public static async Task<bool> UpdateAgentAsync(this IAgentStore store, AgentUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(update);
        return await store.UpdateAgentsAsync([update], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes an agent and everything that is its own. False: there was none.</summary>
    public static async Task<bool> DeleteAgentAsync(this IAgentStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteAgentsAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes all agents and everything that is theirs (<c>cleanupAgents</c>). Returns how many there were.</summary>
    public static async Task<int> DeleteAllAgentsAsync(this IAgentStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var agents = await store.GetAgentsAsync(cancellationToken).ConfigureAwait(false);
        return await store.DeleteAgentsAsync([.. agents.Select(agent => agent.Id)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Stores the agent whose calls these are, if it is not there, and returns what is stored (<c>ensureAgentExists</c>).
    /// </summary>
    /// <param name="session">The calls of that agent, such as its adapter.</param>
    /// <param name="agent">What is stored if it is not there, but for the id: that is <see cref="IDatabaseSession.AgentId"/>.</param>
    /// <param name="cancellationToken">Cancels until the write has its place in the order of writes.</param>
    public static async Task<Agent> EnsureAgentExistsAsync(this IDatabaseSession session, Agent agent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(agent);
        var own = agent with { Id = session.AgentId };
        Agent? stored;
        do
        {
            await session.CreateAgentsAsync([own], cancellationToken).ConfigureAwait(false);
            stored = await session.GetAgentAsync(own.Id, cancellationToken).ConfigureAwait(false);
        }
        while (stored is null); // Somebody removed it between the two calls: it is to exist, so store it again.
        return stored;
    }
}
