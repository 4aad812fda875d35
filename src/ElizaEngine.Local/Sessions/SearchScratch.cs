using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>What a search needs for its duration, kept by its thread for the next one. Not for two searches at once.</summary>
internal sealed class SearchScratch : IDisposable
{
    // A search over more rows than this gives its memory back.
    private const int KeptCandidates = 16 << 10;

    [ThreadStatic]
    private static SearchScratch? t_kept;

    private SearchScratch()
    {
    }

    public List<(MemoryRow Row, VectorSlot Slot)> Candidates { get; } = [];

    public TopMatches Matches { get; } = new();

    public static SearchScratch Rent()
    {
        var scratch = t_kept ?? new SearchScratch();
        t_kept = null;
        return scratch;
    }

    public void Dispose()
    {
        if (Candidates.Capacity > KeptCandidates) return;
        Candidates.Clear();
        t_kept = this;
    }
}
