using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>Chooses neighbours and writes lists; one for each thread that changes a graph.</summary>
internal sealed unsafe class GraphWriter<TKernel>
    where TKernel : struct, ICodeKernel
{
    /// <summary>Of a walk from a node to those whose lists have a free place: nearly all have.</summary>
    private const int EffortForLinks = 48;

    private readonly Graph _graph;
    private readonly GraphLinks _links;
    private readonly GraphWalk<TKernel> _walk;
    private readonly GraphWalk<TKernel> _quick;
    private readonly float _upperDeviation;
    private readonly CodeQuery _query = new();
    private readonly WalkScratch _scratch = new();
    private readonly int[] _chosen;
    private readonly int[] _counts;
    private ulong[] _keys = new ulong[512];

    // SAFETY: of all: whoever made this is an owner of the graph; slots come from its lists or were reserved.
    internal GraphWriter(Graph graph)
    {
        _graph = graph;
        _links = graph.Links;
        _upperDeviation = graph.UpperDeviation;
        _walk = new GraphWalk<TKernel>(graph.Codes, graph.Links, isByUpper: false);
        _quick = new GraphWalk<TKernel>(graph.Codes, graph.Links, isByUpper: _upperDeviation > 0);
        // 32 levels are more than the 2^31 slots have at the smallest M.
        _chosen = new int[32 * _links.M];
        _counts = new int[32];
    }

    /// <summary>Takes a slot into the graph (algorithm 1), unless a build that failed has done so.</summary>
    internal void Insert(int slot)
    {
        if (_links.IsDead(slot) || _links.IsTwin(slot))
            return;
        var level = _links.LevelOf(slot);
        if (_graph.TryEnterFirst(slot, level))
            return;
        var entry = _graph.Entry();
        if (entry.Slot == slot)
            return;
        if (_links.Base(slot)[0] != GraphLinks.None)
        {
            _graph.Enter(slot, level);
            return;
        }

        _query.Set(_graph.Codes, slot);
        var nearest = _quick.Descend(_query, _scratch, entry.Slot, entry.Level, level);
        var top = Math.Min(level, entry.Level);
        for (var on = top; on >= 0; on--)
        {
            var walk = Search(nearest, on, _graph.Effort);
            nearest = _scratch.Slot(0);
            if (on == 0 && TwinOf(walk, slot) is var twin and >= 0)
            {
                _links.AddTwin(twin, slot);
                return;
            }

            _counts[on] = Choose(Sorted(PoolKeys(slot)), Chosen(on));
        }

        // The base first: whoever finds the node on a level finds its lists below.
        for (var on = 0; on <= top; on++)
            LinkBothWays(slot, on, Chosen(on)[.._counts[on]]);
        _graph.Enter(slot, level);
    }

    /// <summary>Links a node that no walk reaches to the nearest that walks do reach.</summary>
    internal void Reconnect(int slot)
    {
        var entry = _graph.Entry();
        _query.Set(_graph.Codes, slot);
        Search(_quick.Descend(_query, _scratch, entry.Slot, entry.Level, 0), 0, _graph.Effort);
        var chosen = Chosen(0)[..Choose(Sorted(PoolKeys(slot)), Chosen(0))];
        foreach (var node in chosen)
            Link(slot, node, 0, isForced: false);
        for (var i = 0; i < chosen.Length; i++)
            Link(chosen[i], slot, 0, isForced: i == 0);
    }

    /// <summary>Adds a node to the lists of the nearest that have a free place on the base level.</summary>
    /// <param name="slot">The node.</param>
    /// <param name="wanted">Into so many lists that it is not in, if there are as many near it.</param>
    internal void LinkFromNearest(int slot, int wanted)
    {
        _query.Set(_graph.Codes, slot);
        Search(slot, 0, EffortForLinks);
        foreach (var key in Sorted(PoolKeys(slot)))
        {
            if (wanted == 0)
                return;
            if (TryLinkInFreePlace((int)(uint)key, slot))
                wanted--;
        }
    }

    /// <summary>Gives a node new neighbours out of candidates.</summary>
    internal void Replace(int node, int level, ReadOnlySpan<int> candidates)
    {
        var keys = Keys(candidates.Length);
        for (var i = 0; i < candidates.Length; i++)
            keys[i] = WalkScratch.KeyOf(candidates[i], _walk.Similarity(node, candidates[i]));
        var max = _links.Max(level);
        Span<int> chosen = stackalloc int[max];
        var count = Choose(Sorted(keys), chosen);
        _links.Lock(node);
        GraphLinks.Write(_links.Of(node, level), max, chosen[..count]);
        _links.MarkChanged(node, level);
        _links.Unlock(node);
    }

    /// <summary>The nearest on a level, in the pool.</summary>
    /// <returns>The walk, by whose scores they are there.</returns>
    private GraphWalk<TKernel> Search(int entry, int level, int effort)
    {
        _scratch.Begin(_links.Reserved, effort);
        _quick.Search(_query, _scratch, entry, level);
        if (_upperDeviation == 0 || !_scratch.IsCrowded(effort, _upperDeviation))
            return _quick;
        _scratch.Begin(_links.Reserved, effort);
        _walk.Search(_query, _scratch, entry, level);
        return _walk;
    }

    private Span<int> Chosen(int level) => _chosen.AsSpan(level * _links.M, _links.M);

    private Span<ulong> Keys(int count)
    {
        if (_keys.Length < count)
            _keys = new ulong[2 * count];
        return _keys.AsSpan(0, count);
    }

    /// <summary>The pool, by similarity with all bits; without the slot itself, and without the deleted unless there are no others.</summary>
    private Span<ulong> PoolKeys(int slot)
    {
        var keys = Keys(_scratch.Count);
        var count = 0;
        for (var withDead = 0; withDead < 2 && count == 0; withDead++)
        {
            for (var place = 0; place < keys.Length; place++)
            {
                var other = _scratch.Slot(place);
                if (other != slot && (withDead == 1 || !_links.IsAllDead(other)))
                    keys[count++] = WalkScratch.KeyOf(other, _walk.Similarity(slot, other));
            }
        }

        return keys[..count];
    }

    /// <summary>Best first.</summary>
    private static Span<ulong> Sorted(Span<ulong> keys)
    {
        keys.Sort();
        keys.Reverse();
        return keys;
    }

    /// <summary>
    /// The neighbours of a node out of candidates (algorithm 4): the best first, and none that is more similar to one already chosen
    /// than to the node; that one leads there. So neighbours lie in all directions, and clusters stay linked.
    /// </summary>
    private int Choose(ReadOnlySpan<ulong> keys, Span<int> chosen)
    {
        var count = 0;
        foreach (var key in keys)
        {
            if (count == chosen.Length)
                break;
            var slot = (int)(uint)key;
            if (!_walk.IsNearer(slot, WalkScratch.ScoreOf(key), chosen[..count]))
                chosen[count++] = slot;
        }

        return count;
    }

    /// <summary>The node that a slot is the same as; -1: none. Codes that are equal have scales that differ in their last bits at most.</summary>
    private int TwinOf(GraphWalk<TKernel> walk, int slot)
    {
        const float SameScale = 1e-6f;
        var codes = _graph.Codes;
        var lowest = walk.Score(_query, slot) * (1 - SameScale);
        var scale = codes.Scale(slot);
        var row = new ReadOnlySpan<byte>(codes.Row(slot), codes.RowBytes);
        for (var place = 0; place < _scratch.Count && _scratch.Score(place) >= lowest; place++)
        {
            var other = _scratch.Slot(place);
            if (other != slot && MathF.Abs(codes.Scale(other) - scale) <= scale * SameScale && row.SequenceEqual(new ReadOnlySpan<byte>(codes.Row(other), codes.RowBytes)))
                return other;
        }

        return GraphLinks.None;
    }

    private void LinkBothWays(int slot, int level, ReadOnlySpan<int> chosen)
    {
        _links.Lock(slot);
        GraphLinks.Write(_links.Of(slot, level), _links.Max(level), chosen);
        _links.MarkChanged(slot, level);
        _links.Unlock(slot);
        var isLinked = false;
        foreach (var node in chosen)
            isLinked |= Link(node, slot, level, isForced: false);
        // None of them would keep it: no walk would find it.
        if (!isLinked && !chosen.IsEmpty)
            Link(chosen[0], slot, level, isForced: true);
    }

    /// <summary>Adds a neighbour to a node's list; when it is full, the best choice out of all of them stays.</summary>
    /// <returns>Whether the new one is in it.</returns>
    private bool Link(int node, int slot, int level, bool isForced)
    {
        if (node == slot)
            return false;
        var max = _links.Max(level);
        _links.Lock(node);
        var list = _links.Of(node, level);
        var count = GraphLinks.Count(list, max);
        var isIn = new ReadOnlySpan<int>(list, count).Contains(slot);
        if (!isIn && count < max)
        {
            Volatile.Write(ref list[count], slot);
            _links.MarkChanged(node, level);
            isIn = true;
        }
        else if (!isIn)
        {
            isIn = Shorten(node, list, max, slot, isForced);
            _links.MarkChanged(node, level);
        }

        _links.Unlock(node);
        return isIn;
    }

    /// <summary>Adds a neighbour to a node's list on the base level, if there is room and it is not in it.</summary>
    private bool TryLinkInFreePlace(int node, int slot)
    {
        _links.Lock(node);
        var list = _links.Base(node);
        var count = GraphLinks.Count(list, _links.BaseMax);
        var isNew = count < _links.BaseMax && !new ReadOnlySpan<int>(list, count).Contains(slot);
        if (isNew)
        {
            Volatile.Write(ref list[count], slot);
            _links.MarkChanged(node, 0);
        }

        _links.Unlock(node);
        return isNew;
    }

    private bool Shorten(int node, int* list, int max, int slot, bool isForced)
    {
        Span<ulong> keys = stackalloc ulong[max + 1];
        Span<int> chosen = stackalloc int[max];
        var count = 0;
        for (var i = 0; i < max; i++)
        {
            if (!_links.IsAllDead(list[i]))
                keys[count++] = WalkScratch.KeyOf(list[i], _walk.Similarity(node, list[i]));
        }

        keys[count++] = WalkScratch.KeyOf(slot, _walk.Similarity(node, slot));
        count = Choose(Sorted(keys[..count]), chosen);
        var isIn = chosen[..count].Contains(slot);
        if (!isIn && isForced)
        {
            // In place of the farthest, where there is no room.
            count = Math.Min(count + 1, max);
            chosen[count - 1] = slot;
            isIn = true;
        }

        GraphLinks.Write(list, max, chosen[..count]);
        return isIn;
    }
}
