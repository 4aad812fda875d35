namespace ElizaEngine.Local.Tests;

/// <summary>
/// Processes of writers, two of which warm up while the one before them writes, is killed, and what it left is checked: a start is most of
/// the work that a kill takes.
/// </summary>
/// <param name="databases">How many each of them writes to.</param>
internal sealed class WarmWriters(int databases) : IDisposable
{
    private readonly Queue<KilledWriters> _next = new([new KilledWriters(databases), new KilledWriters(databases)]);

    /// <summary>The next one; the caller disposes of it.</summary>
    public KilledWriters Take()
    {
        _next.Enqueue(new KilledWriters(databases));
        return _next.Dequeue();
    }

    public void Dispose()
    {
        foreach (var writers in _next) writers.Dispose();
    }
}
