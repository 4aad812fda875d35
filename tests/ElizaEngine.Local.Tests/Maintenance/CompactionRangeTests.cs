using ElizaEngine.Local.Tests.Engine;
using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

public sealed class CompactionRangeTests
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    /// <summary>
    /// A call of many rows is written into several log files while a compaction waits for a flush. The story: those of them that had ended
    /// by then were compacted too, the rest of the call came behind them. Its rows lay in files that were unmapped under their readers,
    /// and nothing opened the directory again.
    /// </summary>
    [Fact]
    public async Task A_call_that_crosses_files_while_a_compaction_begins_is_no_part_of_it()
    {
        using var files = new GatedFileSystem { SparesNew = true };
        var options = new LocalDatabaseOptions { Directory = "/data", MaxLogFileBytes = 64 << 10 };
        // Nobody leads: the flushes that wait are those of the writer's thread.
        await using var database = await LocalDatabase.OpenAsync(options, files, static log => log with { FrameBytes = 8 << 10, LeaderFlushMax = TimeSpan.Zero });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateMemoryAsync(MemoryOf(0), "messages");
        await database.BackgroundWork;

        var report = await CompactAroundAsync(
            database, files, () => adapter.CreateMemoriesAsync([.. Enumerable.Range(2, 5).Select(MemoryOf)], "messages"));
        Assert.True(report.RecordsAfter > 0);
        await AssertHasAllAsync(database);

        await database.CloseAsync();
        await using var again = await LocalDatabase.OpenAsync(options, files, static log => log);
        await AssertHasAllAsync(again);
        Assert.Empty((await again.VerifyAsync()).Findings);
    }

    /// <summary>
    /// A memory gets another vector and then another content while a compaction waits for a flush: both come behind the range, and count when it
    /// chooses. The story: of the range the old content was not copied, so the vector had no memory in front of it, and the next opening
    /// dropped it.
    /// </summary>
    [Fact]
    public async Task A_memory_that_gets_a_vector_and_then_a_content_while_a_compaction_begins_keeps_both()
    {
        using var files = new GatedFileSystem { SparesNew = true };
        var options = new LocalDatabaseOptions { Directory = "/data", MaxLogFileBytes = 64 << 10 };
        await using var database = await LocalDatabase.OpenAsync(options, files, static log => log with { LeaderFlushMax = TimeSpan.Zero });
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "agent" }]);
        await adapter.CreateMemoryAsync(MemoryOf(0), "messages");
        await database.BackgroundWork;

        await CompactAroundAsync(
            database,
            files,
            () => Task.WhenAll(
                adapter.UpdateMemoryAsync(new MemoryUpdate(MemoryOf(0).Id) { Embedding = new float[] { 3, 4, 5 } }),
                adapter.UpdateMemoryAsync(new MemoryUpdate(MemoryOf(0).Id) { Content = Content.FromText("new") })));
        await AssertIsNewAsync(database);
        await database.CloseAsync();
        // One would have the vector.
        Assert.DoesNotContain(FileNames.Checkpoint, files.List("/data"));
        await using var again = await LocalDatabase.OpenAsync(options, files, static log => log);
        await AssertIsNewAsync(again);
        Assert.Empty((await again.VerifyAsync()).Findings);

        static async Task AssertIsNewAsync(LocalDatabase database)
        {
            var rows = await database.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"));
            Assert.Equal(2, rows.Count);
            var row = rows.Single(static row => row.Id == MemoryOf(0).Id);
            Assert.Equal("new", row.Content.Text);
            Assert.NotNull(row.Embedding);
            Assert.Equal([3f, 4, 5], row.Embedding.Value.ToArray());
        }
    }

    /// <summary>Memory 1 is created, and, while its flush waits and a compaction waits behind that, something else is written.</summary>
    private static async Task<CompactReport> CompactAroundAsync(LocalDatabase database, GatedFileSystem files, Func<Task> write)
    {
        files.Close();
        var flushing = database.ForAgent(s_agent).CreateMemoryAsync(MemoryOf(1), "messages");
        Task<CompactReport> compaction;
        Task writing;
        try
        {
            // It went on in the next file. The one behind that is there then: neither its flush nor its creation is taken for what is meant.
            await database.Log.BackgroundWork;
            Wait(() => files.Waiting == 1);
            var created = files.Created;
            compaction = database.CompactAsync();
            // The file has ended: another one is being prepared.
            Wait(() => files.Created > created);
            writing = write();
        }
        finally
        {
            // Also where a line above fails: closing waits for what is being flushed.
            files.Open();
        }

        await flushing;
        await writing;
        return await compaction;
    }

    private static async Task AssertHasAllAsync(LocalDatabase database)
    {
        var rows = await database.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"));
        Assert.Equal(Enumerable.Range(0, 7).Select(static number => MemoryOf(number).Content), rows.OrderBy(static row => row.Id).Select(static row => row.Content));
        Assert.All(rows, static row => Assert.Equal(3, row.Embedding!.Value.Length));
    }

    private static Memory MemoryOf(int number) => new()
    {
        Id = new Guid(number, 0, 0, [0x80, 0, 0, 0, 0, 0, 0, 1]),
        Content = Content.FromText($"{number} " + new string('x', 30_000)),
        Embedding = new float[] { number, 1, 2 },
        Unique = true,
    };

    private static void Wait(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromMinutes(5)));
}
