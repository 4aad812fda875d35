namespace ElizaEngine.Postgres;

/// <summary>
/// Where vectors of one dimension lie. elizaOS has a column for six dimensions, in a row that a memory may have twice: the newest
/// one that holds a vector counts, of two equally new the one with the larger id. Any other dimension lies in a table of ours,
/// where a memory has one row for each.
/// </summary>
internal readonly record struct VectorColumn(int Dimension)
{
    private static readonly int[] ElizaDimensions = [384, 512, 768, 1024, 1536, 3072];

    /// <summary>Conditions that a memory <c>m</c> has a vector other than zero in elizaOS' columns, of any dimension.</summary>
    public static Sql HasAnyOfElizaOs => Sql.Raw(
        $"EXISTS (SELECT FROM public.embeddings e WHERE e.memory_id = m.id AND ({string.Join(" OR ", ElizaDimensions.Select(dimension => $"vector_norm(e.dim_{dimension}) > 0"))}))");

    /// <summary>The vectors of a memory <c>m</c> in elizaOS' columns, smallest dimension first, as rows (dimension, vector).</summary>
    public static Sql AllOfElizaOs => Sql.Join(
        " UNION ALL ", ElizaDimensions.Select(dimension => Sql.Of($"(SELECT {Sql.Number(dimension)} AS dimension, v.vector FROM (SELECT) AS one {new VectorColumn(dimension).JoinTo("v")} WHERE vector_norm(v.vector) > 0)")));

    public bool IsElizaOs => ElizaDimensions.Contains(Dimension);

    /// <summary>The vector itself, of a row <c>e</c> of <see cref="Table"/>.</summary>
    public Sql Value => Sql.Raw(IsElizaOs ? $"e.dim_{Dimension}" : "e.embedding");

    public Sql Table => Sql.Raw(IsElizaOs ? "public.embeddings" : "eliza_engine.embeddings");

    /// <summary>That a row <c>e</c> of <see cref="Table"/> holds the vector that counts for its memory. Asked row by row, last.</summary>
    public Sql Counts => Sql.Raw(IsElizaOs
        ? $"""
            e.dim_{Dimension} IS NOT NULL AND e.id = (
                SELECT n.id FROM public.embeddings n WHERE n.memory_id = e.memory_id AND n.dim_{Dimension} IS NOT NULL
                ORDER BY n.created_at DESC, n.id DESC LIMIT 1)
            """
        : $"e.dimension = {Dimension}");

    /// <summary>
    /// The memories <c>m</c> that pass a filter and have a vector, each compared with <paramref name="query"/>, as rows (id,
    /// created_at, distance). The distance to a vector of zeros, which elizaOS stores for "none", is NaN.
    /// </summary>
    public Sql Distances(Sql filter, DbValue query) => IsElizaOs
        ? Sql.Of($"""
            SELECT DISTINCT ON (m.id) m.id, m.created_at, {Value} <=> {query} AS distance
            FROM public.memories m JOIN public.embeddings e ON e.memory_id = m.id WHERE {filter} AND {Value} IS NOT NULL
            ORDER BY m.id, e.created_at DESC, e.id DESC
            """)
        : Sql.Of($"""
            SELECT m.id, m.created_at, {Value} <=> {query} AS distance
            FROM public.memories m JOIN eliza_engine.embeddings e ON e.memory_id = m.id WHERE {filter} AND e.dimension = {Sql.Number(Dimension)}
            """);

    /// <summary>Whether at least so many memories <c>m</c> pass a filter and have a vector. Counts no further.</summary>
    public Statement HasAtLeast(int rows, Sql filter) => Statement.Of($"""
        SELECT count(*) = {DbValue.Int(rows)} FROM (
            SELECT FROM public.memories m WHERE {filter} AND EXISTS (
                SELECT FROM {Table} e WHERE e.memory_id = m.id AND {(IsElizaOs ? Sql.Of($"{Value} IS NOT NULL") : Counts)})
            LIMIT {DbValue.Int(rows)}) AS matching
        """);

    /// <summary>Joins a memory <c>m</c> to its vector, null for none, as the column <c>vector</c> of an alias.</summary>
    public Sql JoinTo(string alias) => Sql.Raw(IsElizaOs
        ? $"""
            LEFT JOIN LATERAL (
                SELECT e.dim_{Dimension} AS vector FROM public.embeddings e WHERE e.memory_id = m.id AND e.dim_{Dimension} IS NOT NULL
                ORDER BY e.created_at DESC, e.id DESC LIMIT 1) AS {alias} ON true
            """
        : $"""
            LEFT JOIN LATERAL (
                SELECT e.embedding AS vector FROM eliza_engine.embeddings e WHERE e.memory_id = m.id AND e.dimension = {Dimension}) AS {alias} ON true
            """);

    /// <summary>
    /// Stores vectors: a part of a statement's <c>WITH</c>, that begins with a comma. <paramref name="rows"/> has the columns
    /// <c>id</c>, a memory that is there, and <c>vector</c>, each id once. A row of ours has its memory's id, so that two writers of
    /// a first vector meet. Where a snapshot says which rows are there, one that it shows is changed and not inserted.
    /// </summary>
    public Sql Put(bool isSnapshot, Sql rows) => (IsElizaOs, isSnapshot) switch
    {
        (true, false) => Sql.Of($"""
            , p AS ({RowsOfElizaOs(rows)}),
            placed AS (
                INSERT INTO public.embeddings (id, memory_id, created_at, {Name})
                SELECT coalesce(p.row_id, p.id), p.id, {UtcNow}, p.vector FROM p
                ON CONFLICT (id) DO UPDATE SET {Name} = excluded.{Name})
            """),
        (true, true) => Sql.Of($"""
            , p AS ({RowsOfElizaOs(rows)}),
            replaced AS (UPDATE public.embeddings e SET {Name} = p.vector FROM p WHERE e.id = p.row_id RETURNING e.memory_id),
            placed AS (
                INSERT INTO public.embeddings (id, memory_id, created_at, {Name})
                SELECT p.id, p.id, {UtcNow}, p.vector FROM p WHERE p.id NOT IN (SELECT memory_id FROM replaced))
            """),
        (false, true) => Sql.Of($"""
            , p AS ({rows}),
            replaced AS (
                UPDATE eliza_engine.embeddings e SET embedding = p.vector FROM p
                WHERE e.memory_id = p.id AND e.dimension = {Sql.Number(Dimension)} RETURNING e.memory_id),
            placed AS (
                INSERT INTO eliza_engine.embeddings (memory_id, dimension, embedding)
                SELECT p.id, {Sql.Number(Dimension)}, p.vector FROM p WHERE p.id NOT IN (SELECT memory_id FROM replaced))
            """),
        _ => Sql.Of($"""
            , placed AS (
                INSERT INTO eliza_engine.embeddings (memory_id, dimension, embedding)
                SELECT p.id, {Sql.Number(Dimension)}, p.vector FROM ({rows}) AS p
                ON CONFLICT (memory_id, dimension) DO UPDATE SET embedding = excluded.embedding)
            """),
    };

    /// <summary>
    /// Removes the vectors of the memories whose ids the query gives: a part like that of <see cref="Put"/>. elizaOS takes a row
    /// without any vector for the best match of all, so none is left behind.
    /// </summary>
    public Sql Drop(Sql ids)
    {
        if (!IsElizaOs) return Sql.Of($", dropped AS (DELETE FROM eliza_engine.embeddings WHERE memory_id IN ({ids}) AND dimension = {Sql.Number(Dimension)})");
        var dimension = Dimension;
        var others = Sql.Raw(string.Join(", ", ElizaDimensions.Where(other => other != dimension).Select(other => $"dim_{other}")));
        return Sql.Of($"""
            , emptied AS (DELETE FROM public.embeddings WHERE memory_id IN ({ids}) AND {Name} IS NOT NULL AND num_nonnulls({others}) = 0),
            dropped AS (UPDATE public.embeddings SET {Name} = NULL WHERE memory_id IN ({ids}) AND {Name} IS NOT NULL AND num_nonnulls({others}) > 0)
            """);
    }

    private static Sql UtcNow => Sql.Raw("clock_timestamp() AT TIME ZONE 'UTC'");

    // The vectors to be stored, each with the newest row that its memory has.
    private static Sql RowsOfElizaOs(Sql rows) => Sql.Of($"""
        SELECT given.id, given.vector,
            (SELECT e.id FROM public.embeddings e WHERE e.memory_id = given.id ORDER BY e.created_at DESC, e.id DESC LIMIT 1) AS row_id
        FROM ({rows}) AS given
        """);

    private Sql Name => Sql.Raw($"dim_{Dimension}");
}
