using System.Collections.Concurrent;

namespace ElizaEngine.Local;

/// <summary>What many rows have in common, held once: names, with a number for each, and scopes. Thread-safe; names are never forgotten.</summary>
internal sealed class SharedValues
{
    private readonly ConcurrentDictionary<string, (string Name, int Number)> _names = new(StringComparer.Ordinal);

    // The scope met last for each hash. Rows come in runs from the same rooms: hardly any scope is missed, and none is kept for ever.
    private readonly MemoryScope?[] _scopes = new MemoryScope?[4096];
    private int _last;

    /// <summary>One string and one number for all equal names.</summary>
    public (string Name, int Number) Name(string name) =>
        _names.TryGetValue(name, out var known) ? known : _names.GetOrAdd(name, static (text, self) => (text, Interlocked.Increment(ref self._last)), this);

    /// <summary>One string for all equal ones that are short; long ones are hardly ever repeated, and would never be forgotten.</summary>
    public string Text(string text) => text.Length <= 64 ? Name(text).Name : text;

    /// <summary>The number of a name; 0, which no row has, when no row ever had that name.</summary>
    public int NumberOf(string name) => _names.TryGetValue(name, out var known) ? known.Number : 0;

    /// <summary>A scope, as a rule the same object for equal ones.</summary>
    public MemoryScope Scope(string tableName, Id agentId, Id? entityId, Id? roomId, Id? worldId, Id? documentId)
    {
        var (name, number) = Name(tableName);
        var hash = (uint)HashCode.Combine(number, entityId, roomId, documentId);
        ref var place = ref _scopes[hash % (uint)_scopes.Length];
        if (Volatile.Read(ref place) is { } known && known.Has(number, agentId, entityId, roomId, worldId, documentId)) return known;
        var scope = new MemoryScope
        {
            TableName = name,
            TableNumber = number,
            AgentId = agentId,
            EntityId = entityId,
            RoomId = roomId,
            WorldId = worldId,
            DocumentId = documentId,
        };
        Volatile.Write(ref place, scope);
        return scope;
    }
}
