using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

public sealed class LiveRecordsTests
{
    /// <summary>
    /// The story: a compaction asked where records are without the pin that keeps files there. Only what it was called from, and when, kept it
    /// from looking into files that were let go of.
    /// </summary>
    [Fact]
    public async Task A_choice_looks_into_files_under_a_pin_and_into_none_that_are_closed()
    {
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var agent = Guid.CreateVersion7();
        await database.ForAgent(agent).CreateAgentAsync(new Agent { Id = agent, Name = "Ada" });
        var state = database.Sequencer.Published;
        var row = state.Agents.Find(agent)!;
        var body = database.Log.ReadVerified(row.Location).ToArray();
        var choice = new LiveRecords(state, database.Log, new HashSet<int> { row.Location.File });
        var copies = new Copies();

        choice.Choose((byte)Table.Agents, body, row.Location, copies);
        Assert.Equal(row.Location, Assert.Single(copies.From));
        await database.CloseAsync();
        Assert.Throws<LogClosedException>(() => choice.Choose((byte)Table.Agents, body, row.Location, copies));
        Assert.Single(copies.From);
    }

    private sealed class Copies : ICopies
    {
        public List<RecordLocation?> From { get; } = [];

        public void Add(byte kind, ReadOnlySpan<byte> body, RecordLocation? from, int alignment, int alignedOffset) => From.Add(from);
    }
}
