using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>What our local backend occupies after a compaction, and what its commits take while it is compacted again and again.</summary>
internal static class CompactionRows
{
    public const string Disk = "disk after compaction";
    public const string Commits = "create and delete";
    public const string CommitsBeside = "create and delete, compacting";

    private const uint Seed = 21;
    private const int Dimension = 384;
    private const int CallerCount = 16;

    public static string Setting => $"{CallerCount} callers";

    public static async Task MeasureAsync(Run run, string suite)
    {
        var count = run.Pick(300, 10_000, 50_000);
        var contenders = new List<Contender>();
        await using var stores = new Stack();
        foreach (var engine in await run.EnginesAsync<Engines.Local>(suite))
        {
            run.Say($"storage: compaction, {engine.Name}");
            var world = new SampleWorld(Seed, Dimension);
            var (store, database) = await engine.CreateAsync(run.NewFolder(engine.Name), world);
            stores.Add(store);
            var memories = world.Take(count);
            await store.LoadAsync(memories);
            await using (var caller = store.NewCaller())
            {
                foreach (var memory in memories.Where((_, i) => i % 3 == 0)) await DeleteAsync(caller, memory.Id);
            }
            await database.CompactAsync();
            run.Rows.Add([new Row(suite, Disk, $"{Number.Text(count)} memories x {Dimension}, a third deleted", engine.Name)
            {
                Stored = count,
                DiskBytes = store.DiskBytes(),
                PayloadBytes = memories.Where((_, i) => i % 3 != 0).Sum(static memory => memory.PayloadBytes),
            }]);
            // Two callers of a slice never have the same memories, nor has a slice those of another.
            var siblings = 0u;
            contenders.Add(new Contender(new Row(suite, Commits, Setting, engine.Name) { X = CallerCount }, () => CommitAsync(run, store, NextWorld)));
            contenders.Add(new Contender(new Row(suite, CommitsBeside, Setting, engine.Name) { X = CallerCount }, () => CommitBesideAsync(run, store, database, NextWorld)));

            SampleWorld NextWorld() => world.Sibling(++siblings);
        }
        run.Rows.Add(await run.Turns.RunAsync(contenders));
    }

    private static async Task<Slice> CommitBesideAsync(Run run, IStore store, LocalDatabase database, Func<SampleWorld> nextWorld)
    {
        using var stop = new CancellationTokenSource();
        var compactions = Task.Run(async () =>
        {
            var complete = 0;
            try
            {
                for (; ; complete++) await database.CompactAsync(cancellationToken: stop.Token);
            }
            catch (OperationCanceledException)
            {
                return complete;
            }
        });
        var slice = await CommitAsync(run, store, nextWorld);
        await stop.CancelAsync();
        await compactions;
        return slice;
    }

    // Every other call deletes what the one before has created: there is always something to give back.
    private static Task<Slice> CommitAsync(Run run, IStore store, Func<SampleWorld> nextWorld) => Callers.RunPreparedAsync(
        [.. Enumerable.Range(0, CallerCount).Select(_ =>
        {
            var (world, caller) = (nextWorld(), store.NewCaller());
            SampleMemory? last = null;
            return (Func<Func<ValueTask>>)(() =>
            {
                if (last is { Id: var doomed })
                {
                    last = null;
                    return () => DeleteAsync(caller, doomed);
                }
                var memory = last = world.Next();
                return () => caller.CreateAsync(memory);
            });
        })],
        store.IsBlocking,
        run.SliceTime);

    private static async ValueTask DeleteAsync(IStoreCaller caller, Guid id)
    {
        if (!await caller.DeleteAsync(id)) throw new InvalidOperationException($"The memory {id} was not there.");
    }

    private sealed class Stack : IAsyncDisposable
    {
        private readonly List<IStore> _stores = [];

        public void Add(IStore store) => _stores.Add(store);

        public async ValueTask DisposeAsync()
        {
            foreach (var store in _stores) await store.DisposeAsync();
        }
    }
}
