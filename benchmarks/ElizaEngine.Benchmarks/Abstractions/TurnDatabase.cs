namespace ElizaEngine.Benchmarks.Abstractions;

/// <summary>An open database with the scene of a turn in it. Disposing it closes, and where it was made for one run removes, the database.</summary>
internal sealed class TurnDatabase(IDatabase database, IAsyncDisposable owner) : IAsyncDisposable
{
    /// <summary>The agent of the scene.</summary>
    public IDatabaseAdapter Adapter { get; } = database.ForAgent(TurnScene.Agent);

    public ValueTask DisposeAsync() => owner.DisposeAsync();
}
