namespace ElizaEngine.Local;

/// <summary>
/// Where a memory belongs: what the many memories of one author in one room have in common. Immutable, and shared between rows, so that
/// a row is 80 bytes instead of 208.
/// </summary>
internal sealed class MemoryScope
{
    public required string TableName { get; init; }

    /// <summary>Number of the table name: equal names, equal numbers. Known to this process only.</summary>
    public required int TableNumber { get; init; }

    public required Id AgentId { get; init; }

    public required Id? EntityId { get; init; }

    public required Id? RoomId { get; init; }

    public required Id? WorldId { get; init; }

    /// <summary>The document of which the memory is a fragment.</summary>
    public required Id? DocumentId { get; init; }

    public bool Has(int tableNumber, Id agentId, Id? entityId, Id? roomId, Id? worldId, Id? documentId) =>
        TableNumber == tableNumber && AgentId == agentId && EntityId == entityId && RoomId == roomId && WorldId == worldId && DocumentId == documentId;
}
