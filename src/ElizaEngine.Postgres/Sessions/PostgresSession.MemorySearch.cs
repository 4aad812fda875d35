namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    public async Task<IReadOnlyList<Memory>> SearchMemoriesAsync(MemorySearch search, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(search);
        var scope = new SearchScope(Door.TableName(search.TableName), search.RoomId, search.WorldId, search.EntityId, search.UniqueOnly);
        var count = Door.Count(search.Count, Limits.DefaultSearchCount);
        var threshold = Door.Threshold(search.Threshold);
        var query = Door.Embedding(search.Embedding.Span);
        await CheckDimensionAsync(search.Embedding.Length, cancellationToken).ConfigureAwait(false);
        if (query is null || count == 0) return [];
        while (true)
        {
            var assumed = AssumedDimension;
            var found = await WithDimensionAsync<Memory>(
                dimension => (dimension == query.Length
                    ? SearchStatement(scope, new VectorColumn(query.Length), query, count, threshold, search.IncludeEmbeddings)
                    : Sql.Of($"{MemorySelect} FROM public.memories m WHERE false"),
                row => Rows.Memory(row) with
                {
                    Similarity = row.GetFloat(Rows.AfterMemory),
                    Embedding = search.IncludeEmbeddings ? Rows.Vector(row, Rows.AfterMemory + 1) : null,
                }),
                cancellationToken).ConfigureAwait(false);
            // It may have changed under the hands of this call; a search by a vector of the old length is refused like any other.
            if (AssumedDimension == assumed) return found;
            await CheckDimensionAsync(search.Embedding.Length, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyList<CachedEmbedding>> GetCachedEmbeddingsAsync(CachedEmbeddingQuery query, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        ArgumentNullException.ThrowIfNull(query);
        var table = Door.TableName(query.TableName);
        var count = Door.Count(query.Count, 0);
        if (query.Threshold < 0) throw new InvalidInputException("threshold", query.Threshold, "0 or more");
        var text = Door.Required(query.Input, "input");
        var input = Levenshtein.CodePoints(text);
        var field = Door.Required(query.FieldSubName, "fieldSubName");
        if (count == 0) return [];
        return await ExchangeAsync<IReadOnlyList<CachedEmbedding>>(
            CallKind.Read,
            async exchange =>
            {
                // Texts of other lengths cannot be near enough: they stay where they are.
                var texts = Statement.Of($"""
                    SELECT m.id, m.content ->> {DbValue.Text(field)} FROM public.memories m
                    WHERE m.type = {DbValue.Text(table)} AND jsonb_typeof(m.content -> {DbValue.Text(field)}) = 'string'
                        AND abs(char_length(m.content ->> {DbValue.Text(field)}) - {DbValue.Int(input.Length)}) <= {DbValue.Int(query.Threshold)}
                        AND ({VectorColumn.HasAnyOfElizaOs} OR EXISTS (SELECT FROM eliza_engine.embeddings e WHERE e.memory_id = m.id))
                    {NewestFirst}
                    """);
                var candidates = await exchange.SendAsync(new Call<List<(Guid Id, string Text)>>(
                    CallKind.Read, [texts], answer => answer.RowsAsync(static row => (row.GetGuid(0), row.GetString(1))))).ConfigureAwait(false);
                // Stable: of equal distances the newest stays first.
                var hits = candidates
                    .Select(candidate => (candidate.Id, Distance: Levenshtein.Distance(input, Levenshtein.CodePoints(candidate.Text), query.Threshold)))
                    .Where(hit => hit.Distance is not null).OrderBy(hit => hit.Distance).Take(count).ToArray();
                if (hits.Length == 0) return [];
                var vectors = await exchange.SendAsync(new Call<List<(Guid Id, ReadOnlyMemory<float> Vector)>>(
                    CallKind.Read,
                    [Sql.Of($"""
                        SELECT m.id, best.vector FROM public.memories m, LATERAL (
                            SELECT vector FROM ({VectorColumn.AllOfElizaOs} UNION ALL
                                SELECT e.dimension, e.embedding FROM eliza_engine.embeddings e WHERE e.memory_id = m.id) AS any_dimension(dimension, vector)
                            ORDER BY dimension IS DISTINCT FROM (SELECT dimension FROM eliza_engine.agent_dimensions WHERE agent_id = {DbValue.Uuid(AgentId)}), dimension
                            LIMIT 1) AS best
                        WHERE m.id = ANY({DbValue.Uuids([.. hits.Select(hit => hit.Id)])})
                        """)],
                    answer => answer.RowsAsync(static row => (row.GetGuid(0), Rows.Vector(row, 1)!.Value)))).ConfigureAwait(false);
                var byId = vectors.ToDictionary(vector => vector.Id, vector => vector.Vector);
                return [.. hits.Where(hit => byId.ContainsKey(hit.Id)).Select(hit => new CachedEmbedding(byId[hit.Id], hit.Distance!.Value))];
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Which rows of this agent a search may find.</summary>
    private readonly record struct SearchScope(string Table, Guid? RoomId, Guid? WorldId, Guid? EntityId, bool UniqueOnly);

    // Every row that matches is compared: the answer is exact.
    private Statement SearchStatement(in SearchScope scope, VectorColumn column, float[] query, int count, float? threshold, bool includeEmbeddings) => Statement.Of($"""
        WITH near AS MATERIALIZED (
            SELECT m.id, m.created_at, ({column.Value} <=> {DbValue.Vector(query)}) AS distance{(includeEmbeddings ? Sql.Of($", {column.Value} AS vector") : Sql.Empty)}
            FROM public.memories m JOIN {column.Table} e ON e.memory_id = m.id WHERE {SearchFilter(scope)} AND {column.Counts}),
        best AS (
            SELECT * FROM near WHERE {IsNear(Sql.Raw("distance"), threshold)} ORDER BY distance, created_at DESC, id DESC LIMIT {DbValue.Int(count)})
        {MemorySelect}, (1 - best.distance)::real{(includeEmbeddings ? Sql.Raw(", best.vector") : Sql.Empty)}
        FROM best JOIN public.memories m ON m.id = best.id ORDER BY best.distance, m.created_at DESC, m.id DESC
        """);

    // elizaOS' zero vectors are at no distance at all (NaN, which orders behind every number).
    private static Sql IsNear(Sql distance, float? threshold) => threshold is { } least
        ? Sql.Of($"{distance} < 'NaN' AND (1 - {distance})::real >= {DbValue.Double(least)}::real")
        : Sql.Of($"{distance} < 'NaN'");

    private Sql SearchFilter(in SearchScope scope)
    {
        var filters = new List<Sql> { Sql.Of($"m.agent_id = {DbValue.Uuid(AgentId)}"), Sql.Of($"m.type = {DbValue.Text(scope.Table)}") };
        if (scope.RoomId is { } room) filters.Add(Sql.Of($"m.room_id = {DbValue.Uuid(room)}"));
        if (scope.WorldId is { } world) filters.Add(Sql.Of($"m.world_id = {DbValue.Uuid(world)}"));
        if (scope.EntityId is { } entity) filters.Add(Sql.Of($"m.entity_id = {DbValue.Uuid(entity)}"));
        if (scope.UniqueOnly) filters.Add(Sql.Raw("""m."unique" """));
        return Sql.All(filters);
    }
}
