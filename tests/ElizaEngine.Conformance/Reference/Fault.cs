namespace ElizaEngine.Conformance.Reference;

/// <summary>
/// Deliberate faults of the reference database, one small switch each, all off unless asked for. They are mistakes that real
/// backends make; the conformance suite must notice every one of them.
/// </summary>
public enum Fault
{
    // Search
    ThresholdIgnored,
    ThresholdExclusive,
    ThresholdZeroMeansNone,
    SearchRoomFilterDropped,
    SearchWorldFilterDropped,
    SearchEntityFilterDropped,
    SearchUniqueFilterDropped,
    SearchFiltersAfterCounting,
    SearchOrderReversed,
    SearchTiesReversed,
    SearchDefaultCountDropped,
    SearchSeesOtherAgents,
    OldDimensionFound,
    SimilarityLeftOut,

    // Memories
    MemoryRoomFilterDropped,
    MemoryWorldFilterDropped,
    MemoryAgentFilterDropped,
    MemoryEntityFilterDropped,
    MemoryUniqueFilterDropped,
    MemoryOrderReversed,
    MemoryTiesReversed,
    StartExclusive,
    EndExclusive,
    StartIgnored,
    EndIgnored,
    CountOffByOne,
    CountZeroMeansAll,
    OffsetIgnored,
    WorldIdLeftOut,
    ByIdsIgnoresTable,
    ByRoomsSeeOtherAgents,
    ByWorldUsesMemorysWorld,
    CountAppliesCount,
    CreatedAtNotFloored,
    MetadataMerged,
    DuplicateIdOverwrites,
    MemoryUpsertMovesTable,
    MemoryUpsertKeepsMetadata,
    MissingRowUpdated,
    MemoryDeleteReportsInput,
    FragmentsStay,
    FragmentCascadeRepeats,
    FragmentsOfOtherAgentsGo,

    // Embeddings
    UniqueNotDecided,
    UniqueIgnoresRoom,
    UniqueIgnoresTable,
    UniqueIgnoresOwnBatch,
    EmbeddingUpdateDropped,
    EmbeddingKeptOnZero,
    EmbeddingIncludedAlways,
    UpdateDropsOtherDimensions,
    ContentUpdateDropsEmbedding,
    ZeroVectorStored,
    DimensionMismatchAccepted,
    NanAccepted,
    DimensionNeverSet,
    DimensionSharedByAgents,
    DimensionSwitchDeletesVectors,
    CallersVectorKept,
    StaleMemoriesEmpty,
    CachedEmbeddingsThisAgentOnly,
    CachedEmbeddingsThresholdExclusive,

    // Other stores
    RoomsSeeOtherAgents,
    WorldsSeeOtherAgents,
    TasksSeeOtherAgents,
    CacheSeesOtherAgents,
    ParticipantStateSeesOtherAgents,
    RoomDeleteLeavesRows,
    EntityDeleteLeavesRows,
    AgentDeleteLeavesRows,
    WorldDeleteLeavesComponents,
    WorldDeleteRemovesRooms,
    ReferencesUnchecked,
    HalfABatchApplied,
    TaskTagsAny,
    TaskEmptyTagsMeanAll,
    TaskUpdateKeepsUpdatedAt,
    RelationshipTagsAll,
    RelationshipEmptyTagsMeanAll,
    RelationshipTwiceStored,
    RelationshipTargetIgnored,
    ParticipantTwiceStored,
    ComponentUpsertIgnoresWorld,
    ComponentUpsertTakesNewest,
    ComponentDataMerged,
    RoomUpsertKeepsAgent,
    NameSearchCaseSensitive,
    NameSearchTakesWildcards,
    EntityUpdateKeepsMetadata,
    SettingsReplaced,
    AgentUpsertMovesCreatedAt,
    CacheNeverExpires,
    CacheExpiryKeptOnSet,
    CacheDeleteCountsExpired,
    LogOrderReversed,
    LogDefaultCountDropped,
    LogEntityFilterDropped,
    TrimLogsOtherAgents,
    TrimLogsKeepsOldest,
    RunsDoubleCount,
    RunsWithoutDuration,
    RunsSeeOtherAgents,

    // Transactions and life
    UncommittedRowsVisible,
    TransactionMissesOwnWrites,
    TransactionSeesLaterCommits,
    LostUpdate,
    ReferencesNotRecheckedAtCommit,
    RollbackForgotten,
    AttemptsIgnored,
    EndedTransactionAnswers,
    ClosedAdapterAnswers,
    ClosedDatabaseAnswers,
    CancellationIgnored,
    DimensionLostOnReopen,
    LastWriteLostOnReopen,
}

/// <summary>The faults that are switched on.</summary>
public sealed class Faults(params Fault[] faults)
{
    public static Faults None { get; } = new();

    public bool Has(Fault fault) => Array.IndexOf(faults, fault) >= 0;

    public override string ToString() => faults.Length == 0 ? "no fault" : string.Join(", ", faults);
}
