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
        var settings = new DiskSettings(1)
        {
            Durability = Durability.PowerLoss,
            FirstFileBytes = 64 << 10,
            MaxFileBytes = 64 << 10,
            IndexMinBytes = 0,
            LogWithoutCheckpoint = 1,
            HasGraphs = true,
        };
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
            for (var i = 0; i < 200; i++)
            {
                await adapter.CreateMemoryAsync(
                    new Memory { Content = Content.FromText(new string('x', 1000)), Embedding = new float[] { 1, i, i % 7 }, Unique = true }, "messages");
                await database.BackgroundWork;
            }
            Assert.NotEmpty(await adapter.SearchMemoriesAsync(new MemorySearch("messages", new float[] { 1, 2, 3 })));
            await database.BuildVectorIndexAsync(s_agent, "messages");
            await database.CompactAsync();
            await database.BackgroundWork;
            await database.Checkpointing;
            // Who closes a database waits for what that writes.
            files.Fault = static (_, _) => null;
        }
        Assert.NotEmpty(made);
        Assert.All(made, Assert.False);
    }
}
