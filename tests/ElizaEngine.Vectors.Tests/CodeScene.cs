namespace ElizaEngine.Vectors.Tests;

/// <summary>Codes of given vectors, scans of them, and what the exact answer is.</summary>
internal static class CodeScene
{
    internal static int Append(Codes codes, float[] vector) => codes.Append(vector, Norm.InverseOf(vector));

    internal static Codes Fill(float[][] rows)
    {
        var codes = new Codes(rows[0].Length);
        foreach (var row in rows)
            Append(codes, row);
        return codes;
    }

    internal static Candidate[] Scan(Codes codes, float[] query, int count, float? threshold) =>
        Scan(codes, query, count, threshold, default(EverySlot));

    internal static Candidate[] Scan<TFilter>(Codes codes, float[] query, int count, float? threshold, TFilter filter)
        where TFilter : struct, ISlotFilter
    {
        var search = new CodeSearch();
        search.Begin(codes, query, Norm.InverseOf(query), count, threshold);
        search.Scan(0, codes.Count, filter);
        return search.Results().ToArray();
    }

    /// <summary>Candidates ranked exactly, as a caller does it; of equal similarities the lower slot first.</summary>
    internal static Match[] Rank(IEnumerable<Candidate> candidates, float[][] rows, float[] query, int count, float? threshold) =>
        Rank(candidates.Select(x => x.Slot), rows, query, count, threshold);

    internal static Match[] Rank(IEnumerable<int> slots, float[][] rows, float[] query, int count, float? threshold)
    {
        var searcher = new ExactSearcher(query, Norm.InverseOf(query), count, threshold, new TopMatches());
        foreach (var slot in slots)
            searcher.Add(slot, rows[slot], Norm.InverseOf(rows[slot]));
        return searcher.Results().ToArray();
    }

    internal readonly struct OneIn(int share) : ISlotFilter
    {
        public bool Accepts(int slot) => slot % share == 0;
    }
}
