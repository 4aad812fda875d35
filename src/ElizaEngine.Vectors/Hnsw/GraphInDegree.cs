using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// Nodes that few lists lead to: neighbours choose others, and a walk that passes near misses them. They get links from the nearest nodes
/// whose lists have a free place, so that nobody loses a neighbour for it (decisions/0032).
/// </summary>
/// <param name="graph">Its caller is an owner and changes it.</param>
/// <param name="end">Of the slots before this, which are linked.</param>
internal sealed unsafe class GraphInDegree(Graph graph, int end)
{
    /// <summary>So many links lead to a node at least, where there is room near it. Eight find as many duplicates, and fewer of the nearest words.</summary>
    private const int Least = 12;

    // A thread takes so many slots at once.
    private const int Step = 256;

    private readonly GraphLinks _links = graph.Links;
    private readonly byte[] _counts = new byte[graph.Links.Reserved];
    private int _next;

    /// <summary>Adds links to nodes that have too few. Cost: a look at every list, and a short walk for each such node.</summary>
    /// <param name="threads">Threads that work on it, this one among them.</param>
    /// <param name="cancellationToken">Ends the work after the nodes that are begun: what is added stays.</param>
    internal void Raise(int threads, CancellationToken cancellationToken)
    {
        CountLinks();
        BuildThreads.Run(threads, Work, cancellationToken);
    }

    /// <summary>How many nodes have too few.</summary>
    internal int CountPoor()
    {
        CountLinks();
        var poor = 0;
        for (var slot = 0; slot < end; slot++)
            poor += IsPoor(slot) ? 1 : 0;
        return poor;
    }

    private void Work(int worker, CancellationToken cancellationToken)
    {
        switch (CodeDot.Width)
        {
            case KernelWidth.Bits512: Work<CodeDot512>(cancellationToken); break;
            case KernelWidth.Bits256: Work<CodeDot256>(cancellationToken); break;
            case KernelWidth.Bits128: Work<CodeDot128>(cancellationToken); break;
            default: Work<CodeDotScalar>(cancellationToken); break;
        }
    }

    private void Work<TKernel>(CancellationToken cancellationToken)
        where TKernel : struct, ICodeKernel
    {
        var writer = new GraphWriter<TKernel>(graph);
        while (!cancellationToken.IsCancellationRequested)
        {
            var to = Interlocked.Add(ref _next, Step);
            if (to - Step >= end)
                return;
            for (var slot = to - Step; slot < Math.Min(to, end); slot++)
            {
                if (IsPoor(slot))
                    writer.LinkFromNearest(slot, Least - _counts[slot]);
            }
        }
    }

    private bool IsPoor(int slot) => _counts[slot] < Least && IsNode(slot);

    private bool IsNode(int slot) => !_links.IsTwin(slot) && !_links.IsAllDead(slot);

    // SAFETY: slots come from lists, which the graph's owner keeps.
    private void CountLinks()
    {
        _counts.AsSpan().Clear();
        for (var slot = 0; slot < end; slot++)
        {
            if (!IsNode(slot))
                continue;
            var list = _links.Base(slot);
            for (var i = 0; i < _links.BaseMax && list[i] != GraphLinks.None; i++)
            {
                ref var count = ref _counts[list[i]];
                count = (byte)Math.Min(count + 1, Least);
            }
        }
    }
}
