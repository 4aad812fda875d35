namespace ElizaEngine.Comparison.Turns;

/// <summary>A database that recorded turns can be played on.</summary>
internal interface ITurnPlayer : IAsyncDisposable
{
    /// <summary>The next so many memories of its world, as fast as it can.</summary>
    Task LoadAsync(int count);

    /// <summary>Plays turns, one after the other.</summary>
    /// <param name="turns">In order.</param>
    /// <param name="oneByOne">Each call waits for the one before, and is measured by itself.</param>
    Task<PlayedTurns> PlayAsync(IReadOnlyList<Turn> turns, bool oneByOne);
}

/// <summary>What came of it.</summary>
/// <param name="TurnsUs">Microseconds of each turn, until the last call was acknowledged.</param>
/// <param name="CallsUs">Of each call, in order of beginning; empty unless one by one.</param>
/// <param name="Rows">How many rows each call's answer had; null: it was no list.</param>
internal sealed record PlayedTurns(IReadOnlyList<double> TurnsUs, IReadOnlyList<double> CallsUs, IReadOnlyList<int?> Rows)
{
    /// <summary>Managed bytes allocated while the clock ran; null: the engine is elsewhere.</summary>
    public long? AllocatedBytes { get; init; }
}
