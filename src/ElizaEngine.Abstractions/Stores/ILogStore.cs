namespace ElizaEngine;

/// <summary>The log of runs, actions and model calls.</summary>
public interface ILogStore
{
    /// <summary>Stores log entries; an id that exists stays as it is. One result per item, in order. Atomic.</summary>
    /// <exception cref="ReferenceNotFoundException">Entity or room does not exist.</exception>
    Task<IReadOnlyList<CreateResult>> CreateLogsAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken = default);

    /// <summary>The entries that match, newest first, then by id descending; 10 unless a count is given. Scope: all agents.</summary>
    Task<IReadOnlyList<LogEntry>> GetLogsAsync(LogQuery query, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="GetLogsAsync"/>, one by one, in bounded memory; all unless a count is given.</summary>
    IAsyncEnumerable<LogEntry> StreamLogsAsync(LogQuery query, CancellationToken cancellationToken = default);

    /// <summary>How many entries match, count and offset left out. Scope: all agents.</summary>
    Task<int> CountLogsAsync(LogQuery query, CancellationToken cancellationToken = default);

    /// <summary>Removes entries. Returns how many were there. Scope: all agents. Atomic.</summary>
    Task<int> DeleteLogsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes what is beyond the limits. Returns how many went. Scope: entries of rooms of this agent. Atomic. Entries that are being
    /// stored when it is called may be left for the next time.
    /// </summary>
    Task<int> TrimLogsAsync(LogRetention retention, CancellationToken cancellationToken = default);

    /// <summary>
    /// Runs put together from the log: all entries of a run count. Latest start first, then by run id (ordinal) descending.
    /// Scope: entries of rooms of this agent.
    /// </summary>
    Task<AgentRunSummaries> GetAgentRunSummariesAsync(AgentRunQuery query, CancellationToken cancellationToken = default);
}
