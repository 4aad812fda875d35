using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// A walk over the base level as if a slot had never been taken into the graph, nearly: it is not met, and who has it for a neighbour has
/// one instead that was passed over because of it. So stored vectors can stand for queries to come. Without these links the graph has a hole
/// just where the answer is: of 100,000 x 384, recall 0.99 seemed to take an effort of 77, where queries that are not stored take 56; with
/// them it is 60. For measuring; otherwise as <see cref="GraphWalk{TKernel}"/>, which it must not differ from.
/// </summary>
/// <param name="codes">The vectors.</param>
/// <param name="links">The graph.</param>
/// <param name="hidden">A slot that <see cref="Graph.CanBeHidden"/>; <see cref="GraphLinks.None"/>: none.</param>
internal readonly unsafe struct HiddenWalk<TKernel>(Codes codes, GraphLinks links, int hidden)
    where TKernel : struct, ICodeKernel
{
    private readonly GraphWalk<TKernel> _walk = new(codes, links);

    // SAFETY: of all: the caller is an owner of graph and codes; every slot comes from a list of the graph, which holds reserved ones only.

    /// <summary>The nearest that a filter accepts: what <paramref name="scratch"/> begins with its capacity for, it keeps.</summary>
    internal void Search<TFilter>(CodeQuery query, WalkScratch scratch, int entry, scoped ReadOnlySpan<int> seeds, scoped ref TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        if (hidden != GraphLinks.None)
            scratch.Visit(hidden);
        var count = 0;
        foreach (var seed in seeds)
        {
            if (scratch.Visit(seed))
                scratch.Fresh[count++] = seed;
        }

        if (scratch.Visit(entry) && filter.Accepts(entry))
            scratch.Fresh[count++] = entry;
        OfferAll(query, scratch, count);
        Step(query, scratch, entry, ref filter);
        for (var slot = scratch.Next(); slot >= 0; slot = scratch.Next())
            Step(query, scratch, slot, ref filter);
    }

    private void Step<TFilter>(CodeQuery query, WalkScratch scratch, int node, scoped ref TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        Span<int> neighbours = stackalloc int[links.BaseMax];
        var neighbourCount = Neighbours(node, neighbours);
        var count = 0;
        var otherCount = 0;
        foreach (var slot in neighbours[..neighbourCount])
        {
            if (!scratch.Visit(slot))
                continue;
            if (filter.Accepts(slot))
                scratch.Fresh[count++] = slot;
            else
                scratch.Others[otherCount++] = slot;
        }

        for (var i = 0; i < otherCount && count < links.BaseMax; i++)
            count = LookBehind(scratch, scratch.Others[i], count, ref filter);
        OfferAll(query, scratch, count);
    }

    private int LookBehind<TFilter>(WalkScratch scratch, int node, int count, scoped ref TFilter filter)
        where TFilter : struct, ISlotFilter, allows ref struct
    {
        foreach (var slot in List(node))
        {
            if (count == WalkScratch.FreshMax)
                break;
            if (!scratch.IsNew(slot) || !filter.Accepts(slot))
                continue;
            scratch.Visit(slot);
            scratch.Fresh[count++] = slot;
        }

        return count;
    }

    /// <summary>
    /// A node's neighbours. In place of the hidden slot the most similar of its neighbours that the choice (algorithm 4, see
    /// <see cref="GraphWriter{TKernel}"/>) takes now: no other neighbour is more similar to it than the node. One, since a list holds no more
    /// for want of the slot; with all that the choice takes, random vectors find far more than queries do.
    /// </summary>
    private int Neighbours(int node, Span<int> neighbours)
    {
        var count = 0;
        var isNear = false;
        foreach (var slot in List(node))
        {
            if (slot == hidden)
                isNear = true;
            else
                neighbours[count++] = slot;
        }

        if (!isNear)
            return count;
        var behind = List(hidden);
        Span<ulong> keys = stackalloc ulong[behind.Length];
        var candidates = 0;
        foreach (var slot in behind)
        {
            if (slot != node && slot != hidden && !neighbours[..count].Contains(slot))
                keys[candidates++] = WalkScratch.KeyOf(slot, _walk.Similarity(node, slot));
        }

        keys = keys[..candidates];
        keys.Sort();
        for (var i = candidates - 1; i >= 0; i--)
        {
            var slot = (int)(uint)keys[i];
            if (IsNearer(slot, WalkScratch.ScoreOf(keys[i]), neighbours[..count]))
                continue;
            neighbours[count++] = slot;
            break;
        }

        return count;
    }

    private bool IsNearer(int slot, float similarity, ReadOnlySpan<int> neighbours)
    {
        foreach (var other in neighbours)
        {
            if (_walk.Similarity(slot, other) > similarity)
                return true;
        }

        return false;
    }

    private ReadOnlySpan<int> List(int node) => new(links.Base(node), GraphLinks.Count(links.Base(node), links.BaseMax));

    private void OfferAll(CodeQuery query, WalkScratch scratch, int count)
    {
        for (var i = 0; i < count; i++)
            _walk.Prefetch(scratch.Fresh[i]);
        for (var i = 0; i < count; i++)
            scratch.Offer(scratch.Fresh[i], _walk.Score(query, scratch.Fresh[i]));
    }
}
