using Xunit;

namespace ElizaEngine.Local.Tests.Sessions;

/// <summary>Conflicts that only this backend can show: on a server one of the two would wait for the other.</summary>
public sealed class TransactionConflictTests
{
    /// <summary>
    /// The story: a room that a transaction had first taken over went with its new agent. Who stored in it meanwhile knew it as the old one's,
    /// which nobody looked at, and kept a memory of a room that was gone.
    /// </summary>
    [Fact]
    public async Task Who_stores_in_a_room_is_seen_by_a_transaction_that_takes_it_over_and_deletes_its_agent()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var (taker, owner) = (database.ForAgent(Guid.NewGuid()), database.ForAgent(Guid.NewGuid()));
        foreach (var adapter in (IDatabaseAdapter[])[taker, owner]) await adapter.CreateAgentAsync(new Agent { Id = adapter.AgentId, Name = "agent" });
        var room = await owner.CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group });
        var memory = Guid.NewGuid();

        await Assert.ThrowsAsync<TransactionConflictException>(() => taker.TransactionAsync(async (session, token) =>
        {
            await session.UpdateRoomsAsync([new RoomUpdate(room) { Name = "taken" }], token);
            await session.DeleteAgentsAsync([taker.AgentId], token);
            await owner.CreateMemoryAsync(new Memory { Id = memory, RoomId = room, Content = Content.FromText("meanwhile"), Unique = true }, "messages", cancellationToken: token);
        }));

        Assert.Single(await owner.GetRoomsByIdsAsync([room]));
        Assert.NotNull(await owner.GetMemoryByIdAsync(memory));
    }
}
