namespace ElizaEngine.Vectors;

/// <summary>
/// Finds how thorough walks through a graph must be for a wanted recall, by asking: sample queries are answered by a scan and by walks of
/// rising effort. Recall is measured, not assumed; what it takes depends on the vectors, and grows with their number. Stored vectors stand
/// for queries to come if each is left out of the graph while it is asked for: else the walk meets it, and in its list the answer.
/// </summary>
internal static class EffortSearch
{
    internal const int EffortMax = 4096;

    // Of the last step, a third of the effort.
    private const int Halvings = 2;

    /// <summary>The least effort that was tried and gave the wanted recall.</summary>
    /// <param name="graph">At least one slot is covered, and not deleted.</param>
    /// <param name="queries">One behind the other, as given.</param>
    /// <param name="own">
    /// For each query the slot that has it, which <see cref="Graph.CanBeHidden"/>; -1: none. The graph and the truth are then as without it.
    /// </param>
    /// <param name="count">Matches of each that count: recall@count.</param>
    /// <param name="recall">0 to 1.</param>
    /// <returns>The effort, and the recall of it: below the wanted one if no effort up to <see cref="EffortMax"/> gives it.</returns>
    /// <remarks>Cost: a scan and a few walks for each query. Answers are compared by code, whose error is the same on both sides.</remarks>
    internal static (int Effort, double Recall) Find(Graph graph, ReadOnlySpan<float> queries, ReadOnlySpan<int> own, int count, double recall)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var dimension = graph.Codes.Dimension;
        if (queries.IsEmpty || queries.Length % dimension != 0)
            throw new ArgumentException($"Sample queries are some times {dimension} floats; these are {queries.Length}.", nameof(queries));
        if (own.Length != queries.Length / dimension)
            throw new ArgumentException($"There are {queries.Length / dimension} sample queries, and slots of {own.Length}.", nameof(own));
        graph.Share();
        try
        {
            return Find(graph, queries, own, count, recall, dimension);
        }
        finally
        {
            graph.Release();
        }
    }

    private static (int Effort, double Recall) Find(Graph graph, ReadOnlySpan<float> queries, ReadOnlySpan<int> own, int count, double recall, int dimension)
    {
        var search = new CodeSearch();
        var truth = new Candidate[queries.Length / dimension][];
        var covered = graph.Count;
        for (var i = 0; i < truth.Length; i++)
        {
            Begin(search, graph, queries.Slice(i * dimension, dimension), count);
            search.Scan(0, covered, new LiveSlots(graph, own[i]));
            truth[i] = [.. Best(search, count)];
        }

        var (low, effort) = (0, count);
        double found;
        while ((found = Recall(search, graph, queries, own, truth, count, effort)) < recall && effort < EffortMax)
            (low, effort) = (effort, Math.Min(effort + Math.Max(1, effort / 3), EffortMax));
        if (found < recall || effort == count)
            return (effort, found);
        for (var halving = 0; halving < Halvings && effort - low > 1; halving++)
        {
            var middle = (low + effort) / 2;
            var there = Recall(search, graph, queries, own, truth, count, middle);
            if (there >= recall)
                (effort, found) = (middle, there);
            else
                low = middle;
        }

        return (effort, found);
    }

    // Of equals any will do: what is as like as the worst of the truth counts.
    private static double Recall(CodeSearch search, Graph graph, ReadOnlySpan<float> queries, ReadOnlySpan<int> own, Candidate[][] truth, int count, int effort)
    {
        var (hits, wanted) = (0, 0);
        for (var i = 0; i < truth.Length; i++)
        {
            Begin(search, graph, queries.Slice(i * graph.Codes.Dimension, graph.Codes.Dimension), count);
            search.WalkWithout(graph, effort, own[i]);
            var worst = truth[i].Length == 0 ? 0 : truth[i][^1].Score;
            hits += Best(search, count).Count(found => found.Score >= worst);
            wanted += truth[i].Length;
        }

        return wanted == 0 ? 1 : (double)hits / wanted;
    }

    private static void Begin(CodeSearch search, Graph graph, ReadOnlySpan<float> query, int count) =>
        search.Begin(graph.Codes, query, Norm.InverseOf(query), count, null);

    private static IEnumerable<Candidate> Best(CodeSearch search, int count) =>
        search.Results().ToArray().OrderByDescending(found => found.Score).Take(count);

    private readonly struct LiveSlots(Graph graph, int own) : ISlotFilter
    {
        // Whoever scans is an owner of the graph, and what it covers has marks.
        public bool Accepts(int slot) => slot != own && !graph.Links.IsDead(slot);
    }
}
