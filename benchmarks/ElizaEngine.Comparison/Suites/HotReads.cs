using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;

namespace ElizaEngine.Comparison.Suites;

/// <summary>Memories read by their ids again and again, so that they are decoded.</summary>
internal sealed class HotReads(SampleMemory[] memories)
{
    private const int Count = 500;

    // From all over what is stored.
    private readonly Guid[] _ids = [.. memories.Where((_, i) => i % (memories.Length / Count) == 0).Select(memory => memory.Id)];

    /// <summary>The next read of a caller.</summary>
    /// <exception cref="InvalidOperationException">Thrown by a read: the memory was not found.</exception>
    public Func<ValueTask> By(IStoreCaller caller)
    {
        var next = 0;
        return async () =>
        {
            if (!await caller.GetAsync(_ids[next = (next + 1) % _ids.Length])) throw new InvalidOperationException("A memory was not found.");
        };
    }
}
