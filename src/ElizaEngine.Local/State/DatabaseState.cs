using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

/// <summary>
/// The whole database at one point in time: the rows by id, and an index for each other way they are read. Rows come and go through
/// <see cref="Put"/> and <see cref="Remove"/> only, for a live commit and a transaction alike, so every index always equals what a
/// rebuild from the rows would give.
/// <para>
/// Edited only by its owner, a number that stands for "one frame", "one call" or "one transaction's call"; readers are only
/// ever shown a state whose owner will edit no more. States follow each other in one line, of which only the newest has a successor
/// (<see cref="EditableBy"/>); what a transaction does to its own, beside the line, nobody else ever sees (<see cref="Branch"/>).
/// </para>
/// </summary>
internal sealed partial class DatabaseState : IRowSet
{
    private static long _lastPrivateOwner;

    // Shared by all states of the line.
    private readonly RowVersions _rows;

    // What a branch put and removed (null). Null for a state of the line.
    private ImmutableDictionary<(Table Table, Id Id), Row?>? _own;

    // Of a checkpoint: memories of which it does not know go into the indexes when all are there.
    private bool _isLoading;

    private long _owner;
    private long _sequence;
    private Era _era = new();
    private Counts _counts;

    public DatabaseState()
        : this(new RowVersions())
    {
    }

    private DatabaseState(RowVersions rows) => _rows = rows;

    public RowsById<AgentRow> Agents => new(this, Table.Agents);

    public RowsById<EntityRow> Entities => new(this, Table.Entities);

    public RowIndex<ChildKey, EntityRow, EntitiesByAgent> EntitiesByAgent { get; private set; }

    public RowsById<ComponentRow> Components => new(this, Table.Components);

    public RowIndex<TimedKey, ComponentRow, ComponentsByEntity> ComponentsByEntity { get; private set; }

    public RowIndex<ChildKey, ComponentRow, ComponentsByRoom> ComponentsByRoom { get; private set; }

    public RowsById<MemoryRow> Memories => new(this, Table.Memories);

    public RowIndex<RoomMemoryKey, MemoryRow, MemoriesByRoom> MemoriesByRoom { get; private set; }

    public RowIndex<TableMemoryKey, MemoryRow, MemoriesByTable> MemoriesByTable { get; private set; }

    public RowIndex<ChildKey, MemoryRow, MemoriesByDocument> MemoriesByDocument { get; private set; }

    public RowsById<RoomRow> Rooms => new(this, Table.Rooms);

    public RowIndex<ChildKey, RoomRow, RoomsByAgent> RoomsByAgent { get; private set; }

    public RowIndex<TimedKey, RoomRow, RoomsByWorld> RoomsByWorld { get; private set; }

    public RowsById<WorldRow> Worlds => new(this, Table.Worlds);

    public RowIndex<TimedKey, WorldRow, WorldsByAgent> WorldsByAgent { get; private set; }

    public RowIndex<PairKey, ParticipantRow, ParticipantsByRoom> Participants { get; private set; }

    public RowIndex<PairKey, ParticipantRow, ParticipantsByEntity> ParticipantsByEntity { get; private set; }

    public RowsById<RelationshipRow> Relationships => new(this, Table.Relationships);

    public RowIndex<PairKey, RelationshipRow, RelationshipsBySource> RelationshipsBySource { get; private set; }

    public RowIndex<PairKey, RelationshipRow, RelationshipsByTarget> RelationshipsByTarget { get; private set; }

    public RowsById<TaskRow> Tasks => new(this, Table.Tasks);

    public RowIndex<TimedKey, TaskRow, TasksByAgent> TasksByAgent { get; private set; }

    public RowsById<LogRow> Logs => new(this, Table.Logs);

    public RowIndex<TimedKey, LogRow, LogsByTime> LogsByTime { get; private set; }

    public RowIndex<TimedKey, LogRow, LogsByRoom> LogsByRoom { get; private set; }

    public RowIndex<CacheKey, CacheRow, CacheByKey> Cache { get; private set; }

    public RowsById<DimensionRow> Dimensions => new(this, Table.Dimensions);

    /// <summary>Vectors of all memories, of every dimension.</summary>
    public int VectorCount { get; private set; }

