using ElizaEngine.Conformance;
using ElizaEngine.Conformance.Reference;

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
        using var found = await FoundText.InAsync(database);
        return found.ToString();
    }

    /// <param name="clock">How far the clock is from its beginning.</param>
    public async Task<string> TextAsync(TimeSpan clock)
    {
        lock (_gate)
        {
            if (_seen is { } seen && seen.Clock == clock) return seen.Text;
        }
        using var found = await FoundText.InAsync(
            Database(state, At(clock)), state.Agents.Count(), state.Entities.Count(), state.Components.Count(), state.Memories.Count(),
            state.Vectors.Count(), state.Rooms.Count(), state.Worlds.Count(), state.Participants.Count(), state.Relationships.Count(),
            state.Tasks.Count(), state.Logs.Count());
        var text = found.ToString();
        lock (_gate) _seen = (clock, text);
        return text;
    }

    /// <summary>The lines of two texts that differ.</summary>
    public static string Difference(string expected, string found)
    {
        var (left, right) = (expected.Split('\n'), found.Split('\n'));
        return $"expected: {string.Join('\n', left.Except(right))}\nfound:    {string.Join('\n', right.Except(left))}";
    }
}
