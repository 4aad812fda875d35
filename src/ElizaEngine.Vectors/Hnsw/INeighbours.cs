namespace ElizaEngine.Vectors;

/// <summary>What a walk over the base level finds beside a node. A struct, so that each kind compiles to its own loop.</summary>
internal interface INeighbours
{
    /// <summary>The neighbours of a node, to the end or to the first <see cref="GraphLinks.None"/>. Valid until the next call.</summary>
    ReadOnlySpan<int> Of(int node);
}

/// <summary>The lists as they are.</summary>
/// <param name="links">The graph.</param>
internal readonly unsafe struct StoredNeighbours(GraphLinks links) : INeighbours
{
    // SAFETY: the caller is an owner of the graph; every node comes from a list of the graph, which holds reserved ones only.
    public ReadOnlySpan<int> Of(int node) => new(links.Base(node), links.BaseMax);
}