    /// <summary>
    /// How many vectors have gone, of every agent, table and dimension, in the states of the line up to this one: deleted with their
    /// memory, dropped, or replaced. Never too few; a memory that moves to another place in an index counts with its
    /// vectors. Since opening.
    /// </summary>
    public long VectorsGone { get; private set; }

    /// <summary>Its number in the line: every state has a higher one than those before it.</summary>
    public long Sequence => _sequence;

    /// <summary>An owner that no frame and no other call has.</summary>
    public static long NewPrivateOwner() => Interlocked.Decrement(ref _lastPrivateOwner);

    /// <summary>A state that the owner may edit: this one if it is the owner's, else the next of the line, which shares all nodes.</summary>
    public DatabaseState EditableBy(long owner)
    {
        Debug.Assert(_own is null, "a branch has no place in the line");
        if (_owner == owner) return this;
        var next = Copy(owner);
        next._sequence++;
        next._era = _rows.Begin(_era);
        return next;
    }

    /// <summary>A state beside the line, which its one owner may edit.</summary>
    public DatabaseState Branch()
    {
        var branch = Copy(NewPrivateOwner());
        branch._own ??= ImmutableDictionary<(Table, Id), Row?>.Empty;
        return branch;
    }

    /// <summary>Takes back what its owner did to this state, the newest of the line, so that the one before is that again.</summary>
    public void Undo() => _rows.Undo();

    /// <summary>The agent's active dimension, or null.</summary>
    public int? DimensionOf(Id agentId) => Dimensions.Find(agentId)?.Dimension;

    /// <summary>Rows of a table whose key is an id.</summary>
    public int CountOf(Table table) => _counts[(int)table];

    /// <summary>The rows of a table whose key is an id, in no order.</summary>
    public IEnumerable<Row> RowsOf(Table table)
    {
        foreach (var row in _rows.Rows(table, _sequence))
        {
            if (_own?.ContainsKey((table, row.Id)) != true) yield return row;
        }
        if (_own is null) yield break;
        foreach (var (key, row) in _own)
        {
            if (key.Table == table && row is not null) yield return row;
        }
    }

    /// <inheritdoc/>
    public Row? Find(Table table, Id id)
    {
        if (_own is not null && _own.TryGetValue((table, id), out var own)) return own;
        var row = _rows.Find(table, id, _sequence);
        // Older versions are kept for as long as this state, and with it its era, is held.
        GC.KeepAlive(this);
        return row;
    }

    /// <inheritdoc/>
    public MemoryRow? FindMemory(Id id) => Memories.Find(id);

    /// <summary>The same; see <see cref="RowTable.Find(Id, ref int)"/>.</summary>
    public MemoryRow? FindMemory(Id id, ref int place)
    {
        if (_own is not null) return FindMemory(id);
        var row = Unsafe.As<MemoryRow?>(_rows.Find(Table.Memories, id, _sequence, ref place));
        GC.KeepAlive(this);
        return row;
    }

    /// <inheritdoc/>
    public ParticipantRow? FindParticipant(in PairKey key) => Participants.Find(key);

    /// <inheritdoc/>
    public CacheRow? FindCache(in CacheKey key) => Cache.Find(key);

    /// <inheritdoc/>
    public RelationshipRow? FindRelationship(in PairKey key) => RelationshipsBySource.Find(key);

    /// <summary>The version of a row that this state holds, or null.</summary>
    public Row? Find(Row row) => row switch
    {
        ParticipantRow participant => Participants.Find(Local.ParticipantsByRoom.KeyOf(participant)),
        CacheRow cache => Cache.Find(CacheByKey.KeyOf(cache)),
        _ => Find(row.Table, row.Id),
    };

