using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Calls;

/// <summary>An engine that has elizaOS' contract, so that every call of an agent can be made of it.</summary>
internal interface ICallEngine : IEngine
{
    /// <summary>A new database in a folder that holds a world with so many memories, stored in bulk, and what <see cref="CallData"/> says.</summary>
    Task<ICallStore> OpenCallsAsync(Run run, string folder, SampleWorld world, int memories);
}

/// <summary>Such a database, open.</summary>
internal interface ICallStore : IAsyncDisposable
{
    /// <summary>Stores, in bulk, so many memories that are to be deleted: the first that a run with this number deletes.</summary>
    Task StoreAsync(uint number, int memories);

    /// <summary>Makes one call again and again, until the time is over or the calls are; arguments are made before the clock of a call starts.</summary>
    /// <param name="call">What.</param>
    /// <param name="number">Another number asks about, and writes, other things.</param>
    /// <param name="duration">After it no call begins.</param>
    /// <param name="calls">Nor after so many, of all callers together.</param>
    Task<AnsweredCalls> RunAsync(AgentCall call, uint number, TimeSpan duration, int calls);

    /// <summary>How many rows of a kind there are.</summary>
    Task<long> CountAsync(RowKind kind);

    /// <summary>Takes away what is left of a kind that was not there when the database was opened.</summary>
    Task RestoreAsync(RowKind kind);
}

/// <summary>What calls write.</summary>
internal enum RowKind
{
    /// <summary>Memories, with their vectors.</summary>
    Memories,

    /// <summary>Tasks of the agent.</summary>
    Tasks,

    /// <summary>Entities in rooms.</summary>
    Participants,

    /// <summary>Relationships of entities.</summary>
    Relationships,

    /// <summary>Lines of the agent's log.</summary>
    Logs,
}

/// <summary>Calls that were made, and how many rows their answers had: of a write, how many it wrote or deleted.</summary>
/// <param name="Slice">What they took.</param>
/// <param name="Fewest">Of the answer with the fewest.</param>
/// <param name="Most">Of the answer with the most.</param>
/// <param name="Rows">Of all answers.</param>
internal sealed record AnsweredCalls(Slice Slice, int Fewest, int Most, long Rows);
