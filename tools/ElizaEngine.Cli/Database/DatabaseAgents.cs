using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Database;

/// <summary>The agents that a database has.</summary>
internal static class DatabaseAgents
{
    private const int NamesShown = 5;

    /// <summary>The agent of an id, or of a name.</summary>
    /// <exception cref="CliException">There is none, or several share the name; the message says which there are.</exception>
    public static async Task<AgentSummary> FindAsync(IDatabaseAdapter adapter, string nameOrId, CancellationToken cancellationToken)
    {
        var agents = await adapter.GetAgentsAsync(cancellationToken);
        var isId = Guid.TryParseExact(nameOrId, "D", out var id);
        var found = agents.Where(agent => isId ? agent.Id == id : agent.Name == nameOrId).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CliException($"There is no agent '{nameOrId}'. The database has {Describe(agents)}."),
            _ => throw new CliException($"{found.Count} agents are named '{nameOrId}'. Give an id: {string.Join(", ", found.Take(NamesShown).Select(agent => agent.Id.ToString("D")))}."),
        };
    }

    /// <summary>Why nothing of the tool's agent was found: it is not there, but others may be. Null: it is there.</summary>
    public static async Task<string?> WhyNothingAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        if (await adapter.GetAgentAsync(ToolAgent.Id, cancellationToken) is not null) return null;
        var agents = await adapter.GetAgentsAsync(cancellationToken);
        return Snippet.OneLine($"The agent of this tool, {ToolAgent.Name}, is not in the database, which has {Describe(agents)}.");
    }

    private static string Describe(IReadOnlyList<AgentSummary> agents)
    {
        if (agents.Count == 0) return "no agents";
        var more = agents.Count > NamesShown ? $" and {Quantity.Of(agents.Count - NamesShown)} more" : "";
        return $"{Quantity.Of(agents.Count, "agent")}: {string.Join(", ", agents.Take(NamesShown).Select(agent => agent.Name))}{more}";
    }
}
