namespace ElizaEngine.Vectors;

/// <summary>One found vector.</summary>
/// <param name="Ordinal">The caller's number of the vector, 0 or more.</param>
/// <param name="Similarity">Cosine similarity to the query, in [-1, 1]; never NaN, never -0.</param>
internal readonly record struct Match(int Ordinal, float Similarity);
