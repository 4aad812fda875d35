using System.Collections.Concurrent;

namespace ElizaEngine.Local;

/// <summary>
/// What many rows have in common, held once: names of tables, with a number for each, scopes, and short texts. Thread-safe; names are never
/// forgotten.
/// </summary>
internal sealed class SharedValues
{
    private const int LongestText = 64;

    private readonly ConcurrentDictionary<string, (string Name, int Number)> _names = new(StringComparer.Ordinal);

    // The scope met last for each hash. Rows come in runs from the same rooms: hardly any scope is missed, and none is kept for ever.
    private readonly MemoryScope?[] _scopes = new MemoryScope?[4096];

    // As scopes: users choose texts, and may never come back to one.
    private readonly string?[] _texts = new string?[4096];

    private int _last;

    /// <summary>One string and one number for all equal names.</summary>
    public (string Name, int Number) Name(string name) =>
        _names.TryGetValue(name, out var known) ? known : _names.GetOrAdd(name, static (text, self) => (text, Interlocked.Increment(ref self._last)), this);

    /// <summary>A text, as a rule the same object for equal ones. Long ones are hardly ever repeated.</summary>
    public string Text(string text)
    {
        if (text.Length > LongestText) return text;
        ref var place = ref _texts[(uint)text.GetHashCode(StringComparison.Ordinal) % (uint)_texts.Length];
        if (Volatile.Read(ref place) is { } known && known == text) return known;
        Volatile.Write(ref place, text);
        return text;
    }

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
