using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>The entries of a partition that a search may find. What each scope answers is asked once.</summary>
/// <param name="partition">Whose.</param>
/// <param name="scope">Which rows.</param>
/// <param name="answers">A zero for each scope of the partition that an entry in question may name.</param>
internal readonly ref struct EntryFilter(VectorPartition partition, SearchScope scope, Span<byte> answers) : ISlotFilter
{
    private const byte Yes = 1;
    private const byte No = 2;

    private readonly Span<byte> _answers = answers;

    public bool Accepts(int slot)
    {
        ref var entry = ref partition[slot];
        if (entry.IsDead || (scope.UniqueOnly && !entry.IsUnique)) return false;
        return AcceptsScope(entry.Scope) && scope.Except?.Contains(entry.Id) != true;
    }

    /// <summary>How many scopes may be asked for.</summary>
    public int Scopes => _answers.Length;

    /// <summary>
    /// Whether entries of a scope may pass. One that may not be asked for came after the entries in question: none of them names it.
    /// </summary>
    /// <param name="number">Of the scope.</param>
    public bool AcceptsScope(int number)
    {
        if ((uint)number >= (uint)_answers.Length) return false;
        ref var answer = ref _answers[number];
        if (answer == 0) answer = scope.Passes(partition.Scope(number)) ? Yes : No;
        return answer == Yes;
    }
}
