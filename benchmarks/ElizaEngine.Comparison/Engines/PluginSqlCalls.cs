using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Data;

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
            await driver.AskAsync<double>(new { Do = "fillCalls" });
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
        public Task StoreAsync(uint number, int memories) => driver.AskAsync<double>(new { Do = "store", Number = number, Count = memories });

        public Task<AnsweredCalls> RunAsync(AgentCall call, uint number, TimeSpan duration, int calls) => driver.RunAsync(new
        {
            Do = "run",
            call.Operation,
            Seconds = duration.TotalSeconds,
            Times = calls,
            call.InFlight,
            Number = number,
            call.Count,
            call.Threshold,
            call.InRoom,
            call.Embedding,
            call.DecideUnique,
        });

        public Task<long> CountAsync(RowKind kind) => driver.AskAsync<long>(new { Do = "count", Kind = TableOf(kind) });

        public Task RestoreAsync(RowKind kind) => driver.AskAsync<double>(new { Do = "restore", Kind = TableOf(kind) });

        // As elizaOS names its tables.
        private static string TableOf(RowKind kind) => kind.ToString().ToLowerInvariant();

        public ValueTask DisposeAsync() => driver.DisposeAsync();
    }
}
