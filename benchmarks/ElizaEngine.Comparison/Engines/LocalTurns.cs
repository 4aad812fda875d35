using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Turns;

namespace ElizaEngine.Comparison.Engines;

internal partial class Local : ITurnEngine
{
    public async Task<ITurnPlayer> OpenTurnsAsync(Run run, string folder, SampleWorld world) => new AdapterPlayer(await OpenAsync(folder), world);
}
