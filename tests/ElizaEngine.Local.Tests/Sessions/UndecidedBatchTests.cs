using Xunit;

namespace ElizaEngine.Local.Tests.Sessions;

/// <summary>Whether the memories of one call are near duplicates is decided as if each had come by a call of its own.</summary>
public sealed class UndecidedBatchTests
{
    private const int Dimension = 24;

    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a001");
    private static readonly Guid s_other = new("00000000-0000-4000-8000-00000000a002");

    [Theory]
    [InlineData(1, false, 3)]
    [InlineData(2, true, 3)]
    [InlineData(3, false, 1)]
    [InlineData(4, true, 1)]
    public async Task A_call_of_many_says_what_as_many_calls_say(int seed, bool isUpsert, int rooms)
    {
        var random = new Random(seed);
        Memory[] stored = [.. Enumerable.Range(0, 40).Select(_ => Next(random, rooms))];
        Memory[] batch = [.. Enumerable.Range(0, 400).Select(_ => Next(random, rooms))];
        await using var together = await OpenAsync(rooms);
        await using var apart = await OpenAsync(rooms);
        foreach (var database in (LocalDatabase[])[together, apart])
            await database.ForAgent(s_agent).CreateMemoriesAsync([.. stored.Select(static memory => memory with { Unique = true })], "messages");

        var results = await StoreAsync(together, batch);
        var wanted = new List<MemoryCreateResult>();
        foreach (var memory in batch) wanted.AddRange(await StoreAsync(apart, [memory]));

        Assert.Equal(wanted, results);
        Assert.True(results.Count(static result => result.Unique) > 20, $"seed {seed}: hardly any is unique");
        Assert.True(results.Count(static result => !result.Unique) > 20, $"seed {seed}: hardly any is not");

        Task<IReadOnlyList<MemoryCreateResult>> StoreAsync(LocalDatabase database, Memory[] memories) => isUpsert
            ? database.ForAgent(s_agent).UpsertMemoriesAsync(memories, "messages")
            : database.ForAgent(s_agent).CreateMemoriesAsync(memories, "messages");
    }

    private static async Task<LocalDatabase> OpenAsync(int rooms)
    {
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentsAsync([new Agent { Id = s_agent, Name = "Ada" }, new Agent { Id = s_other, Name = "Bob" }]);
        await adapter.CreateEntitiesAsync([.. Enumerable.Range(0, 2).Select(static number => new Entity { Id = Id('e', number), Names = ["Eve"] })]);
        await adapter.CreateRoomsAsync([.. Enumerable.Range(0, rooms).Select(static number => new Room { Id = Id('c', number), Source = "test", Type = ChannelTypes.Group })]);
        return database;
    }

    // Some ids come again, some memories are another agent's, and some vectors are zeros, which takes them away.
    private static Memory Next(Random random, int rooms) => new()
    {
        Id = Id('b', random.Next(300)),
        AgentId = random.Next(6) == 0 ? s_other : s_agent,
        RoomId = random.Next(4) == 0 ? null : Id('c', random.Next(rooms)),
        EntityId = random.Next(2) == 0 ? null : Id('e', random.Next(2)),
        WorldId = random.Next(2) == 0 ? null : Id('d', random.Next(2)),
        CreatedAt = DateTimeOffset.UnixEpoch,
        Content = Content.FromText("hello"),
        Embedding = random.Next(12) == 0 ? default(ReadOnlyMemory<float>?) : Vector(random),
        Unique = random.Next(10) == 0 ? true : null,
    };

    // Few directions, and about as far from them as a near duplicate may be.
    private static ReadOnlyMemory<float> Vector(Random random)
    {
        var vector = new float[Dimension];
        if (random.Next(12) == 0) return vector;
        var center = new Random(random.Next(20));
        var spread = random.NextSingle() * 0.4f;
        for (var i = 0; i < Dimension; i++) vector[i] = center.NextSingle() - 0.5f + (spread * (random.NextSingle() - 0.5f));
        return vector;
    }

    private static Guid Id(char kind, int number) => new($"00000000-0000-4000-8000-0000000{kind}{number:x4}");
}
