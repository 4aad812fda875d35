using Xunit;

namespace ElizaEngine.Local.Tests.Sessions;

/// <summary>elizaOS sends an entity anew with each of its messages: what says nothing new is not written.</summary>
public sealed class UnchangedEntityTests
{
    [Fact]
    public async Task An_entity_that_is_sent_again_as_it_is_is_found_and_not_written()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions(), TestContext.Current.CancellationToken);
        var adapter = database.ForAgent(Guid.CreateVersion7());
        await adapter.CreateAgentAsync(new Agent { Id = adapter.AgentId, Name = "Ada" });
        var entity = new Entity { Names = ["Bob", "bob"], Metadata = Json.Parse("""{"test":{"name":"Bob","n":1}}""") };
        await adapter.CreateEntityAsync(entity);
        var commits = database.GetStatistics().Commits;

        Assert.True(await adapter.UpdateEntityAsync(entity with { Names = ["Bob", "bob"], Metadata = Json.Parse("""{ "test": {"n": 1, "name": "Bob"} }""") }));
        Assert.Equal(commits, database.GetStatistics().Commits);

        foreach (var changed in (Entity[])[entity with { Names = ["bob", "Bob"] }, entity with { Names = ["bob", "Bob"], Metadata = Json.Parse("""{"test":{}}""") }, entity])
        {
            Assert.True(await adapter.UpdateEntityAsync(changed));
            Assert.Equal(++commits, database.GetStatistics().Commits);
            var stored = Assert.Single(await adapter.GetEntitiesByIdsAsync([entity.Id], TestContext.Current.CancellationToken));
            Assert.Equal(changed.Names, stored.Names);
            Assert.Equal(changed.Metadata, stored.Metadata);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transaction_that_sends_it_as_it_was_loses_to_whoever_changed_it_meanwhile(bool writesSomethingElse)
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions(), TestContext.Current.CancellationToken);
        var adapter = database.ForAgent(Guid.CreateVersion7());
        await adapter.CreateAgentAsync(new Agent { Id = adapter.AgentId, Name = "Ada" });
        var entity = new Entity { Names = ["Bob"] };
        await adapter.CreateEntityAsync(entity);

        await Assert.ThrowsAsync<TransactionConflictException>(() => adapter.TransactionAsync(async (transaction, token) =>
        {
            Assert.True(await transaction.UpdateEntityAsync(entity, token));
            if (writesSomethingElse) await transaction.CreateEntityAsync(new Entity { Names = ["Eve"] }, token);
            Assert.True(await adapter.UpdateEntityAsync(entity with { Names = ["Robert"] }, token));
        }));

        Assert.Equal(["Robert"], Assert.Single(await adapter.GetEntitiesByIdsAsync([entity.Id])).Names);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_loses_to_whoever_only_sends_it_as_it_was(bool inTransaction)
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions(), TestContext.Current.CancellationToken);
        var adapter = database.ForAgent(Guid.CreateVersion7());
        await adapter.CreateAgentAsync(new Agent { Id = adapter.AgentId, Name = "Ada" });
        var entity = new Entity { Names = ["Bob"] };
        await adapter.CreateEntityAsync(entity);

        await adapter.TransactionAsync(async (transaction, token) =>
        {
            Assert.True(await transaction.UpdateEntityAsync(entity with { Names = ["Robert"] }, token));
            if (inTransaction) await adapter.TransactionAsync(async (other, _) => Assert.True(await other.UpdateEntityAsync(entity, token)), 1, token);
            else Assert.True(await adapter.UpdateEntityAsync(entity, token));
        });

        Assert.Equal(["Robert"], Assert.Single(await adapter.GetEntitiesByIdsAsync([entity.Id])).Names);
    }
}
