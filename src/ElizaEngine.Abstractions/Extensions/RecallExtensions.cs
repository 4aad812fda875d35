namespace ElizaEngine;

/// <summary>Asks how good searches are, on what is stored.</summary>
public static class RecallExtensions
{
    /// <summary>
    /// Samples stored vectors of an agent, evenly over a table, searches for each as always and exactly, and compares the answers.
    /// Stored vectors are found more easily than others: a walk that meets the vector itself has its neighbours at hand.
    /// <para>
    /// For each it searches three times, on PostgreSQL four times, and counts the memories that match: once more than it compares to be
    /// told how the search was done. To reach a vector it passes over all memories before it, so that the whole takes time in proportion
    /// to queries times memories.
    /// </para>
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="agentId">Whose memories.</param>
    /// <param name="tableName">1 to <see cref="Limits.MaxTableNameBytes"/> UTF-8 bytes.</param>
    /// <param name="queries">Vectors to search for at most; 1 or more.</param>
    /// <param name="count">How many of the nearest count; 1 or more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidInputException">A value is out of its range.</exception>
    public static async Task<RecallReport> CheckRecallAsync(
        this IDatabase database, Guid agentId, string tableName, int queries = 100, int count = 10, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        if (queries < 1) throw new InvalidInputException(nameof(queries), queries, "1 or more");
        if (count < 1) throw new InvalidInputException(nameof(count), count, "1 or more");
        var adapter = database.ForAgent(agentId);
        await using var closing = adapter.ConfigureAwait(false);
        var table = new MemoryQuery(tableName) { AgentId = agentId };
        var memories = await adapter.CountMemoriesAsync(table, cancellationToken).ConfigureAwait(false);
        var (asked, approximate, found, wanted, lowest) = (0, 0, 0, 0, 1.0);
        var parts = Math.Min(queries, memories);
        for (var i = 0; i < parts; i++)
        {
            var (from, to) = ((int)((long)i * memories / parts), (int)((i + 1L) * memories / parts));
            if (await FirstVectorAsync(adapter, table, from, to, cancellationToken).ConfigureAwait(false) is not { } embedding) continue;
            var search = new MemorySearch(tableName, embedding) { Count = count, IncludeEmbeddings = false };
            var exact = await adapter.SearchMemoriesAsync(search with { Mode = SearchMode.Exact }, cancellationToken).ConfigureAwait(false);
            var near = await adapter.SearchMemoriesAsync(search, cancellationToken).ConfigureAwait(false);
            if (exact.Count == 0) continue;
            if (!(await database.ExplainSearchAsync(agentId, search, cancellationToken).ConfigureAwait(false)).IsExact) approximate++;
            var hits = Math.Min(exact.Count, near.Count(memory => memory.Similarity >= exact[^1].Similarity));
            asked++;
            found += hits;
            wanted += exact.Count;
            lowest = Math.Min(lowest, (double)hits / exact.Count);
        }
        return new RecallReport(tableName, memories, asked, count, approximate, wanted == 0 ? 1 : (double)found / wanted, lowest);
    }

    // The first memory of a part of the table that has a vector: the others have none to search for. Mostly it is the first, which costs
    // less by itself; the others come in a stream, which does not pass over those before it again.
    private static async Task<ReadOnlyMemory<float>?> FirstVectorAsync(
        IDatabaseAdapter adapter, MemoryQuery table, int from, int to, CancellationToken cancellationToken)
    {
        var first = table with { Offset = from, Count = 1, IncludeEmbeddings = true };
        if (await adapter.GetMemoriesAsync(first, cancellationToken).ConfigureAwait(false) is [{ Embedding: { } only }]) return only;
        var others = first with { Offset = from + 1, Count = to - from - 1 };
        await foreach (var memory in adapter.StreamMemoriesAsync(others, cancellationToken).ConfigureAwait(false))
        {
            if (memory.Embedding is { } embedding) return embedding;
        }
        return null;
    }
}
