namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<Agent>> GetAgentsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Agent>>(cancellationToken, state => [.. Find(state.Agents, ids, nameof(ids)).OrderBy(agent => agent.Id)]);

    public Task<IReadOnlyList<AgentSummary>> GetAgentsAsync(CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<AgentSummary>>(cancellationToken, state =>
        [
            .. state.Agents.OldestFirst(agent => agent.CreatedAt, agent => agent.Id)
                .Select(agent => new AgentSummary(agent.Id, agent.Name, agent.Bio!)),
        ]);

    public Task<int> CountAgentsAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state => state.Agents.Count());

    public Task<IReadOnlyList<CreateResult>> CreateAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default) =>
        PutAgentsAsync(agents, replace: false, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> UpsertAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default) =>
        PutAgentsAsync(agents, replace: true, cancellationToken);

    private Task<IReadOnlyList<CreateResult>> PutAgentsAsync(IReadOnlyList<Agent> agents, bool replace, CancellationToken cancellationToken) =>
        WriteAsync<IReadOnlyList<CreateResult>>(cancellationToken, state =>
        {
            var results = new List<CreateResult>();
            foreach (var agent in Door.List(agents, nameof(agents)).Select(agent => Complete.Agent(agent, Now)).ToList())
            {
                var stored = state.Agents.Find(agent.Id);
                if (stored is null || Faults.Has(Fault.AgentUpsertMovesCreatedAt)) state.Agents.Put(agent);
                else if (replace) state.Agents.Put(agent with { CreatedAt = stored.CreatedAt });
                results.Add(Result(agent.Id, stored is not null));
            }
            return results;
        });

    public Task<int> UpdateAgentsAsync(IReadOnlyList<AgentUpdate> updates, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state => Update(
            state, state.Agents, Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check), update => update.Id, (stored, update) =>
            {
                if (Faults.Has(Fault.SettingsReplaced) && update.Settings is not null) stored = stored with { Settings = Json.EmptyObject };
                return Complete.Agent(stored, update, Now);
            }));

    public Task<int> DeleteAgentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var agentIds = Find(state.Agents, ids, nameof(ids)).Select(agent => agent.Id).ToHashSet();
            state.Agents.Remove(agentIds);
            state.Dimensions.Remove(agentIds);
            state.RemoveDangling(reference => Faults.Has(Fault.AgentDeleteLeavesRows) && reference.Table == "agents");
            return agentIds.Count;
        });
}
