using Xunit;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>The cache of decoded records: bounded in bytes, keeps what is read, and a record that went is read again.</summary>
public sealed class RecordCacheTests
{
    private const int Overhead = 200;
    private static readonly Guid s_agent = new("a0000000-0000-4000-8000-000000000001");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_use_never_holds_more_than_the_limit(int seed)
    {
        const int limit = 50_000;
        var random = new Random(seed);
        var cache = new RecordCache(limit);
        var rows = Enumerable.Range(0, 2_000).Select(_ => Row()).ToArray();
        var sizes = rows.Select(_ => random.Next(3_000)).ToArray();
        for (var step = 0; step < 50_000; step++)
        {
            // Some rows are read far more often than others, as in a conversation.
            var i = random.Next(random.Next(1, rows.Length + 1));
            if (rows[i].Decoded is not null) rows[i].IsTouched = true;
            else
            {
                rows[i].Decoded = "record";
                cache.Add(rows[i], sizes[i]);
            }
            Assert.InRange(cache.Bytes, 0, limit);
        }
        var held = Enumerable.Range(0, rows.Length).Where(i => rows[i].Decoded is not null).Sum(i => sizes[i] + Overhead);
        Assert.Equal(cache.Bytes, held);
    }

    [Fact]
    public void A_row_that_is_read_survives_rows_that_are_not()
    {
        var cache = new RecordCache(10 * Overhead);
        var hot = Row();
        hot.Decoded = "hot";
        cache.Add(hot, 0);
        for (var i = 0; i < 1_000; i++)
        {
            hot.IsTouched = true;
            var cold = Row();
            cold.Decoded = "cold";
            cache.Add(cold, 0);
        }
        Assert.NotNull(hot.Decoded);
    }

    [Fact]
    public void When_everything_was_touched_the_oldest_still_goes()
    {
        var cache = new RecordCache(10 * Overhead);
        var rows = Enumerable.Range(0, 100).Select(_ => Row()).ToArray();
        foreach (var row in rows)
        {
            row.Decoded = "record";
            row.IsTouched = true;
            cache.Add(row, 0);
        }
        Assert.Equal(10, rows.Count(row => row.Decoded is not null));
        Assert.Equal(10 * Overhead, cache.Bytes);
    }

    [Fact]
    public async Task Threads_that_add_at_once_keep_the_count_right()
    {
        const int limit = 20 * Overhead;
        var cache = new RecordCache(limit);
        var rows = Enumerable.Range(0, 500).Select(_ => Row()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var step = 0; step < 20_000; step++)
            {
                var row = rows[random.Next(rows.Length)];
                if (row.Decoded is null)
                {
                    row.Decoded = "record";
                    cache.Add(row, 0);
                }
                else
                {
                    row.IsTouched = true;
                }
            }
        })));
        var last = Row();
        last.Decoded = "record";
        cache.Add(last, 0);
        Assert.InRange(cache.Bytes, 0, limit);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000)]
    public async Task Records_that_went_are_read_again_and_are_equal(long cacheBytes)
    {
        await using var database = await OpenAsync(cacheBytes);
        var adapter = database.ForAgent(s_agent);
        var room = await adapter.CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group });
        var texts = new Dictionary<Guid, string>();
        var random = new Random(3);
        for (var i = 0; i < 60; i++)
        {
            var memory = new Memory { RoomId = room, Content = Content.FromText(new string('x', random.Next(400)) + i) };
            await adapter.CreateMemoryAsync(memory, "messages");
            texts.Add(memory.Id, memory.Content.Text!);
        }
        for (var i = 0; i < 300; i++)
        {
            var (id, text) = texts.ElementAt(random.Next(texts.Count));
            var found = Assert.Single(await adapter.GetMemoriesByIdsAsync([id]));
            Assert.Equal(text, found.Content.Text);
        }
        Assert.InRange(HeldBytes(database), 0, cacheBytes);
    }

    // The story: a vector makes a new version of its row, which keeps the decoded record; it was counted with the bytes of the
    // vector instead of those of the record. A cache of 64 MiB could hold gigabytes of documents once each got its vector.
    [Fact]
    public async Task Records_of_memories_that_got_a_vector_are_counted_whole()
    {
        const int cacheBytes = 50_000;
        await using var database = await OpenAsync(cacheBytes);
        var adapter = database.ForAgent(s_agent);
        var room = await adapter.CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group });
        for (var i = 0; i < 60; i++)
        {
            var memory = new Memory { RoomId = room, Content = Content.FromText(new string('x', 5_000)) };
            await adapter.CreateMemoryAsync(memory, "messages");
            await adapter.UpdateMemoryAsync(new MemoryUpdate(memory.Id) { Embedding = new float[] { 1, i, 0 } });
            // Reading keeps what is there.
            Assert.Equal(i + 1, (await adapter.GetMemoriesAsync(new MemoryQuery("messages"))).Count);
        }
        Assert.InRange(HeldBytes(database), 1, cacheBytes);
    }

    // The texts too, which contents remember once they were read: two bytes a character.
    private static long HeldBytes(LocalDatabase database) => State.IndexCheck.RowsOf(database.Sequencer.Published.Memories)
        .Where(row => row.Decoded is not null)
        .Sum(row => row.Location.Length + (2L * ((Memory)row.Decoded!).Content.Text!.Length));

    private static async Task<LocalDatabase> OpenAsync(long cacheBytes)
    {
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { RecordCacheBytes = cacheBytes });
        await database.ForAgent(s_agent).CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        return database;
    }

    private static AgentRow Row() => new() { Id = default, CreatedMs = 0 };
}
