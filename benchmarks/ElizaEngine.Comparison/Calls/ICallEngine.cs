using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Calls;

/// <summary>An engine that has elizaOS' contract, so that every call of an agent can be made of it.</summary>
internal interface ICallEngine : IEngine
{
    /// <summary>A new database in a folder that holds a world with so many memories, stored in bulk.</summary>
    Task<ICallStore> OpenCallsAsync(Run run, string folder, SampleWorld world, int memories);
}

/// <summary>Such a database, open.</summary>
internal interface ICallStore : IAsyncDisposable
{
    /// <summary>Makes one call again and again for so long; arguments are made before the clock of a call starts.</summary>
    /// <param name="call">What.</param>
    /// <param name="number">Another number asks about, and writes, other things.</param>
    /// <param name="duration">After it no call begins.</param>
    Task<Slice> RunAsync(AgentCall call, uint number, TimeSpan duration);
}
