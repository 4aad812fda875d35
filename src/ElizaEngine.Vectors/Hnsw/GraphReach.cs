using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// Which nodes walks reach, and links for those that they do not: when neighbours choose better ones, the last link to a node can go.
/// </summary>
/// <param name="graph">Its caller is an owner and changes it, or keeps others from doing so.</param>
/// <param name="end">Of the slots before this; those behind it may be linked already, or not yet.</param>
internal sealed unsafe class GraphReach(Graph graph, int end)
{
    // Linking one in can cost another its last link, so it is looked at again; what is then left is little.
    private const int RoundsMax = 4;

    private readonly GraphLinks _links = graph.Links;
    private readonly ulong[] _reached = new ulong[(graph.Links.Reserved + 63) >>> 6];
    private readonly Stack<int> _toFollow = new();

    /// <summary>Links in what no walk reaches.</summary>
    internal void Connect()
    {
        switch (CodeDot.Width)
        {
            case KernelWidth.Bits512: Connect<CodeDot512>(); break;
            case KernelWidth.Bits256: Connect<CodeDot256>(); break;
            case KernelWidth.Bits128: Connect<CodeDot128>(); break;
            default: Connect<CodeDotScalar>(); break;
        }
    }

    /// <summary>The nodes that are not all deleted and that no walk from the entry over the base level reaches, in order.</summary>
    internal List<int> Unreached()
    {
        var unreached = new List<int>();
        var entry = graph.Entry();
        if (entry.Slot < 0)
            return unreached;
        _reached.AsSpan().Clear();
        Follow(entry.Slot);
        for (var slot = 0; slot < end; slot++)
        {
            if (!IsReached(slot) && !_links.IsTwin(slot) && !_links.IsAllDead(slot))
                unreached.Add(slot);
        }

        return unreached;
    }

    private void Connect<TKernel>()
        where TKernel : struct, ICodeKernel
    {
        var writer = new GraphWriter<TKernel>(graph);
        for (var round = 0; round < RoundsMax; round++)
        {
            var unreached = Unreached();
            if (unreached.Count == 0)
                return;
            foreach (var slot in unreached)
            {
                if (IsReached(slot))
                    continue;
                writer.Reconnect(slot);
                Follow(slot);
            }
        }
    }

    // SAFETY: slots come from lists, which the graph's owner keeps.
    private void Follow(int from)
    {
        Reach(from);
        while (_toFollow.TryPop(out var slot))
        {
            var list = _links.Base(slot);
            for (var i = 0; i < _links.BaseMax && list[i] != GraphLinks.None; i++)
            {
                if (!IsReached(list[i]))
                    Reach(list[i]);
            }
        }
    }

    private bool IsReached(int slot) => (_reached[slot >> 6] & (1UL << slot)) != 0;

    private void Reach(int slot)
    {
        _reached[slot >> 6] |= 1UL << slot;
        _toFollow.Push(slot);
    }
}
