using System.Text.Json.Nodes;

namespace ElizaEngine.Comparison.Turns;

/// <summary>A call of elizaOS' database adapter.</summary>
/// <param name="Id">Its number in the recording.</param>
/// <param name="Method">As elizaOS names it.</param>
/// <param name="Arguments">As elizaOS has them, complete.</param>
/// <param name="Rows">How many rows its answer had in the recording; null: it was no list, or was not recorded.</param>
internal sealed record TurnCall(int Id, string Method, JsonArray Arguments, int? Rows);

/// <summary>Something that happened: a call began, or ended.</summary>
/// <param name="Call">Which.</param>
/// <param name="Begins">Else it ended.</param>
internal readonly record struct TurnEvent(TurnCall Call, bool Begins);

/// <summary>
/// What elizaOS' runtime asked of its database for one message, in the order in which calls began and ended. Played in this order, a
/// call begins when every call has ended that had ended before it began in the recording: what was done at once stays at once.
/// </summary>
internal sealed record Turn(IReadOnlyList<TurnEvent> Events)
{
    public IEnumerable<TurnCall> Calls => Events.Where(happened => happened.Begins).Select(happened => happened.Call);

    /// <summary>Calls that each wait for the one before.</summary>
    public static Turn OneByOne(IEnumerable<(string Method, JsonArray Arguments)> calls) =>
        new([.. calls.Select((call, id) => new TurnCall(id, call.Method, call.Arguments, null)).SelectMany(call => new[] { new TurnEvent(call, true), new TurnEvent(call, false) })]);
}
