using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Suites;

/// <summary>In a child: stores so many rows without vectors and tells by how much the process grew. The cache of records is as good as off.</summary>
internal sealed class RowMemory : IChildTask
{
    private const int BatchSize = 10_000;

    /// <summary>Growth of RssAnon and RssFile.</summary>
    internal sealed record Answer(long ResidentBytes, long MappedBytes);

    public async Task<object> RunAsync(string[] arguments)
    {
        var world = new SampleWorld(1, 0);
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions
        {
            Directory = arguments[0],
            Durability = Durability.ProcessCrash,
            RecordCacheBytes = 1 << 20,
        });
        // What every row needs is compiled and allocated by the first ones.
        await using var store = await Engines.AdapterStore.CreateAsync(database, world, () => 0);
        await store.LoadAsync(world.Take(1000));
        var before = Settled();
        var count = int.Parse(arguments[1]);
        for (var stored = 0; stored < count; stored += BatchSize) await store.LoadAsync(world.Take(Math.Min(BatchSize, count - stored)));
        var after = Settled();
        return new Answer(after.AnonymousBytes - before.AnonymousBytes, after.MappedBytes - before.MappedBytes);
    }

    private static ProcessMemory Settled()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return ProcessMemory.OfThis();
    }
}
