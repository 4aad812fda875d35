namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    public async Task<IReadOnlyList<Memory>> SearchMemoriesAsync(MemorySearch search, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var prepared = await PrepareAsync(search, cancellationToken).ConfigureAwait(false);
        if (prepared is not { Query: { } query, Count: > 0 }) return [];
        while (await IsActiveAsync(query.Length, cancellationToken).ConfigureAwait(false))
        {
            var plan = Plan(prepared);
            var isForIndex = search.Mode == SearchMode.Auto && plan.Walk.IsPossible;
            var call = new Call<(int?, SearchFacts, List<Memory>)>(CallKind.Read, [ReadDimension, .. Alone(plan)], async answer =>
            {
                var dimension = await answer.ScalarAsync<int?>().ConfigureAwait(false);
                await answer.ScalarAsync<string>().ConfigureAwait(false);
                var (facts, found) = await FoundAsync(answer, prepared.IncludesVectors).ConfigureAwait(false);
                return (dimension, facts, found);
            });
            try
            {
                var (dimension, facts, found) = await SendAsync(call, cancellationToken).ConfigureAwait(false);
                AssumedDimension = dimension;
                if (isForIndex) Indexes.Learn(query.Length, facts);
                // It may have changed under the hands of this call; a search by a vector of the old length is refused like any other.
                if (dimension == query.Length) return found;
            }
            catch (CallTimedOutException) when (isForIndex)
            {
                // A table that is too large to be compared at all needs an index most.
                Indexes.LearnOfTimeout(query.Length, prepared.Scope);
                throw;
            }
        }
        return [];
    }

    /// <summary>Makes a search and tells how. Errors are those of the search.</summary>
    public async Task<SearchPlan> ExplainSearchAsync(MemorySearch search, CancellationToken cancellationToken)
    {
        using var underWay = Enter(cancellationToken);
        var prepared = await PrepareAsync(search, cancellationToken).ConfigureAwait(false);
        if (prepared.Query is not { } query) return SearchPlan.Nothing("A query of zeros finds nothing.");
        if (prepared.Count == 0) return SearchPlan.Nothing("No rows are asked for.");
        if (!await IsActiveAsync(query.Length, cancellationToken).ConfigureAwait(false)) return SearchPlan.Nothing("No vector has been stored yet.");
        var plan = Plan(prepared);
        var explain = plan.Statement with { Text = "EXPLAIN (ANALYZE) " + plan.Statement.Text };
        var count = Statement.Of($"SELECT count(*) FROM public.memories m WHERE {prepared.Scope.Filter()}");
        var (eligible, facts, lines) = await SendAsync(
            new Call<(long, SearchFacts, List<string>)>(CallKind.Read, [count, plan.Settings, plan.Statement, explain], async answer =>
            {
                var eligible = await answer.ScalarAsync<long>().ConfigureAwait(false);
                await answer.ScalarAsync<string>().ConfigureAwait(false);
                var (facts, _) = await FoundAsync(answer, prepared.IncludesVectors).ConfigureAwait(false);
                return (eligible, facts, await answer.RowsAsync(static row => row.GetString(0)).ConfigureAwait(false));
            }),
            cancellationToken).ConfigureAwait(false);
        return plan.Explain(facts, eligible, Indexes.FailureOf(query.Length), lines);
    }

    public async Task<IReadOnlyList<CachedEmbedding>> GetCachedEmbeddingsAsync(CachedEmbeddingQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
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
                // Compared as they come: of a text only its distance is kept.
                var candidates = await exchange.SendAsync(new Call<List<(Guid Id, int? Distance)>>(
                    CallKind.Read,
                    [texts],
                    answer => answer.RowsAsync(row => (
                        row.GetGuid(0),
                        Levenshtein.Distance(input, Levenshtein.CodePoints(row.GetString(1)), query.Threshold, cancellationToken))))).ConfigureAwait(false);
                // Stable: of equal distances the newest stays first.
                var hits = candidates.Where(hit => hit.Distance is not null).OrderBy(hit => hit.Distance).Take(count).ToArray();
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

    private async Task<PreparedSearch> PrepareAsync(MemorySearch search, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(search);
        var scope = new SearchScope(AgentId, Door.TableName(search.TableName), search.RoomId, search.WorldId, search.EntityId, search.UniqueOnly);
        var count = Door.Count(search.Count, Limits.DefaultSearchCount);
        var threshold = Door.Threshold(search.Threshold);
        var query = Door.Embedding(search.Embedding.Span);
        await CheckDimensionAsync(search.Embedding.Length, cancellationToken, isLast: query is null || count == 0).ConfigureAwait(false);
        return new PreparedSearch(scope, query, count, threshold, search.IncludeEmbeddings, search.Mode);
    }

    /// <summary>Whether a length is that of the active dimension; false: there is none yet.</summary>
    /// <exception cref="DimensionMismatchException">It is that of another one.</exception>
    private async Task<bool> IsActiveAsync(int length, CancellationToken cancellationToken)
    {
        var active = AssumedDimension ?? await ReadDimensionAsync(cancellationToken).ConfigureAwait(false);
        await CheckDimensionAsync(length, cancellationToken).ConfigureAwait(false);
        return active is not null;
    }

    private SearchDecision Plan(PreparedSearch search) => SearchDecision.Of(search, Indexes.MayExist(search.Query!.Length));

    // A transaction would keep the settings until its end.
    private Statement[] Alone(SearchDecision plan) => IsTransaction
        ?
        [
            Statement.Of($"SAVEPOINT eliza_search"), plan.Settings, plan.Statement,
            Statement.Of($"ROLLBACK TO SAVEPOINT eliza_search"), Statement.Of($"RELEASE SAVEPOINT eliza_search"),
        ]
        : [plan.Settings, plan.Statement];

    private static async Task<(SearchFacts Facts, List<Memory> Found)> FoundAsync(Answer answer, bool includesVectors)
    {
        var rows = await answer.RowsAsync(row => (
            Facts: SearchFacts.Read(row, Rows.AfterMemory + (includesVectors ? 2 : 1)),
            Memory: row.IsDBNull(0)
                ? null
                : Rows.Memory(row) with
                {
                    Similarity = row.GetFloat(Rows.AfterMemory),
                    Embedding = includesVectors ? Rows.Vector(row, Rows.AfterMemory + 1) : null,
                })).ConfigureAwait(false);
        return (rows[0].Facts, [.. rows.Select(row => row.Memory).OfType<Memory>()]);
    }
}
