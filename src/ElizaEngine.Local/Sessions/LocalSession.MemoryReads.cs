namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<Memory>> GetMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (self, view, query) =>
            {
                var memories = new List<Memory>();
                foreach (var row in self.MemoryRows(view.State, query, page: true)) memories.Add(self.ToMemory(view, row, query.IncludeEmbeddings));
                return (IReadOnlyList<Memory>)memories;
            },
            cancellationToken);

    public IAsyncEnumerable<Memory> StreamMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default) =>
        Stream(
            (self, view) => self.MemoryRows(view.State, query, page: true),
            (self, view, row) => self.ToMemory(view, row, query.IncludeEmbeddings),
            cancellationToken);

    public Task<int> CountMemoriesAsync(MemoryQuery query, CancellationToken cancellationToken = default) =>
        Read(query, static (self, view, query) => self.MemoryRows(view.State, query, page: false).Count(), cancellationToken);

    Task<Memory?> IMemoryById.GetMemoryByIdAsync(Guid id, bool includeEmbedding, CancellationToken cancellationToken) =>
        Read(
            (id, includeEmbedding),
            static (self, view, query) => view.State.Memories.Find(query.id) is { } row ? self.ToMemory(view, row, query.includeEmbedding) : null,
            cancellationToken);

    public Task<IReadOnlyList<Memory>> GetMemoriesByIdsAsync(
        IReadOnlyList<Guid> ids, string? tableName = null, bool includeEmbeddings = true, CancellationToken cancellationToken = default) =>
        Read(
            (ids, tableName, includeEmbeddings),
            static (self, view, query) =>
            {
                ArgumentNullException.ThrowIfNull(query.ids, nameof(ids));
                var table = query.tableName is null ? (int?)null : self.Shared.NumberOf(Door.TableName(query.tableName));
                var rows = new List<MemoryRow>(query.ids.Count);
                foreach (var id in query.ids.Distinct())
                {
                    if (view.State.Memories.Find(id) is { } row && (table is null || row.TableNumber == table)) rows.Add(row);
                }
                rows.Sort(MemoryRow.NewestFirst);
                return (IReadOnlyList<Memory>)rows.ConvertAll(row => self.ToMemory(view, row, query.includeEmbeddings));
            },
            cancellationToken);

    public Task<IReadOnlyList<Memory>> GetMemoriesByRoomIdsAsync(
        IReadOnlyList<Guid> roomIds, string tableName, int? count = null, CancellationToken cancellationToken = default) =>
        Read(
            (roomIds, tableName, count),
            static (self, view, query) =>
                (IReadOnlyList<Memory>)self.LatestOfRooms(view, [.. Door.List(query.roomIds, "roomIds").Distinct().Select(id => (Id)id)], query.tableName, query.count),
            cancellationToken);

    public Task<IReadOnlyList<Memory>> GetMemoriesByWorldIdAsync(
        Guid worldId, int? count = null, string tableName = "messages", CancellationToken cancellationToken = default) =>
        Read(
            (worldId, tableName, count),
            static (self, view, query) => (IReadOnlyList<Memory>)self.LatestOfRooms(
                view,
                [.. RoomsOfWorld(view.State, query.worldId).Where(room => room.AgentId == self.Agent).Select(room => room.Id)],
                query.tableName,
                query.count),
            cancellationToken);

    public IAsyncEnumerable<Memory> StreamStaleMemoriesAsync(string tableName, CancellationToken cancellationToken = default) =>
        Stream(
            (self, view) =>
            {
                var query = new MemoryQuery(tableName) { AgentId = AgentId };
                var active = view.State.DimensionOf(self.Agent);
                return self.MemoryRows(view.State, query, page: false)
                    .Where(row => row.Vectors is not null && (active is null || row.Vector(active.Value) is null));
            },
            static (self, view, row) => self.ToMemory(view, row, includeEmbedding: false),
            cancellationToken);

    /// <summary>The rows that pass the filters, newest first; with <paramref name="page"/> only those of offset and count.</summary>
    private IEnumerable<MemoryRow> MemoryRows(DatabaseState state, MemoryQuery query, bool page)
    {
        ArgumentNullException.ThrowIfNull(query);
        var table = Shared.NumberOf(Door.TableName(query.TableName));
        var count = Door.Count(query.Count, int.MaxValue);
        var offset = Door.Offset(query.Offset);
        var start = query.Start is { } notBefore ? Rows.ToMsNotBefore(notBefore) : long.MinValue;
        var end = query.End is { } notAfter ? Rows.ToMs(Door.Time(notAfter)) : long.MaxValue;
        var filter = new MemoryFilter(query);
        return Walk();

        IEnumerable<MemoryRow> Walk()
        {
            var (left, skip) = page ? (count, offset) : (int.MaxValue, 0);
            if (left == 0 || table == 0) yield break;
            var cursor = new MemoryCursor(state, table, query.RoomId is { } room ? (Id)room : null, end);
            while (cursor.MoveNext() && cursor.Current.CreatedMs >= start)
            {
                if (!filter.Passes(cursor.Current) || skip-- > 0) continue;
                yield return cursor.Current;
                if (--left == 0) yield break;
            }
        }
    }

    private List<Memory> LatestOfRooms(View view, Id[] rooms, string tableName, int? count)
    {
        var table = Shared.NumberOf(Door.TableName(tableName));
        var limit = Door.Count(count, int.MaxValue);
        if (limit == 0) return [];
        var rows = new List<MemoryRow>();
        foreach (var room in rooms)
        {
            var cursor = new MemoryCursor(view.State, table, room, long.MaxValue);
            for (var left = limit; left > 0 && cursor.MoveNext();)
            {
                if (cursor.Current.AgentId != Agent) continue;
                rows.Add(cursor.Current);
                left--;
            }
        }
        if (rooms.Length > 1) rows.Sort(MemoryRow.NewestFirst);
        return rows.Take(limit).Select(row => view.Record<Memory>(row)).ToList();
    }

    private Memory ToMemory(View view, MemoryRow row, bool includeEmbedding)
    {
        var memory = view.Record<Memory>(row);
        if (!includeEmbedding || row.Vectors is null) return memory;
        return view.State.DimensionOf(Agent) is { } active && row.Vector(active) is { } slot
            ? memory with { Embedding = view.Copy(slot) }
            : memory;
    }
}

/// <summary>The filters that no index answers.</summary>
internal readonly struct MemoryFilter
{
    private readonly Id? _agent;
    private readonly Id? _entity;
    private readonly Id? _world;
    private readonly bool _uniqueOnly;

    public MemoryFilter(MemoryQuery query)
    {
        _agent = query.AgentId is { } agent ? (Id)agent : null;
        _entity = query.EntityId is { } entity ? (Id)entity : null;
        _world = query.WorldId is { } world ? (Id)world : null;
        _uniqueOnly = query.UniqueOnly;
    }

    public bool Passes(MemoryRow row) =>
        (_agent is not { } agent || row.AgentId == agent)
        && (_entity is not { } entity || row.EntityId == entity)
        && (_world is not { } world || row.WorldId == world)
        && (!_uniqueOnly || row.IsUnique);
}
