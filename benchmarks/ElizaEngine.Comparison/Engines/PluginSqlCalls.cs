using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Engines;

internal abstract partial class PluginSql : ICallEngine
{
    public async Task<ICallStore> OpenCallsAsync(Run run, string folder, SampleWorld world, int memories)
    {
        var driver = await StartAsync(run, folder, world);
        try
        {
            await driver.AskAsync<double>(new { Do = "fill" });
            await driver.AskAsync<double>(new { Do = "load", Count = memories, Bulk = true });
            return new CallStore(driver);
        }
        catch
        {
            await driver.DisposeAsync();
            throw;
        }
    }

    private sealed class CallStore(NodeDriver driver) : ICallStore
    {
        public Task<Slice> RunAsync(AgentCall call, uint number, TimeSpan duration) => driver.RunAsync(new
        {
            Do = "run",
            call.Operation,
            Seconds = duration.TotalSeconds,
            call.InFlight,
            Number = number,
            call.Count,
            call.Threshold,
            call.InRoom,
            call.Embedding,
            call.DecideUnique,
        });

        public ValueTask DisposeAsync() => driver.DisposeAsync();
    }
}
