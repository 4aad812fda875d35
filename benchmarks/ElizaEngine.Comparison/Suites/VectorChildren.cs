using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// Builds an index in a process of its own: ENGINE PLACE SET ROWS THREADS WITH-VECTORS. Answers with a <see cref="BuildTime"/>. The process
/// must see as many processors as it is to build on, since an engine that cannot be told how many threads takes one for each.
/// </summary>
internal sealed class BuildVectors : IChildTask
{
    public async Task<object> RunAsync(string[] arguments)
    {
        var engine = VectorChildren.Engine(arguments[0]);
        var threads = int.Parse(arguments[4]);
        if (Environment.ProcessorCount != threads)
            throw new InvalidOperationException($"To build on {threads} threads the process must see so many processors, not {Environment.ProcessorCount}.");
        var set = await VectorSet.LoadAsync(arguments[2], int.Parse(arguments[3]), 0, CancellationToken.None);
        return await engine.BuildAsync(arguments[1], new VectorBuild(set, new int[set.Count], threads) { WithVectors = bool.Parse(arguments[5]) });
    }
}

/// <summary>
/// What an open index takes in a process of its own, after some searches: ENGINE PLACE SET ROWS FOLDER. Answers with a
/// <see cref="VectorMemory"/>. A small index of the same engine was open before, in the folder, so that the code itself is not counted.
/// </summary>
internal sealed class MeasureVectors : IChildTask
{
    private const int Queries = 20;
    private const int SmallRows = 200;

    public async Task<object> RunAsync(string[] arguments)
    {
        var engine = VectorChildren.Engine(arguments[0]);
        var small = await VectorSet.LoadAsync(arguments[2], SmallRows, Queries, CancellationToken.None);
        var folder = arguments[4];
        await engine.BuildAsync(folder, new VectorBuild(small, new int[SmallRows], 1));
        await using (await SearchedAsync(engine, folder, small, SmallRows)) { }
        var before = Now();
        await using var index = await SearchedAsync(engine, arguments[1], small, int.Parse(arguments[3]));
        var after = Now();
        return new VectorMemory(after.AnonymousBytes - before.AnonymousBytes, after.MappedBytes - before.MappedBytes, await index.DiskBytesAsync());
    }

    private static async Task<IVectorIndex> SearchedAsync(IVectorEngine engine, string place, VectorSet set, int rows)
    {
        var index = await engine.OpenAsync(place, new VectorShape(set.Dimension, rows));
        await index.PrepareAsync(new VectorSearch(engine.Efforts[0]));
        var found = new int[VectorSlice.K];
        for (var i = 0; i < set.QueryCount; i++) await index.SearchAsync(set.Query(i), found);
        return index;
    }

    private static ProcessMemory Now()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        return ProcessMemory.OfThis();
    }
}

/// <summary>Growth of a process by an open index, in bytes, and what lies on disk.</summary>
internal sealed record VectorMemory(long AnonymousBytes, long MappedBytes, long DiskBytes);

/// <summary>Asks the two.</summary>
internal static class VectorChildren
{
    public static IVectorEngine Engine(string name) => EngineCatalog.All.OfType<IVectorEngine>().Single(engine => engine.Name == name);

    public static Task<BuildTime> BuildAsync(Run run, IVectorEngine engine, string place, VectorSet set, int threads, bool withVectors = true) =>
        BuildAsync(engine, place, set.Name, set.Count, threads, withVectors, run.CancellationToken);

    public static Task<BuildTime> BuildAsync(
        IVectorEngine engine, string place, string set, int rows, int threads, bool withVectors, CancellationToken cancellationToken) =>
        Child.AskAsync<BuildVectors, BuildTime>(
            [engine.Name, place, set, $"{rows}", $"{threads}", $"{withVectors}"], cancellationToken, processors: threads);

    public static async Task<VectorMemory> MeasureAsync(Run run, IVectorEngine engine, string place, VectorSet set)
    {
        // The run's, and not the child's own: that may be killed.
        var folder = run.NewFolder($"{engine.Name}-small");
        var memory = await Child.AskAsync<MeasureVectors, VectorMemory>(
            [engine.Name, place, set.Name, $"{set.Count}", folder], run.CancellationToken);
        Directory.Delete(folder, recursive: true);
        return memory;
    }
}
