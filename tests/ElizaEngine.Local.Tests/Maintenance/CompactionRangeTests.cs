using ElizaEngine.Local.Tests.Engine;
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

        files.Close();
        var flushing = adapter.CreateMemoryAsync(MemoryOf(1), "messages");
        Task<CompactReport> compaction;
        Task crossing;
        try
        {
            // It went on in the next file. The one behind that is there then: neither its flush nor its creation is taken for what is meant.
            await database.Log.BackgroundWork;
            Wait(() => files.Waiting == 1);
            var created = files.Created;
            compaction = database.CompactAsync();
            // The file has ended: another one is being prepared.
            Wait(() => files.Created > created);
            crossing = adapter.CreateMemoriesAsync([.. Enumerable.Range(2, 5).Select(MemoryOf)], "messages");
        }
        finally
        {
            // Also where a line above fails: closing waits for what is being flushed.
            files.Open();
        }

        await flushing;
        await crossing;
        var report = await compaction;
        Assert.True(report.RecordsAfter > 0);
        await AssertHasAllAsync(database);

        await database.CloseAsync();
        await using var again = await LocalDatabase.OpenAsync(options, files, static log => log);
        await AssertHasAllAsync(again);
        Assert.Empty((await again.VerifyAsync()).Findings);
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
