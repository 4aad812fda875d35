using ElizaEngine.Comparison.Engines;

namespace ElizaEngine.Comparison.Turns;

/// <summary>Plays recorded turns on elizaOS' own adapter, in its own process, which takes the times.</summary>
/// <param name="driver">Open on an empty database; ended with the player.</param>
internal sealed class PluginSqlPlayer(NodeDriver driver) : ITurnPlayer
{
    private const int NoList = -1;

    // By statements of many rows: how rows came to be there is not what turns ask about.
    public Task LoadAsync(int count) => driver.AskAsync<double>(new { Do = "load", Count = count, Bulk = true });

    public async Task<PlayedTurns> PlayAsync(IReadOnlyList<Turn> turns, bool oneByOne)
    {
        var played = await driver.AskAsync<Played>(new { Do = "replay", OneByOne = oneByOne, Turns = turns.Select(turn => turn.Events.Select(EventOf)) });
        return new PlayedTurns(played.Microseconds, played.Calls, [.. played.Rows.Select(rows => rows == NoList ? default(int?) : rows)]);
    }

    public ValueTask DisposeAsync() => driver.DisposeAsync();

    private static object[] EventOf(TurnEvent happened) =>
        happened.Begins ? ["call", happened.Call.Id, happened.Call.Method, happened.Call.Arguments] : ["done", happened.Call.Id];

    private sealed record Played(double[] Microseconds, double[] Calls, int[] Rows);
}
