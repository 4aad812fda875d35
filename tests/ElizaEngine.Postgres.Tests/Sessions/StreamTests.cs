using ElizaEngine.Postgres.Tests.Resilience;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Sessions;

/// <summary>
/// A stream goes on behind the last row of a page, also when that row is gone: rows of the same millisecond, which elizaOS writes to the
/// microsecond, were passed over then.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class StreamTests : FaultTest
{
    // Three pages and a part of one, all within a millisecond.
    private const int Rows = 900;

    private static Guid Id(int number) => new(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Memories_finer_than_a_millisecond_that_go_as_they_are_read_are_each_read(bool includeEmbeddings)
    {
        var adapter = await OpenAdapterAsync();
        await adapter.EnsureEmbeddingDimensionAsync(384);
        await ExecuteAsync($"""
            INSERT INTO memories (id, type, created_at, content, agent_id)
            SELECT (lpad(to_hex(number), 8, '0') || '-0000-0000-0000-000000000000')::uuid, 'messages', '2024-01-01 12:00:00.123'::timestamp + number * interval '1 microsecond', '{"{}"}', '{AgentId}'
            FROM generate_series(1, {Rows}) AS number
            """);

        var read = new List<Guid>();
        await foreach (var memory in adapter.StreamMemoriesAsync(new MemoryQuery("messages") { IncludeEmbeddings = includeEmbeddings }))
        {
            read.Add(memory.Id);
            await ExecuteAsync($"DELETE FROM memories WHERE id = '{memory.Id}'");
        }

        Assert.Equal(Enumerable.Range(1, Rows).Reverse().Select(Id), read);
    }

    [Fact]
    public async Task Log_entries_finer_than_a_millisecond_that_go_as_they_are_read_are_each_read()
    {
        var adapter = await OpenAdapterAsync();
        await adapter.CreateEntityAsync(new Entity { Id = AgentId, Names = ["Ada"] });
        await ExecuteAsync($"""
            INSERT INTO logs (id, created_at, entity_id, body, type, room_id)
            SELECT (lpad(to_hex(number), 8, '0') || '-0000-0000-0000-000000000000')::uuid, '2024-01-01 12:00:00.123+00'::timestamptz + number * interval '1 microsecond', '{AgentId}', '{"{}"}', 'log', '{RoomId}'
            FROM generate_series(1, {Rows}) AS number
            """);

        var read = new List<Guid>();
        await foreach (var entry in adapter.StreamLogsAsync(new LogQuery()))
        {
            read.Add(entry.Id);
            await ExecuteAsync($"DELETE FROM logs WHERE id = '{entry.Id}'");
        }

        Assert.Equal(Enumerable.Range(1, Rows).Reverse().Select(Id), read);
    }
}
