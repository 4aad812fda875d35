namespace ElizaEngine.Postgres;

internal abstract partial class PostgresSession
{
    /// <summary>A memory ready to be stored: complete, its vector checked.</summary>
    /// <param name="Memory">Its <see cref="Memory.Unique"/> is null when the server is to decide.</param>
    /// <param name="Vector">Null: none was given, or all zeros.</param>
    /// <param name="VectorLength">Null: none was given.</param>
    private sealed record NewMemory(Memory Memory, float[]? Vector, int? VectorLength);

    /// <summary>What a statement that stores memories answered.</summary>
    /// <param name="Dimension">The active dimension it met.</param>
    /// <param name="Rows">The rows stored or changed: id, whether it is unique, whether it is new.</param>
    /// <param name="IsRepeated">Whether an earlier attempt may have stored rows that this one found.</param>
    private sealed record Stored(int? Dimension, List<(Guid Id, bool Unique, bool IsNew)> Rows, bool IsRepeated);

    private static readonly TableColumns<NewMemory> MemoryTable = new(
        "memories",
        new("id", items => DbValue.Uuids([.. items.Select(item => item.Memory.Id)])),
        new("type", items => DbValue.Texts([.. items.Select(item => item.Memory.TableName)])),
        new("created_at", items => DbValue.Timestamps(items.Select(item => item.Memory.CreatedAt))),
        new("content", items => DbValue.Jsons(items.Select(item => item.Memory.Content.Json))),
        new("entity_id", items => DbValue.Uuids([.. items.Select(item => item.Memory.EntityId)])),
        new("agent_id", items => DbValue.Uuids([.. items.Select(item => item.Memory.AgentId!.Value)])),
        new("room_id", items => DbValue.Uuids([.. items.Select(item => item.Memory.RoomId)])),
        new("world_id", items => DbValue.Uuids([.. items.Select(item => item.Memory.WorldId)])),
        new("\"unique\"", items => DbValue.Bools([.. items.Select(item => item.Memory.Unique ?? true)])),
        new("metadata", items => DbValue.Jsons(items.Select(item => item.Memory.Metadata!.Json))));

