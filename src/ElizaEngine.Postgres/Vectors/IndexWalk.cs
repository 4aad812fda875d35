namespace ElizaEngine.Postgres;

/// <summary>
/// How far a search goes through a <see cref="VectorIndex"/>, which knows nothing of filters: it looks at the nearest vectors of
/// all, in order, and keeps those whose memory matches, until it has enough. The numbers were measured on 100k clustered vectors.
/// </summary>
/// <param name="Dimension">Components of the vectors.</param>
/// <param name="Count">Rows asked for.</param>
internal readonly record struct IndexWalk(int Dimension, int Count)
{
    // pgvector's own limit.
    private const int MaxBreadth = 1000;

    // On 100k clustered vectors 40 find the true ten already; five times as many cost 0.5 ms more.
    private const int MinBreadth = 200;

    /// <summary>
    /// Matching rows that are enough: more than are asked for, since the graph's order is only nearly right, and so that it can be
    /// seen how they are spread.
    /// </summary>
    public int Hits => Count + Math.Max(20, Count / 2);

    /// <summary>Candidates that pgvector keeps in view (<c>hnsw.ef_search</c>).</summary>
    public int Breadth => Math.Max(MinBreadth, Hits);

    /// <summary>
    /// Vectors looked at before giving up. Where fewer of them match than are needed, to compare all rows that match is cheaper, and
    /// far from the query the graph is no longer to be trusted: with walks of any length recall fell to 0.76.
    /// </summary>
    public int MaxRanks => 2 * Breadth;

    /// <summary>
    /// Matching rows up to which comparing all of them costs no more than a walk. Long vectors lie outside of their rows and cost
    /// accordingly.
    /// </summary>
    public int ScanRows => Math.Min(2000, 800_000 / Dimension);

    /// <summary>Whether so many rows can be had from an index with any certainty.</summary>
    public bool IsPossible => Count <= MaxBreadth && Hits <= MaxBreadth;

    /// <summary>
    /// Settings for the transaction that a walk is sent in, as one row. Were scans of whole tables allowed, the server would make
    /// them: it does not know what it costs to fetch long vectors.
    /// </summary>
    public Statement Settings => Statement.Of($"""
        SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', {DbValue.Text(Invariant(Breadth))}, true),
            set_config('hnsw.max_scan_tuples', {DbValue.Text(Invariant(MaxRanks))}, true), set_config('enable_seqscan', 'off', true),
            {PlanSettings}
        """);

    /// <summary>
    /// Settings for a search that compares every row, as one row. A plan must fit the size of the room that it looks in, and a search
    /// is over before it could have been compiled.
    /// </summary>
    public static Statement ExactSettings => Statement.Of($"SELECT {PlanSettings}");

    private static Sql PlanSettings => Sql.Raw("set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)");

    private static string Invariant(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
