using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Calls;

/// <summary>
/// Calls of one kind, as a slice: what they delete is stored before, what they wrote is taken away after, both beside the clock, so that
/// every slice of every engine finds the same database. An engine that answers fast and wrong is not compared: every answer must have as
/// many rows as the data says, and the database must hold as many more or fewer afterwards as there were calls.
/// </summary>
internal static class CheckedCalls
{
    // So many answers that a threshold should have let through leave no doubt.
    private const double EnoughExpected = 200;

    // Memories that talk about the same thing, of all: those that a threshold lets through, nearly.
    private const double ShareOfTopic = 1.0 / 64;

    /// <summary>One slice.</summary>
    /// <param name="store">Whose calls.</param>
    /// <param name="call">Which.</param>
    /// <param name="memories">So many does the database hold between slices.</param>
    /// <param name="number">Another number for each slice.</param>
    /// <param name="duration">After it no call begins.</param>
    /// <param name="doomed">Memories that are there to be deleted, where the call deletes.</param>
    /// <exception cref="InvalidOperationException">An answer, or what became of the database, is not what it should be.</exception>
    public static async Task<Slice> RunAsync(ICallStore store, AgentCall call, int memories, uint number, TimeSpan duration, int doomed)
    {
        if (call.Deletes) await store.StoreAsync(number, doomed);
        var before = call.Writes is { } written ? await store.CountAsync(written) : 0;
        var answered = await store.RunAsync(call, number, duration, call.Deletes ? doomed : call.CallsMax ?? int.MaxValue);
        Check(call, answered, memories);
        if (call.Writes is not { } kind) return answered.Slice;
        var difference = await store.CountAsync(kind) - before;
        var calls = answered.Slice.Latencies.Count;
        if (difference != (call.Deletes ? -calls : calls))
            throw new InvalidOperationException($"{call.Name}: after {calls} calls there are {difference:+#;-#;0} {kind.ToString().ToLowerInvariant()}.");
        await store.RestoreAsync(kind);
        return answered.Slice;
    }

    private static void Check(AgentCall call, AnsweredCalls answered, int memories)
    {
        var (fewest, most) = call.Expected(memories);
        if (answered.Fewest < fewest || answered.Most > most)
        {
            var expected = fewest == most ? $"{most}" : $"{fewest} to {most}";
            throw new InvalidOperationException($"{call.Name}: answers have {answered.Fewest} to {answered.Most} rows, and should have {expected}.");
        }
        // One question may find nothing that is so similar. Not all of them.
        if (fewest == most || answered.Rows > 0) return;
        var inScope = call.InRoom ? memories / Data.SampleWorld.RoomCount : memories;
        if (answered.Slice.Latencies.Count * Math.Min(most, inScope * ShareOfTopic) >= EnoughExpected)
            throw new InvalidOperationException($"{call.Name}: {answered.Slice.Latencies.Count} searches found nothing.");
    }
}
