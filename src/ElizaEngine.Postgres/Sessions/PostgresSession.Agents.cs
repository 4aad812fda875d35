namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly TableColumns<Agent> AgentTable = new(
        "agents",
        new("id", agents => DbValue.Uuids([.. agents.Select(agent => agent.Id)])),
        new("enabled", agents => DbValue.Bools([.. agents.Select(agent => agent.Enabled)])),
        new("created_at", agents => DbValue.Instants(agents.Select(agent => agent.CreatedAt))),
        new("updated_at", agents => DbValue.Instants(agents.Select(agent => agent.UpdatedAt))),
        new("name", agents => DbValue.Texts([.. agents.Select(agent => agent.Name)])),
        new("username", agents => DbValue.Texts([.. agents.Select(agent => agent.Username)])),
        new("system", agents => DbValue.Texts([.. agents.Select(agent => agent.System)])),
        new("bio", agents => DbValue.Jsons(agents.Select(agent => agent.Bio))),
        new("message_examples", agents => DbValue.Jsons(agents.Select(agent => agent.MessageExamples))),
        new("post_examples", agents => DbValue.Jsons(agents.Select(agent => agent.PostExamples))),
        new("topics", agents => DbValue.Jsons(agents.Select(agent => agent.Topics))),
        new("adjectives", agents => DbValue.Jsons(agents.Select(agent => agent.Adjectives))),
        new("knowledge", agents => DbValue.Jsons(agents.Select(agent => agent.Knowledge))),
        new("plugins", agents => DbValue.Jsons(agents.Select(agent => agent.Plugins))),
        new("settings", agents => DbValue.Jsons(agents.Select(agent => agent.Settings))),
        new("style", agents => DbValue.Jsons(agents.Select(agent => agent.Style))));

    private const string AgentChange = """
        enabled = excluded.enabled, updated_at = excluded.updated_at, name = excluded.name, username = excluded.username, system = excluded.system,
        bio = excluded.bio, message_examples = excluded.message_examples, post_examples = excluded.post_examples, topics = excluded.topics,
        adjectives = excluded.adjectives, knowledge = excluded.knowledge, plugins = excluded.plugins, settings = excluded.settings, style = excluded.style
        """;

    private static readonly Sql AgentSelect = Sql.Raw($"SELECT {Rows.AgentColumns} FROM public.agents ");

    public async Task<IReadOnlyList<Agent>> GetAgentsByIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        if (wanted.Length == 0) return [];
        return await RowsAsync(Statement.Of($"{AgentSelect}WHERE id = ANY({DbValue.Uuids(wanted)}) ORDER BY id"), Rows.Agent, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<AgentSummary>> GetAgentsAsync(CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await RowsAsync(
            Statement.Of($"SELECT id, name, bio FROM public.agents ORDER BY created_at, id"),
            static row => new AgentSummary(row.GetGuid(0), row.GetString(1), Rows.JsonOrNull(row, 2) ?? Json.EmptyArray),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> CountAgentsAsync(CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return (int)await ScalarAsync<long>(Statement.Of($"SELECT count(*) FROM public.agents"), cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> CreateAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await CreateAsync(AgentTable, Complete.Agents(agents, Now), static agent => agent.Id, static _ => [], cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<CreateResult>> UpsertAgentsAsync(IReadOnlyList<Agent> agents, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await UpsertAsync(
            AgentTable, Complete.Agents(agents, Now), static agent => agent.Id, AgentChange, static _ => [], cancellationToken)
            .ConfigureAwait(false);
    }

    public async Task<int> UpdateAgentsAsync(IReadOnlyList<AgentUpdate> updates, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check);
        if (items.Length == 0) return 0;
        // Settings are merged by a rule of the contract, so the stored ones are read first; the lock keeps them until the end.
        return await ExchangeAsync(
            CallKind.Repeatable,
            async exchange =>
            {
                var ids = items.Select(item => item.Id).Distinct().ToArray();
                var stored = await exchange.SendAsync(new Call<List<Agent>>(
                    CallKind.Read,
                    [Sql.Of($"{AgentSelect}WHERE id = ANY({DbValue.Uuids(ids)}) ORDER BY id FOR UPDATE")],
                    answer => answer.RowsAsync(Rows.Agent))).ConfigureAwait(false);
                var agents = stored.ToDictionary(agent => agent.Id);
                if (agents.Count == 0) return 0;
                foreach (var item in items)
                {
                    if (agents.TryGetValue(item.Id, out var agent)) agents[item.Id] = Complete.Agent(agent, item, Now);
                }
                var statements = agents.Values.Select(agent =>
                    AgentTable.Upsert(agent, AgentChange, IsTransaction).ToStatement()).ToList();
                return (await exchange.SendAsync(CreateResults(statements)).ConfigureAwait(false)).Results.Length;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> DeleteAgentsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        // The list is the caller's, who may write into it meanwhile.
        var isOwn = ids?.Contains(AgentId) is true;
        var count = await DeleteAsync("agents", ids!, null, cancellationToken).ConfigureAwait(false);
        // A trigger forgets their dimensions, whoever removes them.
        if (isOwn) AssumedDimension = null;
        return count;
    }
}