    public Task<IReadOnlyList<MemoryCreateResult>> CreateMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default) =>
        StoreMemoriesAsync(memories, tableName, isUpsert: false, cancellationToken);

    public Task<IReadOnlyList<MemoryCreateResult>> UpsertMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default) =>
        StoreMemoriesAsync(memories, tableName, isUpsert: true, cancellationToken);

    public async Task<int> UpdateMemoriesAsync(IReadOnlyList<MemoryUpdate> updates, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var items = Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check);
        if (items.Length == 0) return 0;
        var vectors = Array.ConvertAll(items, item => item.Embedding is { } embedding ? Door.Embedding(embedding.Span) : null);
        var isGuarded = Array.Exists(items, item => item.Embedding is not null);
        return await WithActiveDimensionAsync(
            Array.ConvertAll(items, item => item.Embedding?.Length),
            async exchange =>
            {
                var there = await ExistingAsync(exchange, [.. items.Select(item => item.Id).Distinct()]).ConfigureAwait(false);
                return [.. items.Select((item, i) => vectors[i] is not null && there.Contains(item.Id))];
            },
            (dimension, setBy) =>
            {
                var statements = Array.ConvertAll(PlacesById(items, item => item.Id), place => Update(
                    place < setBy && vectors[place] is null ? items[place] with { Embedding = null } : items[place],
                    vectors[place], dimension, items.Length > 1));
                return new Call<(int?, int)>(CallKind.Repeatable, statements, async answer =>
                {
                    var stored = new List<Stored>();
                    foreach (var _ in statements) stored.Add(await StoredAsync(answer).ConfigureAwait(false));
                    return (Met(dimension, stored), stored.SelectMany(one => one.Rows).DistinctBy(row => row.Id).Count());
                });
            },
            static _ => [],
            cancellationToken).ConfigureAwait(false);

        Statement Update(MemoryUpdate item, float[]? vector, int? dimension, bool isOneOfMany)
        {
            var id = DbValue.Uuid(item.Id);
            var guard = Guard(dimension, isGuarded);
            Sql[] changes =
            [
                .. Set("content", item.Content is { } content ? DbValue.Json(content.Json) : null),
                .. Set("metadata", item.Metadata is { } metadata ? DbValue.Json(metadata.Json) : null),
            ];
            // A vector alone leaves the memory's own row as it is.
            var found = changes.Length == 0
                ? Sql.Of($"SELECT id FROM public.memories WHERE id = {id} AND {guard}")
                : Sql.Of($"UPDATE public.memories SET {Sql.Join(", ", changes)} WHERE id = {id} AND {guard} RETURNING id");
            return Statement.Of($"""
                WITH active AS ({ActiveDimension(isGuarded && (isOneOfMany || IsTransaction))}),
                    stored AS ({found}){VectorChange(dimension, item.Embedding is not null, vector)}
                SELECT dimension, NULL::uuid, NULL::boolean, NULL::boolean FROM active UNION ALL SELECT NULL, id, true, false FROM stored
                """);
        }
    }

    public async Task<int> DeleteMemoriesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        if (wanted.Length == 0) return 0;
        return await DeleteWithFragmentsAsync(
            Sql.Of($"m.id = ANY({DbValue.Uuids(wanted)})"), Sql.Of($"SELECT unnest({DbValue.Uuids(wanted)})::text"), cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> DeleteAllMemoriesAsync(IReadOnlyList<Guid> roomIds, string tableName, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        var rooms = DistinctIds(roomIds, nameof(roomIds));
        var table = Door.TableName(tableName);
        if (rooms.Length == 0) return 0;
        return await DeleteWithFragmentsAsync(
            Sql.Of($"m.room_id = ANY({DbValue.Uuids(rooms)}) AND m.type = {DbValue.Text(table)}"),
            Sql.Raw("SELECT id::text FROM doomed"),
            cancellationToken).ConfigureAwait(false);
    }

    // The fragments of this agent that name one of the documents, there or not, go too, one level deep.
    private async Task<int> DeleteWithFragmentsAsync(Sql condition, Sql documents, CancellationToken cancellationToken) => (int)await SendAsync(
        new Call<long>(
            CallKind.Counted,
            [Sql.Of($"""
                WITH doomed AS MATERIALIZED (SELECT m.id FROM public.memories m WHERE {condition}),
                    gone AS (
                        DELETE FROM public.memories WHERE id IN (
                            SELECT id FROM doomed
                            UNION SELECT f.id FROM public.memories f
                            WHERE f.agent_id = {DbValue.Uuid(AgentId)} AND f.metadata ->> 'documentId' IS NOT NULL
                                AND lower(f.metadata ->> 'documentId') IN ({documents}))
                        RETURNING 1)
                SELECT count(*) FROM gone
                """)],
            answer => answer.ScalarAsync<long>()),
        cancellationToken).ConfigureAwait(false);

    private async Task<IReadOnlyList<MemoryCreateResult>> StoreMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, bool isUpsert, CancellationToken cancellationToken)
    {
        using var underWay = Enter(cancellationToken);
        var table = Door.TableName(tableName);
        var now = Now;
        var items = Array.ConvertAll(Door.List(memories, nameof(memories)), memory => Prepare(memory, table, now));
        if (items.Length == 0) return [];
        var stored = await WithActiveDimensionAsync(
            Array.ConvertAll(items, item => item.VectorLength),
            async exchange =>
            {
                var there = await ExistingAsync(exchange, [.. items.Select(item => item.Memory.Id).Distinct()]).ConfigureAwait(false);
                // Whether each is new comes first: a later item of the same id is not, with a vector or without.
                return Array.ConvertAll(items, item => (there.Add(item.Memory.Id) || isUpsert) && item.Vector is not null);
            },
            (dimension, setBy) => StoreCall(setBy is { } place ? WithFirstVector(items, place) : items, isUpsert, dimension),
            // A later item of the same id finds the first there, and names nothing.
            count => items.Take(count).DistinctBy(item => item.Memory.Id).SelectMany(item => ReferencesOf(item.Memory)),
            cancellationToken).ConfigureAwait(false);
        return await ResultsAsync(items, stored, cancellationToken).ConfigureAwait(false);
    }

    private NewMemory Prepare(Memory memory, string table, DateTimeOffset now)
    {
        var complete = Complete.Memory(memory, table, AgentId, now);
        var vector = memory.Embedding is { } embedding ? Door.Embedding(embedding.Span) : null;
        return new NewMemory(vector is null ? complete with { Unique = complete.Unique ?? true } : complete, vector, memory.Embedding?.Length);
    }

    // Nothing of this agent can resemble its first vector. The items before that one store none: with zeros there is nothing to remove
    // yet, and one with another vector, of whatever length, is there already.
    private static NewMemory[] WithFirstVector(NewMemory[] items, int first) => [.. items.Select((item, place) =>
    {
        if (place > first) return item;
        var decided = item with { Memory = item.Memory with { Unique = item.Memory.Unique ?? true } };
        return place == first ? decided : decided with { Vector = null, VectorLength = null };
    })];

    // What is there stays until the write is done. A snapshot keeps it anyway.
    private async Task<HashSet<Guid>> ExistingAsync(IExchange exchange, Guid[] ids) => [.. await exchange.SendAsync(new Call<List<Guid>>(
        CallKind.Read,
        [Sql.Of($"SELECT id FROM public.memories WHERE id = ANY({DbValue.Uuids(ids)}){Sql.Raw(IsTransaction ? "" : " ORDER BY id FOR KEY SHARE")}")],
        answer => answer.RowsAsync(static row => row.GetGuid(0)))).ConfigureAwait(false)];

    /// <summary>
    /// One statement for all where it can be; several where they are too long for one, and one for each where an item rests on those
    /// before it.
    /// </summary>
    private Call<(int?, List<Stored>)> StoreCall(NewMemory[] items, bool isUpsert, int? dimension)
    {
        var isGuarded = Array.Exists(items, item => item.VectorLength is not null);
        var isOneByOne = isUpsert || Array.Exists(items, item => item.Memory.Unique is null);
        // Where the server decides whether one is unique it looks at those before it: only then they stay as they were given.
        var inOrder = Array.Exists(items, item => item.Memory.Unique is null) ? items : [.. items.OrderBy(item => item.Memory.Id)];
        var statements = isOneByOne
            ? Array.ConvertAll(inOrder, item => StoreStatement([item], isUpsert, dimension, isGuarded, items.Length > 1))
            : StoreParts([.. inOrder.DistinctBy(item => item.Memory.Id)]);
        return new Call<(int?, List<Stored>)>(CallKind.Repeatable, statements, async answer =>
        {
            var stored = new List<Stored>();
            foreach (var _ in statements) stored.Add(await StoredAsync(answer).ConfigureAwait(false));
            return (Met(dimension, stored), stored);
        });

        Statement[] StoreParts(NewMemory[] rows) =>
            InParts(rows, part => StoreStatement(part, isUpsert: false, dimension, isGuarded, isOneOfMany: part.Length < rows.Length));
    }

    private Statement StoreStatement(NewMemory[] items, bool isUpsert, int? dimension, bool isGuarded, bool isOneOfMany)
    {
        var conflict = isUpsert
            ? Sql.Raw("DO UPDATE SET content = excluded.content, metadata = excluded.metadata")
            : Sql.Raw("DO NOTHING");
        // In a transaction a row that its snapshot shows is changed and not inserted: whoever removed it meanwhile has won.
        var changed = isUpsert && IsTransaction
            ? Sql.Of($"""
                changed AS (
                    UPDATE public.memories SET content = {DbValue.Json(items[0].Memory.Content.Json)}, metadata = {DbValue.Json(items[0].Memory.Metadata!.Json)}
                    WHERE id = {DbValue.Uuid(items[0].Memory.Id)} AND {Guard(dimension, isGuarded)} RETURNING id, "unique", false AS is_new),
                """)
            : Sql.Empty;
        var stored = isUpsert && IsTransaction ? Sql.Raw("SELECT * FROM changed UNION ALL SELECT * FROM inserted") : Sql.Raw("SELECT * FROM inserted");
        var vectors = items.Length == 1
            ? VectorChange(dimension, items[0].VectorLength is not null, items[0].Vector)
            : dimension is { } active && isGuarded
                ? new VectorColumn(active).Put(IsTransaction, Sql.Of($"""
                    SELECT s.id, v.vector
                    FROM stored s JOIN unnest({DbValue.Uuids([.. items.Select(item => item.Memory.Id)])}, {DbValue.Vectors(items.Select(item => item.Vector))}) AS v(id, vector) ON v.id = s.id
                    WHERE v.vector IS NOT NULL
                    """))
                : Sql.Empty;
        return Statement.Of($"""
            WITH active AS ({ActiveDimension(isGuarded && (isOneOfMany || IsTransaction))}),
                {changed}inserted AS ({Insert(items, dimension, isGuarded)}ON CONFLICT (id) {conflict} RETURNING id, "unique", xmax = 0 AS is_new),
                stored AS ({stored}){vectors}
            SELECT dimension, NULL::uuid, NULL::boolean, NULL::boolean FROM active UNION ALL SELECT NULL, id, "unique", is_new FROM stored
            """);
    }

    private Sql Insert(NewMemory[] items, int? dimension, bool isGuarded)
    {
        var condition = IsTransaction ? Sql.Of($"{Guard(dimension, isGuarded)} AND {MemoryTable.IsAbsent}") : Guard(dimension, isGuarded);
        if (items is not [{ Memory.Unique: null, Vector: { } vector } item] || dimension is not { } active) return MemoryTable.Insert(items, condition);
        // Whether it is a near-duplicate is decided where the rows are.
        var memory = item.Memory;
        var column = new VectorColumn(active);
        var scope = new SearchScope(AgentId, memory.TableName!, memory.RoomId, memory.WorldId, memory.EntityId, UniqueOnly: false);
        return MemoryTable.Insert(items, condition, "\"unique\"", Sql.Of($"""
            NOT EXISTS (
                SELECT FROM public.memories m JOIN {column.Table} e ON e.memory_id = m.id
                WHERE {scope.Filter()} AND {SearchScope.IsNear(Sql.Of($"({column.Value} <=> {DbValue.Vector(vector)})"), Limits.DuplicateSimilarity)} AND {column.Counts})
            """));
    }

    // The new vector of the one memory that was stored, or its removal.
    private Sql VectorChange(int? dimension, bool isGiven, float[]? vector)
    {
        if (!isGiven || dimension is not { } active) return Sql.Empty;
        var column = new VectorColumn(active);
        return vector is null
            ? column.Drop(Sql.Raw("SELECT id FROM stored"))
            : column.Put(IsTransaction, Sql.Of($"SELECT s.id, {DbValue.Vector(vector)} AS vector FROM stored s"));
    }

    // The first row is of the dimension, if there is one; the others are of memories.
    private static async Task<Stored> StoredAsync(Answer answer)
    {
        var rows = await answer.RowsAsync(static row => row.IsDBNull(1)
            ? (Dimension: row.GetInt32(0), Stored: default)
            : (Dimension: (int?)null, Stored: (Id: row.GetGuid(1), Unique: row.GetBoolean(2), IsNew: row.GetBoolean(3)))).ConfigureAwait(false);
        return new Stored(
            rows.Find(row => row.Dimension is not null).Dimension,
            [.. rows.Where(row => row.Dimension is null).Select(row => row.Stored)],
            answer.IsRepeated);
    }

    // What a row that was there holds is only known to the server; it is asked when there is one.
    private async Task<IReadOnlyList<MemoryCreateResult>> ResultsAsync(NewMemory[] items, List<Stored> stored, CancellationToken cancellationToken)
    {
        var rows = stored.SelectMany(answer => answer.Rows).GroupBy(row => row.Id).ToDictionary(group => group.Key, group => group.First());
        Guid[] unknown = [.. items.Select(item => item.Memory.Id).Where(id => !rows.ContainsKey(id)).Distinct()];
        var existing = unknown.Length == 0
            ? []
            : (await RowsAfterWriteAsync(
                Statement.Of($"""SELECT id, "unique" FROM public.memories WHERE id = ANY({DbValue.Uuids(unknown)})"""),
                static row => (Id: row.GetGuid(0), Unique: row.GetBoolean(1)),
                cancellationToken).ConfigureAwait(false)).ToDictionary(row => row.Id, row => row.Unique);
        var isNew = rows.Values.Where(row => row.IsNew).Select(row => row.Id).ToHashSet();
        // What an earlier attempt at this call stored is new too; see ResultsAsync of the other tables.
        if (stored[^1].IsRepeated) isNew.UnionWith(await StoredIdsAsync(MemoryTable, items, cancellationToken).ConfigureAwait(false));
        return Array.ConvertAll(items, item => new MemoryCreateResult(
            item.Memory.Id,
            isNew.Remove(item.Memory.Id) ? CreateOutcome.Created : CreateOutcome.Existed,
            rows.TryGetValue(item.Memory.Id, out var row) ? row.Unique : existing.GetValueOrDefault(item.Memory.Id, true)));
    }

    private static IEnumerable<Reference> ReferencesOf(Memory memory) =>
    [
        new("agents", memory.AgentId!.Value, "memories.agentId", memory.Id),
        .. Reference.Of("entities", memory.EntityId, "memories.entityId", memory.Id),
        .. Reference.Of("rooms", memory.RoomId, "memories.roomId", memory.Id),
    ];
}
