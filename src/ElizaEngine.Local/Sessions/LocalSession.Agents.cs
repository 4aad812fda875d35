namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<Agent>> GetAgentsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        Read(ids, static (_, view, ids) => (IReadOnlyList<Agent>)ByIds<Agent>(view, ids, static (state, id) => state.Agents.Find(id)), cancellationToken);

    public Task<IReadOnlyList<AgentSummary>> GetAgentsAsync(CancellationToken cancellationToken = default) =>
        Read(
            0,
            static (_, view, _) => (IReadOnlyList<AgentSummary>)view.State.Agents.All().OrderBy(row => row.CreatedMs).ThenBy(row => row.Id)
                .Select(row => view.Record<Agent>(row)).Select(agent => new AgentSummary(agent.Id, agent.Name, agent.Bio!)).ToList(),
            cancellationToken);

    public Task<int> CountAgentsAsync(CancellationToken cancellationToken = default) =>
        Read(0, static (_, view, _) => view.State.Agents.Count, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> CreateAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default) =>
        StoreAgents(agents, isUpsert: false, cancellationToken);

    public Task<IReadOnlyList<CreateResult>> UpsertAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default) =>
        StoreAgents(agents, isUpsert: true, cancellationToken);

    private Task<IReadOnlyList<CreateResult>> StoreAgents(IReadOnlyList<Agent> agents, bool isUpsert, CancellationToken cancellationToken)
    {
        return Store(
            () => Complete.Agents(agents, Now),
            static (draft, agent) => draft.State.Agents.Find(agent.Id),
            Rows.Encode,
            static (draft, agent, body) => draft.Put(Rows.Of(agent), body),
            isUpsert ? Replace : null,
            cancellationToken);

        static void Replace(Draft draft, Agent agent, Row stored)
        {
            var replaced = agent with { CreatedAt = draft.View.Record<Agent>(stored).CreatedAt };
            draft.Put(Rows.Of(replaced), Rows.Encode(replaced));
        }
    }

    public Task<int> UpdateAgentsAsync(IReadOnlyList<AgentUpdate> updates, CancellationToken cancellationToken = default) =>
        Update(
            () => Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check),
            static (draft, update) => draft.State.Agents.Find(update.Id),
            (draft, update, row) =>
            {
                var agent = Complete.Agent(draft.View.Record<Agent>(row), update, Now);
                draft.Put(Rows.Of(agent), Rows.Encode(agent));
            },
            cancellationToken);

    public async Task<int> DeleteAgentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        await DeleteByIds(ids, static (state, id) => state.Agents.Find(id), cancellationToken).ConfigureAwait(false);
}
