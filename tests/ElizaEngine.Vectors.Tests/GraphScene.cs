using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>Walks through a graph, ranked as a caller does it.</summary>
internal static class GraphScene
{
    /// <summary>One by one, and nobody looks for those that few links lead to.</summary>
    internal static void Grow(Graph graph, int to)
    {
        for (var count = graph.Count + 1; count <= to; count++)
        {
            graph.Connected = count;
            graph.Insert(count);
        }
    }

    internal static int[] Slots<TFilter>(Graph graph, float[] query, int count, int effort, TFilter filter)
        where TFilter : struct, ISlotFilter
    {
        var search = new CodeSearch();
        search.Begin(graph.Codes, query, Norm.InverseOf(query), count, null);
        search.Walk(graph, effort, filter);
        return [.. search.Results().ToArray().Select(x => x.Slot)];
    }

    internal static Match[] Walk<TFilter>(Graph graph, float[][] rows, float[] query, int count, int effort, TFilter filter)
        where TFilter : struct, ISlotFilter =>
        CodeScene.Rank(Slots(graph, query, count, effort, filter), rows, query, count, null);

    /// <summary>The share of the exact answer that a walk finds; of similarities that are equal to 1e-6 any will do.</summary>
    internal static double Recall<TFilter>(Graph graph, float[][] rows, float[] query, int count, int effort, TFilter filter)
        where TFilter : struct, ISlotFilter
    {
        var expected = CodeScene.Rank(Enumerable.Range(0, rows.Length).Where(slot => filter.Accepts(slot)), rows, query, count, null);
        if (expected.Length == 0)
            return 1;
        var worst = expected[^1].Similarity - 1e-6f;
        return (double)Walk(graph, rows, query, count, effort, filter).Count(match => match.Similarity >= worst) / expected.Length;
    }

    internal static bool Finds(Graph graph, float[][] rows, int slot, int effort = 64) =>
        Walk(graph, rows, rows[slot], 1, effort, default(EverySlot)) is [var match] && match.Ordinal == slot;

    /// <summary>
    /// That walks find each of these slots by its own vector. One thread makes the same graph each time, in which none is missed; several
    /// make another one each time, in which a short walk may miss one in 500, and a walk through everything finds those: none is cut off.
    /// </summary>
    internal static void AssertFindsEach(Graph graph, float[][] rows, IEnumerable<int> slots, int threads)
    {
        var missed = slots.Where(slot => !Finds(graph, rows, slot)).ToList();
        var mayMiss = threads == 1 ? 0 : graph.Count / 500;
        Assert.True(missed.Count <= mayMiss, $"{threads} threads, {graph.Count} slots: missed {string.Join(", ", missed)}");
        Assert.All(missed, slot => Assert.True(Finds(graph, rows, slot, graph.Count), $"{slot} is cut off"));
    }
}
