using System.Collections.Concurrent;

namespace ElizaEngine.Local;

/// <summary>One string and one number for each name that many rows share. Thread-safe; names are never forgotten.</summary>
internal sealed class TableNames
{
    private readonly ConcurrentDictionary<string, (string Name, int Number)> _names = new(StringComparer.Ordinal);
    private int _last;

    public (string Name, int Number) Intern(string name) =>
        _names.TryGetValue(name, out var known) ? known : _names.GetOrAdd(name, static (text, self) => (text, Interlocked.Increment(ref self._last)), this);

    /// <summary>One string for all equal ones that are short; long ones are hardly ever repeated, and would never be forgotten.</summary>
    public string Share(string text) => text.Length <= 64 ? Intern(text).Name : text;

    /// <summary>The number of a name; 0, which no row has, when no row ever had that name.</summary>
    public int NumberOf(string name) => _names.TryGetValue(name, out var known) ? known.Number : 0;
}
