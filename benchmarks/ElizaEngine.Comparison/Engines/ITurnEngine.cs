using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Turns;

namespace ElizaEngine.Comparison.Engines;

/// <summary>An engine that has elizaOS' whole contract, so that an agent's turns can be played on it.</summary>
internal interface ITurnEngine : IEngine
{
    /// <summary>A new empty database in a folder.</summary>
    /// <param name="run">The run.</param>
    /// <param name="folder">Empty.</param>
    /// <param name="world">The player's own; its agent is the one whose turns are played.</param>
    Task<ITurnPlayer> OpenTurnsAsync(Run run, string folder, SampleWorld world);
}
