using System.Diagnostics;

namespace ElizaEngine.Local;

/// <summary>
/// The rows that opening collects. While records come, in their thousands, a hash table for each table is enough, and quicker than all
/// the indexes: those are built at the end, each in one go. One thread at a time.
/// </summary>
internal sealed class LoadedRows : IRowSet
{
    private readonly RowTable[] _byId = [.. Enumerable.Range(0, (int)Enum.GetValues<Table>().Max() + 1).Select(_ => new RowTable())];
    private readonly Dictionary<PairKey, Row> _participants = [];
    private readonly Dictionary<CacheKey, Row> _cache = [];

    public Row? Find(Row row) => row switch
    {
        ParticipantRow participant => FindParticipant(ParticipantsByRoom.KeyOf(participant)),
        CacheRow cache => FindCache(CacheByKey.KeyOf(cache)),
        _ => Find(row.Table, row.Id),
    };

    public Row? Find(Table table, Id id) => _byId[(int)table].Find(id);

    public MemoryRow? FindMemory(Id id) => (MemoryRow?)_byId[(int)Table.Memories].Find(id);

    public ParticipantRow? FindParticipant(in PairKey key) => (ParticipantRow?)_participants.GetValueOrDefault(key);

    public CacheRow? FindCache(in CacheKey key) => (CacheRow?)_cache.GetValueOrDefault(key);

    public void Put(Row row, Row? old)
    {
        if (row is ParticipantRow participant) _participants[ParticipantsByRoom.KeyOf(participant)] = row;
        else if (row is CacheRow cache) _cache[CacheByKey.KeyOf(cache)] = row;
        else _byId[(int)row.Table].Put(row);
    }

    // Nobody has seen the row: it need not be copied.
    public void PutVectors(MemoryRow row, VectorSlot? vectors) => row.Vectors = vectors;

    public void Remove(Row row)
    {
        var removed = row switch
        {
            ParticipantRow participant => _participants.Remove(ParticipantsByRoom.KeyOf(participant)),
            CacheRow cache => _cache.Remove(CacheByKey.KeyOf(cache)),
            _ => _byId[(int)row.Table].Remove(row.Id),
        };
        Debug.Assert(removed, "the caller has found it");
    }

    /// <summary>The rows of a table, in no order.</summary>
    public TRow[] Of<TRow>(Table table)
        where TRow : Row => table switch
        {
            Table.Participants => [.. _participants.Values.Cast<TRow>()],
            Table.Cache => [.. _cache.Values.Cast<TRow>()],
            _ => _byId[(int)table].ToArray<TRow>(),
        };
}
