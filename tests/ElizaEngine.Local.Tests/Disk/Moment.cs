using ElizaEngine.Conformance;
using ElizaEngine.Conformance.Model;
using ElizaEngine.Conformance.Reference;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>What the database holds, by the model, after some operation of a history.</summary>
internal sealed class Moment(ReferenceState state)
{
    private readonly Lock _gate = new();
    private (TimeSpan Clock, string Text)? _seen;

    public ReferenceState State => state;

    public static ReferenceDatabase Database(ReferenceState state, TimeProvider time) => new(time, Faults.None, state);

    public static ManualTime At(TimeSpan clock)
    {
        var time = new ManualTime();
        time.Advance(clock);
        return time;
    }

    /// <summary>Everything that two agents see, and how many rows there are of all agents.</summary>
    public static async Task<string> TextAsync(LocalDatabase database)
    {
        var counts = database.GetStatistics();
        return Text(
            await CensusAsync(database), counts.Agents, counts.Entities, counts.Components, counts.Memories, counts.Embeddings, counts.Rooms,
            counts.Worlds, counts.Participants, counts.Relationships, counts.Tasks, counts.Logs);
    }

    /// <param name="clock">How far the clock is from its beginning.</param>
    public async Task<string> TextAsync(TimeSpan clock)
    {
        lock (_gate)
        {
            if (_seen is { } seen && seen.Clock == clock) return seen.Text;
        }
        var text = Text(
            await CensusAsync(Database(state, At(clock))), state.Agents.Count(), state.Entities.Count(), state.Components.Count(), state.Memories.Count(),
            state.Vectors.Count(), state.Rooms.Count(), state.Worlds.Count(), state.Participants.Count(), state.Relationships.Count(),
            state.Tasks.Count(), state.Logs.Count());
        lock (_gate) _seen = (clock, text);
        return text;
    }

    /// <summary>The lines of two texts that differ.</summary>
    public static string Difference(string expected, string found)
    {
        var (left, right) = (expected.Split('\n'), found.Split('\n'));
        return $"expected: {string.Join('\n', left.Except(right))}\nfound:    {string.Join('\n', right.Except(left))}";
    }

    private static async Task<string> CensusAsync(IDatabase database) =>
        $"{await new Census().RunAsync(database.ForAgent(Pool.Agents[0]))}\n-- the other agent{await new Census().RunAsync(database.ForAgent(Pool.Agents[1]))}";

    private static string Text(string census, params long[] counts)
    {
        Assert.Equal(11, counts.Length);
        return $"{census}\ncounts: {string.Join(' ', counts)}";
    }
}
