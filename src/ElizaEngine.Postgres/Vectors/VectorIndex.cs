namespace ElizaEngine.Postgres;

/// <summary>
/// The graph (pgvector's HNSW, by cosine) over all vectors of one dimension, of every agent and table. It lies on the column of
/// <see cref="VectorColumn"/>, so whoever writes a vector, elizaOS too, keeps it up to date. Vectors of zeros are not in it.
/// <list type="bullet">
/// <item>Up to 2000 components it holds the vector itself; pgvector indexes no more.</item>
/// <item>
/// Above, the vector in half precision, brought to length 1 first: a half holds numbers up to 65504 only, and a write must not fail
/// for what the index cannot hold.
/// </item>
/// </list>
/// </summary>
internal readonly record struct VectorIndex(int Dimension)
{
    private const int MaxWholeDimension = 2000;

    public VectorColumn Column => new(Dimension);

    /// <summary>Whether what the index compares is less precise than the vectors.</summary>
    public bool IsHalf => Dimension > MaxWholeDimension;

    /// <summary>With its schema: an index lies in that of its table.</summary>
    public string Name => Column.IsElizaOs ? $"public.{ShortName}" : $"eliza_engine.{ShortName}";

    private string ShortName => $"eliza_embeddings_{Dimension}";

    /// <summary>
    /// Makes it while others write. 128 rather than pgvector's 64 candidates for each insertion: on clustered vectors a walk of
    /// 200 finds 0.995 of the true ten with 64, all of them with 128.
    /// </summary>
    public Sql Create => Sql.Of($"""
        CREATE INDEX CONCURRENTLY {Sql.Raw(ShortName)} ON {Column.Table} USING hnsw (({Key("")}) {Sql.Raw(IsHalf ? "halfvec_cosine_ops" : "vector_cosine_ops")})
        WITH (m = 16, ef_construction = 128){Sql.Raw(Column.IsElizaOs ? "" : $" WHERE dimension = {Dimension}")}
        """);

    public Sql Drop => Sql.Raw($"DROP INDEX CONCURRENTLY IF EXISTS {Name}");

    /// <summary>Whether it can be used, as a value; false: it is being built, or a build was broken off. Null: there is none.</summary>
    public Sql IsValid => Sql.Raw($"(SELECT i.indisvalid FROM pg_catalog.pg_index i WHERE i.indexrelid = to_regclass('{Name}'))");

    /// <summary>The distance by which the index orders rows <c>e</c>; spelled as the index is, or the server would not use it.</summary>
    public Sql Distance(DbValue query) => IsHalf
        ? Sql.Of($"{Key("e.")} <=> l2_normalize({query})::halfvec({Sql.Number(Dimension)})")
        : Sql.Of($"{Key("e.")} <=> {query}");

    private Sql Key(string alias)
    {
        var value = Column.IsElizaOs ? $"{alias}dim_{Dimension}" : $"{alias}embedding";
        return Sql.Raw(IsHalf ? $"l2_normalize({value})::halfvec({Dimension})" : Column.IsElizaOs ? value : $"{value}::vector({Dimension})");
    }
}
