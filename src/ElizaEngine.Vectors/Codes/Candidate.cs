namespace ElizaEngine.Vectors;

/// <summary>A slot that may be among the best.</summary>
/// <param name="Slot">Which.</param>
/// <param name="Score">Its similarity by code.</param>
/// <param name="Error">
/// The exact similarity, as <see cref="Cosine.Similarity"/> gives it, is at most this far from <paramref name="Score"/>; of what a walk found, most likely.
/// </param>
internal readonly record struct Candidate(int Slot, float Score, float Error)
{
    /// <summary>The exact similarity is not above it.</summary>
    internal float Upper => Score + Error;

    /// <summary>The exact similarity is not below it.</summary>
    internal float Lower => Score - Error;
}
