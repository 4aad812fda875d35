using System.Runtime.InteropServices;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// Takes deleted nodes out of all lists: a node that had one for a neighbour chooses anew among its other neighbours and those that
/// the deleted one led to (the rule of FreshDiskANN, arXiv 2105.09613).
/// </summary>
/// <param name="graph">Its caller is an owner and changes it.</param>
internal sealed unsafe class GraphRepair(Graph graph)
{
    /// <summary>Where everything around a node is deleted, the look behind ends with so many candidates or deleted nodes.</summary>
    private const int CandidatesMax = 256;

    private readonly GraphLinks _links = graph.Links;
    private readonly HashSet<int> _seen = [];
    private readonly List<int> _candidates = [];
    private readonly Queue<int> _dead = new();

    /// <summary>Repairs all lists.</summary>
    /// <returns>
    /// Whether it was not cancelled. If it was, lists lead where they did, or around what is deleted; what is repaired twice is none the worse
    /// for it.
    /// </returns>
    internal bool Run(CancellationToken cancellationToken) => CodeDot.Width switch
    {
        KernelWidth.Bits512 => Run<CodeDot512>(cancellationToken),
        KernelWidth.Bits256 => Run<CodeDot256>(cancellationToken),
        KernelWidth.Bits128 => Run<CodeDot128>(cancellationToken),
        _ => Run<CodeDotScalar>(cancellationToken),
    };

    private bool Run<TKernel>(CancellationToken cancellationToken)
        where TKernel : struct, ICodeKernel
    {
        var writer = new GraphWriter<TKernel>(graph);
        var (best, bestLevel) = (-1, -1);
        // Behind them may be slots that nobody has linked yet: walks must not begin there.
        var end = graph.Count;
        for (var slot = 0; slot < end; slot++)
        {
            if (cancellationToken.IsCancellationRequested)
                return false;
            if (_links.IsTwin(slot) || _links.IsAllDead(slot))
                continue;
            var level = _links.LevelOf(slot);
            for (var on = 0; on <= level; on++)
                Repair(writer, slot, on);
            if (level > bestLevel)
                (best, bestLevel) = (slot, level);
        }

        graph.EnterAt(best, bestLevel);
        return graph.Connect(end, threads: 1, cancellationToken);
    }

    // SAFETY: slots come from lists, which the graph's owner keeps.
    private void Repair<TKernel>(GraphWriter<TKernel> writer, int node, int level)
        where TKernel : struct, ICodeKernel
    {
        _seen.Clear();
        _candidates.Clear();
        _dead.Clear();
        _seen.Add(node);
        Collect(node, level);
        if (_dead.Count == 0)
            return;
        for (var looked = 0; looked < CandidatesMax && _candidates.Count < CandidatesMax && _dead.TryDequeue(out var dead); looked++)
            Collect(dead, level);
        writer.Replace(node, level, CollectionsMarshal.AsSpan(_candidates));
    }

    private void Collect(int node, int level)
    {
        var list = _links.Of(node, level);
        var max = _links.Max(level);
        for (var i = 0; i < max && list[i] != GraphLinks.None; i++)
        {
            if (!_seen.Add(list[i]))
                continue;
            if (_links.IsAllDead(list[i]))
                _dead.Enqueue(list[i]);
            else
                _candidates.Add(list[i]);
        }
    }
}
