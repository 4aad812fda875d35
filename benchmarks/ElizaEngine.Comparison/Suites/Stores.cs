using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>The stores of several engines, open side by side with the same world in them.</summary>
internal sealed class Stores : IAsyncDisposable
{
    private readonly SampleWorld _world;
    private readonly List<(IStoreEngine Engine, IStore Store)> _stores = [];
    private int _worlds;

    private Stores(SampleWorld world) => _world = world;

    public IReadOnlyList<(IStoreEngine Engine, IStore Store)> All => _stores;

    public static async Task<Stores> CreateAsync(Run run, IEnumerable<IStoreEngine> engines, SampleWorld world)
    {
        var stores = new Stores(world);
        foreach (var engine in engines) stores._stores.Add((engine, await engine.CreateAsync(run, run.NewFolder(engine.Name), world)));
        return stores;
    }

    /// <summary>The same rooms and entities with other memories: for a caller of its own.</summary>
    public SampleWorld NewWorld() => _world.Sibling((uint)Interlocked.Increment(ref _worlds));

    /// <summary>So many callers of each store, each doing the same.</summary>
    /// <param name="label">Of the rows; the engine is filled in.</param>
    /// <param name="callers">How many.</param>
    /// <param name="slice">For so long, each time.</param>
    /// <param name="operation">What a caller does, again and again.</param>
    public IEnumerable<Contender> Contenders(Row label, int callers, TimeSpan slice, Func<IStoreCaller, Func<ValueTask>> operation) =>
        _stores.Select(entry => new Contender(label with { Engine = entry.Engine.Name }, async () =>
        {
            var connected = Enumerable.Range(0, callers).Select(_ => entry.Store.NewCaller()).ToArray();
            try
            {
                var operations = connected.Select(operation).ToArray();
                // What was made for the slice is moved out of the way of the collector before the clock starts.
                GC.Collect();
                return await Callers.RunAsync(operations, entry.Store.IsBlocking, slice);
            }
            finally
            {
                foreach (var caller in connected) await caller.DisposeAsync();
            }
        }));

    public async ValueTask DisposeAsync()
    {
        foreach (var (_, store) in _stores) await store.DisposeAsync();
    }
}
