using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Turns;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class RecordingTests
{
    private static readonly SampleWorld World = new(1, 384);

    [Theory]
    [InlineData("dm", 56)]
    [InlineData("group", 192)]
    public void A_conversation_has_twelve_turns_with_about_as_many_calls_as_its_recording_says(string name, int calls)
    {
        var turns = Recording.Load(name, World).Conversation(1).Turns;

        Assert.Equal(12, turns.Count);
        Assert.InRange(turns.Average(turn => turn.Calls.Count()), calls - 1, calls + 1);
    }

    [Theory]
    [InlineData("dm")]
    [InlineData("group")]
    public void Every_call_ends_after_it_began_and_only_once(string name)
    {
        foreach (var turn in Recording.Load(name, World).Conversation(1).Turns)
        {
            var open = new HashSet<int>();
            foreach (var happened in turn.Events) Assert.True(happened.Begins ? open.Add(happened.Call.Id) : open.Remove(happened.Call.Id));
            Assert.Empty(open);
        }
    }

    [Fact]
    public void Two_conversations_store_rows_of_their_own_for_the_same_agent()
    {
        var recording = Recording.Load("group", World);
        var (one, other) = (Stored(recording.Conversation(1)), Stored(recording.Conversation(2)));

        Assert.NotEmpty(one);
        Assert.Equal(one.Length, other.Length);
        Assert.Empty(one.Intersect(other));
        Assert.Equal(one, Stored(recording.Conversation(1)));
    }

    [Fact]
    public void Nothing_of_the_stand_ins_is_left()
    {
        foreach (var call in Recording.Load("group", World).Conversation(1).Turns.SelectMany(turn => turn.Calls))
        {
            Assert.DoesNotContain("\"$", call.Arguments.ToJsonString(), StringComparison.Ordinal);
        }
    }

    private static Guid[] Stored(Conversation conversation) =>
        [.. conversation.Turns.SelectMany(turn => turn.Calls).Where(call => call.Method == "createMemory").Select(call => call.Arguments[0]!["id"]!.GetValue<Guid>())];
}
