using System.Diagnostics;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Suites;

/// <summary>One slice of searches: the queries one after the other, by one caller, for as long as there are queries and time.</summary>
internal static class VectorSlice
{
    /// <summary>Answers that are asked for, and compared with the truth.</summary>
    public const int K = 10;

    private const int WarmUpQueries = 20;

    // Of the time of a slice, for what comes before it.
    private const int WarmUpShare = 5;

    /// <summary>Every index is warmed up in the same way: with some of the queries, before the time counts.</summary>
    /// <param name="index">Who is asked.</param>
    /// <param name="search">How.</param>
    /// <param name="set">The queries come from here.</param>
    /// <param name="queries">Which, in this order.</param>
    /// <param name="truth">For each of those the true nearest, the best first.</param>
    /// <param name="duration">After it no search begins; one is always made.</param>
    /// <param name="asksAgain">Whether the queries are asked from the first on again while there is time: few quick ones say little.</param>
    public static async Task<Slice> RunAsync(
        IVectorIndex index, VectorSearch search, VectorSet set, IReadOnlyList<int> queries, IReadOnlyList<int[]> truth, TimeSpan duration, bool asksAgain = false)
    {
        await index.PrepareAsync(search);
        var found = new int[queries.Count * K];
        var counts = new int[queries.Count];
        await AskAsync(Math.Min(WarmUpQueries, queries.Count), duration / WarmUpShare, null);
        var latencies = new Latencies();
        var allocated = GC.GetTotalAllocatedBytes();
        var (asked, elapsed) = await AskAsync(asksAgain ? int.MaxValue : queries.Count, duration, latencies);
        return new Slice(latencies, elapsed)
        {
            AllocatedBytes = GC.GetTotalAllocatedBytes() - allocated,
            Recall = Enumerable.Range(0, Math.Min(asked, queries.Count)).Average(i => Recall(found.AsSpan(i * K, counts[i]), truth[i])),
        };

        async Task<(int Asked, TimeSpan Elapsed)> AskAsync(int count, TimeSpan limit, Latencies? recorder)
        {
            var start = Stopwatch.GetTimestamp();
            var asked = 0;
            for (; asked < count && (asked == 0 || Stopwatch.GetElapsedTime(start) < limit); asked++)
            {
                var place = asked % queries.Count;
                var before = Stopwatch.GetTimestamp();
                counts[place] = await index.SearchAsync(set.Query(queries[place]), found.AsMemory(place * K, K));
                recorder?.RecordSince(before);
            }
            return (asked, Stopwatch.GetElapsedTime(start));
        }
    }

    /// <summary>The share of the true nearest that was found. Where fewer than ten may be found, of those.</summary>
    private static double Recall(ReadOnlySpan<int> found, int[] truth)
    {
        var wanted = Math.Min(K, truth.Length);
        if (wanted == 0) return 1;
        var hits = 0;
        foreach (var row in truth.AsSpan(0, wanted))
        {
            if (found.Contains(row)) hits++;
        }
        return (double)hits / wanted;
    }
}
