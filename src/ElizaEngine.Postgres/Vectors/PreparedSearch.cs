namespace ElizaEngine.Postgres;

/// <summary>A search whose values have been checked.</summary>
/// <param name="Scope">Where it looks.</param>
/// <param name="Query">Null: all zeros, which finds nothing.</param>
/// <param name="Count">Rows at most.</param>
/// <param name="Threshold">Similarity at least; null: none.</param>
/// <param name="IncludesVectors">Whether the rows carry their vectors.</param>
/// <param name="Mode">Whether the answer must be exact.</param>
internal sealed record PreparedSearch(SearchScope Scope, float[]? Query, int Count, float? Threshold, bool IncludesVectors, SearchMode Mode);
