using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

internal partial class Local : ICallEngine
{
    public async Task<ICallStore> OpenCallsAsync(Run run, string folder, SampleWorld world, int memories) =>
        await AdapterCallStore.CreateAsync(await OpenAsync(folder), world, memories);
}