    /// <summary>Puts a row into its table and indexes, in place of the version there.</summary>
    /// <param name="row">The new version.</param>
    /// <param name="old">The version that this state holds; null: none.</param>
    public void Put(Row row, Row? old)
    {
        Debug.Assert(ReferenceEquals(old, Find(row)), "the caller has looked");
        // The usual change keeps every key: the new version takes the old one's place in each index. Only a key that moves must go first.
        if (old is not null && !HasSameKeys(old, row))
        {
            Remove(old);
            old = null;
        }
        var isIndexed = !HasId(row.Table) || PutById(row, isNew: old is null);
        switch (row)
        {
            case AgentRow or DimensionRow:
                break;
            case EntityRow entity:
                EntitiesByAgent = EntitiesByAgent.Put(entity, _owner);
                break;
            case ComponentRow component:
                ComponentsByEntity = ComponentsByEntity.Put(component, _owner);
                ComponentsByRoom = ComponentsByRoom.Put(component, _owner);
                break;
            case MemoryRow memory:
                if (isIndexed)
                {
                    MemoriesByTable = MemoriesByTable.Put(memory, _owner);
                    if (memory.RoomId is not null) MemoriesByRoom = MemoriesByRoom.Put(memory, _owner);
                    if (memory.DocumentId is not null) MemoriesByDocument = MemoriesByDocument.Put(memory, _owner);
                }
                VectorCount += memory.VectorCount - ((old as MemoryRow)?.VectorCount ?? 0);
                if (old is MemoryRow before) VectorsGone += CountGone(before, memory);
                break;
            case RoomRow room:
                RoomsByAgent = RoomsByAgent.Put(room, _owner);
                if (room.WorldId is not null) RoomsByWorld = RoomsByWorld.Put(room, _owner);
                break;
            case WorldRow world:
                WorldsByAgent = WorldsByAgent.Put(world, _owner);
                break;
            case ParticipantRow participant:
                Participants = Participants.Put(participant, _owner);
                ParticipantsByEntity = ParticipantsByEntity.Put(participant, _owner);
                break;
            case RelationshipRow relationship:
                RelationshipsBySource = RelationshipsBySource.Put(relationship, _owner);
                RelationshipsByTarget = RelationshipsByTarget.Put(relationship, _owner);
                break;
            case TaskRow task:
                TasksByAgent = TasksByAgent.Put(task, _owner);
                break;
            case LogRow log:
                LogsByTime = LogsByTime.Put(log, _owner);
                LogsByRoom = LogsByRoom.Put(log, _owner);
                break;
            case CacheRow cache:
                Cache = Cache.Put(cache, _owner);
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <inheritdoc/>
    public void PutVectors(MemoryRow row, VectorSlot? vectors)
    {
        if (!_isLoading)
        {
            Put(row.WithVectors(vectors), row);
            return;
        }
        // Nobody has seen the row: it need not be copied.
        VectorCount -= row.VectorCount;
        row.Vectors = vectors;
        VectorCount += row.VectorCount;
    }

    /// <summary>Takes a row that this state holds out of its table and indexes.</summary>
    public void Remove(Row row)
    {
        var isIndexed = !HasId(row.Table) || RemoveById(row.Table, row.Id);
        switch (row)
        {
            case AgentRow or DimensionRow:
                break;
            case EntityRow entity:
                EntitiesByAgent = EntitiesByAgent.Remove(Local.EntitiesByAgent.KeyOf(entity), _owner);
                break;
            case ComponentRow component:
                ComponentsByEntity = ComponentsByEntity.Remove(Local.ComponentsByEntity.KeyOf(component), _owner);
                ComponentsByRoom = ComponentsByRoom.Remove(Local.ComponentsByRoom.KeyOf(component), _owner);
                break;
            case MemoryRow memory:
                if (isIndexed)
                {
                    MemoriesByTable = MemoriesByTable.Remove(Local.MemoriesByTable.KeyOf(memory), _owner);
                    if (memory.RoomId is not null) MemoriesByRoom = MemoriesByRoom.Remove(Local.MemoriesByRoom.KeyOf(memory), _owner);
                    if (memory.DocumentId is not null) MemoriesByDocument = MemoriesByDocument.Remove(Local.MemoriesByDocument.KeyOf(memory), _owner);
                }
                VectorCount -= memory.VectorCount;
                VectorsGone += memory.VectorCount;
                break;
            case RoomRow room:
                RoomsByAgent = RoomsByAgent.Remove(Local.RoomsByAgent.KeyOf(room), _owner);
                if (room.WorldId is not null) RoomsByWorld = RoomsByWorld.Remove(Local.RoomsByWorld.KeyOf(room), _owner);
                break;
            case WorldRow world:
                WorldsByAgent = WorldsByAgent.Remove(Local.WorldsByAgent.KeyOf(world), _owner);
                break;
            case ParticipantRow participant:
                Participants = Participants.Remove(ParticipantsByRoom.KeyOf(participant), _owner);
                ParticipantsByEntity = ParticipantsByEntity.Remove(Local.ParticipantsByEntity.KeyOf(participant), _owner);
                break;
            case RelationshipRow relationship:
                RelationshipsBySource = RelationshipsBySource.Remove(Local.RelationshipsBySource.KeyOf(relationship), _owner);
                RelationshipsByTarget = RelationshipsByTarget.Remove(Local.RelationshipsByTarget.KeyOf(relationship), _owner);
                break;
            case TaskRow task:
                TasksByAgent = TasksByAgent.Remove(Local.TasksByAgent.KeyOf(task), _owner);
                break;
            case LogRow log:
                LogsByTime = LogsByTime.Remove(Local.LogsByTime.KeyOf(log), _owner);
                LogsByRoom = LogsByRoom.Remove(Local.LogsByRoom.KeyOf(log), _owner);
                break;
            case CacheRow cache:
                Cache = Cache.Remove(CacheByKey.KeyOf(cache), _owner);
                break;
            default:
                throw new UnreachableException();
        }
    }

    // How many vectors of a version the next one does not have.
    private static int CountGone(MemoryRow old, MemoryRow row)
    {
        if (ReferenceEquals(old.Vectors, row.Vectors)) return 0;
        var gone = 0;
        for (var slot = old.Vectors; slot is not null; slot = slot.Next)
        {
            if (row.Vector(slot.Dimension)?.HasFloatsOf(slot) != true) gone++;
        }
        return gone;
    }

    private static bool HasId(Table table) => table is not (Table.Participants or Table.Cache);

    private DatabaseState Copy(long owner)
    {
        var copy = (DatabaseState)MemberwiseClone();
        copy._owner = owner;
        return copy;
    }

    // Whether the indexes have, or get, the row now.
    private bool PutById(Row row, bool isNew)
    {
        if (isNew) _counts[(int)row.Table]++;
        if (_isLoading) return _rows.Load(row) || row is not MemoryRow;
        if (_own is not null) _own = _own.SetItem((row.Table, row.Id), row);
        else _rows.Put(row, _sequence);
        return true;
    }

    // Whether the indexes had the row.
    private bool RemoveById(Table table, Id id)
    {
        _counts[(int)table]--;
        if (_isLoading) return _rows.Unload(table, id) || table != Table.Memories;
        if (_own is not null) _own = _own.SetItem((table, id), null);
        else _rows.Remove(table, id, _sequence);
        return true;
    }

    // Whether two versions of a row lie at the same place in every index: all that KeyOf of the orders looks at, beside the key of the table.
    private static bool HasSameKeys(Row old, Row row) => (old, row) switch
    {
        (EntityRow a, EntityRow b) => a.AgentId == b.AgentId,
        (ComponentRow a, ComponentRow b) => a.EntityId == b.EntityId && a.RoomId == b.RoomId && a.CreatedMs == b.CreatedMs,
        (MemoryRow a, MemoryRow b) =>
            a.TableNumber == b.TableNumber && a.RoomId == b.RoomId && a.DocumentId == b.DocumentId && a.CreatedMs == b.CreatedMs,
        (RoomRow a, RoomRow b) => a.AgentId == b.AgentId && a.WorldId == b.WorldId && a.CreatedMs == b.CreatedMs,
        (WorldRow a, WorldRow b) => a.AgentId == b.AgentId && a.CreatedMs == b.CreatedMs,
        (RelationshipRow a, RelationshipRow b) => a.SourceId == b.SourceId && a.TargetId == b.TargetId && a.AgentId == b.AgentId,
        (TaskRow a, TaskRow b) => a.AgentId == b.AgentId && a.CreatedMs == b.CreatedMs,
        (LogRow a, LogRow b) => a.RoomId == b.RoomId && a.CreatedMs == b.CreatedMs,
        // Their indexes know nothing but the key they were found by.
        (AgentRow, AgentRow) or (ParticipantRow, ParticipantRow) or (CacheRow, CacheRow) or (DimensionRow, DimensionRow) => true,
        _ => false,
    };

    [InlineArray((int)Table.Dimensions + 1)]
    private struct Counts
    {
        private int _first;
    }
}
