using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// The walks of Malkov and Yashunin (arXiv 1603.09320): down the levels greedily, then over one level with the best of a pool. Scores
/// are similarities by coarse code, of whole rows or of their first halves. A step scores all neighbours of a node at once, so that their rows are on the way while others are
/// compared: a walk waits for memory more than it computes.
/// </summary>
/// <param name="codes">The vectors.</param>
/// <param name="links">The graph.</param>
/// <param name="isByUpper">Whether scores are by the first halves of rows, see <see cref="UpperMissing"/>.</param>
internal readonly unsafe struct GraphWalk<TKernel>(Codes codes, GraphLinks links, bool isByUpper)
    where TKernel : struct, ICodeKernel
{
    private const int LineBytes = 64;

    /// <summary>A row's first 1.5 KiB are asked for; the processor follows a longer one by itself.</summary>
    private const int PrefetchBytesMax = 24 * LineBytes;

    private readonly NativeItems _rows = codes.RowItems;
    private readonly NativeItems _scales = codes.ScaleItems;
    private readonly NativeItems _lists = links.BaseTable.Items;
    private readonly int _fetchedBytes = Math.Min(isByUpper ? codes.RowBytes / 2 : codes.RowBytes, PrefetchBytesMax);

    // SAFETY: of all: the caller is an owner of graph and codes; every slot comes from a list of the graph, which holds reserved ones only.

    /// <summary>Goes down to a level, on each to the nearest that neighbours lead to.</summary>
    internal int Descend(CodeQuery query, WalkScratch scratch, int entry, int from, int to)
    {
        var best = entry;
        var bestScore = Score(query, best);
        var scored = 1;
        for (var level = from; level > to; level--)
        {
            for (var isBetter = true; isBetter;)
            {
                isBetter = false;
                var list = links.Of(best, level);
                var count = GraphLinks.Count(list, links.M);
                for (var i = 0; i < count; i++)
                    Prefetch(list[i]);
                for (var i = 0; i < count; i++)
                {
                    // The list may be rewritten meanwhile; what is read last may be its end.
                    var slot = list[i];
                    if (slot == GraphLinks.None)
                        break;
                    scored++;
                    var score = Score(query, slot);
                    if (score <= bestScore)
                        continue;
                    (best, bestScore, isBetter) = (slot, score, true);
                }
            }
        }

        scratch.Scored += scored;
        return best;
    }

    /// <summary>The place of the nearest of the gateways, of which there are some.</summary>
    /// <param name="query">The query.</param>
    /// <param name="scratch">Of this search.</param>
    /// <param name="gateways">Of this graph.</param>
    /// <param name="step">One in so many is compared.</param>
    internal int Nearest(CodeQuery query, WalkScratch scratch, Gateways gateways, int step)
    {
        var (count, best, bestScore) = (gateways.Count, 0, float.NegativeInfinity);
        byte* rows = gateways.Rows;
        float* scales = gateways.Scales;
        float* scores = scratch.Scores;
        var (rowBytes, place) = ((long)codes.RowBytes, 0);
        for (; place + (3 * step) < count; place += 4 * step)
        {
            var (b, c, d) = (place + step, place + (2 * step), place + (3 * step));
            var some = Vector128.Create(scales[place], scales[b], scales[c], scales[d]);
            ScoreFour(query, rows + (place * rowBytes), rows + (b * rowBytes), rows + (c * rowBytes), rows + (d * rowBytes), some).Store(scores);
            for (var i = 0; i < 4; i++)
            {
                if (scores[i] > bestScore)
                    (best, bestScore) = (place + (i * step), scores[i]);
            }
        }

        for (; place < count; place += step)
        {
            if (Score(query, rows + (place * rowBytes), scales[place]) is var score && score > bestScore)
                (best, bestScore) = (place, score);
        }

        // Only addresses of it are used above.
        GC.KeepAlive(gateways);
        scratch.Scored += (count + step - 1) / step;
        return best;
    }

    /// <summary>The nearest on a level: what <paramref name="scratch"/> begins with its capacity for, it keeps.</summary>
    internal void Search(CodeQuery query, WalkScratch scratch, int entry, int level)
    {
        if (scratch.Visit(entry))
        {
            scratch.Offer(entry, Score(query, entry));
            scratch.Scored++;
        }

        var max = links.Max(level);
        for (var slot = scratch.Next(); slot >= 0; slot = scratch.Next())
        {
            var count = scratch.VisitAll(links.Of(slot, level), max);
            // Of those that were asked for a step ago some may have been dropped: a processor takes only so many at a time.
            for (var i = 0; i < count; i++)
                PrefetchFirst(scratch.Fresh[i]);
            // Nearly always the one after this, and looked at in the end if not now: its neighbours are fetched while these are scored.
            var next = scratch.Peek();
            if (next >= 0)
                PrefetchAll(scratch.Others, scratch.FindNew(links.Of(next, level), max));
            OfferAll(query, scratch, scratch.Fresh, count, level);
        }
    }

    /// <summary>
    /// The nearest that a filter accepts, on the base level. Only these are scored and kept; where a node has too few of them for
    /// neighbours, the neighbours of the others are looked at instead (ACORN-1, arXiv 2403.04871), so that the walk does not end at the
    /// first wall of rows that may not be found. It begins at several places, since what is accepted can be far from the query.
    /// A step looks behind until it has as many as it would have without a filter. With half as many, recall@10 at effort 64 fell from
    /// 0.994 to 0.989 where a random half of 100,000 is accepted, and from 0.961 to 0.928 where the half farthest from the query is.
    /// </summary>
    internal void Search<TNeighbours, TFilter>(
        CodeQuery query, WalkScratch scratch, int entry, scoped ReadOnlySpan<int> seeds, scoped TNeighbours neighbours, scoped ref TFilter filter)
        where TNeighbours : struct, INeighbours, allows ref struct
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var count = 0;
        foreach (var seed in seeds)
        {
            if (scratch.Visit(seed))
                scratch.Fresh[count++] = seed;
        }

        if (scratch.Visit(entry) && filter.Accepts(entry))
            scratch.Fresh[count++] = entry;
        PrefetchAll(scratch.Fresh, count);
        OfferAll(query, scratch, scratch.Fresh, count, 0);
        Step(query, scratch, neighbours.Of(entry), ref filter);
        for (var slot = scratch.Next(); slot >= 0; slot = scratch.Next())
            Step(query, scratch, neighbours.Of(slot), ref filter);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float Score(CodeQuery query, int slot) => Score(query, _rows.Item(slot), *(float*)_scales.Item(slot));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Score(CodeQuery query, byte* row, float scale) => isByUpper ? query.Upper<TKernel>(row, scale) : query.Coarse<TKernel>(row, scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<float> ScoreFour(CodeQuery query, int* slots)
    {
        var (a, b, c, d) = (slots[0], slots[1], slots[2], slots[3]);
        var scales = Vector128.Create(*(float*)_scales.Item(a), *(float*)_scales.Item(b), *(float*)_scales.Item(c), *(float*)_scales.Item(d));
        return ScoreFour(query, _rows.Item(a), _rows.Item(b), _rows.Item(c), _rows.Item(d), scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<float> ScoreFour(CodeQuery query, byte* a, byte* b, byte* c, byte* d, Vector128<float> scales) =>
        isByUpper ? query.UpperFour<TKernel>(a, b, c, d, scales) : query.CoarseFour<TKernel>(a, b, c, d, scales);

    /// <summary>The similarity of two slots by code, with all bits of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float Similarity(int a, int b) =>
        TKernel.DotRows(codes.Row(a), codes.Row(b), (nuint)codes.RowBytes / 2) * (codes.Scale(a) * codes.Scale(b));

    /// <summary>Whether one of the others is more similar to a slot than so much.</summary>
    internal bool IsNearer(int slot, float similarity, ReadOnlySpan<int> others)
    {
        foreach (var other in others)
        {
            if (Similarity(slot, other) > similarity)
                return true;
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Prefetch(int slot)
    {
        if (!Sse.IsSupported)
            return;
        // Into the second cache. The first one waits for some twenty lines at a time, four rows of 384 components; a walk that asks it
        // for more stands still until they come (1.4 times slower).
        Sse.Prefetch1(_scales.Item(slot));
        var row = _rows.Item(slot);
        for (var end = row + _fetchedBytes; row < end; row += LineBytes)
            Sse.Prefetch1(row);
    }

    /// <summary>Into the first cache, what is read now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchFirst(int slot)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(_scales.Item(slot));
        var row = _rows.Item(slot);
        for (var end = row + _fetchedBytes; row < end; row += LineBytes)
            Sse.Prefetch0(row);
    }

    private void Step<TFilter>(CodeQuery query, WalkScratch scratch, scoped ReadOnlySpan<int> neighbours, scoped ref TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var fresh = scratch.Fresh;
        var others = scratch.Others;
        var count = 0;
        var otherCount = 0;
        foreach (var slot in neighbours)
        {
            if (slot == GraphLinks.None)
                break;
            if (!scratch.Visit(slot))
                continue;
            if (filter.Accepts(slot))
            {
                fresh[count++] = slot;
            }
            else
            {
                others[otherCount++] = slot;
                PrefetchLinks(slot);
            }
        }

        for (var i = 0; i < otherCount && count < links.BaseMax; i++)
            count = LookBehind(scratch, others[i], count, ref filter);
        PrefetchAll(fresh, count);
        OfferAll(query, scratch, fresh, count, 0);
    }

    private int LookBehind<TFilter>(WalkScratch scratch, int node, int count, scoped ref TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        var list = links.Base(node);
        for (var i = 0; i < links.BaseMax && count < WalkScratch.FreshMax; i++)
        {
            var slot = list[i];
            if (slot == GraphLinks.None)
                break;
            if (!scratch.IsNew(slot) || !filter.Accepts(slot))
                continue;
            scratch.Visit(slot);
            scratch.Fresh[count++] = slot;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchAll(int* slots, int count)
    {
        for (var i = 0; i < count; i++)
            Prefetch(slots[i]);
    }

    /// <summary>
    /// Scores all before any is offered: whether the pool takes one is a matter of chance, and a wrong guess would throw away the
    /// comparisons that were begun behind it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void OfferAll(CodeQuery query, WalkScratch scratch, int* slots, int count, int level)
    {
        var scores = scratch.Scores;
        var scored = 0;
        for (; scored + 4 <= count; scored += 4)
            ScoreFour(query, slots + scored).Store(scores + scored);
        for (; scored < count; scored++)
            scores[scored] = Score(query, slots[scored]);
        scratch.Scored += count;
        for (var i = 0; i < count; i++)
        {
            if (scratch.Offer(slots[i], scores[i]) && level == 0)
                PrefetchLinks(slots[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PrefetchLinks(int slot)
    {
        if (!Sse.IsSupported)
            return;
        var list = _lists.Item(slot);
        Debug.Assert(links.BaseMax * sizeof(int) <= 4 * LineBytes, "A few lines at most.");
        for (var offset = 0; offset < links.BaseMax * sizeof(int); offset += LineBytes)
            Sse.Prefetch1(list + offset);
    }
}
