using ElizaEngine.Storage;
using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    /// <summary>A memory ready to be stored: complete, encoded, its vector checked.</summary>
    private readonly record struct NewMemory(Memory Memory, NewVector? Vector, int? VectorLength);

    /// <summary>A vector ready to be stored, measured once, before the gate is taken.</summary>
    private sealed record NewVector(float[] Floats, float InverseNorm)
    {
        /// <summary>Null: none was given, or all zeros.</summary>
        public static NewVector? Of(ReadOnlyMemory<float>? embedding)
        {
            if (embedding is not { } given) return null;
            // Measured is what is stored: the caller may write into his own meanwhile.
            var own = given.Length <= Limits.MaxDimension ? given.ToArray() : Door.Embedding(given.Span)!;
            var norm = Norm.Of(own);
            // As Norm.InverseOf, of the same norm.
            return Door.MeasuredEmbedding(own, norm) is { } floats ? new NewVector(floats, (float)(1 / norm)) : null;
        }
    }

    public Task<IReadOnlyList<MemoryCreateResult>> CreateMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default) =>
        StoreMemories(memories, tableName, isUpsert: false, cancellationToken);

    public Task<IReadOnlyList<MemoryCreateResult>> UpsertMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default) =>
        StoreMemories(memories, tableName, isUpsert: true, cancellationToken);

    public async Task<int> UpdateMemoriesAsync(IReadOnlyList<MemoryUpdate> updates, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        var items = Array.ConvertAll(Door.List(updates, nameof(updates)), Complete.Check);
        if (items.Length == 0) return 0;
        var vectors = Array.ConvertAll(items, item => NewVector.Of(item.Embedding));
        // The vector of a memory usually comes alone, right after the memory: then its size is known.
        var isVectorOnly = items.Length == Single && items[0] is { Content: null, Metadata: null };
        return await Change(
            draft =>
            {
                var found = new HashSet<Id>();
                for (var i = 0; i < items.Length; i++)
                {
                    CheckDimension(draft.State, items[i].Embedding?.Length);
                    if (draft.State.Memories.Find(items[i].Id) is not { } row) continue;
                    found.Add(row.Id);
                    if (items[i].Content is not null || items[i].Metadata is not null) ChangeContent(draft, row, items[i]);
                    if (items[i].Embedding is not null) ChangeVector(draft, row, vectors[i]);
                }
                return found.Count;
            },
            cancellationToken,
            isVectorOnly ? VectorBytes(vectors[0]) : null).ConfigureAwait(false);
    }

    public async Task<int> DeleteMemoriesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        var wanted = Door.List(ids, nameof(ids)).Select(static id => (Id)id).Distinct().ToArray();
        if (wanted.Length == 0) return 0;
        return await Change(
            draft => DeleteWithFragments(draft, [.. wanted.Select(id => draft.State.Memories.Find(id)).OfType<MemoryRow>()], wanted),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Deletes memories of a table, of all agents, that were created longer ago than they may live, each with its fragments: the oldest,
    /// and so many rows at most. True: more of them are left.
    /// </summary>
    internal async Task<bool> DeleteExpiredMemoriesAsync(
        string tableName, TimeSpan lifetime, int rowsMax, CancellationToken cancellationToken)
    {
        Enter(cancellationToken);
        var table = Shared.NumberOf(Door.TableName(tableName));
        var now = Now;
        if (table == 0 || lifetime > now - DateTimeOffset.MinValue) return false;
        var oldest = Rows.ToMs(Door.NotBefore(now - lifetime));
        // Most of the time there is none, and no writer need wait to hear that.
        using (var scope = BeginRead())
        {
            if (!Expired(scope.View.State).Any()) return false;
        }
        return await Change(
            draft =>
            {
                var doomed = new HashSet<MemoryRow>();
                var areLeft = false;
                foreach (var document in Expired(draft.State))
                {
                    // Those that have expired themselves, as a document that names itself has, come with fragments of their own.
                    var fragments = FragmentsOf(document.Id, document.AgentId, draft.State)
                        .Where(row => row.TableNumber != table || row.CreatedMs > oldest).Take(rowsMax).ToList();
                    areLeft = doomed.Count + fragments.Count + 1 > rowsMax;
                    if (areLeft && doomed.Count > 0) break;
                    doomed.UnionWith(fragments);
                    // A document with too many for any call loses them in parts first. A crash in between leaves it with fewer
                    // fragments, and the next round, of which it is still the first, ends it.
                    if (areLeft) break;
                    doomed.Add(document);
                }
                draft.Delete(Table.Memories, doomed);
                return areLeft;
            },
            cancellationToken).ConfigureAwait(false);

        IEnumerable<MemoryRow> Expired(DatabaseState state)
        {
            foreach (var row in state.MemoriesByTable.Ascend(new TableMemoryKey(table, long.MinValue, Id.Min)))
            {
                if (row.TableNumber != table || row.CreatedMs > oldest) yield break;
                yield return row;
            }
        }
    }

    public async Task<int> DeleteAllMemoriesAsync(IReadOnlyList<Guid> roomIds, string tableName, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        var rooms = Door.List(roomIds, nameof(roomIds)).Distinct().ToArray();
        var table = Shared.NumberOf(Door.TableName(tableName));
        if (rooms.Length == 0) return 0;
        return await Change(
            draft =>
            {
                var rows = new List<MemoryRow>();
                foreach (Id room in rooms)
                {
                    foreach (var row in draft.State.MemoriesByRoom.Ascend(new RoomMemoryKey(room, table, long.MinValue, Id.Min)))
                    {
                        if (row.RoomId != room || row.TableNumber != table) break;
                        rows.Add(row);
                    }
                }
                return DeleteWithFragments(draft, rows, rows.Select(static row => row.Id));
            },
            cancellationToken).ConfigureAwait(false);
    }

    public Task<int?> GetEmbeddingDimensionAsync(CancellationToken cancellationToken = default) =>
        Read(0, static (self, view, _) => view.State.DimensionOf(self.Agent), cancellationToken);

    public async Task EnsureEmbeddingDimensionAsync(int dimension, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        Door.Dimension(dimension);
        await Change(
            draft =>
            {
                if (draft.State.DimensionOf(Agent) != dimension) PutDimension(draft, dimension);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<MemoryCreateResult>> StoreMemories(
        IReadOnlyList<Memory> memories, string tableName, bool isUpsert, CancellationToken cancellationToken)
    {
        Enter(cancellationToken);
        var items = await PrepareMemories(memories, tableName, isUpsert, cancellationToken).ConfigureAwait(false);
        if (items.Length == 0) return [];
        var bodies = BodiesOf(items);
        try
        {
            return await Change<IReadOnlyList<MemoryCreateResult>>(
                draft =>
                {
                    var results = new MemoryCreateResult[items.Length];
                    for (var i = 0; i < items.Length; i++)
                        results[i] = isUpsert ? UpsertMemory(draft, items[i], bodies[i]) : CreateMemory(draft, items[i], bodies[i]);
                    return results;
                },
                cancellationToken,
                !isUpsert && items.Length == Single ? bodies.LogBytes + VectorBytes(items[0].Vector) : null).ConfigureAwait(false);
        }
        finally
        {
            if (!KeepsEffects) bodies.Dispose();
        }
    }

    private MemoryCreateResult UpsertMemory(Draft draft, in NewMemory item, ReadOnlyMemory<byte> body)
    {
        if (draft.State.Memories.Find(item.Memory.Id) is not { } row) return CreateMemory(draft, item, body);
        CheckDimension(draft.State, item.VectorLength);
        ChangeContent(draft, row, new MemoryUpdate(row.Id) { Content = item.Memory.Content, Metadata = item.Memory.Metadata });
        if (item.VectorLength is not null) ChangeVector(draft, row, item.Vector);
        return new MemoryCreateResult(row.Id, CreateOutcome.Existed, row.IsUnique);
    }

    private async ValueTask<NewMemory[]> PrepareMemories(
        IReadOnlyList<Memory> memories, string tableName, bool isUpsert, CancellationToken cancellationToken)
    {
        var table = Door.TableName(tableName);
        var now = Now;
        var given = Door.List(memories, nameof(memories));
        var items = new NewMemory[given.Length];
        for (var i = 0; i < given.Length; i++)
        {
            var memory = given[i];
            items[i] = new NewMemory(Complete.Memory(memory, table, AgentId, now), NewVector.Of(memory.Embedding), memory.Embedding?.Length);
        }
        // What the caller left open is decided against what is visible now, outside the order of writes.
        if (!Array.Exists(items, static item => item.Memory.Unique is null)) return items;
        return await Read(
            (items, isUpsert, cancellationToken),
            static (self, view, query) => self.DecideUnique(view, query.items, query.isUpsert, query.cancellationToken),
            cancellationToken).ConfigureAwait(false);
    }

    private MemoryCreateResult CreateMemory(Draft draft, in NewMemory item, ReadOnlyMemory<byte> body)
    {
        var memory = item.Memory;
        CheckDimension(draft.State, item.VectorLength);
        if (draft.State.Memories.Find(memory.Id) is { } stored) return new MemoryCreateResult(memory.Id, CreateOutcome.Existed, stored.IsUnique);
        draft.Require(Table.Agents, memory.AgentId!.Value, "memories.agentId");
        if (memory.EntityId is { } entity) draft.Require(Table.Entities, entity, "memories.entityId");
        if (memory.RoomId is { } room) draft.Require(Table.Rooms, room, "memories.roomId");
        draft.Put(Rows.Of(memory, Shared), body);
        if (item.Vector is { } vector) PutVector(draft, memory.Id, vector);
        return new MemoryCreateResult(memory.Id, CreateOutcome.Created, memory.Unique!.Value);
    }

    private void ChangeContent(Draft draft, MemoryRow row, MemoryUpdate update)
    {
        var memory = Complete.Memory(draft.View.Record<Memory>(row), update);
        draft.Put(Rows.Of(memory, Shared), Rows.Encode(memory));
    }

    private void ChangeVector(Draft draft, MemoryRow row, NewVector? vector)
    {
        if (vector is not null) PutVector(draft, row.Id, vector);
        else if (draft.State.DimensionOf(Agent) is { } dimension && row.Vector(dimension) is not null) draft.DropVector(row.Id, dimension);
    }

    private void PutVector(Draft draft, Id memoryId, NewVector vector)
    {
        if (draft.State.Dimensions.Find(Agent) is { } active) draft.RelyOn(active);
        else PutDimension(draft, vector.Floats.Length);
        draft.PutVector(memoryId, vector.Floats, vector.InverseNorm);
    }

    private void PutDimension(Draft draft, int dimension)
    {
        var row = new DimensionRow { Id = Agent, Dimension = dimension };
        draft.Put(row, Rows.Encode(row));
    }

    private void CheckDimension(DatabaseState state, int? given)
    {
        if (given is { } length && state.DimensionOf(Agent) is { } active && length != active) throw new DimensionMismatchException(active, length);
    }

    // The fragments of this agent that name one of the documents, there or not, go too, one level deep.
    private int DeleteWithFragments(Draft draft, List<MemoryRow> rows, IEnumerable<Id> documents)
    {
        if (draft.State.MemoriesByDocument.Count == 0) return draft.Delete(Table.Memories, rows);
        var doomed = new HashSet<MemoryRow>(rows);
        foreach (var document in documents) doomed.UnionWith(FragmentsOf(document, Agent, draft.State));
        return draft.Delete(Table.Memories, doomed);
    }

    private static IEnumerable<MemoryRow> FragmentsOf(Id document, Id agent, DatabaseState state)
    {
        foreach (var row in state.MemoriesByDocument.Ascend(new ChildKey(document, Id.Min)))
        {
            if (row.DocumentId != document) yield break;
            if (row.AgentId == agent) yield return row;
        }
    }

    private static RowBodies BodiesOf(NewMemory[] items)
    {
        var bodies = new RowBodies(items.Length);
        foreach (var item in items) Rows.Encode(item.Memory, bodies);
        return bodies;
    }

    // A vector's record, and the record of the dimension that a first vector sets.
    private static long VectorBytes(NewVector? vector) =>
        WriteAheadLog.RecordBytes(64 + ((vector?.Floats.Length ?? 0) * sizeof(float)), 64) + WriteAheadLog.RecordBytes(64);
}
