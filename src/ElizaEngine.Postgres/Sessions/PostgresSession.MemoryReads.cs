using System.Runtime.CompilerServices;
using Npgsql;

namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    private static readonly Sql NewestFirst = Sql.Raw("ORDER BY m.created_at DESC, m.id DESC");

    private static readonly Sql MemorySelect = Sql.Raw($"SELECT {Rows.MemoryColumns}");

    public async Task<IReadOnlyList<Memory>> GetMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var filter = MemoryFilter(query);
        var limit = Door.Count(query.Count, int.MaxValue);
        var offset = Door.Offset(query.Offset);
        if (limit == 0) return [];
        var page = query.Count is null && offset == 0 ? Sql.Empty : Sql.Of($" LIMIT {DbValue.Int(limit)} OFFSET {DbValue.Int(offset)}");
        return await MemoriesAsync(filter, page, query.IncludeEmbeddings, cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<Memory> StreamMemoriesAsync(MemoryQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfStopped(cancellationToken);
        var filter = MemoryFilter(query);
        var limit = Door.Count(query.Count, int.MaxValue);
        var offset = Door.Offset(query.Offset);
        await foreach (var memory in StreamMemoriesAsync(filter, limit, offset, query.IncludeEmbeddings, cancellationToken).ConfigureAwait(false)) yield return memory;
    }

    public async Task<int> CountMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var filter = MemoryFilter(query);
        Door.Count(query.Count, 0);
        Door.Offset(query.Offset);
        return (int)await ScalarAsync<long>(Statement.Of($"SELECT count(*) FROM public.memories m WHERE {filter}"), cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Memory>> GetMemoriesByIdsAsync(
        IReadOnlyList<Guid> ids, string? tableName = null, bool includeEmbeddings = true, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        var table = tableName is null ? Sql.Empty : Sql.Of($" AND m.type = {DbValue.Text(Door.TableName(tableName))}");
        if (wanted.Length == 0) return [];
        return await MemoriesAsync(Sql.Of($"m.id = ANY({DbValue.Uuids(wanted)}){table}"), Sql.Empty, includeEmbeddings, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Memory>> GetMemoriesByRoomIdsAsync(
        IReadOnlyList<Guid> roomIds, string tableName, int? count = null, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(roomIds, nameof(roomIds));
        return await LatestOfRoomsAsync(Sql.Of($"{DbValue.Uuids(wanted)}"), tableName, count, wanted.Length == 0, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Memory>> GetMemoriesByWorldIdAsync(
        Guid worldId, int? count = null, string tableName = "messages", CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await LatestOfRoomsAsync(
            Sql.Of($"ARRAY(SELECT r.id FROM public.rooms r WHERE r.world_id = {DbValue.Uuid(worldId)} AND r.agent_id = {DbValue.Uuid(AgentId)})"),
            tableName,
            count,
            isEmpty: false,
            cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<Memory> StreamStaleMemoriesAsync(string tableName, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ThrowIfStopped(cancellationToken);
        var table = Door.TableName(tableName);
        var active = await GetEmbeddingDimensionAsync(cancellationToken).ConfigureAwait(false);
        var hasActive = active is { } dimension
            ? Sql.Of($"EXISTS (SELECT FROM {new VectorColumn(dimension).Table} e WHERE e.memory_id = m.id AND {new VectorColumn(dimension).Counts} AND vector_norm({new VectorColumn(dimension).Value}) > 0)")
            : Sql.Raw("false");
        var filter = Sql.Of($"""
            m.type = {DbValue.Text(table)} AND m.agent_id = {DbValue.Uuid(AgentId)} AND NOT {hasActive}
            AND ({VectorColumn.HasAnyOfElizaOs} OR EXISTS (SELECT FROM eliza_engine.embeddings e WHERE e.memory_id = m.id))
            """);
        await foreach (var memory in StreamMemoriesAsync(filter, int.MaxValue, 0, includeEmbeddings: false, cancellationToken).ConfigureAwait(false)) yield return memory;
    }

    private async Task<IReadOnlyList<Memory>> LatestOfRoomsAsync(Sql rooms, string tableName, int? count, bool isEmpty, CancellationToken cancellationToken)
    {
        var table = Door.TableName(tableName);
        var limit = Door.Count(count, int.MaxValue);
        if (limit == 0 || isEmpty) return [];
        var page = count is null ? Sql.Empty : Sql.Of($" LIMIT {DbValue.Int(limit)}");
        return await MemoriesAsync(
            Sql.Of($"m.room_id = ANY({rooms}) AND m.type = {DbValue.Text(table)} AND m.agent_id = {DbValue.Uuid(AgentId)}"), page, false, cancellationToken).ConfigureAwait(false);
    }

    private IAsyncEnumerable<Memory> StreamMemoriesAsync(Sql filter, int limit, int offset, bool includeEmbeddings, CancellationToken cancellationToken) =>
        StreamAsync<Memory>(
            (last, rows) => MemoriesAsync(
                last is null ? filter : Sql.Of($"{filter} AND (m.created_at, m.id) < ({DbValue.Timestamp(last.CreatedAt)}, {DbValue.Uuid(last.Row.Id)})"),
                last is null ? Sql.Of($" LIMIT {DbValue.Int(rows)} OFFSET {DbValue.Int(offset)}") : Sql.Of($" LIMIT {DbValue.Int(rows)}"),
                includeEmbeddings,
                static (row, memory) => new Timed<Memory>(memory, Rows.ExactTime(row, Rows.MemoryCreatedAt)),
                cancellationToken),
            limit,
            cancellationToken);

    private Task<IReadOnlyList<Memory>> MemoriesAsync(Sql filter, Sql page, bool includeEmbeddings, CancellationToken cancellationToken) =>
        MemoriesAsync(filter, page, includeEmbeddings, static (_, memory) => memory, cancellationToken);

    // Newest first.
    private async Task<IReadOnlyList<T>> MemoriesAsync<T>(
        Sql filter, Sql page, bool includeEmbeddings, Func<NpgsqlDataReader, Memory, T> result, CancellationToken cancellationToken)
    {
        if (!includeEmbeddings)
            return await RowsAsync(Statement.Of($"{MemorySelect} FROM public.memories m WHERE {filter} {NewestFirst}{page}"), Plain, cancellationToken).ConfigureAwait(false);
        return await WithDimensionAsync<T>(
            dimension => dimension is { } active
                ? (Sql.Of($"{MemorySelect}, v.vector FROM (SELECT * FROM public.memories m WHERE {filter} {NewestFirst}{page}) AS m {new VectorColumn(active).JoinTo("v")} {NewestFirst}"), WithVector)
                : (Sql.Of($"{MemorySelect} FROM public.memories m WHERE {filter} {NewestFirst}{page}"), Plain),
            cancellationToken).ConfigureAwait(false);

        T Plain(NpgsqlDataReader row) => result(row, Rows.Memory(row));
        T WithVector(NpgsqlDataReader row) => result(row, Rows.MemoryWithVector(row));
    }

    /// <summary>
    /// Reads rows by a query that depends on the active dimension. The dimension is read in the same round trip: when it is not the
    /// one assumed, the rows are read again.
    /// </summary>
    private async Task<List<T>> WithDimensionAsync<T>(Func<int?, (Statement Query, Func<NpgsqlDataReader, T> Row)> query, CancellationToken cancellationToken)
    {
        while (true)
        {
            var assumed = AssumedDimension;
            var (statement, row) = query(assumed);
            var (actual, rows) = await SendAsync(
                new Call<(int?, List<T>)>(CallKind.Read, [ReadDimension, statement], async answer =>
                {
                    var dimension = await answer.ScalarAsync<int?>().ConfigureAwait(false);
                    return (dimension, await answer.RowsAsync(row).ConfigureAwait(false));
                }),
                cancellationToken).ConfigureAwait(false);
            if (actual == assumed) return rows;
            AssumedDimension = actual;
        }
    }

    /// <summary>The conditions of a query, on a memory <c>m</c>.</summary>
    /// <exception cref="InvalidInputException">The table name is none.</exception>
    private static Sql MemoryFilter(MemoryQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var filters = new List<Sql> { Sql.Of($"m.type = {DbValue.Text(Door.TableName(query.TableName))}") };
        if (query.RoomId is { } room) filters.Add(Sql.Of($"m.room_id = {DbValue.Uuid(room)}"));
        if (query.WorldId is { } world) filters.Add(Sql.Of($"m.world_id = {DbValue.Uuid(world)}"));
        if (query.AgentId is { } agent) filters.Add(Sql.Of($"m.agent_id = {DbValue.Uuid(agent)}"));
        if (query.EntityId is { } entity) filters.Add(Sql.Of($"m.entity_id = {DbValue.Uuid(entity)}"));
        if (query.UniqueOnly) filters.Add(Sql.Raw("""m."unique" """));
        if (query.Start is not null) filters.Add(Sql.Of($"m.created_at >= {DbValue.Timestamp(Door.NotBefore(query.Start)!.Value)}"));
        // The last millisecond belongs to it whole: elizaOS' times are finer.
        if (query.End is { } end) filters.Add(Sql.Of($"m.created_at <= {DbValue.Timestamp(Door.Time(end).AddTicks(TimeSpan.TicksPerMillisecond - TimeSpan.TicksPerMicrosecond))}"));
        return Sql.All(filters);
    }
}
