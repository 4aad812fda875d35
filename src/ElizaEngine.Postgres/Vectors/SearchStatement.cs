namespace ElizaEngine.Postgres;

/// <summary>
/// A search as one statement. Each of its rows is a memory, its similarity, its vector if asked for, and the columns of
/// <see cref="SearchFacts"/>; when nothing is found there is one row without memory.
/// </summary>
internal sealed class SearchStatement(SearchScope scope, float[] query, int count, float? threshold, bool includesVectors)
{
    private readonly Sql _filter = scope.Filter();
    private readonly DbValue _query = DbValue.Vector(query);
    private readonly VectorIndex _index = new(query.Length);

    /// <summary>Compares every row that matches. The fence around the comparisons keeps indexes out, which would not be exact.</summary>
    public Statement Exact() => Statement.Of($"""
        WITH near AS MATERIALIZED ({_index.Column.Distances(_filter, _query)}), found AS ({BestOf(Sql.Raw("near"))})
        {Answer(Sql.Raw("NULL::boolean, NULL::bigint, NULL::bigint, false, (SELECT count(*) FROM near)"))}
        """);

    /// <summary>
    /// Walks the index where that can be trusted, and else compares every row that matches; the server decides which while it runs,
    /// by what it finds:
    /// <list type="number">
    /// <item>There is no valid index, or few rows match: no walk.</item>
    /// <item>The walk did not meet enough rows that match: they are not where the query is.</item>
    /// <item>It met them late: it first passed a neighbourhood that does not match, and knows little of what lies behind.</item>
    /// <item>The last row of the answer is as far away as the last one met: others may be as near, and precede by their time.</item>
    /// </list>
    /// </summary>
    public Statement Walk(IndexWalk walk) => Statement.Of($"""
        WITH scope AS MATERIALIZED (
            SELECT count(*) AS rows, {_index.IsValid} AS index_is_valid
            FROM (SELECT FROM public.memories m WHERE {_filter} LIMIT {Sql.Number(walk.ScanRows + 1)}) AS few),
        hits AS MATERIALIZED (
            SELECT e.memory_id, e.distance, e.rank
            FROM (SELECT *, row_number() OVER () AS rank FROM (
                SELECT e.memory_id, {_index.Distance(_query)} AS distance FROM {_index.Column.Table} e WHERE {_index.Column.Counts}
                ORDER BY {_index.Distance(_query)} LIMIT {Sql.Number(walk.MaxRanks)}) AS e) AS e
            WHERE (SELECT rows > {Sql.Number(walk.ScanRows)} AND index_is_valid FROM scope)
                AND (SELECT true FROM public.memories m WHERE m.id = e.memory_id AND {_filter})
            LIMIT {Sql.Number(walk.Hits)}),
        ranked AS MATERIALIZED ({RankedHits}),
        best AS MATERIALIZED ({BestOf(Sql.Raw("ranked"))}),
        verdict AS MATERIALIZED (
            SELECT count(*) = {Sql.Number(walk.Hits)} AND avg(rank) < 0.7 * max(rank)
                AND max(distance) > coalesce((SELECT max(walked_distance) FROM best), '-infinity') AS is_walked
            FROM hits),
        near AS MATERIALIZED ({_index.Column.Distances(Sql.Of($"{_filter} AND NOT (SELECT is_walked FROM verdict)"), _query)}),
        found AS (
            SELECT id, created_at, distance FROM best WHERE (SELECT is_walked FROM verdict)
            UNION ALL SELECT id, created_at, distance FROM ({BestOf(Sql.Raw("near"))}) AS compared)
        {Answer(Sql.Raw("""
            (SELECT index_is_valid FROM scope), (SELECT rows FROM scope), (SELECT count(*) FROM hits), (SELECT is_walked FROM verdict),
            (SELECT count(*) FROM near)
            """))}
        """);

    // An index of halves gives the order nearly; the vectors themselves decide.
    private Sql RankedHits => _index.IsHalf
        ? Sql.Of($"""
            SELECT m.id, m.created_at, v.vector <=> {_query} AS distance, h.distance AS walked_distance
            FROM hits h JOIN public.memories m ON m.id = h.memory_id {_index.Column.JoinTo("v")}
            """)
        : Sql.Raw("SELECT m.id, m.created_at, h.distance, h.distance AS walked_distance FROM hits h JOIN public.memories m ON m.id = h.memory_id");

    private Sql BestOf(Sql rows) => Sql.Of($"""
        SELECT * FROM {rows} WHERE {SearchScope.IsNear(Sql.Raw("distance"), threshold)} ORDER BY distance, created_at DESC, id DESC LIMIT {DbValue.Int(count)}
        """);

    private Sql Answer(Sql facts) => Sql.Of($"""
        SELECT {Sql.Raw(Rows.MemoryColumns)}, (1 - found.distance)::real{Sql.Raw(includesVectors ? ", v.vector" : "")}, facts.*
        FROM (SELECT {facts}) AS facts(index_is_valid, scope_rows, hits, is_walked, compared)
            LEFT JOIN (found JOIN public.memories m ON m.id = found.id{(includesVectors ? Sql.Of($" {_index.Column.JoinTo("v")}") : Sql.Empty)}) ON true
        ORDER BY found.distance, m.created_at DESC, m.id DESC
        """);
}
