namespace ElizaEngine.Local;

/// <summary>
/// What effects are applied to, one by one, in the order of the log: a state, when a commit is live, or the rows that opening collects.
/// </summary>
internal interface IRowSet
{
    /// <summary>The version of a row that the set holds, or null.</summary>
    Row? Find(Row row);

    /// <summary>The row with this key, or null; of a table whose key is an id.</summary>
    Row? Find(Table table, Id id);

    MemoryRow? FindMemory(Id id);

    ParticipantRow? FindParticipant(in PairKey key);

    CacheRow? FindCache(in CacheKey key);

    /// <summary>The relationship of a pair, as <see cref="RelationshipsBySource"/> has it, or null.</summary>
    RelationshipRow? FindRelationship(in PairKey key);

    /// <summary>Puts a row in, in place of the version there.</summary>
    /// <param name="row">The new version.</param>
    /// <param name="old">The version that the set holds; null: none. The caller has looked.</param>
    void Put(Row row, Row? old);

    /// <summary>Gives a memory that the set holds other vectors.</summary>
    void PutVectors(MemoryRow row, VectorSlot? vectors);

    /// <summary>Takes out a row that the set holds.</summary>
    void Remove(Row row);
}
