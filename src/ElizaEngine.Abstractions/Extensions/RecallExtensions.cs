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
        for (var i = 0; i < Math.Min(queries, memories); i++)
        {
            var offset = (int)((long)i * memories / Math.Min(queries, memories));
            var stored = await adapter.GetMemoriesAsync(table with { Offset = offset, Count = 1, IncludeEmbeddings = true }, cancellationToken).ConfigureAwait(false);
            if (stored is not [{ Embedding: { } embedding }]) continue;
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
}
