using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Measuring;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class CheckedCallsTests
{
    private const int Memories = 10_000;
    private const int Doomed = 20;

    private static readonly AgentCall s_delete = Call("deleteMemory");
    private static readonly AgentCall s_create = Call("createTask");
    private static readonly AgentCall s_latest = Call("getMemories, latest 50 of a room");
    private static readonly AgentCall s_similar = Call("searchMemories in a room, threshold 0.7");

    [Fact]
    public async Task What_is_deleted_was_stored_for_it_and_no_more_than_that_is_deleted()
    {
        var store = new FakeStore();

        var slice = await RunAsync(store, s_delete);

        Assert.Equal((Doomed, Doomed), (store.Stored, store.CallsAllowed));
        Assert.Equal(Doomed, slice.Latencies.Count);
        Assert.Equal(0, store.Rows);
    }

    [Fact]
    public async Task What_there_was_no_time_to_delete_is_taken_away()
    {
        var store = new FakeStore { CallsAtMost = 5 };

        var slice = await RunAsync(store, s_delete);

        Assert.Equal(5, slice.Latencies.Count);
        Assert.Equal(0, store.Rows);
    }

    [Fact]
    public Task A_delete_that_answers_that_it_was_not_there_fails_the_row() => FailsAsync(new FakeStore { Answer = 0 }, s_delete, "0 to 0 rows, and should have 1");

    [Fact]
    public Task A_delete_that_deletes_nothing_fails_the_row_though_it_says_that_it_does() =>
        FailsAsync(new FakeStore { RowsPerCall = 0 }, s_delete, "after 20 calls there are 0 memories");

    [Fact]
    public Task A_create_that_says_that_the_row_existed_fails_the_row() => FailsAsync(new FakeStore { Answer = 0 }, s_create, "0 to 0 rows");

    [Fact]
    public Task A_create_that_stores_nothing_fails_the_row() => FailsAsync(new FakeStore { RowsPerCall = 0 }, s_create, "there are 0 tasks");

    [Fact]
    public async Task What_a_slice_created_is_taken_away_after_it()
    {
        var store = new FakeStore { CallsAtMost = 7 };

        await RunAsync(store, s_create);
        await RunAsync(store, s_create);

        Assert.Equal(0, store.Rows);
        Assert.Equal(2, store.Restored);
    }

    [Theory]
    [InlineData(49)]
    [InlineData(51)]
    public Task A_read_with_another_number_of_rows_fails_the_row(int rows) => FailsAsync(new FakeStore { Answer = rows }, s_latest, "should have 50");

    [Fact]
    public async Task Searches_under_a_threshold_may_find_nothing_but_not_all_of_them()
    {
        await RunAsync(new FakeStore { Answer = 0, CallsAtMost = 3 }, s_similar);
        await FailsAsync(new FakeStore { Answer = 0, CallsAtMost = 100 }, s_similar, "100 searches found nothing");
        await FailsAsync(new FakeStore { Answer = 11 }, s_similar, "should have 0 to 10");
    }

    [Fact]
    public void Every_call_says_what_it_must_answer() => Assert.All(AgentCall.All, call =>
    {
        var (fewest, most) = call.Expected(Memories);
        Assert.InRange(fewest, 0, most);
        Assert.True(most > 0, call.Name);
    });

    [Fact]
    public void A_read_comes_before_what_writes_the_rows_that_it_reads()
    {
        var order = AgentCall.All.Select(call => call.Operation).ToList();

        Assert.True(order.IndexOf("getTasks") < order.IndexOf("createTask"));
        Assert.True(order.IndexOf("getParticipantsForRoom") < order.IndexOf("addParticipant"));
        Assert.True(order.IndexOf("getRelationships") < order.IndexOf("createRelationship"));
    }

    private static AgentCall Call(string name) => AgentCall.All.Single(call => call.Name == name);

    private static Task<Slice> RunAsync(FakeStore store, AgentCall call) => CheckedCalls.RunAsync(store, call, Memories, 1, TimeSpan.FromSeconds(1), Doomed);

    // As the harness meets it: in its turn.
    private static async Task FailsAsync(FakeStore store, AgentCall call, string why)
    {
        var label = new Report.Row("s", call.Name, "", "a");
        var turns = new TakingTurns(() => new ProbeReading(1, 1, 1, 1, 1), rounds: 1);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => turns.RunAsync([new Contender(label, () => RunAsync(store, call))]));

        Assert.StartsWith(call.Name, error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Rows without content: it says what it is told to say.</summary>
    private sealed class FakeStore : ICallStore
    {
        private const int CallsByDefault = 20;

        /// <summary>Rows of every answer; null: as many as there should be.</summary>
        public int? Answer { get; init; }

        /// <summary>By which a call changes what there is.</summary>
        public int RowsPerCall { get; init; } = 1;

        /// <summary>Then its time is over.</summary>
        public int CallsAtMost { get; init; } = CallsByDefault;

        public int Stored { get; private set; }

        public int CallsAllowed { get; private set; }

        public long Rows { get; private set; }

        public int Restored { get; private set; }

        public Task StoreAsync(uint number, int memories)
        {
            Stored += memories;
            Rows += memories;
            return Task.CompletedTask;
        }

        public Task<AnsweredCalls> RunAsync(AgentCall call, uint number, TimeSpan duration, int calls)
        {
            CallsAllowed = calls;
            var made = Math.Min(calls, CallsAtMost);
            if (call.Writes is not null) Rows += (call.Deletes ? -1 : 1) * RowsPerCall * made;
            var latencies = new Latencies();
            for (var i = 0; i < made; i++) latencies.RecordUs(1);
            var answer = Answer ?? call.Expected(Memories).Most;
            return Task.FromResult(new AnsweredCalls(new Slice(latencies, duration), answer, answer, answer * made));
        }

        public Task<long> CountAsync(RowKind kind) => Task.FromResult(Rows);

        public Task RestoreAsync(RowKind kind)
        {
            Restored++;
            Rows = 0;
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => default;
    }
}
