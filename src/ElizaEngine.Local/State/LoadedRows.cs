using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

/// <summary>
/// The rows that opening collects. While records come, in their thousands, the tables by id are enough, and quicker than all
/// the indexes: those are built at the end, each in one go. One thread at a time.
/// </summary>
internal sealed class LoadedRows : IRowSet
{
    private readonly Dictionary<PairKey, Row> _participants = [];
    private readonly Dictionary<CacheKey, Row> _cache = [];

    // Beside their table: a pair has one.
    private readonly Dictionary<PairKey, RelationshipRow> _relationships = [];

    /// <summary>The rows that have an id, by the number of their table.</summary>
    public RowTable[] Tables { get; } = RowVersions.NewTables();

    public Row? Find(Row row) => row switch
    {
        ParticipantRow participant => FindParticipant(ParticipantsByRoom.KeyOf(participant)),
        CacheRow cache => FindCache(CacheByKey.KeyOf(cache)),
        _ => Find(row.Table, row.Id),
    };

    public Row? Find(Table table, Id id) => Unsafe.As<Row?>(Tables[(int)table].Find(id));

    public MemoryRow? FindMemory(Id id) => Unsafe.As<MemoryRow?>(Find(Table.Memories, id));

    public ParticipantRow? FindParticipant(in PairKey key) => (ParticipantRow?)_participants.GetValueOrDefault(key);

    public CacheRow? FindCache(in CacheKey key) => (CacheRow?)_cache.GetValueOrDefault(key);

    public RelationshipRow? FindRelationship(in PairKey key) => _relationships.GetValueOrDefault(key);

    public void Put(Row row, Row? old)
    {
        if (old is RelationshipRow before) _relationships.Remove(RelationshipsBySource.KeyOf(before));
        if (row is RelationshipRow relationship) _relationships[RelationshipsBySource.KeyOf(relationship)] = relationship;

        if (row is ParticipantRow participant) _participants[ParticipantsByRoom.KeyOf(participant)] = row;
        else if (row is CacheRow cache) _cache[CacheByKey.KeyOf(cache)] = row;
        else Tables[(int)row.Table].Put(row);
    }

    // Nobody has seen the row: it need not be copied.
    public void PutVectors(MemoryRow row, VectorSlot? vectors) => row.Vectors = vectors;

    public void Remove(Row row)
    {
        var removed = row switch
        {
            ParticipantRow participant => _participants.Remove(ParticipantsByRoom.KeyOf(participant)),
            CacheRow cache => _cache.Remove(CacheByKey.KeyOf(cache)),
            _ => Tables[(int)row.Table].Remove(row.Id),
        };
        Debug.Assert(removed, "the caller has found it");
        if (row is RelationshipRow relationship) _relationships.Remove(RelationshipsBySource.KeyOf(relationship));
    }

    /// <summary>The rows of a table, in no order.</summary>
    public TRow[] Of<TRow>(Table table)
        where TRow : Row => table switch
        {
            Table.Participants => [.. _participants.Values.Cast<TRow>()],
            Table.Cache => [.. _cache.Values.Cast<TRow>()],
            _ => Tables[(int)table].ToArray<TRow>(),
        };
}
