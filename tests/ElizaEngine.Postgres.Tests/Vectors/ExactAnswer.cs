namespace ElizaEngine.Postgres.Tests.Vectors;

/// <summary>What a search should find: computed here, in double precision, from the rows that the test has stored.</summary>
internal static class ExactAnswer
{
    public static List<(VectorRow Row, double Similarity)> Of(IEnumerable<VectorRow> rows, float[] query) =>
    [
        .. rows.Select(row => (Row: row, Similarity: Cosine(row.Vector, query)))
            .OrderByDescending(found => found.Similarity).ThenByDescending(found => found.Row.CreatedAt).ThenByDescending(found => found.Row.Id.ToString(), StringComparer.Ordinal),
    ];

    /// <summary>
    /// The share of the true best that were found. One that is as near as the last of them, to the precision of the contract, is as good.
    /// </summary>
    public static double Recall(IReadOnlyList<(VectorRow Row, double Similarity)> truth, IReadOnlyList<Memory> found, int count)
    {
        var wanted = Math.Min(count, truth.Count);
        if (wanted == 0) return 1;
        var least = truth[wanted - 1].Similarity - 1e-6;
        var similarities = truth.ToDictionary(entry => entry.Row.Id, entry => entry.Similarity);
        return (double)found.Count(memory => similarities[memory.Id] >= least) / wanted;
    }

    public static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, squaresA = 0, squaresB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            squaresA += (double)a[i] * a[i];
            squaresB += (double)b[i] * b[i];
        }
        return dot / Math.Sqrt(squaresA * squaresB);
    }
}
