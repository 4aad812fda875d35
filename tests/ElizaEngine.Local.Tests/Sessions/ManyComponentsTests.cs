using Xunit;

namespace ElizaEngine.Local.Tests.Sessions;

/// <summary>Components of one call are found by their natural keys as if each had come by a call of its own.</summary>
public sealed class ManyComponentsTests
{
    private static readonly Guid s_agent = new("00000000-0000-4000-8000-00000000a001");
    private static readonly Guid s_room = new("00000000-0000-4000-8000-00000000c001");
    private static readonly Guid[] s_entities = [new("00000000-0000-4000-8000-00000000e001"), new("00000000-0000-4000-8000-00000000e002")];

    [Theory]
    [InlineData(1, 12)]
    [InlineData(2, 400)]
    [InlineData(3, 1)]
    public async Task An_upsert_of_many_does_what_as_many_upserts_do(int seed, int types)
    {
        var random = new Random(seed);
        Component[] created = [.. Enumerable.Range(0, 60).Select(number => Next(random, number, types))];
        Component[] batch = [.. Enumerable.Range(0, 600).Select(_ => Next(random, random.Next(1_000), types))];
        await using var together = await OpenAsync(created);
        await using var apart = await OpenAsync(created);

        var results = await together.ForAgent(s_agent).UpsertComponentsAsync(batch);
        var wanted = new List<CreateResult>();
        foreach (var component in batch) wanted.Add(await apart.ForAgent(s_agent).UpsertComponentAsync(component));

        Assert.Equal(wanted, results);
        Assert.Contains(results, static result => result.Outcome == CreateOutcome.Existed);
        foreach (var entity in s_entities)
        {
            Assert.Equal(
                await apart.ForAgent(s_agent).GetComponentsAsync(new ComponentQuery(entity)), await together.ForAgent(s_agent).GetComponentsAsync(new ComponentQuery(entity)));
        }
        Assert.Empty((await together.VerifyAsync()).Findings);
    }

    [Fact]
    public async Task An_upsert_in_a_transaction_finds_what_the_transaction_wrote_and_removed()
    {
        await using var database = await OpenAsync([]);
        var component = Next(new Random(1), 1, types: 1);
        await database.ForAgent(s_agent).TransactionAsync(async (transaction, token) =>
        {
            Assert.Equal(CreateOutcome.Created, (await transaction.UpsertComponentAsync(component, token)).Outcome);
            Assert.Equal(CreateOutcome.Existed, (await transaction.UpsertComponentAsync(component, token)).Outcome);
            Assert.Equal(1, await transaction.DeleteComponentsAsync([component.Id], token));
            Assert.Equal(CreateOutcome.Created, (await transaction.UpsertComponentAsync(component, token)).Outcome);
        });
    }

    private static async Task<LocalDatabase> OpenAsync(Component[] created)
    {
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        await adapter.CreateRoomAsync(new Room { Id = s_room, Source = "test", Type = ChannelTypes.Group });
        await adapter.CreateEntitiesAsync([.. s_entities.Select(static id => new Entity { Id = id, Names = ["Eve"] })]);
        await adapter.CreateComponentsAsync(created);
        return database;
    }

    private static Component Next(Random random, int number, int types) => new()
    {
        Id = new Guid($"00000000-0000-4000-8000-00000001{number:x4}"),
        EntityId = s_entities[random.Next(s_entities.Length)],
        RoomId = s_room,
        SourceEntityId = random.Next(2) == 0 ? null : s_entities[0],
        Type = $"type {random.Next(types)}",
        Data = Json.Parse($$"""{"n":{{random.Next(1_000)}}}"""),
        CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(random.Next(5)),
    };
}
