using Xunit;

namespace ElizaEngine.Local.Tests.Codecs;

public sealed class RowBodiesTests
{
    [Theory]
    [InlineData(1, 300)]
    [InlineData(1, 500_000)]
    [InlineData(3_000, 700)]
    [InlineData(40, 70_000)]
    public void Each_body_is_what_was_added_however_many_arrays_it_takes(int rows, int bytesMax)
    {
        var random = new Random(rows);
        using var bodies = new RowBodies(rows);
        var expected = new byte[rows][];
        for (var row = 0; row < rows; row++)
        {
            // The first is small, so that what it lets expect of the others is wrong.
            expected[row] = new byte[row == 0 && rows > 1 ? 0 : random.Next(bytesMax + 1)];
            random.NextBytes(expected[row]);
            bodies.Add(expected[row]);
        }
        for (var row = 0; row < rows; row++) Assert.True(bodies[row].Span.SequenceEqual(expected[row]), $"row {row}");
        Assert.True(bodies.LogBytes >= expected.Sum(static body => (long)body.Length));
    }

    [Fact]
    public async Task Memories_that_many_create_at_once_are_stored_as_they_were_given()
    {
        const int callers = 8;
        const int calls = 150;
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var adapter = database.ForAgent(Guid.NewGuid());
        await adapter.CreateAgentAsync(new Agent(adapter.AgentId) { Name = "Ada" });
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var call = 0; call < calls; call++)
            {
                // One of three in a transaction, which keeps the bodies for longer.
                Memory[] memories = [.. Enumerable.Range(0, 1 + (call % 4)).Select(item => new Memory
                {
                    Content = Content.FromText(TextOf(caller, call, item)),
                    Metadata = new MemoryMetadata { Source = $"{caller} {call} {item}" },
                    Unique = true,
                })];
                if (call % 3 == 0) await adapter.TransactionAsync(async (session, cancel) => await session.CreateMemoriesAsync(memories, "messages", cancel));
                else await adapter.CreateMemoriesAsync(memories, "messages");
            }
        })));
        // From the log, not from what the calls left in memory.
        var stored = await adapter.GetMemoriesAsync(new MemoryQuery("messages") { Count = int.MaxValue });
        var found = stored.Select(static memory => (memory.Metadata!.Source, memory.Content.Text)).ToHashSet();
        for (var caller = 0; caller < callers; caller++)
        {
            for (var call = 0; call < calls; call++)
            {
                for (var item = 0; item < 1 + (call % 4); item++) Assert.Contains(($"{caller} {call} {item}", TextOf(caller, call, item)), found);
            }
        }

        static string TextOf(int caller, int call, int item) => new((char)('a' + caller), 50 + (call * (item + 3)));
    }
}
