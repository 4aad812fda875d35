namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<Memory>> GetMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state => GetMemories(state, query));

    public IAsyncEnumerable<Memory> StreamMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default) =>
        StreamAsync(state => GetMemories(state, query), cancellationToken);

    public Task<int> CountMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, state =>
        {
            var matching = Matching(state, query);
            return Faults.Has(Fault.CountAppliesCount) ? Page(matching, query.Offset, query.Count).Count() : matching.Count();
        });

    public Task<IReadOnlyList<Memory>> GetMemoriesByIdsAsync(
        IReadOnlyList<Guid> ids, string? tableName = null, bool includeEmbeddings = true, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Memory>>(cancellationToken, state =>
        {
            var table = tableName is null ? null : Door.TableName(tableName);
            if (Faults.Has(Fault.RepeatedIdsRepeatRows))
                return [.. NewestFirst(ids.Select(state.Memories.Find).OfType<Memory>()).Select(memory => WithVector(state, memory, includeEmbeddings))];
            return
            [
                .. NewestFirst(Find(state.Memories, ids, nameof(ids))
                        .Where(memory => table is null || memory.TableName == table || Faults.Has(Fault.ByIdsIgnoresTable)))
                    .Select(memory => WithVector(state, memory, includeEmbeddings)),
            ];
        });

    public Task<IReadOnlyList<Memory>> GetMemoriesByRoomIdsAsync(
        IReadOnlyList<Guid> roomIds, string tableName, int? count = null, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Memory>>(cancellationToken, state =>
        {
            var rooms = Door.List(roomIds, nameof(roomIds)).ToHashSet();
            return [.. OfThisAgent(state, tableName, memory => memory.RoomId is { } id && rooms.Contains(id), count)];
        });

    public Task<IReadOnlyList<Memory>> GetMemoriesByWorldIdAsync(
        Guid worldId, int? count = null, string tableName = "messages", CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Memory>>(cancellationToken, state =>
        {
            if (Faults.Has(Fault.ByWorldUsesMemorysWorld)) return [.. OfThisAgent(state, tableName, memory => memory.WorldId == worldId, count)];
            var rooms = state.Rooms.Where(room => room.WorldId == worldId && room.AgentId == AgentId).Select(room => room.Id).ToHashSet();
            return [.. OfThisAgent(state, tableName, memory => memory.RoomId is { } id && rooms.Contains(id), count)];
        });

    public Task<IReadOnlyList<MemoryCreateResult>> CreateMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default) =>
        PutMemoriesAsync(memories, tableName, change: false, cancellationToken);

    public Task<IReadOnlyList<MemoryCreateResult>> UpsertMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, CancellationToken cancellationToken = default) =>
        PutMemoriesAsync(memories, tableName, change: true, cancellationToken);

    private Task<IReadOnlyList<MemoryCreateResult>> PutMemoriesAsync(
        IReadOnlyList<Memory> memories, string tableName, bool change, CancellationToken cancellationToken) =>
        WriteAsync<IReadOnlyList<MemoryCreateResult>>(cancellationToken, state =>
        {
            var table = Door.TableName(tableName);
            var before = state.Copy();
            var given = Door.List(memories, nameof(memories))
                .Select(memory => (Row: CompleteMemory(memory, table), Vector: GivenVector.Of(memory.Embedding, Faults)))
                .ToList();
            var results = new List<MemoryCreateResult>();
            foreach (var (row, vector) in given)
            {
                CheckDimension(state, vector);
                var stored = state.Memories.Find(row.Id);
                var memory = stored switch
                {
                    null => row with { Unique = row.Unique ?? IsUnique(Faults.Has(Fault.UniqueIgnoresOwnBatch) ? before : state, row, vector) },
                    _ when Faults.Has(Fault.DuplicateIdOverwrites) => row with { Unique = row.Unique ?? true },
                    _ when change => Changed(stored, row),
                    _ => stored,
                };
                if (!ReferenceEquals(memory, stored))
                {
                    state.Store(state.Memories, memory);
                    StoreVector(state, memory.Id, vector);
                }
                results.Add(new(memory.Id, stored is null ? CreateOutcome.Created : CreateOutcome.Existed, memory.Unique!.Value));
            }
            return results;
        });

    /// <summary>A stored memory after an upsert: new content and metadata, everything else as it was.</summary>
    private Memory Changed(Memory stored, Memory given) => stored with
    {
        Content = given.Content,
        Metadata = Faults.Has(Fault.MemoryUpsertKeepsMetadata) ? stored.Metadata : given.Metadata,
        TableName = Faults.Has(Fault.MemoryUpsertMovesTable) ? given.TableName : stored.TableName,
    };

    public Task<int> UpdateMemoriesAsync(IReadOnlyList<MemoryUpdate> updates, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var given = Door.List(updates, nameof(updates)).Select(Complete.Check).Select(update => (Update: update, Vector: GivenVector.Of(update.Embedding, Faults))).ToList();
            var changed = new HashSet<Guid>();
            foreach (var (update, vector) in given)
            {
                CheckDimension(state, vector);
                var stored = state.Memories.Find(update.Id);
                if (stored is not null)
                {
                    // The row and its vector are written apart: an update of one is no change of the other.
                    if (update.Content is not null || update.Metadata is not null) state.Store(state.Memories, Complete.Memory(stored, Merged(stored, update)));
                    if (!Faults.Has(Fault.EmbeddingUpdateDropped)) StoreVector(state, update.Id, vector);
                    if (Faults.Has(Fault.ContentUpdateDropsEmbedding) && update.Content is not null && vector is null)
                        state.Vectors.RemoveWhere(row => row.MemoryId == update.Id);
                }
                if (stored is not null || Faults.Has(Fault.MissingRowUpdated)) changed.Add(update.Id);
            }
            return changed.Count;
        });

    private MemoryUpdate Merged(Memory stored, MemoryUpdate update) => Faults.Has(Fault.MetadataMerged) && update.Metadata is not null
        ? update with { Metadata = new MemoryMetadata(SettingsMerge.Merge(stored.Metadata!.Json, update.Metadata.Json)) }
        : update;

    public Task<int> DeleteMemoriesAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var given = Door.List(ids, nameof(ids));
            var count = DeleteMemories(state, Faults.Has(Fault.FragmentsOfGoneDocumentsStay) ? [.. given.Where(state.Memories.Has)] : given);
            return Faults.Has(Fault.MemoryDeleteReportsInput) ? given.Length : count;
        });

    public Task<int> DeleteAllMemoriesAsync(IReadOnlyList<Guid> roomIds, string tableName, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            var rooms = Door.List(roomIds, nameof(roomIds)).ToHashSet();
            var table = Door.TableName(tableName);
            return DeleteMemories(state, state.Memories
                .Where(memory => memory.TableName == table && memory.RoomId is { } id && rooms.Contains(id))
                .Select(memory => memory.Id).ToList());
        });

    private int DeleteMemories(ReferenceState state, IReadOnlyCollection<Guid> ids)
    {
        var fragments = FragmentsOf(state, ids.ToHashSet());
        var gone = state.Memories.Remove(ids.Union(fragments));
        if (Faults.Has(Fault.FragmentCascadeRepeats))
        {
            for (var level = fragments; (level = FragmentsOf(state, level.ToHashSet())).Count > 0;) gone += state.Memories.Remove(level);
        }
        state.RemoveDangling();
        return gone;
    }

    private List<Guid> FragmentsOf(ReferenceState state, HashSet<Guid> documents) => Faults.Has(Fault.FragmentsStay)
        ? []
        : [.. state.Memories
            .Where(memory => memory.AgentId == AgentId || Faults.Has(Fault.FragmentsOfOtherAgentsGo))
            .Where(memory => memory.Metadata!.DocumentId is { } id && documents.Contains(id))
            .Select(memory => memory.Id)];

    private IReadOnlyList<Memory> GetMemories(ReferenceState state, MemoryQuery query)
    {
        var matching = NewestFirst(Matching(state, query));
        return [.. Page(matching, query.Offset, query.Count).Select(memory => WithVector(state, memory, query.IncludeEmbeddings))];
    }

    private IEnumerable<Memory> Matching(ReferenceState state, MemoryQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var table = Faults.Has(Fault.TableNameUnchecked) ? query.TableName : Door.TableName(query.TableName);
        if (!Faults.Has(Fault.NegativeCountAccepted)) Door.Count(query.Count, 0);
        Door.Offset(query.Offset);
        return state.Memories
            .Where(memory => memory.TableName == table)
            .Where(memory => query.RoomId is null || memory.RoomId == query.RoomId || Faults.Has(Fault.MemoryRoomFilterDropped))
            .Where(memory => query.WorldId is null || memory.WorldId == query.WorldId || Faults.Has(Fault.MemoryWorldFilterDropped))
            .Where(memory => query.AgentId is null || memory.AgentId == query.AgentId || Faults.Has(Fault.MemoryAgentFilterDropped))
            .Where(memory => query.EntityId is null || memory.EntityId == query.EntityId || Faults.Has(Fault.MemoryEntityFilterDropped))
            .Where(memory => !query.UniqueOnly || memory.Unique == true || Faults.Has(Fault.MemoryUniqueFilterDropped))
            .Where(memory => query.Start is null || memory.CreatedAt >= query.Start || Faults.Has(Fault.StartIgnored))
            .Where(memory => query.End is null || memory.CreatedAt <= query.End || Faults.Has(Fault.EndIgnored))
            .Where(memory => memory.CreatedAt != query.Start || !Faults.Has(Fault.StartExclusive))
            .Where(memory => memory.CreatedAt != query.End || !Faults.Has(Fault.EndExclusive));
    }

    private IEnumerable<Memory> OfThisAgent(ReferenceState state, string tableName, Func<Memory, bool> filter, int? count)
    {
        var table = Door.TableName(tableName);
        return NewestFirst(state.Memories
                .Where(memory => memory.TableName == table && (memory.AgentId == AgentId || Faults.Has(Fault.ByRoomsSeeOtherAgents)))
                .Where(filter))
            .Take(Door.Count(count, int.MaxValue));
    }

    private IEnumerable<Memory> NewestFirst(IEnumerable<Memory> memories)
    {
        if (Faults.Has(Fault.MemoryTiesReversed)) return memories.OrderByDescending(memory => memory.CreatedAt).ThenBy(memory => memory.Id);
        if (Faults.Has(Fault.TiesByLittleEndianBytes))
            return memories.OrderByDescending(memory => memory.CreatedAt).ThenByDescending(memory => Convert.ToHexString(memory.Id.ToByteArray()), StringComparer.Ordinal);
        var ordered = memories.NewestFirst(memory => memory.CreatedAt, memory => memory.Id);
        return Faults.Has(Fault.MemoryOrderReversed) ? ordered.Reverse() : ordered;
    }

    private IEnumerable<T> Page<T>(IEnumerable<T> rows, int offset, int? count)
    {
        if (Faults.Has(Fault.CountZeroMeansAll) && count == 0) count = null;
        if (Faults.Has(Fault.CountOffByOne) && count is > 0 and < int.MaxValue) count++;
        if (Faults.Has(Fault.OffsetIgnored)) offset = 0;
        return rows.Skip(Door.Offset(offset)).Take(Door.Count(count < 0 && Faults.Has(Fault.NegativeCountAccepted) ? null : count, int.MaxValue));
    }

    private Memory CompleteMemory(Memory memory, string table)
    {
        var complete = Complete.Memory(memory, table, AgentId, Now);
        return Faults.Has(Fault.CreatedAtNotFloored) ? complete with { CreatedAt = memory.CreatedAt ?? Now } : complete;
    }
}
