using System.Collections.Concurrent;
using ElizaEngine.Local.Tests.Disk;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>
/// What goes on in the background takes no thread of the pool: those are for callers, who hear of their commits there. With one thread a
/// processor, two such pieces of work held up every commit of a machine with two for half a second.
/// </summary>
public sealed class BackgroundThreadTests
{
    private static readonly Guid s_agent = new("a0000000-0000-4000-8000-000000000001");

    [Theory]
    [InlineData("fill", ".seg")]
    [InlineData("create", ".idx.tmp")]
    [InlineData("create", "CHECKPOINT.tmp")]
    [InlineData("create", ".gra.tmp")]
    [InlineData("create", ".seg.tmp")]
    public async Task A_file_is_made_by_a_thread_of_its_own(string operation, string nameEnd)
    {
        var settings = SettingsWith(graphs: true);
        var made = new ConcurrentBag<bool>();
        using var memory = new MemoryFileSystem();
        var files = new FaultyFileSystem(memory);
        await using (var database = await settings.OpenAsync(files, TimeProvider.System))
        {
            files.Fault = (call, path) =>
            {
                if (call == operation && path.EndsWith(nameEnd, StringComparison.Ordinal)) made.Add(Thread.CurrentThread.IsThreadPoolThread);
                return null;
            };
            var adapter = database.ForAgent(s_agent);
            await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
            for (var i = 0; i < 40; i++)
            {
                await CreateFiftyAsync(adapter, 50 * i);
                await database.BackgroundWork;
            }
            Assert.NotEmpty(await adapter.SearchMemoriesAsync(new MemorySearch("messages", VectorOf(7))));
            await database.BuildVectorIndexAsync(s_agent, "messages");
            await database.CompactAsync();
            await database.BackgroundWork;
            await database.Partitions.Work;
            // Who closes a database waits for what that writes.
            files.Fault = static (_, _) => null;
        }
        Assert.NotEmpty(made);
        Assert.All(made, Assert.False);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(1 << 20, false)]
    public async Task What_is_soon_done_is_done_by_the_pool(long bytes, bool isOfPool)
    {
        Assert.Equal(isOfPool, await OwnThread.Run(static () => Thread.CurrentThread.IsThreadPoolThread, bytes));
        var wasOfPool = !isOfPool;
        await OwnThread.Run(() => wasOfPool = Thread.CurrentThread.IsThreadPoolThread, bytes);
        Assert.Equal(isOfPool, wasOfPool);
    }

    [Fact]
    public async Task Without_a_thread_what_is_waited_for_is_done_by_the_pool_and_what_can_wait_is_not_begun()
    {
        OwnThread.Scheduler = new ScarceThreads { AreNone = true };
        Assert.True(await OwnThread.Run(static () => Thread.CurrentThread.IsThreadPoolThread, 1 << 20));
        Assert.True(await OwnThread.Run(static () => Thread.CurrentThread.IsThreadPoolThread, CancellationToken.None));
        await OwnThread.Run(static () => { }, 1 << 20);
        Assert.Null(OwnThread.TryRun(static () => throw new InvalidOperationException("It was begun."), 1 << 20));
        await OwnThread.TryRun(static () => { }, 100)!;
    }

    /// <summary>
    /// The story: the thread of a checkpoint could not be started in the middle of a commit, which was durable; its caller heard that
    /// nobody knows, and the database took no more writes.
    /// </summary>
    [Fact]
    public async Task Without_a_thread_for_the_background_every_commit_succeeds_and_what_was_left_out_comes_later()
    {
        var settings = SettingsWith(graphs: false);
        using var files = new MemoryFileSystem();
        var threads = new ScarceThreads();
        OwnThread.Scheduler = threads;
        await using (var database = await settings.OpenAsync(files, TimeProvider.System))
        {
            var adapter = database.ForAgent(s_agent);
            await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
            await database.BackgroundWork;
            threads.AreNone = true;
            await FillAsync(adapter, 0);
            Assert.True(threads.Refused > 2, "a file, its index and a checkpoint were to be made");
            Assert.DoesNotContain("CHECKPOINT", files.List(DiskSettings.Directory));
            threads.AreNone = false;
            await FillAsync(adapter, 1000);
            await database.BackgroundWork;
            // A file that ends in the middle of a call may not be durable when its index is due: that comes when the next one ends.
            lock (database.Log.Gate) database.Log.EndFileLocked();
            await database.BackgroundWork;
            var names = files.List(DiskSettings.Directory);
            var ended = database.Log.EndedFiles().Count;
            Assert.Contains("CHECKPOINT", names);
            Assert.True(ended > 2);
            Assert.Equal(ended, names.Count(static name => name.EndsWith(".idx", StringComparison.Ordinal)));
        }
        await using var reopened = await settings.OpenAsync(files, TimeProvider.System);
        Assert.Equal(2000, reopened.GetStatistics().Memories);

        static async Task FillAsync(IDatabaseAdapter adapter, int first)
        {
            for (var i = first; i < first + 1000; i += 50) await CreateFiftyAsync(adapter, i);
        }
    }

    // Files that are large enough for a thread of their own.
    private static DiskSettings SettingsWith(bool graphs) => new(1)
    {
        Durability = Durability.PowerLoss,
        FirstFileBytes = 2 << 20,
        MaxFileBytes = 2 << 20,
        IndexMinBytes = 0,
        LogWithoutCheckpoint = 3 << 20,
        HasGraphs = graphs,
    };

    private static Task CreateFiftyAsync(IDatabaseAdapter adapter, int first) =>
        adapter.CreateMemoriesAsync([.. Enumerable.Range(first, 50).Select(static number => MemoryOf(number))], "messages");

    private static Memory MemoryOf(int number) => new() { Content = Content.FromText(new string('x', 3000)), Embedding = VectorOf(number), Unique = true };

    private static float[] VectorOf(int number)
    {
        var random = new Random(number);
        return [.. Enumerable.Range(0, 384).Select(_ => random.NextSingle())];
    }
}
