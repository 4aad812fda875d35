namespace ElizaEngine.Local;

/// <summary>Which rows of an agent a search may find.</summary>
/// <param name="AgentId">Whose memories.</param>
/// <param name="Table">Number of the table; 0: none that anybody has used.</param>
/// <param name="RoomId">Only of this room; null: of any, or of none. As the next two.</param>
/// <param name="WorldId">Only of this world.</param>
/// <param name="EntityId">Only of this author.</param>
/// <param name="UniqueOnly">Only those that were no near duplicates.</param>
internal readonly record struct SearchScope(Id AgentId, int Table, Id? RoomId, Id? WorldId, Id? EntityId, bool UniqueOnly)
{
    /// <summary>Rows that it looks away from; null: none.</summary>
    public IReadOnlySet<Id>? Except { get; init; }

    /// <summary>Whether every memory of the agent in the table passes.</summary>
    public bool IsWhole => RoomId is null && WorldId is null && EntityId is null && !UniqueOnly && Except is not { Count: > 0 };

    /// <summary>Whether a memory of the table passes.</summary>
    public bool Passes(MemoryRow row) => Passes(row.Scope, row.IsUnique, row.Id);

    /// <summary>The same, where the row need not have been made.</summary>
    public bool Passes(in MemoryVector memory) => Passes(memory.Scope, memory.IsUnique, memory.Id);

    /// <summary>Whether memories of a scope pass, of the agent and table they are known to have.</summary>
    public bool Passes(MemoryScope scope) =>
        (RoomId is not { } room || scope.RoomId == room) && (WorldId is not { } world || scope.WorldId == world) && (EntityId is not { } entity || scope.EntityId == entity);

    private bool Passes(MemoryScope scope, bool isUnique, Id id) => scope.AgentId == AgentId && Passes(scope) && (!UniqueOnly || isUnique) && Except?.Contains(id) != true;
}
