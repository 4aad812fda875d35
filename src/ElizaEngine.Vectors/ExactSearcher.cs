using System.Runtime.CompilerServices;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// One exact search: every candidate is compared with the query in float32, and the best are kept.
/// <para>
/// The caller walks its rows and adds them one by one; the searcher keeps no candidate, only the query, which is why it
/// lives on the stack and cannot outlive it. Cost per candidate: one <see cref="DotProduct"/>, and a comparison unless
/// it is among the best so far. Allocates nothing once <see cref="TopMatches"/> has grown to the number kept.
/// </para>
/// </summary>
internal ref struct ExactSearcher
{
    /// <summary>How many candidates ahead a <see cref="Prefetch"/> pays best: 3 to 8 measured alike, 1 much less.</summary>
    internal const int PrefetchDistance = 4;

    private readonly ReadOnlySpan<float> _query;
    private readonly float _inverseNorm;
    private readonly TopMatches _matches;
    private int _added;

    /// <summary>Begins a search.</summary>
    /// <param name="query">Dimension floats, as given: not a unit vector. Its norm is valid.</param>
    /// <param name="inverseNorm">The query's <see cref="Norm.InverseOf"/>.</param>
    /// <param name="count">Matches wanted: 0 for none, <see cref="int.MaxValue"/> for all.</param>
    /// <param name="threshold">The lowest similarity to keep, inclusive; null keeps all.</param>
    /// <param name="matches">Scratch to keep the best in, begun anew here; this search's alone until its results are read.</param>
    /// <exception cref="ArgumentOutOfRangeException">count is negative, or threshold is NaN.</exception>
    internal ExactSearcher(ReadOnlySpan<float> query, float inverseNorm, int count, float? threshold, TopMatches matches)
    {
        matches.Begin(count, threshold);
        _query = query;
        _inverseNorm = inverseNorm;
        _matches = matches;
    }

    /// <summary>Adds the next candidate; its ordinal is the number of candidates added before it.</summary>
    /// <inheritdoc cref="Add(int, ReadOnlySpan{float}, float)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(ReadOnlySpan<float> vector, float inverseNorm) => Add(_added++, vector, inverseNorm);

    /// <summary>Adds a candidate under an ordinal of the caller's. Of equal similarities the lower ordinal is better.</summary>
    /// <param name="ordinal">0 or more, once per search.</param>
    /// <param name="vector">As many floats as the query, as stored. Read during the call only.</param>
    /// <param name="inverseNorm">The vector's <see cref="Norm.InverseOf"/>.</param>
    /// <exception cref="ArgumentException">The vector has another length than the query.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void Add(int ordinal, ReadOnlySpan<float> vector, float inverseNorm) =>
        _matches.Offer(ordinal, Cosine.Similarity(DotProduct.Of(_query, vector), _inverseNorm, inverseNorm));

    /// <summary>
    /// A hint that a candidate is added soon. Worth giving when rows lie scattered in memory larger than the cache:
    /// 1,000 rows of 384 floats out of 460 MB took 93 us with it and 140 us without; rows in the cache, the same.
    /// </summary>
    /// <param name="vector">The candidate that comes <see cref="PrefetchDistance"/> after the next one to add.</param>
    internal static void Prefetch(ReadOnlySpan<float> vector) => CachePrefetch.Fetch(vector);

    /// <summary>The best so far, best first. Valid until <see cref="TopMatches"/> begins its next search.</summary>
    internal readonly ReadOnlySpan<Match> Results() => _matches.Results();
}
