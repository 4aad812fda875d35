using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>
/// Memories read by their ids from our local backend, on one thread and on two, while another caller commits, a few hundred times a second as
/// its timer allows. Who commits without a pause takes what readers leave it: beside one reader it did four times as much as beside two, on
/// two processors, and that was in the ratio.
/// </summary>
internal static class ReadsBesideCommitsRows
{
    public const string Workload = "get, while one commits";
    public const string One = "1 thread";
    public const string Two = "2 threads";

    private const uint Seed = 22;
    private const int Dimension = 384;

    public static async Task MeasureAsync(Run run, string suite)
    {
        var count = run.Pick(1_000, 10_000, 10_000);
        foreach (var engine in await run.EnginesAsync<Engines.Local>(suite))
        {
            run.Say($"{suite}: {Workload}, {engine.Name}");
            var world = new SampleWorld(Seed, Dimension);
            var (store, _) = await engine.CreateAsync(run.NewFolder(engine.Name), world);
            await using var closing = store;
            var memories = world.Take(count);
            await store.LoadAsync(memories);
            var hot = new HotReads(memories);
            var writers = 0u;
            // By turns: what is asked is by how much two are more than one.
            run.Rows.Add(await run.Turns.RunAsync([.. new[] { (One, 1), (Two, 2) }.Select(setting => new Contender(
                new Row(suite, Workload, setting.Item1, engine.Name) { X = setting.Item2, Stored = count },
                () => ReadAsync(run, store, hot, setting.Item2, world.Sibling(++writers))))]));
        }
    }

    private static async Task<Slice> ReadAsync(Run run, IStore store, HotReads hot, int threads, SampleWorld written)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        // Made before: that takes longer than to commit one.
        var memories = written.Take((int)(2 * run.SliceTime.TotalMilliseconds) + 2_000);
        var firstCommit = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // What the slice before left behind is not collected in this one.
        GC.Collect();
        var commits = Task.Run(async () =>
        {
            try
            {
                await using var writer = store.NewCaller();
                foreach (var memory in memories)
                {
                    await writer.CreateAsync(memory);
                    firstCommit.TrySetResult();
                    if (!await pace.WaitForNextTickAsync()) return;
                }
                throw new InvalidOperationException("There were not enough memories to commit.");
            }
            catch (Exception error)
            {
                // Who waits for the first hears of it too.
                firstCommit.TrySetException(error);
                throw;
            }
        });
        await firstCommit.Task;
        var readers = Enumerable.Range(0, threads).Select(_ => store.NewCaller()).ToArray();
        try
        {
            // A thread of its own for each: a read that is answered from memory never gives it back.
            return await Callers.RunAsync([.. readers.Select(hot.By)], blocking: true, run.SliceTime);
        }
        finally
        {
            pace.Dispose();
            await commits;
            foreach (var reader in readers) await reader.DisposeAsync();
        }
    }
}
