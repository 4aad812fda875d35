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
        var choice = new LiveRecords(state, database.Log, new HashSet<int> { row.Location.File }, beginsLog: true);
        var copies = new Copies();

        choice.Choose((byte)Table.Agents, body, row.Location, copies);
        Assert.Equal(row.Location, Assert.Single(copies.From));
        await database.CloseAsync();
        Assert.Throws<LogClosedException>(() => choice.Choose((byte)Table.Agents, body, row.Location, copies));
        Assert.Single(copies.From);
    }

    /// <summary>
    /// A relationship that was put took out another one of its pair, whose deletion may be lost, and which is still put in front of the range.
    /// </summary>
    [Fact]
    public async Task A_relationship_that_is_gone_counts_where_another_one_of_its_pair_may_be_in_front_of_the_range()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var (agent, source, target) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        var adapter = database.ForAgent(agent);
        await adapter.CreateAgentAsync(new Agent { Id = agent, Name = "Ada" });
        await adapter.CreateEntitiesAsync([new Entity { Id = source }, new Entity { Id = target }]);
        var first = await CreateAsync();
        await adapter.DeleteRelationshipsAsync([first.Id]);
        AssertCounts(whileGone: true);
        // One that is there takes it out as well.
        await CreateAsync();
        AssertCounts(whileGone: false);

        async Task<RelationshipRow> CreateAsync()
        {
            var id = Guid.CreateVersion7();
            await adapter.CreateRelationshipsAsync([new Relationship { Id = id, SourceEntityId = source, TargetEntityId = target }]);
            return database.Sequencer.Published.Relationships.Find(id)!;
        }

        void AssertCounts(bool whileGone)
        {
            var body = database.Log.ReadVerified(first.Location).ToArray();
            foreach (var beginsLog in (bool[])[true, false])
            {
                var range = new HashSet<int> { first.Location.File };
                var choice = new LiveRecords(database.Sequencer.Published, database.Log, range, beginsLog);
                var copies = new Copies();
                choice.Choose((byte)Table.Relationships, body, first.Location, copies);
                Assert.Equal(whileGone && !beginsLog ? 1 : 0, copies.From.Count);
            }
        }
    }

    private sealed class Copies : ICopies
    {
        public List<RecordLocation?> From { get; } = [];

        public void Add(byte kind, ReadOnlySpan<byte> body, RecordLocation? from, int alignment, int alignedOffset) => From.Add(from);
    }
}
