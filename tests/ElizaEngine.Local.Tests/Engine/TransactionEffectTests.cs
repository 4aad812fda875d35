using Xunit;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>Transactions that change the same memory more than once: what is logged, where it lies, and what opening makes of it.</summary>
public sealed class TransactionEffectTests : IAsyncLifetime
{
    private static readonly Guid s_agent = new("a0000000-0000-4000-8000-000000000001");
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");
    private LocalDatabase _database = null!;
    private Guid _room;

    private IDatabaseAdapter Adapter => _database.ForAgent(s_agent);

    public async ValueTask InitializeAsync()
    {
        await OpenAsync();
        await Adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        _room = await Adapter.CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group });
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(800_000)] // Two such contents are more than a frame holds: a chain.
    public async Task A_memory_that_was_replaced_twice_is_the_last_one(int textLength)
    {
        var memory = Memory(new string('a', textLength));
        await Adapter.CreateMemoryAsync(memory, "messages");
        await TransactAsync(async session =>
        {
            await UpdateAsync(session, memory.Id, new string('b', textLength));
            await UpdateAsync(session, memory.Id, new string('c', textLength));
        });
        await AssertNowAndReopenedAsync(memory.Id, new string('c', textLength), null);
    }

    [Fact]
    public async Task A_memory_and_its_vector_that_were_both_replaced_twice_are_the_last_ones()
    {
        var memory = Memory("first") with { Embedding = new float[] { 1, 0, 0 } };
        await Adapter.CreateMemoryAsync(memory, "messages");
        await TransactAsync(async session =>
        {
            await EmbedAsync(session, memory.Id, 0, 1, 0);
            await UpdateAsync(session, memory.Id, "second");
            await EmbedAsync(session, memory.Id, 0, 0, 1);
            await UpdateAsync(session, memory.Id, "third");
        });
        await AssertNowAndReopenedAsync(memory.Id, "third", [0, 0, 1]);
        Assert.Equal(1, _database.GetStatistics().Embeddings);
    }

    [Fact]
    public async Task A_vector_that_came_went_and_came_again_is_the_last_one()
    {
        var memory = Memory("text");
        await TransactAsync(async session =>
        {
            await session.CreateMemoryAsync(memory, "messages");
            await EmbedAsync(session, memory.Id, 1, 0, 0);
            await EmbedAsync(session, memory.Id, 0, 0, 0);
            await EmbedAsync(session, memory.Id, 0, 1, 0);
        });
        await AssertNowAndReopenedAsync(memory.Id, "text", [0, 1, 0]);
        Assert.Equal(1, _database.GetStatistics().Embeddings);
    }

    [Fact]
    public async Task A_memory_that_was_created_deleted_and_created_again_is_the_last_one()
    {
        var memory = Memory("first") with { Embedding = new float[] { 1, 0, 0 } };
        await TransactAsync(async session =>
        {
            await session.CreateMemoryAsync(memory, "messages");
            await session.DeleteMemoriesAsync([memory.Id]);
            await session.CreateMemoryAsync(memory with { Content = Content.FromText("second"), Embedding = null }, "facts");
        });
        await AssertNowAndReopenedAsync(memory.Id, "second", null);
        Assert.Equal(0, _database.GetStatistics().Embeddings);
        Assert.Empty(await Adapter.GetMemoriesAsync(new MemoryQuery("messages")));
    }

    [Fact]
    public async Task A_memory_that_was_created_and_deleted_leaves_nothing()
    {
        var memory = Memory("first") with { Embedding = new float[] { 1, 0, 0 } };
        await TransactAsync(async session =>
        {
            await session.CreateMemoryAsync(memory, "messages");
            await session.DeleteMemoriesAsync([memory.Id]);
        });
        for (var i = 0; i < 2; i++)
        {
            Assert.Empty(await Adapter.GetMemoriesByIdsAsync([memory.Id]));
            Assert.Equal((0, 0), (_database.GetStatistics().Memories, _database.GetStatistics().Embeddings));
            await ReopenAsync();
        }
    }

    [Fact]
    public async Task A_call_of_a_transaction_that_throws_leaves_its_earlier_calls()
    {
        var memory = Memory("text");
        await TransactAsync(async session =>
        {
            await session.CreateMemoryAsync(memory, "messages");
            await Assert.ThrowsAsync<ReferenceNotFoundException>(() => session.CreateMemoriesAsync(
                [Memory("good"), Memory("bad") with { RoomId = Guid.NewGuid() }], "messages"));
            Assert.Single(await session.GetMemoriesAsync(new MemoryQuery("messages")));
        });
        await AssertNowAndReopenedAsync(memory.Id, "text", null);
        Assert.Equal(1, _database.GetStatistics().Memories);
    }

    [Fact]
    public async Task A_transaction_that_throws_leaves_the_published_state_and_the_log_alone()
    {
        var memory = Memory("text");
        await Adapter.CreateMemoryAsync(memory, "messages");
        var (state, commits) = (_database.Sequencer.Published, _database.GetStatistics().Commits);
        await Assert.ThrowsAsync<InvalidOperationException>(() => TransactAsync(async session =>
        {
            await UpdateAsync(session, memory.Id, "never");
            await session.DeleteMemoriesAsync([memory.Id]);
            throw new InvalidOperationException();
        }));
        Assert.Same(state, _database.Sequencer.Published);
        Assert.Equal(commits, _database.GetStatistics().Commits);
        await AssertNowAndReopenedAsync(memory.Id, "text", null);
    }

    private Task TransactAsync(Func<IDatabaseSession, Task> body) => Adapter.TransactionAsync((session, _) => body(session));

    private Memory Memory(string text) => new() { RoomId = _room, Content = Content.FromText(text) };

    private static Task UpdateAsync(IDatabaseSession session, Guid id, string text) =>
        session.UpdateMemoryAsync(new MemoryUpdate(id) { Content = Content.FromText(text) });

    private static Task EmbedAsync(IDatabaseSession session, Guid id, params float[] vector) =>
        session.UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = vector });

    private async Task AssertNowAndReopenedAsync(Guid id, string text, float[]? vector)
    {
        for (var i = 0; i < 2; i++)
        {
            var found = Assert.Single(await Adapter.GetMemoriesByIdsAsync([id]));
            Assert.Equal(text, found.Content.Text);
            Assert.Equal(vector, found.Embedding?.ToArray());
            if (vector is not null)
            {
                var hit = Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(found.TableName!, vector)));
                Assert.Equal((id, 1f), (hit.Id, hit.Similarity!.Value));
            }
            await ReopenAsync();
        }
    }

    private async Task ReopenAsync()
    {
        await _database.CloseAsync();
        await OpenAsync();
    }

    // Without a cache, what is read is what the log holds at the row's place.
    private async Task OpenAsync() => _database = await LocalDatabase.OpenAsync(
        new LocalDatabaseOptions { Directory = _directory, RecordCacheBytes = 0, Durability = Durability.ProcessCrash });
}
