using Xunit;

namespace ElizaEngine.Local.Tests.Sessions;

/// <summary>A database whose log is many small files, with batches that are chains of frames across them.</summary>
public sealed class ManyFilesTests
{
    private static readonly Guid s_agent = new("a0000000-0000-4000-8000-000000000001");

    [Fact]
    public async Task What_went_through_many_files_and_chains_is_there_again()
    {
        var directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");
        try
        {
            var options = new LocalDatabaseOptions { Directory = directory, MaxLogFileBytes = 64 << 10, RecordCacheBytes = 0, Durability = Durability.ProcessCrash };
            var texts = new Dictionary<Guid, string>();
            await using (var database = await LocalDatabase.OpenAsync(options))
            {
                await FillAsync(database, texts);
                await AssertHoldsAsync(database, texts);
                Assert.InRange(database.GetStatistics().Files, 20, 10_000);
            }
            await using (var database = await LocalDatabase.OpenAsync(options)) await AssertHoldsAsync(database, texts);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task FillAsync(LocalDatabase database, Dictionary<Guid, string> texts)
    {
        var random = new Random(17);
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        for (var i = 0; i < 200; i++)
        {
            var memory = New(random.Next(12_000));
            await adapter.CreateMemoryAsync(memory, "messages");
        }
        // More than a frame: a chain, whose frames are larger than a file here.
        for (var i = 0; i < 3; i++)
            await adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 300).Select(_ => New(random.Next(9_000)))], "messages");
        var doomed = texts.Keys.Where(_ => random.Next(3) == 0).ToList();
        Assert.Equal(doomed.Count, await adapter.DeleteMemoriesAsync(doomed));
        foreach (var id in doomed) texts.Remove(id);

        Memory New(int length)
        {
            var memory = new Memory { Content = Content.FromText(new string((char)('a' + random.Next(26)), length)) };
            texts.Add(memory.Id, memory.Content.Text!);
            return memory;
        }
    }

    private static async Task AssertHoldsAsync(LocalDatabase database, Dictionary<Guid, string> texts)
    {
        var found = await database.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages") { Count = int.MaxValue });
        Assert.Equal(texts.Count, found.Count);
        Assert.All(found, memory => Assert.Equal(texts[memory.Id], memory.Content.Text));
    }
}
