using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Suites;

/// <summary>In a child: stores so many rows without vectors and tells by how much the process grew. The cache of records is as good as off.</summary>
internal sealed class RowMemory : IChildTask
{
    private const uint Seed = 1;
    private const int Dimension = 0;
    private const Durability Level = Durability.ProcessCrash;

    // Before the first look at memory.
    private const int First = 1000;
    private const int BatchSize = 10_000;

    /// <summary>Growth of RssAnon and RssFile.</summary>
    internal sealed record Answer(long ResidentBytes, long MappedBytes);

    /// <summary>What opens the same database again, and looks whether so many and the first are there.</summary>
    public static string[] OpenerArguments(string folder, int count) =>
        [folder, $"{Level}", $"{Seed}", $"{Dimension}", $"{FirstQuestions.None}", $"{count + First}"];

    public async Task<object> RunAsync(string[] arguments)
    {
        var world = new SampleWorld(Seed, Dimension);
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions
        {
            Directory = arguments[0],
            Durability = Level,
            RecordCacheBytes = 1 << 20,
        });
        // What every row needs is compiled and allocated by the first ones.
        await using var store = await AdapterStore.CreateAsync(database, world, () => 0);
        await store.LoadAsync(world.Take(First));
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
